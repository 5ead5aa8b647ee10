"""What a PDF holds beside pixels: its pages, its text layer, the XML attached to it."""

import io
import logging
import zlib
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any

import pypdf
import pypdfium2
import pypdfium2.raw
from msgspec import Struct
from pypdf.errors import PyPdfError

from sapmatch.reading.limits import ReadLimits, Refused

_TAIL = 4096  # the trailer stands at the end; a file cut off has none there
# What pypdf raises on a damaged file beside its own errors.
_DAMAGED = (
    PyPdfError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    zlib.error,
)


class Pdf(Struct, frozen=True):
    """A PDF that opens: `text` is its text layer, empty where the pages are pictures."""

    pages: int
    text: str
    attachments: tuple[tuple[str, bytes], ...]  # name as written (never a path), content


def read_pdf(data: bytes, limits: ReadLimits) -> Pdf:
    """Raises Refused: BROKEN, ENCRYPTED (needs a password to open), TOO_MANY_PAGES."""
    if b"startxref" not in data[-_TAIL:]:
        raise _broken()
    try:
        with closing(pypdfium2.PdfDocument(data)) as document:
            return _read(document, data, limits)
    except pypdfium2.PdfiumError as exc:
        if exc.err_code == pypdfium2.raw.FPDF_ERR_PASSWORD:
            message = "The PDF needs a password: ask the sender for one that does not."
            raise Refused("reject", "ENCRYPTED", message) from exc
        raise _broken() from exc


def _read(document: Any, data: bytes, limits: ReadLimits) -> Pdf:
    pages = len(document)
    if pages > limits.max_pages:
        raise Refused(
            "reject",
            "TOO_MANY_PAGES",
            f"The PDF has {pages:,} pages; at most {limits.max_pages} are read: "
            "split it into one file per invoice.",
        )
    if not pages:
        raise _broken()
    text = _text(document, limits.max_text)
    return Pdf(pages, text, tuple(_attachments(_opened(document, data), limits)))


def _broken() -> Refused:
    message = "The PDF is cut off or damaged: upload it again, or ask the sender for the original."
    return Refused("reject", "BROKEN", message)


def _text(document: Any, limit: int) -> str:
    parts: list[str] = []
    left = limit
    for page in document:
        with closing(page), closing(page.get_textpage()) as layer:
            parts.append(layer.get_text_range(0, min(left, layer.count_chars())))
        left -= len(parts[-1])
    return "\n".join(parts)


def _opened(document: Any, data: bytes) -> bytes:
    """The bytes without the encryption that only restricts what a person may do."""
    if b"/Encrypt" not in data:
        return data
    copy = io.BytesIO()
    document.save(copy, flags=pypdfium2.raw.FPDF_REMOVE_SECURITY)
    return copy.getvalue()


def _attachments(data: bytes, limits: ReadLimits) -> Iterator[tuple[str, bytes]]:
    """XML attached by name or as associated file; pypdf bounds what a stream may unpack to."""
    # What pypdf finds damaged it logs, content included.
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = pypdf.PdfReader(io.BytesIO(data))
        for name, stream in _streams(reader, limits.max_attachments):
            if name.lower().endswith(".xml"):
                content = stream.get_object().get_data()
                if len(content) <= limits.max_bytes:
                    yield name, content
    except _DAMAGED:
        return  # the pages are still there


def _streams(reader: pypdf.PdfReader, limit: int) -> Iterator[tuple[str, Any]]:
    root: Any = reader.root_object
    tree = _entry(root, "/Names").get("/EmbeddedFiles")
    files = [*(_leaves(tree, limit) if tree else ()), *_list(root.get("/AF"))]
    for file in files[:limit]:
        specification = file.get_object()
        streams = _entry(specification, "/EF")
        name = specification.get("/UF") or specification.get("/F") or ""
        stream = streams.get("/F") or streams.get("/UF")
        if stream is not None:
            yield str(name), stream


def _leaves(tree: Any, limit: int) -> Iterator[Any]:
    """Values of a name tree (ISO 32000-1, 7.9.6); the limit also ends a circle."""
    nodes = [tree]
    for _ in range(limit):
        if not nodes:
            return
        node = nodes.pop(0).get_object()
        yield from _list(node.get("/Names"))[1::2]
        nodes.extend(_list(node.get("/Kids")))


def _entry(dictionary: Any, name: str) -> Any:
    value = dictionary.get(name)
    return {} if value is None else value.get_object()


def _list(array: Any) -> list[Any]:
    values: Iterable[Any] = array.get_object() if array is not None else ()
    return list(values)
