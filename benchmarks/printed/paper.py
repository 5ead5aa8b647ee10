"""Sheets to draw on: millimetres from the upper left corner."""

import random
import unicodedata
from io import BytesIO
from pathlib import Path
from typing import Literal

from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

Align = Literal["left", "right", "center"]
_WIDE = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
_FONTS = (
    ("Helvetica", "Helvetica-Bold"),
    ("Helvetica", "Helvetica-Bold"),
    ("Times-Roman", "Times-Bold"),
    ("Courier", "Courier-Bold"),
)


class Paper:
    """One document; `size` is the body text's in points."""

    def __init__(self, chance: random.Random, *, wide_letters: bool, width: float = 210) -> None:
        self._data = BytesIO()
        self.width, self.height = width, 297.0
        self._canvas = Canvas(self._data, pagesize=(width * mm, self.height * mm), invariant=1)
        self.font, self.bold = chance.choice(_FONTS)
        self.size = chance.choice([8.0, 8.5, 9.0, 10.0])
        self.pages = 1
        self._plain = wide_letters and not _WIDE.exists()
        if wide_letters and _WIDE.exists():
            pdfmetrics.registerFont(TTFont("DejaVuSans", str(_WIDE)))
            self.font = self.bold = "DejaVuSans"

    @property
    def step(self) -> float:
        """From one row of text to the next."""
        return self.size * 0.45

    def text(
        self, x: float, y: float, text: str, align: Align = "left", *, bold: bool = False,
        size: float | None = None,
    ) -> None:  # fmt: skip
        """One row of text on the baseline `y`."""
        self._canvas.setFont(self.bold if bold else self.font, size or self.size)
        draw = {
            "left": self._canvas.drawString,
            "right": self._canvas.drawRightString,
            "center": self._canvas.drawCentredString,
        }[align]
        draw(x * mm, (self.height - y) * mm, self._letters(text))

    def rows(self, x: float, y: float, rows: list[str], *, size: float | None = None) -> float:
        """Rows of text from `y` downwards; returns the y below them."""
        for row in rows:
            self.text(x, y, row, size=size)
            y += (size or self.size) * 0.45
        return y

    def rule(self, x0: float, y0: float, x1: float, y1: float) -> None:
        """A thin line."""
        self._canvas.setLineWidth(0.5)
        self._canvas.line(x0 * mm, (self.height - y0) * mm, x1 * mm, (self.height - y1) * mm)

    def box(self, x0: float, y0: float, x1: float, y1: float, *, grey: bool = False) -> None:
        """A frame, or a light grey ground."""
        if grey:
            self._canvas.setFillGray(0.88)
        area = (x0 * mm, (self.height - y1) * mm, (x1 - x0) * mm, (y1 - y0) * mm)
        self._canvas.rect(*area, stroke=not grey, fill=grey)
        self._canvas.setFillGray(0)

    def measure(self, text: str, *, bold: bool = False) -> float:
        """The width of a text in millimetres."""
        font = self.bold if bold else self.font
        return float(pdfmetrics.stringWidth(self._letters(text), font, self.size) / mm)

    def wrapped(self, text: str, width: float, *, bold: bool = False) -> list[str]:
        """The text in rows that fit into a column."""
        rows = [""]
        for word in text.split(" "):
            longer = f"{rows[-1]} {word}".strip()
            if rows[-1] and self.measure(longer, bold=bold) > width:
                rows.append(word)
            else:
                rows[-1] = longer
        return rows

    def turn(self) -> None:
        """On to the next sheet."""
        self._canvas.showPage()
        self.pages += 1

    def done(self) -> bytes:
        """The PDF."""
        self._canvas.save()
        return self._data.getvalue()

    def _letters(self, text: str) -> str:
        """Without accents where no font has them, as old printers do."""
        if not self._plain:
            return text
        apart = unicodedata.normalize("NFKD", text.replace("ł", "l").replace("Ł", "L"))
        return "".join(char for char in apart if not unicodedata.combining(char))
