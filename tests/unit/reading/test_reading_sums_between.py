"""Sums between the lines and what is due (BR-CO-13, BR-CO-16), and currencies beside each other."""

from decimal import Decimal
from typing import Any

import pytest

from sapmatch.model.invoice import Invoice
from sapmatch.reading.arithmetic import contradictions
from sapmatch.reading.confidence import classes
from sapmatch.reading.printed.expense import Reading, read_expense
from sapmatch.reading.printed.textlayer import is_only_date, unproven
from tests.builders.reading import field, invoice_page

PROVEN = (
    field("SUBTOTAL", "100.00 EUR", "Net"),
    field("TAX", "20.00 EUR", "VAT 20 %"),
    field("TOTAL", "120.00 EUR", "Total"),
)


def read(*fields: dict[str, Any], text: str = "", **more: Any) -> Reading:
    return read_expense([invoice_page(*fields, text=text, **more)])[0]


def line(amount: str) -> list[dict[str, Any]]:
    return [field("ITEM", "Anvil"), field("PRICE", amount)]


def kept(invoice: Invoice) -> list[tuple[bool, Decimal]]:
    return [(item.is_charge, item.amount) for item in invoice.allowances_charges]


def _unproven(reading: Reading) -> set[str | None]:
    return {problem.field for problem in unproven(reading.invoice, reading.found)}


@pytest.mark.parametrize(
    ("lines", "extra", "text", "expected"),
    [
        ("105.00", (field("DISCOUNT", "-5.00", "Rabatt"),), "", [(False, Decimal("5.00"))]),
        ("90.00", (field("SERVICE_CHARGE", "10.00", "Fee"),), "", [(True, Decimal("10.00"))]),
        ("105.00", (), "-5,00", [(False, Decimal("5.00"))]),
        ("92.00", (field("SUBTOTAL", "92.00", "Goods"),), "", [(True, Decimal("8.00"))]),
        ("92.00", (), "8,00", []),
    ],
)
def test_what_lines_and_net_differ_by_is_kept_where_the_page_shows_it(
    lines: str, extra: tuple[dict[str, Any], ...], text: str, expected: list[tuple[bool, Decimal]]
) -> None:
    invoice = read(*PROVEN, *extra, text=text, rows=[line(lines)]).invoice
    assert kept(invoice) == expected
    assert bool(contradictions(invoice)) is not bool(expected)


def test_net_is_the_total_where_no_tax_is_named() -> None:
    fields = (field("SUBTOTAL", "90.00 USD", "Subtotal"), field("TOTAL", "90.00 USD", "Total"))
    assert read(*fields).invoice.net == Decimal("90.00")
    assert "tax" not in _unproven(read(*fields, text="VAT 0 %"))
    assert "tax" in _unproven(read(*fields, text="incl. 7 % VAT"))


def test_union_and_state_each_take_their_half() -> None:
    """India: two equal taxes at one rate are two taxes."""
    fields = [
        field("SUBTOTAL", "100.00 INR", "Taxable Value"),
        field("TAX", "9.00", "CGST @ 9%"),
        field("TAX", "9.00", "SGST @ 9%"),
        field("TOTAL", "118.00 INR", "Total"),
    ]
    assert read(*fields).invoice.tax == Decimal("18.00")


def test_a_payment_made_before_explains_the_smaller_sum() -> None:
    rest = field("AMOUNT_DUE", "80.00 EUR", "Att betala", confidence=80)
    invoice = read(*PROVEN, rest, text="Avgår förskott\n-40,00").invoice
    assert (invoice.prepaid, invoice.payable) == (Decimal("40.00"), Decimal("80.00"))
    assert contradictions(invoice) == []


def test_a_row_of_all_rates_does_not_hide_those_of_each() -> None:
    fields = [
        field("SUBTOTAL", "100.00 EUR", "Netto 20%"),
        field("TAX", "20.00", "MwSt. 20%"),
        field("SUBTOTAL", "50.00 EUR", "Netto 10%"),
        field("TAX", "5.00", "MwSt. 10%"),
        field("SUBTOTAL", "150.00 EUR", "Netto Gesamt", confidence=99),
        field("TAX", "25.00", "MwSt. Gesamt", confidence=99),
        field("TOTAL", "175.00 EUR", "Brutto Gesamt", confidence=99),
    ]
    taxes = read(*fields).invoice.taxes
    assert sorted((tax.rate, tax.basis) for tax in taxes) == [
        (Decimal(10), Decimal("50.00")),
        (Decimal(20), Decimal("100.00")),
    ]


def test_a_credit_note_printed_with_a_minus_keeps_its_tax_rows() -> None:
    fields = [
        field("INVOICE_RECEIPT_ID", "G-1", "Gutschrift Nr."),
        field("SUBTOTAL", "-100.00 EUR", "Netto"),
        field("TAX", "-20.00 EUR", "MwSt. 20 %"),
        field("TOTAL", "-120.00 EUR", "Gesamtbetrag"),
    ]
    invoice = read(*fields).invoice
    assert invoice.type == "credit-note"
    assert [row.amount for row in invoice.taxes] == [Decimal("20.00")]
    assert contradictions(invoice) == []


def test_the_total_in_local_currency_is_not_the_invoice_s() -> None:
    """The tax office's currency (BT-6) stands beside that of the invoice (BT-5)."""
    local = [field("TOTAL", "895.08 DKK", "Total DKK"), field("TAX", "149.18 DKK", "VAT 20 %")]
    invoice = read(*PROVEN, *local).invoice
    assert (invoice.currency, invoice.total) == ("EUR", Decimal("120.00"))


def test_a_pallet_is_no_currency() -> None:
    fields = [
        field("TOTAL", "83 599,95 kr", "Totalsumma"),
        field("VENDOR_VAT_NUMBER", "SE556188840401"),
    ]
    assert read(*fields, text="EUR-pall").invoice.currency == "SEK"


def test_a_column_of_credits_makes_no_credit_note() -> None:
    """A hotel's folio: charges and credits side by side."""
    total = field("TOTAL", "120.00 EUR", "Gesamt")
    assert read(total, text="Belastung\nGutschrift\nSaldo").invoice.type == "invoice"
    assert read(total, text="Gutschrift\nSaldo").invoice.type == "credit-note"


def test_the_only_day_on_a_page_needs_no_label() -> None:
    assert is_only_date(read(*PROVEN, text="12.03.2024 14:35\n12.03.2024").found.slip)
    assert not is_only_date(read(*PROVEN, text="12.03.2024\n13.04.2024").found.slip)
    assert not is_only_date(None)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Kundenweg 88", "guessed"), ("Werk 88 GmbH", "labelled"), ("Harrow Events", "labelled")],
)
def test_a_name_with_a_house_number_is_probably_the_line_below_the_name(
    name: str, expected: str
) -> None:
    reading = read(*PROVEN, field("RECEIVER_NAME", name, "Bill to"))
    found = dict(classes(reading.invoice, reading.found))
    assert found["buyer.name"] == ("buyer.name", expected)
