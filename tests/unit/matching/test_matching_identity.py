"""Which orders an invoice belongs to, and how sure we are of it."""

from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from sapmatch.matching.advice import CAUSES
from sapmatch.matching.explanation import details
from sapmatch.matching.weights import weights_of
from sapmatch.model.invoice import InvoiceLine, InvoiceReference, Party
from sapmatch.model.match import State
from tests.unit.matching.desk import (
    STRANGER,
    SUPPLIER,
    Desk,
    decide,
    invoice,
    item,
    line,
    order,
    placed,
    policy,
)

EARLIER = InvoiceReference(number="NM-2026-0400")


def test_an_invoice_that_agrees_with_its_order_is_matched() -> None:
    decision = decide(invoice(), order())
    assert decision.state is State.MATCHED
    assert (decision.orders, decision.side) == (("4500000012",), "purchase_order")
    assert decision.order_versions == {"4500000012": 1}
    assert (decision.cause, decision.remedy) == (None, None)


def test_an_order_number_is_found_in_free_text_with_its_item() -> None:
    """MA-P01"""
    bare = replace(line(), seller_item_id=None, description="Ihre Best. 45 0000 0012/30")
    twin = order("4500000012", item(10), item(30), item(40))
    decision = decide(invoice(bare, order_references=()), twin)
    assert decision.state is State.MATCHED
    assert placed(decision) == [("10", "4500000012", "30", "100")]


def test_an_order_number_between_other_words_of_the_reference_field_is_found() -> None:
    """MA-P01"""
    decision = decide(invoice(order_references=("Ihre Best. 45 0000 0012/10",)), order())
    assert decision.state is State.MATCHED
    assert "order number in text" in [e.name for e in decision.evidence]


@pytest.mark.parametrize("written", ["10", "010", "00010"])
def test_an_item_is_the_same_with_or_without_leading_zeros(written: str) -> None:
    """MA-P02"""
    bare = replace(line(), order_item=written, seller_item_id=None, description=None)
    two = order("4500000012", item(10), item(20))
    assert placed(decide(invoice(bare), two))[0][2] == "10"


def test_item_1_is_not_item_10() -> None:
    """MA-P02"""
    other = replace(line(20), order_item="1")
    two = order("4500000012", item(10), item(20))
    assert placed(decide(invoice(other), two)) == [("20", "4500000012", "20", "100")]


def test_a_reference_of_zero_is_none() -> None:
    """MA-P03"""
    zero = replace(line(), order_item="0", order_reference=None)
    decision = decide(
        invoice(zero, order_references=("0",)), order("0000000000", item(price="9")), order()
    )
    assert decision.orders == ("4500000012",)
    assert not any("number" in e.name for e in decision.evidence)


def test_misread_letters_still_find_the_order_with_a_lower_weight() -> None:
    """MA-P04"""
    sure = decide(invoice(), order())
    misread = decide(invoice(order_references=("45OOO0OO12",)), order())
    assert misread.state is State.MATCHED
    assert misread.score < sure.score


def test_an_order_of_another_supplier_is_never_matched() -> None:
    """MA-P05"""
    decision = decide(invoice(seller=STRANGER), order())
    assert decision.state in (State.AMBIGUOUS, State.NO_CANDIDATE)
    assert decision.cause == "OTHER_SUPPLIER"


def test_a_namesake_with_another_vat_id_is_never_matched() -> None:
    """MA-P05"""
    namesake = Party(name=SUPPLIER.name, vat_id="DE111111111")
    decision = decide(invoice(seller=namesake), order())
    assert decision.state in (State.AMBIGUOUS, State.NO_CANDIDATE)
    assert decision.cause == "OTHER_SUPPLIER"


def test_another_name_without_any_vat_id_is_never_matched() -> None:
    """MA-P05"""
    decision = decide(invoice(seller=Party(name=STRANGER.name)), order())
    assert decision.score >= weights_of({}).accept
    assert (decision.state, decision.cause) == (State.AMBIGUOUS, "OTHER_SUPPLIER")
    assert "The order is with another party than the one on the invoice." in decision.explanation


def test_another_name_with_a_vat_id_of_another_country_is_never_matched() -> None:
    """MA-P05"""
    foreign = Party(name=STRANGER.name, vat_id="ATU12345678")
    decision = decide(invoice(seller=foreign), order())
    assert decision.score >= weights_of({}).accept
    assert (decision.state, decision.cause) == (State.AMBIGUOUS, "OTHER_SUPPLIER")


def test_another_name_whose_vat_id_the_order_cannot_confirm_is_never_matched() -> None:
    """MA-P05"""
    decision = decide(invoice(seller=STRANGER), order(partner_vat_id=None))
    assert decision.score >= weights_of({}).accept
    assert (decision.state, decision.cause) == (State.AMBIGUOUS, "OTHER_SUPPLIER")


def test_a_known_bank_account_proves_a_supplier_with_another_name() -> None:
    """MA-P05"""
    renamed = Party(name=STRANGER.name)
    iban = "DE89370400440532013000"
    decision = decide(invoice(seller=renamed, iban=iban), order(partner_ibans=(iban,)))
    assert decision.state is State.MATCHED


