"""Whether an invoice was here before."""

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from sapmatch.matching.keys import duplicate_keys, exact_identity
from sapmatch.model.invoice import Invoice, Party
from sapmatch.model.match import Decision, State
from sapmatch.model.order import Order, PostedInvoice
from tests.unit.matching.desk import STRANGER, D, Desk, invoice, item, line, order

IBAN = "DE89370400440532013000"


def _after(first: Invoice, second: Invoice, **seen: Any) -> Decision:
    """The decision on the second invoice when the first was here as document `first`."""
    desk = Desk(order())
    desk.remember(first, "first", **seen)
    return desk.decide(second, "second")


def _posted(**more: Any) -> PostedInvoice:
    plain: dict[str, Any] = {
        "supplier_invoice": "5105600101",
        "fiscal_year": "2026",
        "company_code": "1010",
        "invoicing_party": "10100001",
        "reference": "NM-2026-0431",
        "document_date": date(2026, 10, 12),
        "currency": "EUR",
        "gross": D("1190.00"),
    }
    return PostedInvoice(**{**plain, **more})


def test_equal_fields_are_a_duplicate_that_names_the_first_document() -> None:
    """MA-P44"""
    decision = _after(invoice(), invoice())
    assert (decision.state, decision.cause) == (State.DUPLICATE, "DUPLICATE")
    assert decision.duplicate_of == "first"
    assert decision.orders == ()


def test_a_document_is_no_duplicate_of_itself() -> None:
    desk = Desk(order())
    desk.remember(invoice(), "same")
    assert desk.decide(invoice(), "same").state is State.MATCHED


def test_an_invoice_that_sap_holds_is_a_duplicate() -> None:
    """MA-P44"""
    decision = Desk(order(), posted=[_posted()]).decide(invoice())
    assert (decision.state, decision.duplicate_of) == (State.DUPLICATE, "5105600101/2026")


def test_the_same_number_of_another_supplier_in_sap_is_no_duplicate() -> None:
    other = _posted(invoicing_party="10100077")
    assert Desk(order(), posted=[other]).decide(invoice()).state is State.MATCHED


@pytest.mark.parametrize(
    "other", ["NM 2026.431", "NM-2026-0431-A", "NM-2026-0432", "XNM-2026-0431"]
)
def test_numbers_that_are_nearly_equal_are_suspected(other: str) -> None:
    """MA-P45"""
    decision = _after(invoice(number=other), invoice())
    assert (decision.state, decision.duplicate_of) == (State.SUSPECTED_DUPLICATE, "first")
    assert "first" in " ".join(decision.explanation)


def test_the_order_tells_who_sent_an_invoice_where_sap_shows_no_names() -> None:
    """MA-P44"""
    nameless = order(partner_name=None, partner_vat_id=None)
    decision = Desk(nameless, posted=[_posted()]).decide(invoice())
    assert decision.state is State.DUPLICATE
    other = _posted(invoicing_party="10100077")
    assert Desk(nameless, posted=[other]).decide(invoice()).duplicate_of is None


def test_numbers_that_are_equal_only_without_separators_are_suspected() -> None:
    """MA-P45"""
    decision = _after(invoice(number="INV-0012/24"), invoice(number="INV 12.24"))
    assert decision.state is State.SUSPECTED_DUPLICATE


def test_an_unlike_number_with_the_same_amount_is_no_duplicate() -> None:
    assert _after(invoice(number="77120"), invoice()).state is State.MATCHED


def test_the_same_number_a_year_later_is_no_duplicate() -> None:
    """MA-P46"""
    before = invoice(line(quantity="50"), issue_date=date(2025, 10, 12))
    assert _after(before, invoice()).state is State.MATCHED


def test_the_same_number_and_amount_of_one_supplier_are_suspected_after_any_time() -> None:
    same_amount = invoice(issue_date=date(2019, 10, 12))
    assert _after(same_amount, invoice()).state is State.SUSPECTED_DUPLICATE
    other_number = replace(same_amount, number="NM-2026-0432")
    assert _after(other_number, invoice()).state is State.MATCHED


