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
from sapmatch.writing.marker import marker
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


NOTES = WriteBack(
    connection="s4",
    service="/orders",
    entity_set="A_PurchaseOrder",
    operation="update",
    source="match",
    order_side="purchase_order",
    mapping={
        "PurchaseOrder": "order.id",
        "CorrespncInternalReference": "left(invoice.number, 12)",
        "Text": "concat(match.document_id, ' ', match.state)",
    },
)


def test_a_mapping_says_what_is_written_for_each_order() -> None:
    ((intent, payload),) = planned(flows={"notes": NOTES})
    assert (intent.entity_set, intent.key) == ("A_PurchaseOrder", {"PurchaseOrder": "4500001001"})
    assert intent.record == "d1/4500001001"
    assert msgspec.json.decode(payload) == {
        "CorrespncInternalReference": "RE-2026-17",
        "Text": "d1 MATCHED",
    }


def test_a_mapping_without_facts_of_an_order_is_written_once() -> None:
    flow = msgspec.structs.replace(
        NOTES,
        entity_set="Z_Log",
        operation="insert",
        reference=("Document",),
        marker="Mark",
        mapping={"Document": "match.document_id", "Amount": "invoice.total"},
    )
    ((intent, payload),) = planned(decision(orders=("4500001001", "x")), flows={"log": flow})
    assert (intent.record, intent.reference) == ("d1", {"Document": "d1"})
    assert msgspec.json.decode(payload) == {
        "Document": "d1",
        "Amount": "116.60",
        "Mark": marker("d1"),
    }
    assert intent.marker == marker("d1")


def test_a_mapping_that_names_no_key_or_makes_no_value_is_refused() -> None:
    lost = msgspec.structs.replace(NOTES, mapping={"Text": "invoice.number"})
    with pytest.raises(InputRejected, match="gives no PurchaseOrder"):
        planned(flows={"notes": lost})
    wrong = msgspec.structs.replace(NOTES, mapping={"PurchaseOrder": "pad(order.id, 3)"})
    with pytest.raises(InputRejected, match="flow notes: PurchaseOrder cannot be worked out"):
        planned(flows={"notes": wrong})


def test_a_supplier_invoice_carries_the_mark_of_its_document() -> None:
    """The daily audit finds by it what is ours."""
    intent, payload = planned()[0]
    assert intent.marker == msgspec.json.decode(payload)["DocumentHeaderText"] == marker("d1")
