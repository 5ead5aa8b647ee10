"""Invoice items over no goods in the embedded SAP: planned delivery costs, subsequent debits."""

from collections.abc import Iterator
from typing import Any

import pytest

from local.sap.server import serve
from tests.contract.local_sap.local_sap_world import INVOICES, USERS, Api, code, invoice, line, seed

SET = f"{INVOICES}/A_SupplierInvoice"
FREIGHT = {
    "PurchaseOrder": "4500000001",
    "PurchaseOrderItem": "10",
    "PricingDocument": "1000000001",
    "PricingDocumentItem": "10",
    "PricingProcedureStep": "31",
    "PricingProcedureCounter": "1",
    "ConditionType": "FRB1",
    "ConditionCategory": "B",
    "ConditionAmount": "50.00",
    "TransactionCurrency": "EUR",
}


@pytest.fixture
def priced() -> Iterator[Api]:
    """A client of a world in which item 10 plans freight."""
    with serve({**seed(), "A_PurOrdPricingElement": [FREIGHT]}, users=USERS) as server:
        client = Api(server.url)
        with client.session:
            yield client


def of_item(reference: str, **more: str) -> dict[str, Any]:
    return invoice(reference, to_SuplrInvcItemPurOrdRef=[line("10", **more)])


def test_a_planned_delivery_cost_is_taken_and_invoices_no_goods(priced: Api) -> None:
    """MA-P38"""
    for reference in ("F-1", "F-2"):
        body = of_item(reference, SuplrInvcDeliveryCostCndnType="FRB1")
        made = priced.send("POST", SET, body)
        assert made.status_code == 201, made.text
        assert made.json()["d"]["PaymentBlockingReason"] == ""  # 8 were received, 10 are on paper


def test_a_delivery_cost_that_nobody_planned_is_refused(priced: Api) -> None:
    answer = priced.send("POST", SET, of_item("F-1", SuplrInvcDeliveryCostCndnType="ZOA1"))
    assert (answer.status_code, code(answer)) == (400, "ZLOCAL_SAP/034")
    other = invoice("F-2", to_SuplrInvcItemPurOrdRef=[line("50", **_condition("FRB1"))])
    assert code(priced.send("POST", SET, other)) == "ZLOCAL_SAP/034"


def test_a_subsequent_debit_needs_an_invoice_before_it(priced: Api) -> None:
    """MA-P51"""
    debit = of_item("D-1", IsSubsequentDebitCredit="X")
    assert code(priced.send("POST", SET, debit)) == "ZLOCAL_SAP/033"
    assert priced.send("POST", SET, invoice("G-1")).status_code == 201
    made = priced.send("POST", SET, debit)
    assert made.status_code == 201, made.text
    assert made.json()["d"]["PaymentBlockingReason"] == ""


def _condition(kind: str) -> dict[str, str]:
    return {"SuplrInvcDeliveryCostCndnType": kind}
