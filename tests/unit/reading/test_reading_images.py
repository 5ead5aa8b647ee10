"""Images by their headers: pages and pixels are known before anything is decoded."""

import io
import struct
import time

import pytest
from PIL import Image

from sapmatch.reading.files.classify import Format, classify
from sapmatch.reading.files.images import image_pages
from sapmatch.reading.limits import ReadLimits, Refused
from tests.builders.reading import codes, png, read, tiff

LIMITS = ReadLimits()


def _saved(kind: str, mode: str = "RGB", **options: object) -> bytes:
    target = io.BytesIO()
    Image.new(mode, (30, 20)).save(target, kind, **options)
    return target.getvalue()


def _pages(data: bytes, **limits: int) -> int:
    return image_pages(data, classify(data, "a", LIMITS), ReadLimits(**limits))


@pytest.mark.parametrize(
    "data",
    [
        _saved("JPEG"),
        _saved("JPEG", "CMYK"),
        _saved("JPEG", "L", progressive=True),
        _saved("JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"),
        _saved("PNG", "RGBA"),
        _saved("PNG", "P"),
        _saved("TIFF", "1", compression="group4"),
        _saved("TIFF", "CMYK", compression="jpeg"),
    ],
)
def test_images_as_scanners_and_phones_make_them_have_a_page(data: bytes) -> None:
    assert _pages(data) == 1
    with pytest.raises(Refused):
        _pages(data, max_pixels=599)


@pytest.mark.parametrize("order", ["<", ">"])
def test_both_byte_orders_of_tiff_are_read(order: str) -> None:
    start = b"II*\0" if order == "<" else b"MM\0*"
    entries = b"".join(
        struct.pack(order + "HHIHH", tag, 3, 1, size, 0) for tag, size in ((256, 8), (257, 9))
    )
    data = start + struct.pack(order + "IH", 8, 2) + entries + struct.pack(order + "I", 0)
    assert _pages(data) == 1
    with pytest.raises(Refused):
        _pages(data, max_pixels=71)


def test_big_tiff_is_refused_by_name() -> None:
    result = read(b"II+\0\x08\0\0\0" + bytes(8), "scan.tif")
    assert codes(result) == ["TYPE_MISMATCH"]
    assert "BigTIFF" in result.problems[0].message


def test_pages_of_a_tiff_are_counted_up_to_the_limit() -> None:
    assert _pages(tiff(*[(9, 9)] * 7)) == 7
    with pytest.raises(Refused) as refused:
        _pages(tiff(*[(9, 9)] * 7), max_pages=6)
    assert refused.value.problem.code == "TOO_MANY_PAGES"


def test_a_directory_of_many_entries_does_not_take_long() -> None:
    """65,535 entries a directory, all directories the same: bounded by pages, not by bytes."""
    count = 65_535
    entry = struct.pack("<HHII", 256, 4, 1, 9) + struct.pack("<HHII", 257, 4, 1, 9)
    data = b"II*\0" + struct.pack("<IH", 8, count) + entry * (count // 2)
    data += struct.pack("<HHII", 1, 4, 1, 1) + struct.pack("<I", 8)
    assert codes(read(data)) == ["BROKEN"]


def test_a_png_without_any_pixels_is_broken() -> None:
    assert codes(read(png(0, 10))) == ["BROKEN"]


def test_the_format_is_that_of_the_content() -> None:
    assert classify(_saved("TIFF"), "photo.jpg", LIMITS) is Format.TIFF


def test_a_jpeg_of_nothing_but_fill_bytes_ends_early() -> None:
    started = time.monotonic()
    assert codes(read(b"\xff\xd8" + b"\xff" * 15_000_000)) == ["BROKEN"]
    assert time.monotonic() - started < 0.5
