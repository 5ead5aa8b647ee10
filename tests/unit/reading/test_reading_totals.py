"""Which amounts are net, tax and total (documents.md section 1, traps 2 and 3)."""

from decimal import Decimal
from typing import Any

import pytest

from sapmatch.reading.printed.expense import Reading, read_expense
from tests.builders.reading import field, invoice_page

Amounts = dict[str, str | None]


def read(*fields: dict[str, Any], **more: Any) -> Reading:
    """The one invoice that these fields make."""
    return read_expense([invoice_page(*fields, **more)])[0]


def sums(reading: Reading) -> tuple[Decimal | None, Decimal | None, Decimal | None]:
    """Net, tax and total."""
    return reading.invoice.net, reading.invoice.tax, reading.invoice.total


def decimals(*amounts: str) -> tuple[Decimal, ...]:
    return tuple(map(Decimal, amounts))


def test_a_discount_and_a_charge_of_several_make_the_total() -> None:
    reading = read(
        field("SUBTOTAL", "100.00 EUR", "Subtotal"),
        field("DISCOUNT", "10.00", "Discount"),
        field("SHIPPING_HANDLING_CHARGE", "5.00", "Shipping"),
        field("SERVICE_CHARGE", "99.00", "Service, already in the lines"),
        field("TAX", "19.00", "VAT"),
        field("TOTAL", "114.00 EUR", "Total"),
    )
    assert sums(reading) == decimals("95.00", "19.00", "114.00")
    kept = [item.amount for item in reading.invoice.allowances_charges]
    assert sorted(kept) == [Decimal("5.00"), Decimal("10.00")]


def test_the_total_of_a_table_of_tax_rates_is_that_of_all_rates() -> None:
    reading = read(
        field("SUBTOTAL", "200.00 EUR", "Netto 19 %", confidence=99),
        field("TAX", "38.00 EUR", "MwSt 19 %", confidence=99),
        field("TOTAL", "238.00 EUR", "Brutto", confidence=99),
        field("SUBTOTAL", "100.00 EUR", "Netto 7 %"),
        field("TAX", "7.00 EUR", "MwSt 7 %"),
        field("TOTAL", "107.00 EUR", "Brutto"),
        field("TOTAL", "345.00 EUR", "Gesamtbetrag", confidence=70),
    )
    assert sums(reading) == decimals("300.00", "45.00", "345.00")
    assert reading.found.problems == []


def test_sums_of_goods_with_and_without_tax_make_the_total() -> None:
    reading = read(
        field("SUBTOTAL", "7.61 MYR", "Total 0% supplies"),
        field("TOTAL", "25.44 MYR", "Total 6% supplies incl. GST"),
        field("AMOUNT_DUE", "33.05 MYR", "Total payable"),
    )
    assert reading.invoice.total == Decimal("33.05")


def test_rounding_to_coins_is_neither_tax_nor_total() -> None:
    """Öresavrundning: what is to be paid is rounded, the total is not (BT-114)."""
    reading = read(
        field("SUBTOTAL", "1000,00 SEK", "Netto"),
        field("TAX", "249,60 SEK", "Moms"),
        field("OTHER", "0,40", "Öresavrundning"),
        field("OTHER", "0,40", "Rounding"),
        field("TOTAL", "1250,00 SEK", "Att betala"),
    )
    invoice = reading.invoice
    assert (invoice.total, invoice.rounding) == decimals("1249.60", "0.40")
    assert invoice.payable == Decimal("1250.00")
    assert reading.found.evidence["total"].derived_from == ("net", "tax")


def test_an_amount_above_any_tax_rate_is_no_tax() -> None:
    reading = read(
        field("TAX", "80.00 EUR", "Tax"),
        field("TAX", "19.00 EUR", "Tax"),
        field("TOTAL", "119.00 EUR", "Total"),
    )
    assert sums(reading) == decimals("100.00", "19.00", "119.00")


