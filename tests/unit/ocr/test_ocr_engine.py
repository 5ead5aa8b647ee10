"""Pixels to fields with the real engine."""

import logging
from pathlib import Path

import pytest
from PIL import Image

from sapmatch.ocr import analyze_expense, count_pages
from tests.builders.pages import drawn, items, saved, summary


def _core(document: dict[str, object]) -> tuple[list[str], list[str]]:
    return summary(document, "INVOICE_RECEIPT_ID"), summary(document, "TOTAL")


CORE = (["INV-4711"], ["119.60"])


def test_a_drawn_invoice_is_read(caplog: pytest.LogCaptureFixture) -> None:
    (document,) = analyze_expense(saved(drawn()))
    assert _core(document) == CORE
    assert summary(document, "INVOICE_RECEIPT_DATE") == ["2025-03-14"]
    assert summary(document, "PO_NUMBER") == ["4500000123"]
    assert [(item["ITEM"], item["PRICE"]) for item in items(document)] == [
        ("Hammer", "20.00"),
        ("Anvil", "80.50"),
    ]
    (total,) = [f for f in document["SummaryFields"] if f["Type"]["Text"] == "TOTAL"]
    box = total["ValueDetection"]["Geometry"]["BoundingBox"]
    assert box["Left"] == pytest.approx(0.8, abs=0.02)
    assert box["Top"] == pytest.approx(600 / 700, abs=0.02)
    assert [record for record in caplog.records if record.levelno > logging.DEBUG] == []


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_page_may_lie_on_its_side_or_its_head(turn: int) -> None:
    (document,) = analyze_expense(saved(drawn().rotate(turn, expand=True)))
    assert _core(document) == CORE
    (total,) = [f for f in document["SummaryFields"] if f["Type"]["Text"] == "TOTAL"]
    corner = total["ValueDetection"]["Geometry"]["Polygon"][0]
    x, y = 0.8, 600 / 700
    expected = {90: (y, 1 - x), 180: (1 - x, 1 - y), 270: (1 - y, x)}[turn]
    assert (corner["X"], corner["Y"]) == pytest.approx(expected, abs=0.02)


def test_a_skewed_page_keeps_its_rows() -> None:
    (document,) = analyze_expense(saved(drawn().rotate(4, expand=True, fillcolor="white")))
    assert _core(document) == CORE
    assert [item["UNIT_PRICE"] for item in items(document)] == ["10.00", "80.50"]


def test_transparent_paper_is_white() -> None:
    """documents.md 4: transparent pages turn black unless they are laid on white."""
    ink = drawn().convert("L").point(lambda value: 255 - value)
    page = Image.new("RGBA", ink.size, (0, 0, 0, 0))
    page.paste((0, 0, 0, 255), mask=ink)
    (document,) = analyze_expense(saved(page))
    assert _core(document) == CORE


def test_every_page_of_a_tiff_is_read() -> None:
    data = saved(drawn(), Image.new("RGB", (300, 300), "white"), kind="TIFF")
    assert count_pages(data) == 2
    first, blank = analyze_expense(data)
    assert _core(first) == CORE
    assert blank["SummaryFields"] == blank["LineItemGroups"] == []
    assert [block["BlockType"] for block in blank["Blocks"]] == ["PAGE"]


@pytest.mark.parametrize(
    ("file", "number", "total"),
    [
        ("pdf/contoso-inv-100.pdf", "INV-100", "$110.00"),
        ("pdf/Hetzner Rechnung R0005532486.pdf", "R0005532486", "104,00 €"),
        ("scans/mustang-502--jpg200-rot90.jpg", "RE-20140703/502", "571,04 €"),
    ],
)
def test_published_invoices_are_read(real_data: Path, file: str, number: str, total: str) -> None:
    (document, *_) = analyze_expense((real_data / "invoices" / file).read_bytes())
    assert number in summary(document, "INVOICE_RECEIPT_ID")
    assert total in summary(document, "TOTAL")
