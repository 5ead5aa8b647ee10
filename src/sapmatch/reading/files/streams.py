"""The streams of a PDF, unpacked within bounds: before a parser unpacks them without any.

Looked for by their keywords, not through the cross-reference table, so that nothing in the file can
hide one, and a file that was written on has all its versions looked at.
"""

import re
import zlib
from bisect import bisect_left
from collections.abc import Iterator

from msgspec import Struct

from sapmatch.reading.files.drawing import FORM, Drawing
from sapmatch.reading.limits import ReadLimits, Refused

_KEYWORD = re.compile(rb"stream")
_LINE_END = re.compile(rb"[^\r\n]{0,64}(?:\r\n|\r|\n|$)")
_UNENDED = 64  # streams that only the end of another one ends
_OBJECT = b" obj"
_NUMBER = 16  # characters of an object's number and generation
_DICTIONARY = 2048  # bytes of a stream's dictionary that are looked at
_CHUNK = 1 << 20
_DAMAGED = b"\nDo "  # PDFium goes on with what it could unpack: it may call anything
_TOTAL = 4  # times what one stream may unpack to, what draws counting as often: bounds the time
# Names in dictionaries of streams that draw nothing: pixels, fonts, files, objects.
_DATA = re.compile(
    rb"/(?:Image|EmbeddedFile|Length1|Type1C|CIDFontType0C|OpenType|ObjStm|XRef|Metadata|N\b)"
)
_XML = re.compile(rb"/(?:EmbeddedFile|(?:text|application)(?:#2F|/)xml)\b", re.IGNORECASE)
_ASSOCIATES = re.compile(rb"/AF\s*[\[\d]|/FileAttachment\b")
_OBJECTS = re.compile(rb"/Type\s*/ObjStm\b")


class Stream(Struct, frozen=True):
    """One stream as it stands in the file; `data` is still packed.

    What follows up to the next stream belongs to it where its length says so: a parser may believe
    that rather than the keyword.
    """

    dictionary: bytes
    data: bytes
    following: bytes


def check_streams(data: bytes, limits: ReadLimits) -> bool:
    """Whether the pages can be parsed within a moment.

    Raises Refused where the file has too many objects, or streams that unpack to too much.
    """
    if data.count(_OBJECT) > limits.max_objects:
        raise _too_large("more objects than an invoice has")
    drawing, left = Drawing(), _TOTAL * limits.max_unpacked
    forms = bool(FORM.search(data))  # the dictionary of a stream never stands in another stream
    if forms:
        drawing.name(data)
    for stream in _streams(data, limits):
        is_data = bool(_DATA.search(stream.dictionary))
        packed = stream.data if _is_zlib(stream.data) else stream.data + stream.following
        allowed = limits.max_unpacked if is_data else limits.max_content
        wanted = limits.max_content if forms else 0
        content, size = _begin(packed, min(left, allowed), wanted)
        drawing.add(stream.dictionary, content, is_data=is_data)
        if forms and _OBJECTS.search(stream.dictionary):
            drawing.name(content)
        left -= size if is_data else _TOTAL * size
    return drawing.is_bounded()


def attached_xml(data: bytes, limits: ReadLimits) -> list[bytes]:
    """XML files that a PDF holds, by what their dictionaries say; what was written last is first.

    For PDFs that associate a file with themselves, a page or an annotation (ISO 32000-2, 14.13)
    and do not list its name. One that associates none may still hold a file somebody deleted.
    """
    if not mentions(data, _ASSOCIATES, limits):
        return []
    files = [stream for stream in _streams(data, limits) if _XML.search(stream.dictionary)]
    found = [_unpacked(file.data, limits.max_bytes) for file in files[-limits.max_attachments :]]
    return found[::-1]


def mentions(data: bytes, what: re.Pattern[bytes], limits: ReadLimits) -> bool:
    """Whether an object of the file says so, plainly or inside of an object stream."""
    return bool(what.search(data)) or any(
        what.search(_unpacked(stream.data, limits.max_unpacked))
        for stream in _streams(data, limits)
        if _OBJECTS.search(stream.dictionary)
    )


def _streams(data: bytes, limits: ReadLimits) -> Iterator[Stream]:
    begins, ends = _keywords(data, limits.max_objects)
    unended = 0
    for index, (keyword, begin) in enumerate(begins):
        head = data[max(0, keyword - _DICTIONARY) : keyword]
        end = ends[min(bisect_left(ends, begin), len(ends) - 1)]
        following = begins[index + 1][0] if index + 1 < len(begins) else len(data)
        unended += following < end
        if unended > _UNENDED:
            raise _too_large("parts that do not end")
        dictionary = head[max(0, head.rfind(_OBJECT) - _NUMBER) :]
        yield Stream(dictionary, data[begin:end], data[end:following])


def _keywords(data: bytes, most: int) -> tuple[list[tuple[int, int]], list[int]]:
    """Where streams begin, as the keyword's place and that of the content, and where they end."""
    begins: list[tuple[int, int]] = []
    ends: list[int] = []
    for found in _KEYWORD.finditer(data):
        if max(len(begins), len(ends)) > most:
            raise _too_large("more objects than an invoice has")
        at = found.start()
        if data[max(0, at - 3) : at] == b"end":
            ends.append(at - 3)
        elif line := _LINE_END.match(data, found.end()):
            begins.append((at, line.end()))
    return begins, [*ends, len(data)]


def _begin(packed: bytes, allowed: int, wanted: int) -> tuple[bytes, int]:
    """The first bytes of the content, about as many as wanted, and how many there are in all."""
    if not _is_zlib(packed):
        return packed, len(packed)
    first, size = [], 0
    for chunk in _allowed(packed, allowed):
        if size < wanted:
            first.append(chunk)
        size += len(chunk)
    return b"".join(first), size


def _unpacked(packed: bytes, allowed: int) -> bytes:
    """The content; as it stands where it is not packed by deflate."""
    return b"".join(_allowed(packed, allowed)) if _is_zlib(packed) else packed


def _allowed(packed: bytes, allowed: int) -> Iterator[bytes]:
    """Raises Refused above what is allowed, and where a stream is packed twice."""
    size = 0
    for chunk in _chunks(packed):
        twice = size == 0 and next(_chunks(chunk), _DAMAGED) != _DAMAGED
        size += len(chunk)
        if twice or size > allowed:
            raise _too_large("parts that unpack to more than an invoice needs")
        yield chunk


def _is_zlib(packed: bytes) -> bool:
    """Whether it begins as RFC 1950 has it."""
    return len(packed) > 2 and packed[0] & 15 == 8 and not int.from_bytes(packed[:2], "big") % 31


def _chunks(packed: bytes) -> Iterator[bytes]:
    if not _is_zlib(packed):
        return
    unpack = zlib.decompressobj()
    try:
        while packed and not unpack.eof:
            chunk = unpack.decompress(packed, _CHUNK)
            packed = unpack.unconsumed_tail
            if chunk:
                yield chunk
    except zlib.error:
        yield _DAMAGED


def _too_large(what: str) -> Refused:
    message = f"The PDF has {what}: ask the sender for a plain PDF, or scan the page."
    return Refused("reject", "TOO_LARGE", message)
