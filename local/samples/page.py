"""The samples on paper: a drawn page, a page with its XML inside, and a grey scan."""

import random
from decimal import Decimal
from io import BytesIO

import pypdfium2
from msgspec import Struct
from PIL import Image, ImageFilter
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from local.samples.einvoice import cii
from local.samples.nouns import Invoice, Line
from local.samples.world import BUYER

_A4 = (210 * mm, 297 * mm)
_RIGHT = 190 * mm
_COLUMNS = (20, 30, 60, 116, 121, 160, 190)  # mm; numbers are aligned to the right there


class Words(Struct, frozen=True, kw_only=True):
    """The printed words of one language; `facts` are number, date, due date and order."""

    title: str
    facts: tuple[str, str, str, str]
    heads: tuple[str, ...]
    net: str
    tax: str
    total: str
    vat_id: str
    piece: str
    day: str
    marks: str  # what stands for , and . in 1,000.00

    def amount(self, value: Decimal) -> str:
        """The amount as printed."""
        return f"{value:,.2f}".translate(str.maketrans(",.", self.marks))


_GERMAN = Words(
    title="Rechnung",
    facts=("Rechnungsnummer", "Rechnungsdatum", "Fällig am", "Bestellnummer"),
    heads=("Pos.", "Artikel", "Bezeichnung", "Menge", "Einheit", "Einzelpreis", "Betrag"),
    net="Nettobetrag",
    tax="MwSt.",
    total="Gesamtbetrag",
    vat_id="USt-IdNr.",
    piece="Stk",
    day="%d.%m.%Y",
    marks=".,",
)
_ENGLISH = Words(
    title="Invoice",
    facts=("Invoice Number", "Invoice Date", "Due Date", "PO Number"),
    heads=("Pos", "Item", "Description", "Quantity", "Unit", "Unit Price", "Amount"),
    net="Subtotal",
    tax="VAT",
    total="Total",
    vat_id="VAT ID",
    piece="PC",
    day="%Y-%m-%d",
    marks=",.",
)


def pdf(invoice: Invoice) -> bytes:
    """A page in German with a text layer."""
    return _page(invoice, _GERMAN)


def _page(invoice: Invoice, words: Words) -> bytes:
    # Not compressed, so that the bytes depend on no zlib; invariant leaves the clock out.
    target = BytesIO()
    canvas = Canvas(target, pagesize=_A4, invariant=1, pageCompression=0)
    canvas.setTitle(f"{words.title} {invoice.number}")
    canvas.setAuthor(invoice.seller.name)
    _head(canvas, invoice, words)
    below = _table(canvas, invoice, words)
    _totals(canvas, invoice, words, below)
    _foot(canvas, invoice, words)
    canvas.save()
    return target.getvalue()


def _head(canvas: Canvas, invoice: Invoice, words: Words) -> None:
    seller = invoice.seller
    canvas.setFont("Helvetica-Bold", 15)
    canvas.drawString(20 * mm, 275 * mm, seller.name)
    canvas.setFont("Helvetica", 10)
    place = f"{seller.postcode} {seller.city}"
    canvas.drawString(20 * mm, 269 * mm, f"{seller.street}, {place}")
    address = (BUYER.name, BUYER.street, f"{BUYER.postcode} {BUYER.city}")
    for n, text in enumerate(address):
        canvas.drawString(20 * mm, (245 - 5 * n) * mm, text)
    canvas.setFont("Helvetica-Bold", 18)
    canvas.drawString(20 * mm, 215 * mm, words.title)
    canvas.setFont("Helvetica", 10)
    facts = (
        invoice.number,
        f"{invoice.issued:{words.day}}",
        f"{invoice.due:{words.day}}",
        invoice.order,
    )
    for n, (label, value) in enumerate(zip(words.facts, facts, strict=True)):
        canvas.drawString(120 * mm, (245 - 6 * n) * mm, f"{label}:")
        canvas.drawString(158 * mm, (245 - 6 * n) * mm, value)


def _row(canvas: Canvas, height: float, cells: tuple[str, ...]) -> None:
    for n, (at, cell) in enumerate(zip(_COLUMNS, cells, strict=True)):
        draw = canvas.drawRightString if n in (3, 5, 6) else canvas.drawString
        draw(at * mm, height, cell)


