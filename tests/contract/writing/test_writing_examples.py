"""docs/examples/write_back: every command of its page runs, and what it says is in SAP once."""

import json
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.sap.server import Server, serve
from sapmatch.cli import main
from sapmatch.settings import load
from tests.contract.local_sap.local_sap_world import INVOICES, ORDERS, RECEIPTS, SALES, Api

FOLDER = Path("docs/examples/write_back")
COMMANDS = {
    shlex.split(line)[3]: shlex.split(line)[1:]
    for line in (FOLDER / "README.md").read_text().splitlines()
    if line.startswith("sapmatch write ")
}
RECEIPT = "MaterialDocumentYear='2026',MaterialDocument='5000000003'"
# What an example leaves in SAP: one entity of it, and fields as SAP shows them.
LEFT: dict[str, tuple[str, dict[str, object]]] = {
    "supplier_invoice": (
        f"{INVOICES}/A_SupplierInvoice(SupplierInvoice='5105600102',FiscalYear='2026')",
        {"SupplierInvoiceIDByInvcgParty": "RE-2026-102", "SupplierInvoiceStatus": "A"},
    ),
    "post_invoices": (
        f"{INVOICES}/A_SupplierInvoice(SupplierInvoice='5105600001',FiscalYear='2026')",
        {"SupplierInvoiceStatus": "5"},
    ),
    "release_invoices": (
        f"{INVOICES}/A_SupplierInvoice(SupplierInvoice='5105600002',FiscalYear='2026')",
        {"SupplierInvoiceStatus": "5", "PaymentBlockingReason": ""},
    ),
    "cancel_invoices": (
        f"{INVOICES}/A_SupplierInvoice(SupplierInvoice='5105600101',FiscalYear='2026')",
        {"IsReversal": True, "ReverseDocument": "5105600003"},
    ),
    "sales_order_create": (
        f"{SALES}/A_SalesOrderItem(SalesOrder='1000047',SalesOrderItem='20')",
        {"Material": "DS-0400", "RequestedQuantity": "2"},
    ),
    "sales_order_change": (
        f"{SALES}/A_SalesOrder('1000046')",
        {
            "AssignmentReference": "P-18-1000046",
            "CustomerPurchaseOrderDate": "/Date(1790726400000)/",
        },
    ),
    "purchase_order_change": (
        f"{ORDERS}/A_PurchaseOrderItem(PurchaseOrder='4500000102',PurchaseOrderItem='10')",
        {"OrderQuantity": "12", "NetPriceAmount": "1234.50"},
    ),
    "purchase_requisition": (
        "API_PURCHASEREQ_PROCESS_SRV/A_PurchaseRequisitionHeader('10000001')",
        {"PurReqnDescription": "WO-880018"},
    ),
    "goods_receipt": (
        f"{RECEIPTS}/A_MaterialDocumentItem({RECEIPT},MaterialDocumentItem='1')",
        {"QuantityInEntryUnit": "5", "PurchaseOrderItem": "20"},
    ),
    "business_partner": (
        "API_BUSINESS_PARTNER/A_BusinessPartner('1000000')",
        {"OrganizationBPName1": "Muster & Söhne GmbH", "SearchTerm1": "MUSTER"},
    ),
    "product_update": ("API_PRODUCT_SRV/A_Product('DS-0400')", {"NetWeight": "0.320"}),
}
SERVICE = f"/sap/opu/odata/sap/{INVOICES}"
QUICK = "limits = { requests_per_second = 1000 }"
FLOWS = pytest.mark.parametrize("flow", LEFT)


