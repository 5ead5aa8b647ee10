"""multipart/mixed and application/http by bytes, as strict as Gateway reads a $batch (OD-P95).

Lines end with CRLF, nothing stands before the first boundary, every request has its blank line
even without a body, and a Content-Length counts bytes.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from local.sap.exchange import Response

MIXED = "multipart/mixed"
HTTP = "application/http"
_BOUNDARY = re.compile(r';\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))', re.IGNORECASE)
_REFERENCE = re.compile(r"\$([\w.-]+)(?=$|[/?])")
_MAX_PARTS = 1000
_END = b"\r\n"


@dataclass(frozen=True, slots=True)
class Part:
    """One part; header names in lower case."""

    headers: Mapping[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """The media type without its parameters."""
        return media_type(self.headers.get("content-type", ""))


@dataclass(frozen=True, slots=True)
class Call:
    """The request that an application/http part holds; `url` as it stands there."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    content_id: str = ""

    def target(self, known: Mapping[str, str], origin: str) -> tuple[str, str]:
        """Path and query; `$<Content-ID>` at its beginning stands for an entity of `known`."""
        url = self.url
        found = _REFERENCE.match(url)
        if found and found[1] in known:
            url = known[found[1]] + url[found.end() :]
        path, _, query = url.removeprefix(origin).partition("?")
        return path, query


def media_type(content_type: str) -> str:
    """A Content-Type without its parameters, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def parts_of(body: bytes, content_type: str) -> list[Part]:
    """The parts of a multipart body; raises ValueError that says what is malformed."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise ValueError("the Content-Type names no boundary")
    delimiter = b"--" + (found[1] or found[2]).encode()
    if not body.startswith(delimiter + _END):
        raise ValueError("the body does not begin with its boundary")
    blocks = (_END + body).split(_END + delimiter)[1:]
    last = blocks.pop()
    if last.rstrip() != b"--":
        raise ValueError("the closing boundary is missing")
    if len(blocks) > _MAX_PARTS:
        raise ValueError(f"there are more than {_MAX_PARTS} parts")
    return [_part(block) for block in blocks]


def _part(block: bytes) -> Part:
    if not block.startswith(_END):
        raise ValueError("a boundary is not followed by a line end")
    headers, body = _headers_and_body(block.removeprefix(_END))
    return Part(headers, body)


def _headers_and_body(block: bytes) -> tuple[dict[str, str], bytes]:
    if block.startswith(_END):
        return {}, block.removeprefix(_END)
    head, blank, body = block.partition(_END + _END)
    if not blank:
        raise ValueError("the blank line after the headers is missing")
    headers = {}
    for line in head.decode("latin-1").split("\r\n"):
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise ValueError("a header line has no colon")
        headers[name.strip().lower()] = value.strip()
    return headers, body


def call_of(part: Part) -> Call:
    """The request in an application/http part; raises ValueError that says what is malformed."""
    line, end, rest = part.body.partition(_END)
    words = line.decode("latin-1").split(" ")
    if not end or len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise ValueError("a request line must be: METHOD URL HTTP/1.1")
    headers, body = _headers_and_body(rest)
    measured = _measured(body, headers.get("content-length"))
    return Call(words[0], words[1], headers, measured, part.headers.get("content-id", ""))


def _measured(body: bytes, length: str | None) -> bytes:
    """The bytes that Content-Length counts; only line ends may follow them."""
    if length is None:
        return body
    size = int(length) if length.isascii() and length.isdigit() else -1
    if not 0 <= size <= len(body) or body[size:].strip():
        raise ValueError("a Content-Length differs from the number of bytes")
    return body[:size]


def response_part(response: Response, content_id: str = "") -> bytes:
    """An answer as an application/http part, headers of the part included."""
    headers = dict(response.headers)
    if response.content_type:
        headers["content-type"] = response.content_type
    headers["content-length"] = str(len(response.body))
    status = HTTPStatus(response.status)
    outer = {"Content-Type": HTTP, "Content-Transfer-Encoding": "binary"}
    if content_id:
        outer["Content-ID"] = content_id
    first = f"HTTP/1.1 {status.value} {status.phrase}".encode()
    return _lines(outer) + first + _END + _lines(headers) + response.body


def nested_part(parts: Iterable[bytes], boundary: str) -> bytes:
    """Parts of a change set as one part of the outer answer."""
    inner = joined(parts, boundary)
    headers = {
        "Content-Type": f"{MIXED}; boundary={boundary}",
        "Content-Length": str(len(inner)),
    }
    return _lines(headers) + inner


def joined(parts: Iterable[bytes], boundary: str) -> bytes:
    """A multipart body."""
    delimiter = b"--" + boundary.encode()
    blocks = [delimiter + _END + part + _END for part in parts]
    return b"".join(blocks) + delimiter + b"--" + _END


def _lines(headers: Mapping[str, str]) -> bytes:
    lines = (f"{name}: {value}\r\n" for name, value in headers.items())
    return "".join(lines).encode("latin-1") + _END
