"""A second opinion on a page: Tesseract, where its command is installed.

The first engine sometimes leaves out a short amount that stands alone. Tesseract is asked only
where such a gap shows, and only what it sees in places that are empty so far is believed.
"""

import math
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from io import BytesIO
from typing import TYPE_CHECKING

from sapmatch.model.intent import Record
from sapmatch.pages import layout
from sapmatch.pages.expense import expense_document
from sapmatch.pages.nouns import Box, Line, Page, Quad, Word

if TYPE_CHECKING:
    from PIL.Image import Image

COMMAND = "tesseract"
SECONDS = 20.0  # some pages take it minutes while the cores are busy
_MOST_OUTPUT = 4_000_000  # characters
_LEAST_SURE = 60.0  # of 100: below it stand specks, rules and stamps
_REQUIRED = ("INVOICE_RECEIPT_ID", "INVOICE_RECEIPT_DATE", "TOTAL")
_WORD = "5"  # level of a word in Tesseract's table
_DIGITS = re.compile(r"\D")

Place = Callable[[Quad], tuple[Box, Quad]]


def installed() -> bool:
    """Whether there is somebody to ask."""
    return shutil.which(COMMAND) is not None


def completed(lines: Sequence[Line], image: "Image", place: Place) -> tuple[Line, ...]:
    """The lines with what a second look adds, where something is missing and it helps.

    `place` turns corners in pixels of `image` into a word's box and its quad.
    """
    before = _gaps(lines)
    if not before or not lines or not installed():
        return tuple(lines)
    more = [*lines, *_new(_words(image, place), lines)]
    return tuple(more) if _gaps(more) < before else tuple(lines)


def _gaps(lines: Sequence[Line]) -> int:
    """How many required fields a page lacks, and whether its sums prove nothing."""
    document = expense_document(Page(number=1, lines=tuple(lines)))
    missing = sum(not _texts(document, kind) for kind in _REQUIRED)
    return missing + (not _adds_up(document))


def _texts(document: Record, kind: str) -> list[str]:
    return [
        str(field["ValueDetection"]["Text"])
        for field in document["SummaryFields"]
        if field["Type"]["Text"] == kind
    ]


def _adds_up(document: Record) -> bool:
    """Net and tax make the total, all of them printed with the same decimals."""
    nets, taxes, totals = (_cents(document, kind) for kind in ("SUBTOTAL", "TAX", "TOTAL"))
    return any(net + tax in totals for net in nets for tax in taxes)


def _cents(document: Record, kind: str) -> set[int]:
    digits = (_DIGITS.sub("", text) for text in _texts(document, kind))
    return {int(figure) for figure in digits if 0 < len(figure) < 16}


def _new(words: Iterator[Word], lines: Sequence[Line]) -> list[Line]:
    """Words in places where nothing was seen before, joined to lines."""
    known = [word.box for line in lines for word in line.words]
    return layout.lines([word for word in words if not any(_touch(word.box, box) for box in known)])


def _touch(first: Box, second: Box) -> bool:
    return first.overlap_x(second) > 0 and first.overlap_y(second) > 0


def _words(image: "Image", place: Place) -> Iterator[Word]:
    """Rows of Tesseract's table (`tsv`): level, five numbers, left, top, width, height, ..."""
    for row in _table(image).splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) != 12 or cells[0] != _WORD or not cells[11].strip():
            continue
        left, top, width, height, sure = (float(cell) for cell in cells[6:11])
        if sure >= _LEAST_SURE and math.isfinite(sure):
            right, bottom = left + width, top + height
            box, quad = place(((left, top), (right, top), (right, bottom), (left, bottom)))
            yield Word(text=cells[11].strip(), box=box, quad=quad, confidence=sure)


def _table(image: "Image") -> str:
    """What Tesseract says, nothing where it fails: its opinion is welcome and not needed."""
    picture = BytesIO()
    image.convert("L").save(picture, "PNG")
    command = [COMMAND, "stdin", "stdout", "--psm", "3", "tsv"]
    # its threads spin where the cores are busy: a page took 139 s instead of 0.9
    environment = os.environ | {"OMP_THREAD_LIMIT": "1"}
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command, the page goes in through a pipe
            command,
            input=picture.getvalue(),
            capture_output=True,
            timeout=SECONDS,
            env=environment,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.decode("utf-8", "replace")[:_MOST_OUTPUT] if done.returncode == 0 else ""
