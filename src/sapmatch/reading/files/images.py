"""Size and page count of an image, from its headers: nothing is decoded."""

import struct
from collections.abc import Iterator

from sapmatch.reading.files.classify import Format
from sapmatch.reading.limits import ReadLimits, Refused

_TIFF_WIDTH, _TIFF_HEIGHT = 256, 257
_TIFF_SHORT = 3
_TIFF_MOST_TAGS = 1000  # of one page; baseline and extensions know some 100
# JPEG start-of-frame markers; C4, C8 and CC mean other things (ITU T.81 table B.1).
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_MOST_SEGMENTS = 10_000  # of a JPEG before its scan, fill bytes counted
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD8)})
_START_OF_SCAN = 0xDA


def image_pages(data: bytes, format: Format, limits: ReadLimits) -> int:
    """Number of pages; raises Refused for a broken image, or one with too many pixels or pages."""
    try:
        sizes = list(_SIZES[format](data, limits.max_pages))
    except (struct.error, IndexError) as exc:
        raise _broken(format) from exc
    if not sizes or not all(width and height for width, height in sizes):
        raise _broken(format)
    if len(sizes) > limits.max_pages:
        raise Refused(
            "reject", "TOO_MANY_PAGES", f"More than {limits.max_pages} pages: split the file."
        )
    if any(width * height > limits.max_pixels for width, height in sizes):
        raise Refused(
            "reject",
            "TOO_LARGE",
            f"The image has more than {limits.max_pixels:,} pixels: "
            "scan it with fewer dots per inch.",
        )
    return len(sizes)


def _broken(format: Format) -> Refused:
    return Refused("reject", "BROKEN", f"The {format} is cut off or damaged: upload it again.")


def _png(data: bytes, _cap: int) -> Iterator[tuple[int, int]]:
    if b"IEND" in data[-64:]:
        yield struct.unpack_from(">II", data, 16)


def _jpeg(data: bytes, _cap: int) -> Iterator[tuple[int, int]]:
    at, size = 2, None
    for _ in range(_MOST_SEGMENTS):
        if data[at] != 0xFF or data[at + 1] == _START_OF_SCAN:
            break
        marker = data[at + 1]
        if marker == 0xFF or marker in _STANDALONE:
            at += 1 if marker == 0xFF else 2
            continue
        if marker in _FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            size = width, height
        at += 2 + max(2, struct.unpack_from(">H", data, at + 2)[0])
    if size and data.rfind(b"\xff\xd9") > at:  # an end marker before the scan is a thumbnail's
        yield size


def _tiff(data: bytes, cap: int) -> Iterator[tuple[int, int]]:
    order = "<" if data.startswith(b"II") else ">"
    (at,) = struct.unpack_from(order + "I", data, 4)
    for _ in range(cap + 1):  # directories may point at each other in a circle
        if not at:
            return
        (count,) = struct.unpack_from(order + "H", data, at)
        if count > _TIFF_MOST_TAGS:
            raise IndexError("more tags than a page has")
        tags = dict(_entry(data, order, at + 2 + 12 * index) for index in range(count))
        if tags.get(_TIFF_WIDTH) and tags.get(_TIFF_HEIGHT):
            yield tags[_TIFF_WIDTH], tags[_TIFF_HEIGHT]
        (at,) = struct.unpack_from(order + "I", data, at + 2 + 12 * count)


def _entry(data: bytes, order: str, at: int) -> tuple[int, int]:
    tag, kind = struct.unpack_from(order + "HH", data, at)
    return tag, struct.unpack_from(order + ("H" if kind == _TIFF_SHORT else "I"), data, at + 8)[0]


_SIZES = {Format.PNG: _png, Format.JPEG: _jpeg, Format.TIFF: _tiff}
