"""Born-digital PDFs: read without OCR where the text is what people see and proves itself."""

import io

import pypdf
import pytest
from pypdf.generic import RectangleObject
from reportlab.pdfgen.canvas import Canvas

from sapmatch.model.invoice import ReadResult
from tests.builders.pages import INVOICE, Placed
from tests.builders.reading import invoice_page, pdf, printed, read

SHEET: tuple[Placed, ...] = (
    *INVOICE,
    (60, 110, "VAT ID: DE136695976"),
    (60, 650, "Example Tools GmbH, www.example-tools.com, IBAN DE02120300000000202051"),
)
WITHOUT_LINES = tuple(placed for placed in SHEET if not 290 <= placed[1] <= 410)


def _asked(data: bytes) -> bool:
    """Whether the document went on to OCR."""
    return read(data, documents=[invoice_page()]).method != "text-layer"


def _fields(result: ReadResult) -> set[str | None]:
    return {problem.field for problem in result.problems}


def _changed(old: str, new: str) -> bytes:
    return printed([(left, top, text.replace(old, new)) for left, top, text in SHEET])


def test_a_text_layer_that_adds_up_is_the_answer() -> None:
    result = read(printed(SHEET), documents=[])
    assert (result.outcome, result.kind, result.method) == ("read", "pdf-text", "text-layer")
    assert result.invoice is not None
    assert (result.invoice.number, str(result.invoice.total)) == ("INV-4711", "119.60")
    assert len(result.invoice.lines) == 2
    assert result.ocr_pages == 0
    assert result.evidence["total"].page == 1


def test_an_invoice_without_lines_is_proved_by_its_tax_rate() -> None:
    assert not _asked(printed(WITHOUT_LINES))
    assert _asked(printed([(x, y, text.replace(" 19%", "")) for x, y, text in WITHOUT_LINES]))


@pytest.mark.parametrize(("old", "new"), [("119.60", "118.60"), ("80.50", "70.50")])
def test_sums_that_prove_nothing_go_on_to_ocr(old: str, new: str) -> None:
    data = _changed(old, new)
    assert _asked(data)
    result = read(data)
    assert (result.outcome, result.method) == ("needs-review", "text-layer")
    assert result.invoice is not None
    assert result.problems


def test_without_ocr_the_problems_say_what_is_unproven() -> None:
    assert "total" in _fields(read(_changed("119.60", "118.60")))


def test_a_second_number_with_the_same_label_is_a_doubt() -> None:
    data = printed([*SHEET, (560, 220, "Invoice No: INV-9999")])
    assert _asked(data)
    assert "number" in _fields(read(data))


@pytest.mark.parametrize("hidden", [{"mode": 3}, {"grey": 1.0}])
def test_text_that_nobody_sees_is_not_believed(hidden: dict[str, int]) -> None:
    """Mode 3 is how OCR puts its text over a scan; white text may say anything."""
    assert _asked(printed(SHEET, **hidden))  # type: ignore[arg-type]


def test_a_total_under_a_picture_is_not_believed() -> None:
    def cover(canvas: Canvas) -> None:
        canvas.setFillGray(1)
        canvas.rect(780, 60, 200, 60, stroke=0, fill=1)

    assert _asked(printed(SHEET, more=cover))


def test_a_page_that_is_a_picture_sends_all_pages_to_ocr() -> None:
    def draw(canvas: Canvas) -> None:
        canvas.rect(10, 10, 900, 600, fill=1)

    picture = printed(SHEET, [(10, 10, "")], more=draw)
    assert _asked(picture)


def test_an_empty_back_page_changes_nothing() -> None:
    assert not _asked(printed(SHEET, []))


def test_a_page_with_too_much_text_is_left_to_ocr() -> None:
    data = pdf("\n".join(["one line of the general terms and conditions"] * 40))
    assert read(data, max_page_text=100).kind == "scan"


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_that_is_turned_to_be_read_has_its_values_where_people_see_them(turn: int) -> None:
    """ISO 32000-1, 7.7.3.3: Rotate turns the page as it is shown, and CropBox cuts it."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(printed(SHEET)))
    plain = writer.pages[0]
    plain.add_transformation(pypdf.Transformation().rotate(turn))
    corner = {90: (-700, 0), 180: (-1000, -700), 270: (0, -1000)}[turn]
    size = (700, 1000) if turn % 180 else (1000, 700)
    shown = (*corner, corner[0] + size[0], corner[1] + size[1])
    plain.mediabox = RectangleObject((shown[0] - 50, shown[1] - 30, shown[2] + 10, shown[3] + 20))
    plain.cropbox = RectangleObject(shown)
    plain.rotate(turn)
    written = io.BytesIO()
    writer.write(written)
    turned, straight = read(written.getvalue()), read(printed(SHEET))
    assert turned.invoice == straight.invoice
    assert turned.evidence["total"].box == pytest.approx(straight.evidence["total"].box, abs=0.01)
