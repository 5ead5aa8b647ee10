"""Pages for the OCR tests: lines placed by hand, and invoices drawn with Pillow's own font."""

from collections.abc import Iterable
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from sapmatch.model.intent import Record
from sapmatch.pages.nouns import Box, Line, Page, Word

WIDTH, HEIGHT, LETTER = 1000, 1400, 10
Placed = tuple[int, int, str]  # left, top, text

INVOICE: tuple[Placed, ...] = (
    (60, 60, "Example Tools GmbH"),
    (560, 60, "Invoice No: INV-4711"),
    (560, 110, "Invoice Date: 2025-03-14"),
    (560, 160, "PO Number: 4500000123"),
    (60, 300, "Description"),
    (420, 300, "Quantity"),
    (600, 300, "Unit Price"),
    (800, 300, "Amount"),
    (60, 350, "Hammer"),
    (420, 350, "2"),
    (600, 350, "10.00"),
    (800, 350, "20.00"),
    (60, 400, "Anvil"),
    (420, 400, "1"),
    (600, 400, "80.50"),
    (800, 400, "80.50"),
    (600, 500, "Subtotal"),
    (800, 500, "100.50"),
    (600, 550, "VAT 19%"),
    (800, 550, "19.10"),
    (600, 600, "Total EUR"),
    (800, 600, "119.60"),
)


def line(left: float, top: float, text: str, *, confidence: float = 99.0) -> Line:
    """A line of words, every letter 10 wide and 20 high."""
    words = []
    for printed in text.split(" "):
        right = left + LETTER * len(printed)
        box = Box(left, top, right, top + 2 * LETTER)
        x0, x1, y0, y1 = left / WIDTH, right / WIDTH, top / HEIGHT, box.bottom / HEIGHT
        quad = ((x0, y0), (x1, y0), (x1, y1), (x0, y1))
        words.append(Word(text=printed, box=box, quad=quad, confidence=confidence))
        left = right + LETTER / 2
    return Line(tuple(words))


def page(*placed: Placed, number: int = 1) -> Page:
    """A page of such lines."""
    return Page(number=number, lines=tuple(line(*where) for where in placed))


def drawn(placed: Iterable[Placed] = INVOICE, size: tuple[int, int] = (1000, 700)) -> Image.Image:
    """The lines as black ink on white."""
    image = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(image)
    for left, top, text in placed:
        pen.text((left, top), text, fill="black", font=ImageFont.load_default(size=24))
    return image


def saved(*images: Image.Image, kind: str = "PNG") -> bytes:
    """The file of an image, of several ones for a TIFF."""
    target = BytesIO()
    more = {"save_all": True, "append_images": images[1:]} if len(images) > 1 else {}
    images[0].save(target, kind, **more)
    return target.getvalue()


def summary(document: Record, kind: str) -> list[str]:
    """Values of all summary fields of a type."""
    return [
        field["ValueDetection"]["Text"]
        for field in document["SummaryFields"]
        if field["Type"]["Text"] == kind
    ]


def items(document: Record) -> list[dict[str, str]]:
    """Line items as type -> text."""
    return [
        {
            field["Type"]["Text"]: field["ValueDetection"]["Text"]
            for field in item["LineItemExpenseFields"]
        }
        for group in document["LineItemGroups"]
        for item in group["LineItems"]
    ]