def test_a_reversed_original_may_come_again() -> None:
    """MA-P47"""
    assert _after(invoice(), invoice(), reversed=True).state is State.MATCHED
    desk = Desk(order(), posted=[_posted(reversed=True)])
    desk.remember(invoice(), "first")
    assert desk.decide(invoice(), "second").state is State.MATCHED


def test_what_another_supplier_has_reversed_hides_no_duplicate() -> None:
    """MA-P47"""
    other = _posted(reversed=True, invoicing_party="10100077")
    desk = Desk(order(), posted=[other])
    desk.remember(invoice(), "first")
    assert desk.decide(invoice(), "second").duplicate_of == "first"
    standing = _posted(supplier_invoice="5105600102", invoicing_party="10100077")
    desk = Desk(order(), posted=[_posted(reversed=True), standing])
    desk.remember(invoice(), "first")
    assert desk.decide(invoice(), "second").state is State.MATCHED


def test_a_credit_note_with_the_invoices_number_is_no_duplicate() -> None:
    """MA-P47"""
    decision = _after(invoice(type="credit-note"), invoice())
    assert decision.state is State.MATCHED


def test_one_bank_account_under_two_names_is_suspected() -> None:
    """MA-P48"""
    iban = "DE89 3704 0044 0532 0130 00"
    before = invoice(seller=STRANGER, iban=iban.replace(" ", ""))
    decision = _after(before, invoice(iban=iban))
    assert decision.state is State.SUSPECTED_DUPLICATE
    assert _after(replace(before, iban=None), invoice(iban=iban)).state is State.MATCHED


def test_two_numbers_that_are_one_to_sap_are_told_apart_and_announced() -> None:
    """MA-P49"""
    first = invoice(line(quantity="10"), number="RECHNUNG-2026-10-A")
    second = invoice(line(quantity="90"), number="RECHNUNG-2026-10-B")
    decision = _after(replace(first, issue_date=date(2026, 10, 11)), second)
    assert decision.state is State.MATCHED
    assert any("16 characters" in sentence for sentence in decision.explanation)


def test_two_numbers_of_one_day_that_are_one_to_sap_are_suspected() -> None:
    """MA-P49: SAP could not tell the two writes apart, whatever their amounts."""
    first = invoice(line(quantity="10"), number="RECHNUNG-2026-10-A")
    second = invoice(line(quantity="90"), number="RECHNUNG-2026-10-B")
    decision = _after(first, second)
    assert (decision.state, decision.duplicate_of) == (State.SUSPECTED_DUPLICATE, "first")
    stranger = replace(first, seller=STRANGER)
    assert _after(stranger, second).state is State.MATCHED
    posted = _posted(reference="RECHNUNG-2026-10", gross=D("1.00"))
    assert Desk(order(), posted=[posted]).decide(second).state is State.SUSPECTED_DUPLICATE


def test_a_number_that_sap_has_cut_is_suspected() -> None:
    """MA-P49"""
    posted = _posted(reference="RECHNUNG-2026-10")
    decision = Desk(order(), posted=[posted]).decide(invoice(number="RECHNUNG-2026-10-B"))
    assert decision.state is State.SUSPECTED_DUPLICATE


def test_partial_bills_with_one_reference_are_no_duplicates() -> None:
    """MA-P50"""
    assert _after(invoice(line(quantity="40")), invoice(line(quantity="60"))).state is State.MATCHED


def test_a_seller_that_cannot_be_compared_is_suspected() -> None:
    nameless = replace(invoice(), seller=Party())
    decision = _after(nameless, nameless)
    assert decision.state is State.SUSPECTED_DUPLICATE


def test_a_duplicate_comes_before_everything_but_invalid() -> None:
    desk = Desk()
    desk.remember(invoice(), "first")
    assert desk.decide(invoice(), "second").state is State.DUPLICATE
    broken = replace(invoice(), net=D("1.00"))
    assert desk.decide(broken, "third").state is State.INVALID


