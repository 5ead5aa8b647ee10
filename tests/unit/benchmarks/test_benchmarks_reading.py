"""The reading benchmark counts as people would."""

import json
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from benchmarks.reading import accuracy, calibrate, corpus, figures, scoring
from benchmarks.reading.calibrate import Sample
from benchmarks.reading.corpus import Document, Read
from benchmarks.shown import shown
from sapmatch.model.invoice import Invoice, InvoiceLine, ReadResult
from tests.builders.reading import fixture


def document(outcome: str = "read", kind: str = "scan-image", **truth: Any) -> Document:
    """A document of which this is known."""
    return Document(Path("x"), "x.png", kind, "x", 1, outcome, truth, frozenset())


def read(result: ReadResult, **truth: Any) -> Read:
    """What became of it."""
    return Read(document(**truth), result, None)


@pytest.mark.parametrize(
    ("field", "truth", "found"),
    [
        ("total", "119.00", Decimal("119.0")),
        ("invoice_number", "INV 100/7", "inv-1007"),
        ("vendor_name", "Nord Schrauben GmbH", "NORD SCHRAUBEN"),
        ("vendor_vat_id", "DE 136 695 976", "DE136695976"),
    ],
)
def test_values_are_compared_by_what_they_mean(field: str, truth: str, found: Any) -> None:
    assert scoring.judged(field, truth, found) == "right"


@pytest.mark.parametrize(
    ("field", "truth", "found", "verdict"),
    [
        ("total", "119.00", Decimal("119.01"), "wrong"),
        ("total", "119.00", None, "missing"),
        ("due_date", None, "2026-01-01", "invented"),
        ("due_date", None, None, "rightly empty"),
        ("vendor_name", "Nord Schrauben GmbH", "Kontor Süd", "wrong"),
    ],
)
def test_a_value_is_right_wrong_missing_or_invented(
    field: str, truth: Any, found: Any, verdict: str
) -> None:
    assert scoring.judged(field, truth, found) == verdict


def test_what_is_ambiguous_or_not_known_is_not_scored() -> None:
    known = document(invoice_number="R-17", total="1.00")._replace(ambiguous=frozenset({"total"}))
    result = ReadResult(outcome="read", invoice=Invoice(number="R 17", currency="EUR"))
    assert scoring.verdicts(known, result) == {"invoice_number": "right"}


def test_a_line_is_right_once_with_its_amount_and_its_quantity() -> None:
    truth = [{"line_total": "10.00", "quantity": "2"}, {"line_total": "10.00", "quantity": "2"}]
    line = InvoiceLine(id="1", net=Decimal("10.00"), quantity=Decimal(2))
    assert scoring.lines_right(truth, [line]) == 1
    assert scoring.lines_right([{"line_total": "10.00"}], [line]) == 1
    assert scoring.lines_right([{"line_total": "10.00", "quantity": "3"}], [line]) == 0


def test_asking_a_person_is_allowed_where_reading_is_dangerous() -> None:
    assert scoring.expected(document("not-invoice"), "needs-review")
    assert scoring.expected(document("reject-or-review"), "reject")
    assert not scoring.expected(document("needs-review"), "read")
    assert not scoring.expected(document("read"), "needs-review")


def test_a_kind_is_counted_by_field_and_by_document() -> None:
    right = ReadResult(outcome="read", method="text-layer", invoice=Invoice(number="R-17"))
    wrong = ReadResult(outcome="needs-review", method="ocr", invoice=Invoice(number="R-18"))
    found = accuracy.counted(
        [read(right, invoice_number="R-17"), read(wrong, invoice_number="R-17")]
    )
    assert (found.documents, found.expected, found.core, found.free_pages) == (2, 1, 1, 1)
    assert found.field_share == 0.5
    assert any("50.0%" in line for line in accuracy.table("scan-image", found))
    assert list(accuracy.misses([read(wrong, invoice_number="R-17")])) == [
        "x.png: outcome needs-review, expected read",
        "x.png: invoice_number wrong: 'R-18' instead of 'R-17'",
    ]


def samples() -> list[Sample]:
    """Ten invoices in a class, nine right; the tenth in three forms."""
    many = [Sample(str(number), "scan-pdf", ("total", "proven"), True) for number in range(9)]
    return many + [Sample("tenth", "scan-pdf", ("total", "proven"), False)] * 3


def test_an_invoice_in_several_forms_counts_once() -> None:
    assert calibrate.counted(samples())["total"]["proven"] == (9.0, 10.0)


def test_each_invoice_is_judged_by_the_others_alone() -> None:
    said = calibrate.reliability(samples())["scan-pdf"]
    wrong = [sure for sure, right in said if not right]
    assert wrong == [0.95] * 3  # nine of nine without it
    assert {sure for sure, right in said if right} == {0.85}  # eight of nine


def test_the_shares_are_kept_as_toml() -> None:
    kept = tomllib.loads(calibrate.as_toml(calibrate.counted(samples()), 10))
    assert kept["total"]["proven"] == [9.0, 10.0]
    assert kept["other"]["labelled"] == [9.0, 10.0]


def test_values_said_to_be_sure_have_a_goal() -> None:
    (figure,) = figures.confidence(samples())
    assert (figure["value"], figure["within"]) == (0.0, False)  # only the wrong ones
    assert shown(figure, 52).endswith("at least 0.97: MISSED")


def test_documents_come_from_a_manifest_without_recorded_answers(tmp_path: Path) -> None:
    truth = {"invoice_number": "INV-1", "lines": []}
    rows = [
        {"file": "a.xml", "kind": "ubl-xml", "expect": {"outcome": "read"}, "ground_truth": truth},
        {"file": "b.json", "kind": "textract-response", "expect": {"outcome": "contract"}},
    ]
    (tmp_path / "manifest.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (tmp_path / "a.xml").write_text(fixture("invoice-ubl.xml"), encoding="utf-8")
    (only,) = corpus.documents(tmp_path, "made ")
    assert (only.kind, only.group, only.pages) == ("made ubl-xml", "a.xml", 1)
    found = corpus.read(only)
    assert found.result.method == "xml"
    assert found.found is None  # nothing was worked out: an XML is certain
