"""The made-up invoices add up, open, and are the same for the same seed."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pypdfium2
import pytest

from benchmarks.printed.dataset import write
from benchmarks.printed.document import Printed, printed

INVOICES = [made for made in (printed(7, index) for index in range(40)) if made.family != "slip"]


def test_there_are_documents_of_many_languages_and_layouts() -> None:
    assert len({made.language for made in INVOICES}) >= 10
    assert len({made.family for made in INVOICES}) >= 4


@pytest.mark.parametrize("made", INVOICES, ids=lambda made: f"{made.language}-{made.family}")
def test_the_truth_adds_up(made: Printed) -> None:
    net, tax, total = (Decimal(made.truth[name]) for name in ("net", "tax", "total"))
    lines = sum(Decimal(line["line_total"]) for line in made.truth["lines"])
    assert net + tax == total
    assert net - lines in (0, Decimal("12.50"), Decimal(13), Decimal(12), Decimal(29))  # freight


def test_the_lines_of_a_till_slip_make_its_total() -> None:
    slips = [made for made in (printed(3, index) for index in range(60)) if made.family == "slip"]
    assert slips
    for made in slips:
        lines = sum(Decimal(line["line_total"]) for line in made.truth["lines"])
        assert lines == Decimal(made.truth["total"])


def test_a_page_prints_the_number_that_the_truth_says() -> None:
    for made in INVOICES[:10]:
        document = pypdfium2.PdfDocument(made.data)
        text = "".join(page.get_textpage().get_text_range() for page in document)
        document.close()
        assert made.truth["invoice_number"] in text


def test_the_same_seed_gives_the_same_document_and_another_seed_another() -> None:
    assert printed(5, 3) == printed(5, 3)
    assert printed(5, 3).truth != printed(6, 3).truth


def test_a_dataset_names_each_file_with_its_kind_and_pages(tmp_path: Path) -> None:
    manifest = write(tmp_path, count=2, seed=1, scans=1)
    rows = [msgspec.json.decode(line) for line in manifest.read_bytes().splitlines()]
    assert [row["kind"] for row in rows][:2] == ["born-digital-pdf"] * 2
    assert rows[2]["kind"].startswith("scan-")
    assert all((tmp_path / row["file"]).stat().st_size == row["bytes"] for row in rows)