def test_an_amount_due_with_a_balance_from_before_is_no_total() -> None:
    """PRIOR_BALANCE: the amount due is of two invoices, and no total is printed."""
    reading = read(
        field("PRIOR_BALANCE", "500.00 EUR", "Previous balance"),
        field("AMOUNT_DUE", "619.00 EUR", "Amount due"),
    )
    assert reading.invoice.total is None
    assert reading.invoice.payable == Decimal("619.00")


def test_an_amount_due_alone_is_the_total() -> None:
    assert read(field("AMOUNT_DUE", "619.00 EUR", "Amount due")).invoice.total == Decimal("619.00")


def test_what_was_handed_over_at_the_till_tells_the_total_and_is_not_prepaid() -> None:
    reading = read(
        field("TOTAL", "12.00 EUR", "Total"),
        field("TOTAL", "11.32 EUR", "Total"),
        field("AMOUNT_PAID", "12.00 EUR", "Cash"),
    )
    assert (reading.invoice.total, reading.invoice.prepaid) == (Decimal("12.00"), None)
    assert reading.found.problems == []


def test_tax_that_is_accounted_for_in_another_currency_is_not_added() -> None:
    """RE-16: the currency is that of the total; the tax in the seller's own is left out."""
    reading = read(
        field("SUBTOTAL", "USD 100.00", "Subtotal"),
        field("TAX", "USD 8.00", "Tax"),
        field("TAX", "SGD 10.80", "Tax"),
        field("TOTAL", "USD 108.00", "Total"),
    )
    assert reading.invoice.currency == "USD"
    assert sums(reading) == decimals("100.00", "8.00", "108.00")


def test_an_amount_that_may_have_thousands_or_decimals_is_shown_with_both_meanings() -> None:
    reading = read(field("TOTAL", "1.234 KWD", "Total"))
    problem = next(problem for problem in reading.found.problems if problem.field == "total")
    assert problem.values == {"decimals": "1.234", "thousands": "1234"}
    assert read(field("TOTAL", "1.234 EUR", "Total")).found.problems == []
    proven = read(field("TOTAL", "1.234 KWD", "Total"), field("SUBTOTAL", "1.100,500 KWD", "Net"))
    assert [problem.field for problem in proven.found.problems] == []


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("Gutschrift Nr. 4", "credit-note"),
        ("KREDITNOTA", "credit-note"),
        ("Nota de crédito", "credit-note"),
        ("Hyvityslasku", "credit-note"),
        ("Rechnungskorrektur", "corrective-invoice"),
        ("Facture rectificative", "corrective-invoice"),
        ("Abschlagsrechnung 2", "partial-invoice"),
        ("Facture d'acompte", "partial-invoice"),
        ("Schlussrechnung", "final-invoice"),
        ("Slutfaktura", "final-invoice"),
        ("Self-billed invoice", "self-billed-invoice"),
        ("Rechnung", "invoice"),
        ("Credit card payments are welcome", "invoice"),
        ("Gutschriften werden nicht bar ausgezahlt, siehe unsere Bedingungen.", "invoice"),
    ],
)
def test_the_heading_says_what_kind_of_invoice_it_is(label: str, kind: str) -> None:
    assert read(field("TOTAL", "60,00 EUR"), text=label).invoice.type == kind


def test_a_correction_that_pays_back_is_a_credit_note() -> None:
    invoice = read(field("TOTAL", "-60,00 PLN", "Razem"), text="Faktura korygująca").invoice
    assert (invoice.type, invoice.total) == ("credit-note", Decimal("60.00"))


def test_a_till_slip_without_the_word_invoice_is_a_receipt() -> None:
    slip = {
        "SummaryFields": [
            field("TOTAL", "$12.00", "TOTAL"),
            field("AMOUNT_PAID", "$12.00", "TEND"),
        ],
        "Blocks": [
            {"BlockType": "LINE", "Text": text} for text in ("CHANGE DUE 0.00", "CASHIER 4")
        ],
    }
    assert read_expense([slip])[0].invoice.type == "receipt"
    slip["Blocks"].append({"BlockType": "LINE", "Text": "Tax invoice"})
    assert read_expense([slip])[0].invoice.type == "invoice"
