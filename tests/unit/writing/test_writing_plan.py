"""Decision -> intents: which flow, which identity."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import Intent
from sapmatch.writing.from_match import intents_for_match
from sapmatch.writing.mapping.apply import mapping_of
from sapmatch.writing.plan import Planned
from tests.builders.matches import POLICY, decision, invoice, purchase_order

INVOICES = WriteBack(
    connection="s4",
    service="/invoices",
    entity_set="A_SupplierInvoice",
    operation="insert",
    source="match",
    order_side="purchase_order",
)
SALES = WriteBack(
    connection="s4",
    service="/orders",
    entity_set="A_SalesOrder",
    operation="update",
    source="match",
    order_side="sales_order",
    field="AssignmentReference",
)
INBOX = WriteBack(connection="s4", service="/o", entity_set="A_SalesOrder", operation="update")
FLOWS = {"invoices": INVOICES, "sales": SALES, "inbox": INBOX}
NOW = datetime(2026, 11, 5, 23, 30, tzinfo=UTC)


def planned(
    decided: Any = None, flows: Any = FLOWS, now: datetime = NOW, **fields: Any
) -> list[Planned]:
    order = purchase_order()
    found = {name: mapping_of(name, flow) for name, flow in flows.items()}
    mappings = {name: mapping for name, mapping in found.items() if mapping}
    return intents_for_match(
        invoice(**fields),
        decided or decision(),
        document_id="d1",
        orders={order.id: order},
        flows=flows,
        mappings=mappings,
        policy=POLICY,
        connection="s4",
        client="100",
        now=now,
    )


def only(plans: list[Planned]) -> Intent:
    assert len(plans) == 1
    return plans[0][0]


def test_a_match_with_purchase_orders_becomes_one_supplier_invoice() -> None:
    intent, payload = planned()[0]
    assert (intent.flow, intent.operation, intent.record) == ("invoices", "insert", "d1")
    assert intent.reference == {
        "SupplierInvoiceIDByInvcgParty": "RE-2026-17",
        "InvoicingParty": "10100001",
    }
    assert intent.payload_key == f"intents/{intent.payload_sha256}.json"
    assert msgspec.json.decode(payload)["InvoiceGrossAmount"] == "116.60"


def test_the_posting_date_is_the_day_of_the_company_code() -> None:
    """23:30 UTC is the next day in Berlin."""
    _, payload = planned()[0]
    assert msgspec.json.decode(payload)["PostingDate"] == "/Date(1793923200000)/"


def test_the_same_invoice_is_the_same_intent_on_any_later_day() -> None:
    """I1: the payload moves with the posting date, the identity does not."""
    later = planned(now=datetime(2026, 12, 1, tzinfo=UTC))
    assert only(planned()).id == only(later).id


def test_another_business_key_is_another_intent() -> None:
    plans = (planned(), planned(number="RE-2026-18"), planned(type="credit-note"))
    assert len({only(plan).id for plan in plans}) == 3


def test_a_match_with_sales_orders_becomes_a_change_of_each() -> None:
    plans = planned(decision(side="sales_order", orders=("1000045", "1000046")))
    assert [intent.key for intent, _ in plans] == [
        {"SalesOrder": "1000045"},
        {"SalesOrder": "1000046"},
    ]
    assert [intent.record for intent, _ in plans] == ["d1/1000045", "d1/1000046"]
    assert {payload for _, payload in plans} == {b'{"AssignmentReference":"RE-2026-17"}'}
    assert len({intent.id for intent, _ in plans}) == 2


def test_a_side_without_a_flow_writes_nothing() -> None:
    assert planned(flows={"sales": SALES}) == []


def test_an_insert_that_could_not_be_found_again_is_refused() -> None:
    flow = msgspec.structs.replace(INVOICES, reference=("PaymentReference",))
    with pytest.raises(InputRejected, match="searched"):
        planned(flows={"invoices": flow})


def test_a_company_code_that_the_settings_do_not_know_is_named() -> None:
    with pytest.raises(InputRejected, match="2020"):
        planned(decision(company_code="2020"))
