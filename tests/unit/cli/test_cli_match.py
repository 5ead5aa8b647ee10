"""`sapmatch match` on the sample world: every sample ends as expected.json says."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.accounts import people
from sapmatch.cli import main
from sapmatch.cli.match_ledger import MatchLedger

SAMPLES = Path(__file__).parents[3] / "local" / "samples"
EXPECTED: dict[str, dict[str, Any]] = json.loads((SAMPLES / "expected.json").read_text("utf-8"))
ORDERS = str(SAMPLES / "sap.json")
# The engine is too slow for a unit test: what it reads is shown by tests/unit/ocr and the demo.
WITHOUT_OCR = [n for n, case in EXPECTED.items() if case["kind"] not in ("scan", "pdf-text")]


@pytest.fixture(autouse=True)
def _settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SAPMATCH_SETTINGS", raising=False)
    template = (SAMPLES / "sapmatch.toml").read_text("utf-8") + people()
    Path("sapmatch.toml").write_text(template.replace("{sap_url}", "http://127.0.0.1:1"))


def files(*names: str) -> list[str]:
    return [str(SAMPLES / "invoices" / name) for name in names]


def matched(
    capsys: pytest.CaptureFixture[str], *names: str, options: tuple[str, ...] = ()
) -> tuple[int, list[dict[str, Any]]]:
    capsys.readouterr()
    command = ["match", *files(*names), "--orders", ORDERS, "--ocr", "none", "--json", *options]
    code = main(command)
    return code, [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_every_sample_ends_as_expected(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = matched(capsys, *WITHOUT_OCR)
    assert code == 3  # one of them is unreadable
    for name, found in zip(WITHOUT_OCR, lines, strict=True):
        case = EXPECTED[name]
        decision = "INVALID" if case["decision"] == "REJECTED" else case["decision"]
        assert (found["decision"], found["cause"]) == (decision, case["reason"]), name
        if case["order"]:
            assert found["orders"] == [case["order"]], name
        assert found["explanation"], name


def test_a_json_line_holds_exactly_what_the_contract_names(
    capsys: pytest.CaptureFixture[str],
) -> None:
    code, (found,) = matched(capsys, "02-cii-within-tolerance.xml")
    assert code == 0
    assert list(found) == [
        "document",
        "decision",
        "cause",
        "orders",
        "score",
        "runner_up",
        "lines",
        "tolerances",
        "duplicate_of",
        "explanation",
        "remedy",
        "confidence",
        "owner",
        "difference",
        "payment_block",
        "keys",
        "dropped",
        "ranked",
        "ledger",
        "rate",
    ]
    assert [line["items"] for line in found["lines"]] == [
        [["4500001002", "10"]],
        [["4500001002", "20"]],
        [["4500001002", "30"]],
    ]
    used = [check for check in found["tolerances"] if check["key"] == "PP" and check["line"] == "2"]
    assert {check["verdict"] for check in used} == {"pass"}
    assert "9.60" in {check["value"] for check in used}


def test_a_later_invoice_sees_what_an_earlier_one_took(capsys: pytest.CaptureFixture[str]) -> None:
    """MA-P14: 40 of 40 received pieces are taken; the same 40 again exceed the receipt."""
    first = Path(files("06-partial-delivery.xml")[0]).read_text("utf-8")
    Path("second.xml").write_text(first.replace("MS-60418", "MS-60777"), encoding="utf-8")
    both = [*files("06-partial-delivery.xml"), "second.xml"]
    assert main(["match", *both, "--orders", ORDERS, "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert lines[0]["decision"] == "MATCHED"
    assert lines[1]["decision"] not in ("MATCHED", "WITHIN_TOLERANCE")


def test_the_same_bytes_twice_are_a_duplicate(capsys: pytest.CaptureFixture[str]) -> None:
    """MA-P44."""
    name = "01-ubl-matched.xml"
    code, (first, second) = matched(capsys, name, name)
    assert code == 0
    assert (first["decision"], second["decision"]) == ("MATCHED", "DUPLICATE")
    assert second["duplicate_of"] == files(name)[0]


def test_a_ledger_carries_matches_to_the_next_call(capsys: pytest.CaptureFixture[str]) -> None:
    ledger = ("--ledger", "matches.jsonl")
    _, (first,) = matched(capsys, "01-ubl-matched.xml", options=ledger)
    _, (second,) = matched(capsys, "08-duplicate-of-01.xml", options=ledger)
    assert first["decision"] == "MATCHED"
    assert (second["decision"], second["duplicate_of"]) == (
        "DUPLICATE",
        files("01-ubl-matched.xml")[0],
    )
    assert len(Path("matches.jsonl").read_text().splitlines()) == 1


def test_a_file_that_comes_again_is_not_compared_with_itself(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """MA-P44."""
    ledger = ("--ledger", "matches.jsonl")
    for said in ("agrees with", "This file was matched before."):
        _, (found,) = matched(capsys, "01-ubl-matched.xml", options=ledger)
        assert said in found["explanation"][0]


def test_a_wrong_field_asks_for_a_corrected_invoice_and_no_other_scan(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """MA-P60"""
    text = Path(files("01-ubl-matched.xml")[0]).read_text("utf-8")
    Path("wrong.xml").write_text(text.replace(">2538.00<", ">about 2538<"), "utf-8")
    assert main(["match", "wrong.xml", "--orders", ORDERS, "--json"]) == 3
    found = json.loads(capsys.readouterr().out)
    assert (found["decision"], found["cause"]) == ("INVALID", "BROKEN")
    assert found["remedy"].startswith("Ask the sender for a corrected invoice")


def test_two_runs_cannot_use_one_ledger_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    """MA-P18: both would take what the file leaves open."""
    with MatchLedger(Path("matches.jsonl")) as ledger:
        assert list(ledger.entries()) == []
        code = main(["match", *files("01-ubl-matched.xml"), "--orders", ORDERS,
                     "--ledger", "matches.jsonl"])  # fmt: skip
    shown = capsys.readouterr()
    assert (code, shown.out) == (2, "")
    assert "another run is using this ledger" in shown.err


def test_a_folder_is_no_ledger(capsys: pytest.CaptureFixture[str]) -> None:
    Path("folder").mkdir()
    code, _ = matched(capsys, "01-ubl-matched.xml", options=("--ledger", "folder"))
    assert code == 2


def test_a_correction_of_what_contradicted_itself_is_no_duplicate(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """MA-P44"""
    right = files("01-ubl-matched.xml")[0]
    text = Path(right).read_text("utf-8")
    net = '<cbc:TaxExclusiveAmount currencyID="EUR">2538.00<'
    assert net in text
    Path("wrong.xml").write_text(text.replace(net, net.replace("2538.00", "2000.00")), "utf-8")
    code = main(["match", "wrong.xml", right, "--orders", ORDERS, "--ocr", "none", "--json"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 0
    assert [line["decision"] for line in lines] == ["INVALID", "MATCHED"]


def test_what_was_not_matched_may_come_again(capsys: pytest.CaptureFixture[str]) -> None:
    """MA-P23: the receipt may have arrived in the meantime."""
    ledger = ("--ledger", "matches.jsonl")
    for _ in range(2):
        _, (found,) = matched(capsys, "12-receipt-missing.xml", options=ledger)
        assert found["decision"] == "WAITING_RECEIPT"


def test_orders_may_lie_in_a_folder_of_ndjson_files(capsys: pytest.CaptureFixture[str]) -> None:
    """As `sapmatch extract` writes them; files of other entity sets are left alone."""
    Path("orders").mkdir()
    for entity_set, rows in json.loads(Path(ORDERS).read_text("utf-8")).items():
        text = "".join(json.dumps(row) + "\n" for row in rows)
        Path("orders", f"{entity_set}.ndjson").write_text(text)
    Path("orders", "A_Product.ndjson").write_text("not even JSON\n")
    assert main(["match", *files("01-ubl-matched.xml"), "--orders", "orders", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["decision"] == "MATCHED"


def test_people_see_decision_and_explanation(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["match", *files("07-price-out-of-tolerance.xml"), "--orders", ORDERS]) == 0
    shown = capsys.readouterr().out
    assert "OUT_OF_TOLERANCE" in shown
    assert "4500001007" in shown


def test_a_sentence_is_one_line_in_a_pipe_unless_a_width_is_set(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["match", *files("07-price-out-of-tolerance.xml"), "--orders", ORDERS]
    monkeypatch.delenv("COLUMNS", raising=False)
    assert main(command) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if len(line) > 160]
    assert all(line.startswith(("  ", str(SAMPLES))) for line in lines)
    monkeypatch.setenv("COLUMNS", "70")
    assert main(command) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 70


@pytest.mark.parametrize(
    ("orders", "said"),
    [
        ("nowhere", "there is no such file or folder"),
        ("empty", "A_PurchaseOrder.ndjson"),
        ("orders.json", "orders.json"),
        ("A_PurchaseOrder.ndjson", "A_PurchaseOrder"),
        ("headers", "has items; extract A_PurchaseOrderItem"),
        ("items", "holds no head of an order"),
        ("items.json", "holds no head of an order"),
        ("nested", "nested/A_PurchaseOrder.ndjson: cannot be read"),
    ],
)
def test_unusable_orders_are_wrong_usage(
    orders: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("empty").mkdir()
    Path("orders.json").write_text("[]")
    Path("items").mkdir()
    Path("items/A_PurchaseOrderItem.ndjson").write_text("")
    Path("items.json").write_text('{"A_PurchaseOrderItem": []}')
    Path("nested/A_PurchaseOrder.ndjson").mkdir(parents=True)
    Path("A_PurchaseOrder.ndjson").write_text("no JSON\n")
    Path("headers").mkdir()
    (header, *_) = json.loads(Path(ORDERS).read_text("utf-8"))["A_PurchaseOrder"]
    Path("headers/A_PurchaseOrder.ndjson").write_text(json.dumps(header) + "\n")
    assert main(["match", *files("01-ubl-matched.xml"), "--orders", orders, "--json"]) == 2
    shown = capsys.readouterr()
    assert said in shown.err
    assert shown.out == ""


@pytest.mark.parametrize("ending", ["parquet", "csv", "csv.gz", "ndjson.gz", "ndjson.zst"])
@pytest.mark.parametrize("given", ["", "A_PurchaseOrder.{ending}"])
def test_orders_in_another_format_are_named_instead_of_left_out(
    ending: str, given: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("orders").mkdir()
    Path("orders", f"A_PurchaseOrder.{ending}").write_bytes(b"rows")
    Path("orders", f"A_Product.{ending}").write_bytes(b"rows of no order")
    Path("orders/A_PurchaseOrderItem.ndjson").write_text("")
    where = str(Path("orders", given.format(ending=ending)))
    assert main(["match", *files("01-ubl-matched.xml"), "--orders", where]) == 2
    said = capsys.readouterr().err
    assert f"orders/A_PurchaseOrder.{ending}: only uncompressed NDJSON is read" in said
    assert "--format ndjson" in said


def test_orders_in_two_formats_are_read_from_the_one_that_can_be(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("orders").mkdir()
    for entity_set, rows in json.loads(Path(ORDERS).read_text("utf-8")).items():
        text = "".join(json.dumps(row) + "\n" for row in rows)
        Path("orders", f"{entity_set}.ndjson").write_text(text)
    Path("orders/A_PurchaseOrder.csv").write_text("PurchaseOrder\n")
    assert main(["match", *files("01-ubl-matched.xml"), "--orders", "orders", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["decision"] == "MATCHED"


def test_settings_with_matching_alone_are_enough(capsys: pytest.CaptureFixture[str]) -> None:
    """Design: a settings file with `[matching]` alone."""
    Path("matching.toml").write_text(
        """
        [matching.company_codes.1010]
        name = "Example Maschinenbau GmbH"
        vat_ids = ["DE811234567"]
        currency = "EUR"
        """
    )
    code, (found,) = matched(capsys, "01-ubl-matched.xml", options=("--settings", "matching.toml"))
    assert (code, found["decision"]) == (0, "MATCHED")


def test_settings_without_matching_are_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    Path("sapmatch.toml").write_text("[alerts]\nemails = []\n")
    code, lines = matched(capsys, "01-ubl-matched.xml")
    assert (code, lines) == (2, [])


def test_a_file_that_is_no_ledger_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    Path("matches.jsonl").write_text("hello\n")
    code, _ = matched(capsys, "01-ubl-matched.xml", options=("--ledger", "matches.jsonl"))
    assert code == 2
    assert Path("matches.jsonl").read_text() == "hello\n"


def test_a_drawn_page_is_read_and_matched(capsys: pytest.CaptureFixture[str]) -> None:
    (name,) = files("04-pdf-matched.pdf")
    assert main(["match", name, "--orders", ORDERS, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["decision"], found["orders"]) == ("MATCHED", ["4500001004"])
