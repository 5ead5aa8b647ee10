"""What an OCR is asked for, files of several invoices, and hostile files in a watched process."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sapmatch.model.errors import InputRejected, Problem, Throttled
from sapmatch.model.expense import Analysis
from sapmatch.reading import ReadLimits, read_document
from sapmatch.reading.limits import StillReading
from tests.builders.reading import (
    SUMS,
    analysis,
    codes,
    field,
    invoice_page,
    page,
    pdf,
    png,
    read,
    seen,
)

ROOT = Path(__file__).resolve().parents[3]
SECONDS, KILOBYTES = 2, 256_000


def _watched(files: list[Path]) -> list[dict[str, Any]]:
    """What reading these files did, in a process with a hard limit of time."""
    command = [sys.executable, "-m", "tests.builders.watched_reader", *map(str, files)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_hostile_files_touch_nothing_and_end_soon(real_data: Path) -> None:
    """26 files: bombs, entities, lying names, cut-off and encrypted files (documents.md, 5)."""
    text = (real_data / "invoices" / "manifest.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    wanted = {
        str(real_data / "invoices" / row["file"]): row["expect"]["outcome"]
        for row in rows
        if row["file"].startswith("hostile/")
    }
    results = _watched([Path(file) for file in wanted])
    assert len(results) == len(wanted) > 25
    for result in results:
        assert result["touched"] == [], result["file"]
        assert result["seconds"] < SECONDS, result["file"]
        assert result["kilobytes"] < KILOBYTES, result["file"]
        if wanted[result["file"]] == "reject":
            assert result["outcome"] == "reject", result["file"]


def test_files_of_every_format_are_read_without_touching_anything(tmp_path: Path) -> None:
    files = {"a.pdf": pdf("Rechnung R-1", attachments={"x.xml": b"<a/>"}), "b.png": png()}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    results = _watched([tmp_path / name for name in files])
    assert [(result["outcome"], result["touched"]) for result in results] == [
        ("needs-review", []),
        ("needs-review", []),
    ]


def test_the_pages_that_an_ocr_looked_at_are_counted() -> None:
    assert seen(invoice_page(*SUMS)).ocr_pages == 1
    assert read(pdf("Rechnung")).ocr_pages == 0


def test_what_the_ocr_cannot_take_is_a_verdict_on_the_document() -> None:
    def refuses(_data: bytes, _pages: int) -> Analysis:
        raise InputRejected("no", [Problem(code="BROKEN", message="scan it anew")])

    result = read_document(png(), name="a", limits=ReadLimits(), analyse=refuses)
    assert (result.outcome, codes(result)) == ("reject", ["BROKEN"])


@pytest.mark.parametrize("raised", [StillReading("job-1"), Throttled("slow down")])
def test_an_ocr_that_needs_time_is_no_verdict(raised: Exception) -> None:
    def waits(_data: bytes, _pages: int) -> Analysis:
        raise raised

    with pytest.raises(type(raised)):
        read_document(png(), name="a", limits=ReadLimits(), analyse=waits)


def _numbered(index: int, number: str) -> dict[str, Any]:
    return page(
        field("VENDOR_NAME", "Schrauben Nord GmbH", PageNumber=index),
        field("INVOICE_RECEIPT_ID", number, "Rechnungsnummer", PageNumber=index),
        field("INVOICE_RECEIPT_DATE", "02.03.2026", "Datum", PageNumber=index),
        *({**amount, "PageNumber": index} for amount in SUMS),
        index=index,
    )


def test_several_invoices_in_one_file_are_its_parts() -> None:
    """documents.md section 1: two invoices in one file must not be merged."""
    documents = [_numbered(1, "R-17"), _numbered(2, "R-18")]
    result = read_document(
        png(), name="a", limits=ReadLimits(), analyse=lambda *_: analysis(documents, 2)
    )
    assert result.invoice is None
    assert [part.pages for part in result.parts] == [(1,), (2,)]
    assert [part.invoice and part.invoice.number for part in result.parts] == ["R-17", "R-18"]
    assert (result.ocr_pages, [part.ocr_pages for part in result.parts]) == (2, [0, 0])
    wanted = "read" if all(part.outcome == "read" for part in result.parts) else "needs-review"
    assert result.outcome == wanted


def test_where_nothing_can_be_asked_the_review_can_be_made_stricter() -> None:
    strict = read_document(
        png(),
        name="a",
        limits=ReadLimits(),
        analyse=lambda *_: analysis([invoice_page(*SUMS)]),
        review_below=1.0,
    )
    assert strict.outcome == "needs-review"
