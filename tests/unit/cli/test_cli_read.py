"""`sapmatch read` on the sample invoices."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from sapmatch.cli import main

SAMPLES = Path(__file__).parents[3] / "local" / "samples" / "invoices"
UBL = str(SAMPLES / "01-ubl-matched.xml")
BROKEN = str(SAMPLES / "10-unreadable.pdf")


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SAPMATCH_SETTINGS", raising=False)


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_json_line_holds_exactly_what_the_contract_names(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["read", UBL, "--ocr", "none", "--json"]) == 0
    (found,) = lines(capsys)
    assert list(found) == [
        "document",
        "outcome",
        "kind",
        "method",
        "invoice",
        "confidence",
        "problems",
        "evidence",
    ]
    assert (found["document"], found["outcome"]) == (UBL, "read")
    assert (found["kind"], found["method"]) == ("ubl", "xml")
    assert found["problems"] == []


def test_amounts_are_strings_and_dates_are_iso(capsys: pytest.CaptureFixture[str]) -> None:
    main(["read", UBL, "--json"])
    invoice = lines(capsys)[0]["invoice"]
    assert (invoice["net"], invoice["tax"], invoice["total"]) == ("2538.00", "482.22", "3020.22")
    assert (invoice["issue_date"], invoice["due_date"]) == ("2026-10-12", "2026-11-11")
    assert invoice["order_references"] == ["4500001001"]
    assert invoice["seller"]["vat_id"] == "DE298765431"
    assert invoice["buyer"]["name"] == "Example Maschinenbau GmbH"
    line = invoice["lines"][0]
    assert (line["quantity"], line["unit_price"], line["net"]) == ("4", "412.50", "1650.00")


def test_people_see_the_same_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", UBL]) == 0
    shown = capsys.readouterr().out
    for text in ("read (ubl, xml)", "NM-2026-0431", "Getriebemotor GM 71", "3020.22"):
        assert text in shown


def test_an_unreadable_document_is_named_and_ends_with_three(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["read", BROKEN, UBL, "--ocr", "none", "--json"]) == 3
    broken, good = lines(capsys)
    assert (broken["document"], broken["outcome"]) == (BROKEN, "reject")
    assert broken["invoice"] is None
    assert [problem["code"] for problem in broken["problems"]] == ["BROKEN"]
    assert good["outcome"] == "read"
    assert main(["read", BROKEN]) == 3
    assert "BROKEN" in capsys.readouterr().out


def test_the_limit_of_the_settings_holds(capsys: pytest.CaptureFixture[str]) -> None:
    Path("small.toml").write_text("[intake]\nmax_bytes = 100\n")
    assert main(["read", UBL, "--settings", "small.toml", "--json"]) == 3
    assert lines(capsys)[0]["problems"][0]["code"] == "TOO_LARGE"


def test_missing_files_are_all_named_before_anything_is_read(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["read", UBL, "no.pdf", "none.xml", "--json"]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "no.pdf" in shown.err
    assert "none.xml" in shown.err


def test_wrong_settings_end_with_two(capsys: pytest.CaptureFixture[str]) -> None:
    Path("sapmatch.toml").write_text("[intake]\nmax_bytes = 'many'\n[colour]\n")
    assert main(["read", UBL]) == 2
    shown = capsys.readouterr().err
    assert "intake.max_bytes" in shown
    assert "colour" in shown


def test_the_embedded_engine_reads_a_scan_through_the_same_door(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[bytes] = []
    number = {
        "Type": {"Text": "INVOICE_RECEIPT_ID", "Confidence": 99.0},
        "ValueDetection": {"Text": "EF-260917", "Confidence": 99.0},
        "PageNumber": 1,
    }

    def engine(data: bytes) -> list[dict[str, Any]]:
        asked.append(data)
        return [{"ExpenseIndex": 1, "SummaryFields": [number], "LineItemGroups": []}]

    monkeypatch.setattr("sapmatch.ocr.analyze_expense", engine)
    scan = SAMPLES / "05-scan-matched.png"
    assert main(["read", str(scan), "--json"]) == 0
    (found,) = lines(capsys)
    assert asked == [scan.read_bytes()]
    assert (found["outcome"], found["kind"], found["method"]) == ("needs-review", "scan", "ocr")
    assert found["invoice"]["number"] == "EF-260917"


def test_without_ocr_a_scan_is_not_read(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["read", str(SAMPLES / "05-scan-matched.png"), "--ocr", "none", "--json"]) == 3
    found = lines(capsys)[0]
    assert found["invoice"] is None
    assert "--ocr local" in found["problems"][0]["message"]


def test_the_engine_that_is_not_installed_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "sapmatch.ocr", None)
    assert main(["read", str(SAMPLES / "05-scan-matched.png"), "--json"]) == 4
    assert "install sapmatch[ocr]" in capsys.readouterr().err
