"""The multipart format of $batch (RFC 2046; OData V2 "Batch Processing", V4 protocol 11.7)."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct
from requests.structures import CaseInsensitiveDict

from sapmatch.model.errors import InputRejected
from sapmatch.sap.session import Answer

MAX_PARTS = 10_000
_LONGEST_HEAD = 64 * 1024  # bytes of header lines
_CRLF = b"\r\n"
_LINE_ENDS = (_CRLF, b"\n")
_NO_HEADERS: Final[Mapping[str, str]] = {}
_BOUNDARY = re.compile(r'boundary\s*=\s*(?:"([^"\r\n]{1,200})"|([^\s;,"]{1,200}))', re.IGNORECASE)
_NEWLINE = re.compile(rb"[ \t]*\r?\n")
_NEWLINES = re.compile(rb"\s*")
_BLANK_LINE = re.compile(rb"\r?\n[ \t]*\r?\n")
_FOLDED = re.compile(r"\r?\n[ \t]+")
_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? +(\d{3})(?!\d) *([^\r\n]*)")
_TAIL = re.compile(rb"(--)(?=[ \t]*\r?(?:\n|\Z))|(?=[ \t]*\r?\n)")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f]")


class Request(Struct, frozen=True, kw_only=True):
    """One HTTP request inside a batch; `path` is encoded and relative to the service."""

    method: str
    path: str
    headers: Mapping[str, str] = _NO_HEADERS
    body: bytes | None = None
    content_id: str = ""


class Part(Struct, frozen=True):
    """One body part; `whole` where the delimiter behind it came too."""

    headers: Mapping[str, str]  # names in any case
    body: bytes
    whole: bool


class Parts(Struct, frozen=True):
    """All parts in order; `closed` where the closing delimiter came."""

    parts: list[Part]
    closed: bool


def encode(groups: Iterable[Request | Sequence[Request]]) -> tuple[str, bytes]:
    """Content type and body of a batch; a sequence of requests is a changeset (OD-P95).

    InputRejected where a header or a path would break out of its line.
    """
    return _enclosed(
        "batch",
        [_request(one) if isinstance(one, Request) else _changeset(one) for one in groups],
    )


def boundary_of(content_type: str) -> str | None:
    """The boundary of a multipart, quoted or not, whatever stands around it (OD-P96)."""
    if not content_type.strip().lower().startswith("multipart/"):
        return None
    found = _BOUNDARY.search(content_type)
    return (found[1] or found[2]) if found else None


def split(body: bytes, boundary: str) -> Parts:
    """The parts by boundary, on bytes, with line ends of any kind (OD-P97).

    A Content-Length counts where a delimiter stands behind it: then a text inside the part cannot
    pass for one. ValueError beyond MAX_PARTS.
    """
    delimiter = _Delimiter(boundary)
    parts: list[Part] = []
    found = delimiter.search(body)
    while found and not found.last:
        if len(parts) == MAX_PARTS:
            raise ValueError(f"more than {MAX_PARTS} parts")
        part, found = _part(body, found.end, delimiter)
        parts.append(part)
    return Parts(parts, closed=found is not None)


def answer_of(part: Part, url: str) -> Answer:
    """The HTTP answer inside a part, its Content-ID among the headers; ValueError if there is none.

    Some servers declare a web page for what has no body at all; that says nothing, so it goes.
    """
    at = _skipped(_NEWLINES, part.body)
    status = _STATUS.match(part.body, at)
    if status is None:
        raise ValueError("no HTTP status line")
    headers, start = _head(part.body, _skipped(_NEWLINE, part.body, status.end()), len(part.body))
    if "Content-ID" in part.headers:
        headers.setdefault("Content-ID", part.headers["Content-ID"])
    body = part.body[start:].strip()
    if not body:
        headers.pop("Content-Type", None)
    return Answer(int(status[1]), headers, body, url, status[2].decode("latin-1").strip())


def _enclosed(kind: str, blocks: Sequence[bytes]) -> tuple[str, bytes]:
    """The blocks between delimiters; a boundary made of their hash stands in none of them."""
    digest = hashlib.sha256(_CRLF.join(blocks)).hexdigest()
    boundary = f"{kind}_{digest[:32]}"
    delimiter = b"--" + boundary.encode()
    lines = [line for block in blocks for line in (delimiter, block)]
    body = _CRLF.join([*lines, delimiter + b"--", b""])
    return f"multipart/mixed; boundary={boundary}", body


def _changeset(requests: Sequence[Request]) -> bytes:
    kind, body = _enclosed("changeset", [_request(one) for one in requests])
    return _lines([("Content-Type", kind)]) + _CRLF + body


def _request(one: Request) -> bytes:
    """The blank line behind the headers stands even where there is no body (OD-P95)."""
    identified = [("Content-ID", one.content_id)] if one.content_id else []
    outer = [
        ("Content-Type", "application/http"),
        ("Content-Transfer-Encoding", "binary"),
        *identified,
    ]
    # C4C looks for the Content-ID here, Gateway and OData V4 look above.
    inner = [*one.headers.items(), *identified]
    body = one.body or b""
    if one.body is not None:
        inner.append(("Content-Length", str(len(body))))
    line = _line(f"{one.method} {one.path} HTTP/1.1", "the address of an operation") + _CRLF
    return b"".join([_lines(outer), _CRLF, line, _lines(inner), _CRLF, body])


def _lines(headers: Iterable[tuple[str, str]]) -> bytes:
    return b"".join(
        _line(f"{name}: {text}", f"the header {name}") + _CRLF for name, text in headers
    )


def _line(line: str, what: str) -> bytes:
    if _UNSAFE.search(line):
        raise InputRejected(f"{what} holds a line break or control character; take it out")
    try:
        return line.encode("latin-1")
    except UnicodeEncodeError as exc:
        raise InputRejected(f"{what} holds a character beyond Latin-1; take it out") from exc


class _Found(Struct, frozen=True):
    """A delimiter with the line end before it; `last` is the closing one."""

    start: int
    end: int
    last: bool


class _Delimiter:
    """Finds the delimiters of one boundary; a cut one, without what follows, is none.

    By bytes: a pattern of its own for each changeset would cost more than reading its answer.
    """

    def __init__(self, boundary: str) -> None:
        self._name = b"--" + boundary.encode("latin-1", "replace")

    def search(self, body: bytes, at: int = 0) -> _Found | None:
        """The first one from `at` on."""
        name = body.find(self._name, at)
        while name >= 0:
            if found := self._around(body, name, at):
                return found
            name = body.find(self._name, name + 1)
        return None

    def match(self, body: bytes, at: int) -> _Found | None:
        """The one that begins at `at`."""
        ends = (end for end in _LINE_ENDS if body.startswith(end, at))
        name = at + len(next(ends, b""))
        if not body.startswith(self._name, name):
            return None
        return self._around(body, name, at)

    def _around(self, body: bytes, name: int, floor: int) -> _Found | None:
        if name and body[name - 1 : name] != b"\n":
            return None
        tail = _TAIL.match(body, name + len(self._name))
        if tail is None:
            return None
        start = max(floor, name - 1) if name else 0
        if start > floor and body[start - 1 : start] == b"\r":
            start -= 1
        return _Found(start, tail.end(), tail[1] is not None)


def _part(body: bytes, at: int, delimiter: _Delimiter) -> tuple[Part, _Found | None]:
    """The part from `at` on, and the delimiter behind it.

    That is where the part's length says, else the next one: recorded lengths are often stale.
    """
    found = delimiter.search(body, at)
    limit = found.start if found else len(body)
    headers, start = _head(body, _skipped(_NEWLINE, body, at), limit)
    for end in _announced(body, headers, start, limit):
        if further := delimiter.match(body, end):
            found = further
            break
    end = found.start if found else len(body)
    return Part(headers, body[start : max(start, end)], found is not None), found


def _announced(body: bytes, headers: Mapping[str, str], start: int, limit: int) -> Iterator[int]:
    """Where the part ends by its own length, or by that of the HTTP answer in it."""
    yield from _behind(headers, start)
    if status := _STATUS.match(body, _skipped(_NEWLINES, body, start), limit):
        yield from _behind(*_head(body, _skipped(_NEWLINE, body, status.end()), limit))


def _behind(headers: Mapping[str, str], start: int) -> Iterator[int]:
    length = headers.get("Content-Length", "")
    if length.isascii() and length.isdigit() and len(length) < 12:
        yield start + int(length)


def _head(data: bytes, at: int, limit: int) -> tuple[CaseInsensitiveDict[str], int]:
    """The header lines from `at` on, and where the body begins; none where they never end."""
    if blank := _NEWLINE.match(data, at, limit):
        return CaseInsensitiveDict(), blank.end()
    found = _BLANK_LINE.search(data, at, min(limit, at + _LONGEST_HEAD))
    end, start = (found.start(), found.end()) if found else (limit, limit)
    if end - at > _LONGEST_HEAD:
        return CaseInsensitiveDict(), at
    text = _FOLDED.sub(" ", data[at:end].decode("latin-1"))
    pairs = (line.partition(":") for line in text.split("\n"))
    headers = {name.strip(): value.strip() for name, colon, value in pairs if colon}
    return CaseInsensitiveDict(headers), start


def _skipped(pattern: re.Pattern[bytes], data: bytes, at: int = 0) -> int:
    found = pattern.match(data, at)
    return found.end() if found else at