def test_only_the_same_invoice_has_the_same_identity() -> None:
    one = exact_identity("1010", invoice())
    assert one == exact_identity("1010", invoice(number=" nm-2026-0431 ", order_references=()))
    others = [
        exact_identity("2020", invoice()),
        exact_identity("1010", invoice(number="NM-2026-0432")),
        exact_identity("1010", invoice(seller=STRANGER)),
        exact_identity("1010", invoice(line(quantity="99"))),
        exact_identity("1010", invoice(issue_date=date(2026, 10, 13))),
        exact_identity("1010", invoice(type="credit-note")),
    ]
    assert len({one, *others}) == 7


def test_copies_share_a_key_and_empty_numbers_have_none() -> None:
    one = duplicate_keys("INV-0012/24", D("119.00"), "EUR")
    assert set(one) == set(duplicate_keys("INV 12.24", D("119.000"), "EUR"))
    assert [key.type for key in duplicate_keys("---", D(1), "EUR")] == ["T#"]


@pytest.mark.parametrize("total", ["1190.01", "1189.99", "1910.00", "1109.00"])
def test_an_amount_that_is_nearly_equal_is_suspected(total: str) -> None:
    """MA-P45: one field at a time, so number, supplier and date are equal."""
    first = replace(invoice(), total=D(total))
    decision = _after(first, invoice())
    assert (decision.state, decision.duplicate_of) == (State.SUSPECTED_DUPLICATE, "first")
    assert "amounts nearly" in " ".join(decision.explanation)


@pytest.mark.parametrize(
    "changes",
    [
        {"total": D("1190.02")},
        {"total": D("9110.00")},
        {"total": D("1910.00"), "issue_date": date(2026, 10, 11)},
        {"total": D("1910.00"), "number": "NM-2026-0432"},
        {"total": D("1910.00"), "seller": STRANGER},
        {"total": D("1910.00"), "currency": "CHF"},
    ],
)
def test_two_fields_that_are_only_nearly_equal_are_another_invoice(changes: dict[str, Any]) -> None:
    """MA-P50"""
    assert _after(replace(invoice(), **changes), invoice()).state is State.MATCHED


def _second_number(**more: Any) -> Order:
    """An order of the same company under another supplier number."""
    fields: dict[str, Any] = {"partner": "10100077", **more}
    return order("4500000099", item(10, "1", "7.77"), **fields)


def test_one_vat_id_under_two_supplier_numbers_is_suspected() -> None:
    """MA-P48"""
    posted = _posted(invoicing_party="10100077")
    desk = Desk(order(), _second_number(partner_name="Nordlicht Antriebe Nord"), posted=[posted])
    decision = desk.decide(invoice())
    assert decision.duplicate_of == "5105600101/2026"
    assert decision.state in (State.DUPLICATE, State.SUSPECTED_DUPLICATE)


def test_one_bank_account_under_two_supplier_numbers_is_suspected() -> None:
    """MA-P48"""
    stranger = _second_number(
        partner_name=STRANGER.name, partner_vat_id=STRANGER.vat_id, partner_ibans=(IBAN,)
    )
    posted = _posted(invoicing_party="10100077")
    decision = Desk(order(), stranger, posted=[posted]).decide(invoice(iban=IBAN))
    assert (decision.state, decision.duplicate_of) == (
        State.SUSPECTED_DUPLICATE,
        "5105600101/2026",
    )
    other = Desk(order(), stranger, posted=[posted]).decide(invoice())
    assert other.duplicate_of is None


@pytest.mark.parametrize(
    "seller",
    [
        Party(name="Nordlicht Musterantr1ebe GmbH"),
        Party(name="NORDLICHT MUSTERANTRIEBE", vat_id="DE298765431"),
        Party(name="Nordlicht Musterantriebe GmbH", vat_id="DE298765437"),
        Party(name=None, vat_id="DE298765481"),
    ],
)
def test_a_misread_seller_hides_no_duplicate(seller: Party) -> None:
    """MA-P44"""
    decision = _after(replace(invoice(), seller=seller), invoice())
    assert decision.duplicate_of == "first"


def test_two_sellers_that_only_resemble_each_other_are_two() -> None:
    other = Party(name="Nordwind Musterpumpen GmbH", vat_id="DE311111111")
    assert _after(replace(invoice(), seller=other), invoice()).state is State.MATCHED
