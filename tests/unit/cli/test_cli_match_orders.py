"""`sapmatch match --orders`: what is wrong with the files of orders is named, and what is blocked
for payment has taken its goods all the same."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from local.accounts import people
from sapmatch.cli import main

SAMPLES = Path(__file__).parents[3] / "local" / "samples"
ROWS: dict[str, list[dict[str, Any]]] = json.loads((SAMPLES / "sap.json").read_text("utf-8"))
INVOICES = SAMPLES / "invoices"
LATE = INVOICES / "07-price-out-of-tolerance.xml"


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SAPMATCH_SETTINGS", raising=False)
    template = (SAMPLES / "sapmatch.toml").read_text("utf-8") + people()
    Path("sapmatch.toml").write_text(template.replace("{sap_url}", "http://127.0.0.1:1"))


def folder(**changed: list[Any]) -> str:
    """The sample orders as files, some sets replaced; rows that are texts stand as they are."""
    Path("orders").mkdir()
    for name, rows in {**ROWS, **changed}.items():
        lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
        Path("orders", f"{name}.ndjson").write_text("".join(f"{line}\n" for line in lines))
    return "orders"


def row(name: str, **more: Any) -> dict[str, Any]:
    return {**ROWS[name][0], **more}


def decided(
    capsys: pytest.CaptureFixture[str], orders: str, *files: Path, more: tuple[str, ...] = ()
) -> list[dict[str, Any]]:
    named = [str(file) for file in files]
    assert main(["match", *named, "--orders", orders, "--ocr", "none", "--json", *more]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize(
    ("name", "written", "said"),
    [
        ("A_PurchaseOrderItem", {"OrderQuantity": "NaN"}, "OrderQuantity is not a plain number"),
        ("A_PurchaseOrderItem", {"NetPriceAmount": "1E+400"}, "NetPriceAmount is not a plain"),
        ("A_PurchaseOrderItem", {"OrderQuantity": None}, "OrderQuantity is not there"),
        ("A_PurchaseOrder", {"DocumentCurrency": "Taler"}, "DocumentCurrency is not a currency"),
        ("A_PurchaseOrder", {"Supplier": "1\x07"}, "Supplier is not free of control characters"),
        ("A_PurchaseOrder", {"PurchaseOrderDate": "32.13.2026"}, "PurchaseOrderDate is not a date"),
    ],
)
def test_a_wrong_field_is_named_with_file_and_record(
    name: str, written: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """MA-P60"""
    orders = folder(**{name: [*ROWS[name][1:], row(name, **written)]})
    assert main(["match", str(LATE), "--orders", orders, "--json"]) == 2
    shown = capsys.readouterr()
    assert f"{name}, record {len(ROWS[name])}: {said}" in " ".join(shown.err.split())
    assert ("orders" in shown.err, shown.out) == (True, "")


def test_records_that_contradict_each_other_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    heads = [*ROWS["A_PurchaseOrder"], row("A_PurchaseOrder", Supplier="10100002")]
    for head in heads:
        head.pop("LastChangeDateTime", None)
    assert main(["match", str(LATE), "--orders", folder(A_PurchaseOrder=heads), "--json"]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert f"A_PurchaseOrder, record {len(heads)}: has the key of record 1" in said


def test_bank_accounts_and_delivery_notes_come_from_files_of_their_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken = {"A_BusinessPartnerBank": ["no JSON"], "A_MaterialDocumentHeader": ["neither"]}
    assert main(["match", str(LATE), "--orders", folder(**broken), "--json"]) == 2
    said = capsys.readouterr().err
    assert "A_BusinessPartnerBank, record 1" in said
    assert "A_MaterialDocumentHeader, record 1" in said


def test_numbers_of_one_json_file_keep_all_their_digits(capsys: pytest.CaptureFixture[str]) -> None:
    """MA-P40"""
    text = json.dumps({**ROWS, "A_PurchaseOrderItem": [row("A_PurchaseOrderItem")]})
    digits = '"OrderQuantity": 1234567890123456789.5'
    Path("orders.json").write_text(text.replace('"OrderQuantity": "2"', digits))
    assert main(["match", str(LATE), "--orders", "orders.json", "--json"]) == 2
    assert "OrderQuantity is not a plain number" in " ".join(capsys.readouterr().err.split())


def test_what_is_blocked_for_payment_has_taken_its_goods(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """MA-P14, MA-P17"""
    settings = Path("sapmatch.toml").read_text("utf-8")
    limit = 'lower_percent = "10.0"'
    assert limit in settings
    Path("sapmatch.toml").write_text(settings.replace(limit, f'{limit}, effect = "block"'), "utf-8")
    number = json.loads((SAMPLES / "expected.json").read_text("utf-8"))[LATE.name]["number"]
    Path("second.xml").write_text(LATE.read_text("utf-8").replace(number, "OTHER-1"), "utf-8")
    ledger = ("--ledger", "matches.jsonl")
    first, second = decided(capsys, folder(), LATE, Path("second.xml"), more=ledger)
    assert (first["decision"], first["payment_block"]) == ("OUT_OF_TOLERANCE", True)
    assert (second["cause"], second["payment_block"]) == ("DQ", False)
    assert len(Path("matches.jsonl").read_text().splitlines()) == 1


def test_a_page_shows_every_decision(capsys: pytest.CaptureFixture[str]) -> None:
    decided(capsys, folder(), LATE, INVOICES / "01-ubl-matched.xml", more=("--explain", "why.html"))
    shown = Path("why.html").read_text("utf-8")
    assert (LATE.name in shown, "01-ubl-matched.xml" in shown) == (True, True)
    assert main(["match", str(LATE), "--orders", "orders", "--explain", "nowhere/why.html"]) == 2
    assert "nowhere: there is no such folder" in capsys.readouterr().err


@pytest.mark.parametrize("field", ["quantity", "amount", "total"])
@pytest.mark.parametrize("number", ["NaN", "Infinity", "1E+400", "-1E+11"])
def test_a_number_of_a_ledger_that_no_match_has_is_refused(
    field: str, number: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """MA-P60"""
    ledger = Path("matches.jsonl")
    more = ("--ledger", str(ledger))
    decided(capsys, folder(), INVOICES / "01-ubl-matched.xml", more=more)
    good = ledger.read_text("utf-8")
    ledger.write_text(re.sub(f'"{field}":"[^"]*"', f'"{field}":"{number}"', good, count=1))
    assert ledger.read_text("utf-8") != good
    assert main(["match", str(LATE), "--orders", "orders", "--ocr", "none", *more]) == 2
    assert "matches.jsonl: line 1 is no match" in capsys.readouterr().err


def test_a_ledger_that_is_a_folder_or_endlessly_nested_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    orders = folder()
    Path("deep.jsonl").write_text('{"x":' + "[" * 100_000 + "]" * 100_000 + "}\n")
    for name, said in ((orders, "cannot be read"), ("deep.jsonl", "line 1 is no match")):
        assert main(["match", str(LATE), "--orders", orders, "--ledger", name]) == 2
        assert f"{name}: {said}" in capsys.readouterr().err