def test_a_supplier_that_cannot_be_compared_needs_a_person() -> None:
    """MA-P05"""
    nameless = order(partner_name=None, partner_vat_id=None)
    decision = decide(invoice(), nameless)
    assert (decision.state, decision.cause) == (State.AMBIGUOUS, "OTHER_SUPPLIER")
    assert any("could not be compared" in sentence for sentence in decision.explanation)
    iban = "DE89370400440532013000"
    known = order(partner_name=None, partner_vat_id=None, partner_ibans=(iban,))
    assert decide(invoice(iban=iban), known).state is State.MATCHED


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"type": "corrective-invoice"}, "CORRECTION"),
        ({"preceding_invoices": (EARLIER,)}, "CORRECTION"),
        ({"type": "receipt"}, "RECEIPT"),
        ({"type_code": "386"}, "PREPAYMENT"),
        ({"type_code": "383"}, "CORRECTION"),
        ({"type_code": "80"}, "CORRECTION"),
        ({"type_code": "393"}, "FACTORED"),
        ({"type": "self-billed-invoice", "type_code": "389"}, "SELF_BILLED"),
    ],
)
def test_a_correction_or_a_receipt_is_never_matched(changes: dict[str, Any], cause: str) -> None:
    decision = decide(invoice(**changes), order())
    assert (decision.state, decision.cause) == (State.AMBIGUOUS, cause)
    assert decision.remedy
    assert CAUSES[cause].why in decision.explanation[0]


@pytest.mark.parametrize("code", ["380", "388", "82", "751", "326", None])
def test_a_plain_invoice_has_many_codes(code: str | None) -> None:
    assert decide(invoice(type_code=code), order()).state is State.MATCHED


@pytest.mark.parametrize("kind", ["final-invoice", "partial-invoice"])
def test_a_final_or_partial_invoice_may_name_the_ones_before_it(kind: str) -> None:
    decision = decide(invoice(type=kind, preceding_invoices=(EARLIER,)), order())
    assert decision.state is State.MATCHED


def test_the_invoicing_party_may_send_the_invoice() -> None:
    """MA-P06"""
    other = order(
        invoicing_party="10100002",
        invoicing_party_name=STRANGER.name,
        invoicing_party_vat_id=STRANGER.vat_id,
    )
    assert decide(invoice(seller=STRANGER), other).state is State.MATCHED
    assert decide(invoice(), other).state is State.MATCHED


def test_a_key_with_too_many_orders_is_dropped_and_named() -> None:
    """MA-P07"""
    many = [order(str(4500001000 + n)) for n in range(12)]
    rules = policy(candidate_cap=10)
    decision = decide(invoice(order_references=()), *many, rules=rules)
    assert decision.state is State.NO_CANDIDATE
    assert any("K5 DE298765431|10E+2 EUR" in sentence for sentence in details(decision))


def test_without_a_number_supplier_and_total_find_the_only_order() -> None:
    """MA-P08"""
    decision = decide(invoice(order_references=()), order())
    assert decision.state is State.MATCHED


def test_without_a_number_a_short_receipt_is_not_matched() -> None:
    """MA-P08"""
    short = order("4500000012", item(received=["40"]))
    decision = decide(invoice(order_references=()), short)
    assert decision.state is State.WAITING_RECEIPT


def test_a_number_that_names_no_order_needs_a_person_even_if_the_amount_fits() -> None:
    decision = decide(invoice(order_references=("4599999999",)), order())
    assert (decision.state, decision.cause) == (State.AMBIGUOUS, "NO_ORDER")
    assert decision.candidates == ("4500000012",)


def test_two_orders_that_fit_equally_well_are_ambiguous_in_any_order() -> None:
    """MA-P09"""
    one, two = order("4500000012"), order("4500000013")
    first = decide(invoice(order_references=()), one, two)
    assert (first.state, first.cause) == (State.AMBIGUOUS, "SEVERAL_ORDERS")
    assert first.candidates == ("4500000012", "4500000013")
    assert first == decide(invoice(order_references=()), two, one)


def test_a_free_line_pairs_with_nothing_but_free_goods() -> None:
    """MA-P10"""
    free = replace(line(20, price="0.00"), description="Zugabe", seller_item_id="ZU-1")
    freight = item(20, "1", "35.00", text="Fracht", partner_material="FR-1")
    decision = decide(invoice(line(), free), order("4500000012", item(), freight))
    assert decision.state is State.MATCHED
    assert placed(decision) == [("10", "4500000012", "10", "100")]


def test_an_order_after_the_invoice_is_evidence_against_but_no_stop() -> None:
    """MA-P11"""
    late = decide(invoice(), order(order_date=date(2026, 11, 1)))
    assert late.state is State.MATCHED
    assert late.score < decide(invoice(), order()).score


