"""The text that a PDF page carries itself: exact, and faster than looking at pixels."""

import ctypes
import math
import unicodedata
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from sapmatch.pages import layout
from sapmatch.pages.nouns import Box, Line, Point, Word, around

if TYPE_CHECKING:
    from pypdfium2 import PdfPage, PdfTextPage

_ENOUGH = 50  # letters and digits; fewer are a stamp or a page number on a scan
_SCAN = 0.6  # of the page under one picture: the text over it may be anything
_GARBAGE = 0.1  # share of characters that a font without a Unicode map leaves
_WORD_GAP = 0.25  # of the height
_LEVEL = 10  # degrees
_HYPHEN = 2  # PDFium's code for a hyphen at the end of a line
_UNITS = 100  # device units per point: PDFium answers in whole ones
_FAR = 10_000  # points: where a whole unit is no error

Char = tuple[str, Box]


def text_lines(page: "PdfPage") -> tuple[Line, ...]:
    """Lines of the text layer in points, empty where the page is better read from its pixels."""
    if _is_scan(page):
        return ()
    textpage = page.get_textpage()
    try:
        chars = list(_chars(page, textpage))
    finally:
        textpage.close()
    if not _usable([char for char, _ in chars]):
        return ()
    width, height = page.get_size()
    words = (_word(run, width, height) for run in _runs(chars))
    return tuple(layout.lines({(word.text, word.quad): word for word in words}.values()))


def _is_scan(page: "PdfPage") -> bool:
    import pypdfium2.raw as pdfium

    width, height = page.get_size()
    bounds = (picture.get_bounds() for picture in page.get_objects([pdfium.FPDF_PAGEOBJ_IMAGE], 3))
    return any(
        (right - left) * (top - bottom) >= _SCAN * width * height
        for left, bottom, right, top in bounds
    )


def _usable(chars: list[str]) -> bool:
    printed = [char for char in chars if not char.isspace()]
    garbage = sum(unicodedata.category(char) in ("Co", "Cn", "Cc") for char in printed)
    enough = sum(char.isalnum() for char in printed) >= _ENOUGH
    return enough and garbage <= _GARBAGE * len(printed)


def _chars(page: "PdfPage", textpage: "PdfTextPage") -> Iterator[Char]:
    import pypdfium2.raw as pdfium

    placed, turned = _placing(page), page.get_rotation()
    for index in range(textpage.count_chars()):
        code = pdfium.FPDFText_GetUnicode(textpage, index)
        char = "-" if code == _HYPHEN else chr(code)
        if unicodedata.category(char) == "Cs" or not _level(textpage, index, turned):
            continue
        left, bottom, right, top = textpage.get_charbox(index, loose=True)
        x0, y0 = placed(left, top)
        x1, y1 = placed(right, bottom)
        yield char, Box(min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1))


def _level(textpage: "PdfTextPage", index: int, turned: int) -> bool:
    """Whether the character stands upright on the page as it is shown."""
    import pypdfium2.raw as pdfium

    angle = math.degrees(pdfium.FPDFText_GetCharAngle(textpage, index)) + turned
    return bool(abs((angle + 180) % 360 - 180) <= _LEVEL)


def _placing(page: "PdfPage") -> Callable[[float, float], Point]:
    """Points of the PDF to points from the upper left of the page as it is shown."""
    left, top = _shown(page, 0, 0)
    across, down = _shown(page, _FAR, 0), _shown(page, 0, _FAR)
    ax, ay = (across[0] - left) / _FAR, (across[1] - top) / _FAR
    dx, dy = (down[0] - left) / _FAR, (down[1] - top) / _FAR
    return lambda x, y: (left + ax * x + dx * y, top + ay * x + dy * y)


def _shown(page: "PdfPage", x: float, y: float) -> Point:
    import pypdfium2.raw as pdfium

    across, down = ctypes.c_int(), ctypes.c_int()
    width, height = (int(side * _UNITS) for side in page.get_size())
    pdfium.FPDF_PageToDevice(page, 0, 0, width, height, 0, x, y, across, down)
    return across.value / _UNITS, down.value / _UNITS


def _runs(chars: list[Char]) -> Iterator[list[Char]]:
    """Characters that follow each other closely, one run per word."""
    run: list[Char] = []
    for char in chars:
        blank = char[0].isspace() or char[1].width <= 0
        if run and (blank or not _follows(run[-1][1], char[1])):
            yield run
            run = []
        if not blank:
            run.append(char)
    if run:
        yield run


def _follows(before: Box, box: Box) -> bool:
    gap = box.left - before.right
    if box == before:  # the letters of a ligature
        return True
    return before.overlap_y(box) > 0 and abs(gap) <= _WORD_GAP * max(box.height, before.height)


def _word(run: list[Char], width: float, height: float) -> Word:
    box = around([box for _, box in run])
    left, right = box.left / width, box.right / width
    top, bottom = box.top / height, box.bottom / height
    return Word(
        text="".join(char for char, _ in run),
        box=box,
        quad=((left, top), (right, top), (right, bottom), (left, bottom)),
        confidence=100.0,
    )