def _table(canvas: Canvas, invoice: Invoice, words: Words) -> float:
    """Draw the lines; the height below them."""
    height = 195 * mm
    canvas.setFont("Helvetica-Bold", 10)
    _row(canvas, height, words.heads)
    canvas.line(20 * mm, height - 2 * mm, _RIGHT, height - 2 * mm)
    canvas.setFont("Helvetica", 10)
    for line in invoice.lines:
        height -= 8 * mm
        _row(canvas, height, _cells(line, words))
    canvas.line(20 * mm, height - 3 * mm, _RIGHT, height - 3 * mm)
    return float(height - 11 * mm)


def _cells(line: Line, words: Words) -> tuple[str, ...]:
    return (
        line.id,
        line.material,
        line.text,
        str(line.quantity),
        words.piece if line.unit == "PC" else line.unit.lower(),
        words.amount(line.price / line.per),
        words.amount(line.net),
    )


def _totals(canvas: Canvas, invoice: Invoice, words: Words, height: float) -> None:
    rows = [(words.net, invoice.net)]
    rows += [(f"{words.tax} {rate} %", tax) for rate, _, tax in invoice.taxes]
    for label, amount in rows:
        canvas.drawString(120 * mm, height, label)
        canvas.drawRightString(_RIGHT, height, f"{words.amount(amount)} EUR")
        height -= 7 * mm
    canvas.setFont("Helvetica-Bold", 11)
    canvas.drawString(120 * mm, height, words.total)
    canvas.drawRightString(_RIGHT, height, f"{words.amount(invoice.total)} EUR")


def _foot(canvas: Canvas, invoice: Invoice, words: Words) -> None:
    canvas.setFont("Helvetica", 9)
    canvas.drawString(20 * mm, 30 * mm, f"{words.vat_id}: {invoice.seller.vat_id}")
    canvas.drawString(20 * mm, 25 * mm, f"IBAN: {invoice.seller.iban}")


def hybrid(invoice: Invoice) -> bytes:
    """The drawn page with the same invoice as `factur-x.xml` inside (Factur-X 1.0, EN 16931)."""
    writer = PdfWriter(clone_from=BytesIO(pdf(invoice)))
    writer.add_attachment("factur-x.xml", cii(invoice))
    names = writer.root_object["/Names"]["/EmbeddedFiles"]["/Names"]  # type: ignore[index]
    specification = names[1].get_object()
    specification[NameObject("/AFRelationship")] = NameObject("/Alternative")
    specification["/EF"]["/F"].get_object()[NameObject("/Subtype")] = NameObject("/text/xml")
    writer.root_object[NameObject("/AF")] = ArrayObject([names[1]])
    assert isinstance(specification, DictionaryObject)
    target = BytesIO()
    writer.write(target)
    return target.getvalue()


def scan(invoice: Invoice) -> bytes:
    """The page in English as a grey picture of 150 dpi: a little askew, soft and speckled."""
    page = pypdfium2.PdfDocument(_page(invoice, _ENGLISH))[0]
    picture = page.render(scale=150 / 72, grayscale=True).to_pil().convert("L")
    picture = picture.rotate(0.3, resample=Image.Resampling.BICUBIC, fillcolor=255)
    picture = picture.filter(ImageFilter.GaussianBlur(0.4))
    _speckle(picture, random.Random(5))  # noqa: S311 - the same dirt every time
    target = BytesIO()
    # Sixteen greys keep the file small and look like a cheap scanner.
    picture.point(lambda grey: min(255, (grey + 8) // 17 * 17)).save(
        target, "PNG", optimize=True, dpi=(150, 150)
    )
    return target.getvalue()


def _speckle(picture: Image.Image, chance: random.Random) -> None:
    for _ in range(4000):
        at = (chance.randrange(picture.width), chance.randrange(picture.height))
        picture.putpixel(at, chance.randrange(150, 240))


def truncated(invoice: Invoice) -> bytes:
    """A page whose transmission broke off."""
    whole = pdf(invoice)
    return whole[: len(whole) * 2 // 5]