@pytest.mark.parametrize(
    ("changes", "head", "cause"),
    [
        ({"deleted": True}, {}, "ITEM_DELETED"),
        ({"finally_invoiced": True}, {}, "FINALLY_INVOICED"),
        ({}, {"released": False}, "NOT_RELEASED"),
        ({"evaluated_receipt_settlement": True}, {}, "ERS"),
    ],
)
def test_what_sap_forbids_to_invoice_is_named(
    changes: dict[str, Any], head: dict[str, Any], cause: str
) -> None:
    """MA-P12, MA-P26"""
    decision = decide(invoice(), order("4500000012", item(**changes), **head))
    assert (decision.state, decision.cause) == (State.NOT_INVOICEABLE, cause)
    assert decision.remedy


def test_a_suppliers_invoice_may_belong_to_a_sales_order() -> None:
    """MA-P13"""
    sold = order(
        "1000045",
        item(receipt_expected=False, received=[]),
        side="sales_order",
        partner="20100001",
        partner_name="Muster Anlagenbau SE",
        partner_vat_id="ATU12345678",
        external_reference="MA-2026-0815",
    )
    third_party = invoice(order_references=(), sales_order_reference="1000045")
    by_customers_number = invoice(order_references=("MA-2026-0815",))
    by_number = invoice(order_references=("1000045",))
    for billed in (third_party, by_customers_number, by_number):
        decision = decide(billed, sold)
        assert (decision.state, decision.side) == (State.MATCHED, "sales_order")


def test_a_customer_who_bills_himself_is_the_partner_of_the_sales_order() -> None:
    sold = order(
        "1000045",
        item(receipt_expected=False, received=[]),
        side="sales_order",
        external_reference="MA-2026-0815",
    )
    billed = invoice(
        type="self-billed-invoice",
        seller=invoice().buyer,
        buyer=SUPPLIER,
        order_references=("MA-2026-0815",),
    )
    decision = decide(billed, sold)
    assert (decision.state, decision.company_code) == (State.MATCHED, "1010")
    assert "VAT id equal" in [e.name for e in decision.evidence]


def test_the_sellers_own_order_number_is_not_taken_for_ours() -> None:
    unrelated = item(text="Filtereinsatz", partner_material="FE-1", quantity="7", price="31.00")
    sold = order("77", unrelated, side="sales_order", partner_name=None, partner_vat_id=None)
    decision = decide(invoice(sales_order_reference="77"), sold, order())
    assert (decision.state, decision.orders) == (State.MATCHED, ("4500000012",))


@pytest.mark.parametrize("billed", [line(quantity="50"), line(price="10.10")])
def test_a_third_party_must_fit_a_customers_order_wholly(billed: InvoiceLine) -> None:
    """MA-P13: the vendor's own order number may be ours by chance."""
    sold = order("77", side="sales_order", partner_name=None, partner_vat_id=None)
    chance = invoice(billed, order_references=(), sales_order_reference="77")
    decision = decide(chance, sold)
    assert (decision.state, decision.cause) == (State.AMBIGUOUS, "THIRD_PARTY")
    whole = decide(invoice(order_references=(), sales_order_reference="77"), sold)
    assert whole.state is State.MATCHED
    assert any(s.startswith("Nothing ties the seller") for s in whole.explanation)


def test_an_order_side_that_the_policy_leaves_out_is_not_searched() -> None:
    rules = policy(order_sides=("sales_order",))
    assert decide(invoice(), order(), rules=rules).state is State.NO_CANDIDATE


def test_what_becomes_due_once_everything_has_come_is_shown_beside_the_net_amount() -> None:
    decision = decide(invoice(), order("4500000012", item(received=[])))
    (net,) = [e for e in decision.evidence if e.name == "net amount is what is open"]
    assert net.order == "1000.00"


def test_an_invoice_to_another_company_is_nobodys() -> None:
    foreign = invoice(buyer=Party(name="Example Maschinenbau GmbH", vat_id="DE999999999"))
    decision = decide(foreign, order())
    assert (decision.state, decision.company_code) == (State.NO_CANDIDATE, None)
    told = "The buyer has the name of company code 1010, and a VAT id of none."
    assert decision.explanation[1] == told
    stranger = decide(invoice(buyer=Party(name="Somebody", vat_id="DE999999999")), order())
    assert stranger.explanation[1].startswith("Neither VAT id nor name of the buyer")


def test_a_buyer_without_a_vat_id_belongs_to_the_only_company_code() -> None:
    decision = decide(invoice(buyer=Party(name="Someone at our address")), order())
    assert decision.state is State.MATCHED


def test_another_currency_is_never_matched_without_a_rate() -> None:
    """MA-P33"""
    decision = decide(invoice(), order(currency="USD"))
    assert decision.state not in (State.MATCHED, State.WITHIN_TOLERANCE)
    assert decision.cause == "CURRENCY"


def test_an_unknown_order_has_no_candidate() -> None:
    desk = Desk()
    decision = desk.decide(invoice())
    assert (decision.state, decision.cause) == (State.NO_CANDIDATE, "NO_ORDER")
    assert decision.orders == ()
