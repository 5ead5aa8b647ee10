"""What makes two writes the same write, or writes of the same record."""

import pytest
from msgspec.structs import replace

from sapmatch.model.intent import Entity
from sapmatch.writing.identity import business_key, subject, subjects
from sapmatch.writing.readback import hits
from tests.builders.writes import INVOICE, INVOICES, change_intent, invoice_intent


def test_capitals_make_no_other_invoice() -> None:
    """SAP keeps many references in capitals: `re-17` may be the invoice `RE-17`."""
    small = INVOICE | {"SupplierInvoiceIDByInvcgParty": "re-2026-17"}
    assert business_key(INVOICES, small) == business_key(INVOICES, INVOICE)


@pytest.mark.parametrize(
    "written",
    ["2026-11-02", "2026-11-02T00:00:00", "2026-11-02T10:30:00Z", "/Date(1793600000000)/"],
)
def test_a_date_is_the_same_day_however_a_file_has_it(written: str) -> None:
    """SAP drops the time of day: with it an invoice would be another one, and not be found."""
    invoice = INVOICE | {"DocumentDate": written}
    assert business_key(INVOICES, invoice) == business_key(INVOICES, INVOICE)
    row = INVOICE | {"SupplierInvoice": "1", "FiscalYear": "2026"}
    (hit,) = hits(invoice_intent(), invoice, [Entity(row=row)])
    assert hit.differing == ()
    other = [Entity(row=row | {"DocumentDate": "/Date(1793491200000)/"})]
    assert hits(invoice_intent(), invoice, other) == []


def test_a_credit_memo_and_another_date_are_other_documents_of_the_same_reference() -> None:
    """MA-P47."""
    first = business_key(INVOICES, INVOICE)
    for other in ({"SupplierInvoiceIsCreditMemo": "X"}, {"DocumentDate": "/Date(0)/"}):
        assert business_key(INVOICES, INVOICE | other) != first


@pytest.mark.parametrize("item", ["10", "20"])
def test_an_item_is_changed_after_its_order_because_they_share_an_etag(item: str) -> None:
    order = change_intent(key={"SalesOrder": "1"})
    part = replace(
        order, entity_set="A_SalesOrderItem", key={"SalesOrder": "1", "SalesOrderItem": item}
    )
    assert subject(part) == subject(order)


@pytest.mark.parametrize("number", ["0001000045", "1000045"])
def test_leading_zeros_make_no_other_record(number: str) -> None:
    """SAP adds and takes them (conversion exit ALPHA): two such writes wait for each other."""
    assert subject(change_intent(key={"SalesOrder": number})) == subject(change_intent())


def test_a_record_is_known_by_its_reference_before_and_after_sap_gave_it_a_key() -> None:
    new = change_intent(operation="upsert", key={}, reference={"Reference": "R"})
    sent = replace(new, key={"SalesOrder": "1"})
    assert subjects(new) & subjects(sent)
    assert not subjects(new) & subjects(change_intent(key={"SalesOrder": "1"}))
