"""What the demo says of its writes: how each ended, and what SAP's own log counts."""

import json
from typing import Any

import pytest
from msgspec.structs import replace

from local import writes
from local.samples.draw import HERE
from local.writes import Witness, Write, unexpected, witness

EXPECTED: dict[str, dict[str, int]] = json.loads((HERE / "writes.json").read_text())
SERVICE = "/sap/opu/odata/sap/API_SUPPLIERINVOICE_PROCESS_SRV"
POSTED = {"SupplierInvoiceIDByInvcgParty": "R-1", "InvoicingParty": "10100001"}
NOW: writes.Rows = {("A_SupplierInvoice", "2026", "5105600101"): POSTED}


def request(method: str, path: str, **more: Any) -> dict[str, Any]:
    return {"method": method, "path": path, "created": [], "changed": [], **more}


def ended(flow: str, how: str, operation: str = "update") -> Write:
    return Write(
        flow=flow,
        record="1",
        operation=operation,
        ended=how,
        key="",
        held="",
        changes={},
        messages="",
    )


WRITTEN = [
    *(ended("supplier_invoice", "by answer", "insert") for _ in range(5)),
    ended("supplier_invoice", "read back", "insert"),
    ended("sales_order", "by answer"),
    *(ended("order_confirmations", "by answer") for _ in range(2)),
    ended("order_confirmations", "refused"),
]
CREATED = tuple(f"A_SupplierInvoice('{n}')" for n in range(6))
SEEN = Witness(posts=6, created=CREATED, changed=("A_SalesOrder('1')",), lost=1)


def test_the_witness_counts_lost_posts_with_their_documents() -> None:
    document = "A_SupplierInvoice(SupplierInvoice='5105600102',FiscalYear='2026')"
    log = [
        request("POST", f"{SERVICE}/$batch"),
        request("POST", f"{SERVICE}/A_SupplierInvoice", created=[document], fault="drop-answer"),
        request("GET", f"{SERVICE}/A_SupplierInvoice"),
        request("PATCH", "/A_SalesOrder('1')", changed=["A_SalesOrder('1')"]),
    ]
    assert witness(log) == Witness(
        posts=1, created=(document,), changed=("A_SalesOrder('1')",), lost=1
    )


def test_a_demo_as_expected_has_nothing_to_complain_of() -> None:
    assert unexpected(WRITTEN, SEEN, NOW, EXPECTED) == []


@pytest.mark.parametrize(
    ("seen", "complaint"),
    [
        (replace(SEEN, posts=7), "6 invoices, 7 POSTs, 6 documents"),
        (replace(SEEN, created=(*CREATED, CREATED[0])), "6 invoices, 6 POSTs, 7 documents"),
        (replace(SEEN, changed=SEEN.changed * 2), "A_SalesOrder('1') changed 2 times"),
        (replace(SEEN, lost=0), "0 answers were lost, expected 1"),
    ],
)
def test_the_witness_is_believed(seen: Witness, complaint: str) -> None:
    assert unexpected(WRITTEN, seen, NOW, EXPECTED) == [complaint]


def test_an_invoice_that_sap_holds_twice_fails_the_demo() -> None:
    twice = {**NOW, ("A_SupplierInvoice", "2026", "5105600102"): POSTED}
    assert unexpected(WRITTEN, SEEN, twice, EXPECTED) == ["SAP holds invoice R-1 of 10100001 twice"]


def test_an_end_that_is_missing_fails_the_demo() -> None:
    (complaint,) = unexpected(WRITTEN[:-1], SEEN, NOW, EXPECTED)
    assert complaint.startswith("order_confirmations ended {'by answer': 2}")