@pytest.fixture
def sap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The embedded SAP of the examples; the working folder holds a copy of them."""
    folder = tmp_path / "examples"
    shutil.copytree(FOLDER, folder)
    with serve(FOLDER / "sap.json", users={"ROBOT": "Geheim-1"}) as server:
        for path in folder.glob("*.toml"):
            text = path.read_text().replace("http://127.0.0.1:8000", server.url)
            path.write_text(text.replace('client = "100"', f'client = "100"\n{QUICK}'))
        monkeypatch.setenv("S4_USER", "ROBOT")
        monkeypatch.setenv("S4_PASSWORD", "Geheim-1")
        monkeypatch.chdir(folder)
        yield server


def _run(flow: str, capsys: pytest.CaptureFixture[str], *more: str) -> list[dict[str, Any]]:
    """The lines of one command of the page, which must end well."""
    assert main([*COMMANDS[flow], "--json", *more]) == 0, capsys.readouterr().err
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def _effects(server: Server) -> tuple[list[str], list[str], list[str]]:
    return server.log.created(), server.log.changed(), server.log.called()


def test_every_flow_of_the_examples_has_a_command_and_is_proven() -> None:
    flows = {name for path in FOLDER.glob("*.toml") for name in load(path).write_backs}
    assert flows == set(COMMANDS) == set(LEFT)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.toml")), ids=lambda path: path.stem)
def test_the_settings_of_an_example_have_no_mistake(path: Path) -> None:
    assert main(["settings", "check", str(path)]) == 0


@FLOWS
def test_an_example_writes_every_record_of_its_file(
    sap: Server, capsys: pytest.CaptureFixture[str], flow: str
) -> None:
    *records, summary = _run(flow, capsys)
    assert {each["status"] for each in records} <= {"created", "updated"}
    assert summary["summary"]["records"] == len(records)
    created, changed, called = _effects(sap)
    is_call = bool(called)
    assert len(called if is_call else created + changed) == len(records)
    api = Api(sap.url)
    with api.session:
        path, fields = LEFT[flow]
        found = api.entity(path)
    assert {name: found[name] for name in fields} == fields


@FLOWS
@pytest.mark.parametrize("ledger", ["kept", "lost"])
def test_a_second_run_changes_nothing(
    sap: Server, capsys: pytest.CaptureFixture[str], flow: str, ledger: str
) -> None:
    """RE-22, MA-P62: without the ledger what SAP holds is found by its key or its reference."""
    first = _run(flow, capsys)
    effects = _effects(sap)
    if ledger == "lost":
        for path in Path.cwd().glob("*ledger*"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    again = _run(flow, capsys)
    assert _effects(sap) == effects
    assert len(again) == len(first)
    if ledger == "lost":
        assert {each["status"] for each in again[:-1]} == {"already_there"}
        assert [each["key"] for each in again[:-1]] == [each["key"] for each in first[:-1]]


@FLOWS
def test_a_dry_run_sends_nothing(
    sap: Server, capsys: pytest.CaptureFixture[str], flow: str
) -> None:
    assert len(_run(flow, capsys, "--dry-run")) > 1
    assert _effects(sap) == ([], [], [])
    posts = [each["path"] for each in sap.log.entries() if each["method"] not in ("GET", "HEAD")]
    assert all(path.endswith("/$batch") for path in posts)  # of questions


def test_a_refused_record_carries_what_sap_says(
    sap: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """OD-P85: and the others of the file are written."""
    path = Path("purchase_requisition.ndjson")
    path.write_text(path.read_text().replace("DS-0400", "DS-0401"))
    assert main([*COMMANDS["purchase_requisition"], "--json"]) == 3
    refused, created, _ = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert (refused["status"], refused["http_status"]) == ("rejected", 400)
    assert "M3/305" in refused["sap_message"]
    assert "The material DS-0401 does not exist" in refused["sap_message"]
    assert created["status"] == "created"
    assert sap.log.created() == ["A_PurchaseRequisitionHeader('10000000')"]


def test_a_parked_invoice_is_deleted_once(sap: Server, capsys: pytest.CaptureFixture[str]) -> None:
    """reference/matching.md 9: SAP shows a deleted invoice with status 2."""
    Path("gone.csv").write_text("SupplierInvoice,FiscalYear\n5105600001,2026\n")
    settings = ["--settings", "supplier_invoice.toml", "--service", SERVICE]
    command = ["write", "s4", "A_SupplierInvoice", "gone.csv", "--operation", "delete", *settings]
    for ledger in ("one.jsonl", "two.jsonl"):
        assert main([*command, "--yes", "--json", "--ledger", ledger]) == 0
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    statuses = [each["status"] for each in told if "status" in each]
    assert statuses == ["updated", "already_there"]
    assert len(sap.log.changed()) == 1
