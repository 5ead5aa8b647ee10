"""What an expense engine saw becomes an invoice, with the traps of documents.md section 1."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sapmatch.model.invoice import Invoice
from tests.builders.reading import SUMS, codes, field, fixture, invoice_page, page, png, read, seen

Page = dict[str, Any]


def invoice_of(*documents: Page) -> Invoice:
    """The invoice in the picture."""
    result = seen(*documents)
    assert result.invoice is not None
    return result.invoice


def line(*fields: tuple[str, str]) -> list[dict[str, Any]]:
    """A line item."""
    return [field(kind, text) for kind, text in fields]


def test_a_whole_answer_becomes_an_invoice_with_confidence_and_evidence() -> None:
    result = read(png(), documents=json.loads(fixture("expense.json"))["ExpenseDocuments"])
    assert (result.outcome, result.kind, result.method) == ("read", "scan", "textract")
    invoice = result.invoice
    assert invoice is not None
    assert (invoice.number, invoice.issue_date) == ("R-17", date(2026, 3, 2))
    assert (invoice.net, invoice.tax, invoice.total) == (
        Decimal("100.00"),
        Decimal("19.00"),
        Decimal("119.00"),
    )
    assert [(item.quantity, item.unit, item.unit_price, item.net) for item in invoice.lines] == [
        (Decimal(200), "Stk", Decimal("0.30"), Decimal("60.00")),
        (None, None, None, Decimal("40.00")),
    ]
    assert invoice.lines[1].description == "Fett, Dose"
    assert invoice.seller.vat_id == "DE123456789"
    assert invoice.order_references == ("4500000001",)
    assert invoice.iban == "DE02120300000000202051"
    assert result.confidence["total"] > 0.9
    assert (result.evidence["total"].page, result.evidence["total"].box) == (
        2,
        (0.8, 0.5, 0.1, 0.02),
    )


def test_the_total_is_chosen_by_what_adds_up() -> None:
    """Trap 2: a surer field with another label and another value comes first."""
    wrong = field("TOTAL", "5.680,81 EUR", "Total", confidence=99.9)
    assert invoice_of(invoice_page(wrong, *SUMS)).total == Decimal("119.00")


def test_the_total_is_chosen_by_its_label_where_nothing_adds_up() -> None:
    balance = field("TOTAL", "0,00 EUR", "Balance", confidence=99.9)
    total = field("TOTAL", "60,00 EUR", "Total", confidence=90)
    assert invoice_of(invoice_page(balance, total)).total == Decimal("60.00")


def test_a_total_may_be_a_subtotal_beside_a_grand_total() -> None:
    page = invoice_page(
        field("TOTAL", "100,00 EUR", "Total"),
        field("TAX", "19,00 EUR", "Tax"),
        field("TOTAL", "119,00 EUR", "Grand Total"),
    )
    invoice = invoice_of(page)
    assert (invoice.net, invoice.total) == (Decimal("100.00"), Decimal("119.00"))


def test_two_totals_that_nothing_tells_apart_go_to_a_person() -> None:
    result = seen(
        invoice_page(field("TOTAL", "60,00 EUR", "Total"), field("TOTAL", "70,00 EUR", "Total"))
    )
    several = [problem for problem in result.problems if "Several amounts" in problem.message]
    assert several[0].values == {"amount 1": "60.00", "amount 2": "70.00"}


def test_no_total_is_invented() -> None:
    result = seen(invoice_page(*SUMS[:2], rows=[line(("ITEM", "A"), ("PRICE", "100,00"))]))
    assert codes(result) == ["NO_TOTAL"]
    assert result.invoice is not None
    assert result.invoice.total is None
    assert result.invoice.net == Decimal("100.00")


def test_sums_that_contradict_each_other_are_not_believed() -> None:
    """The ACME specimen of documents.md section 5: 1420.00 + 269.80 is not 1589.80."""
    result = seen(
        invoice_page(
            field("SUBTOTAL", "1.420,00 €"),
            field("TAX", "269,80 €"),
            field("TOTAL", "1.589,80 €"),
        )
    )
    assert result.outcome == "needs-review"
    assert codes(result) == ["NEEDS_REVIEW"]
    assert result.problems[0].values == {"net with tax": "1689.80 EUR", "stated": "1589.80 EUR"}


def test_a_net_amount_that_is_not_printed_follows_from_total_and_tax() -> None:
    result = seen(invoice_page(*SUMS[1:]))
    assert result.invoice is not None
    assert result.invoice.net == Decimal("100.00")
    assert result.evidence["net"].derived_from == ("total", "tax")


def test_a_subtotal_with_tax_inside_is_no_net_amount() -> None:
    inside = field("SUBTOTAL", "119,00 EUR", "Subtotaal")
    invoice = invoice_of(invoice_page(inside, *SUMS[1:]))
    assert (invoice.net, invoice.total) == (Decimal("100.00"), Decimal("119.00"))


def test_several_tax_rows_make_one_tax() -> None:
    invoice = invoice_of(
        invoice_page(
            field("SUBTOTAL", "200,00 EUR"),
            field("TAX", "19,00 EUR", "19 %"),
            field("TAX", "7,00 EUR", "7 %"),
            field("TOTAL", "226,00 EUR"),
        )
    )
    assert invoice.tax == Decimal("26.00")


def test_shipping_and_discount_are_charges_where_they_make_the_total() -> None:
    result = seen(
        invoice_page(
            field("SUBTOTAL", "100,00 EUR"),
            field("SHIPPING_HANDLING_CHARGE", "10,00 EUR", "Versand"),
            field("DISCOUNT", "-5,00 EUR", "Rabatt"),
            field("TAX", "19,95 EUR"),
            field("TOTAL", "124,95 EUR"),
            rows=[line(("ITEM", "A"), ("PRICE", "100,00"))],
        )
    )
    assert result.outcome == "read"
    assert result.invoice is not None
    assert result.invoice.net == Decimal("105.00")
    assert [(item.is_charge, item.amount) for item in result.invoice.allowances_charges] == [
        (True, Decimal("10.00")),
        (False, Decimal("5.00")),
    ]


def test_a_prior_balance_explains_an_amount_due_that_is_not_the_total() -> None:
    invoice = invoice_of(
        invoice_page(
            *SUMS,
            field("PRIOR_BALANCE", "500,00 EUR"),
            field("AMOUNT_DUE", "619,00 EUR", "Amount due"),
        )
    )
    assert (invoice.total, invoice.payable) == (Decimal("119.00"), Decimal("619.00"))
    assert invoice.prepaid == Decimal("-500.00")


def test_a_receipt_row_is_the_fall_back_of_a_line() -> None:
    """Traps 3 and 5: an empty OTHER for the quantity, and only EXPENSE_ROW for the amount."""
    rows = [
        [field("EXPENSE_ROW", "Schraube M8 $60.00")],
        [field("OTHER", "", "Quantity"), field("ITEM", "Fett"), field("PRICE", "$40.00 S")],
        [field("ITEM", "in der Dose")],
        [field("ITEM", "Total"), field("PRICE", "$100.00")],
    ]
    invoice = invoice_of(invoice_page(*SUMS, rows=rows))
    assert [(item.description, item.quantity, item.net) for item in invoice.lines] == [
        ("Schraube M8", None, Decimal("60.00")),
        ("Fett in der Dose", None, Decimal("40.00")),
    ]


@pytest.mark.parametrize(
    ("amount", "more", "currency"),
    [
        ("$100.00", {"text": "Seattle, WA 98052"}, "USD"),
        ("$100.00", {"text": "Toronto, ON M5V 3L9, Canada"}, "CAD"),
        ("A$ 100.00", {}, "AUD"),
        ("$100.00", {"text": "all prices in AUD"}, "AUD"),
        ("100,00 kr", {"text": "Oslo, Norge"}, "NOK"),
        ("100,00 zł", {}, "PLN"),
        ("RM 100.00", {}, "MYR"),
        ("100.00", {"text": "Amount (RM)"}, "MYR"),
        ("100.00", {"text": "Kedai Sdn Bhd"}, "MYR"),
        ("100,00", {"text": "50,00 EURO"}, "EUR"),
    ],
)
def test_the_currency_is_what_the_page_shows(
    amount: str, more: dict[str, str], currency: str
) -> None:
    text = more.get("text", "")
    assert invoice_of(invoice_page(field("TOTAL", amount, "Total"), text=text)).currency == currency


def test_a_dollar_sign_alone_is_not_the_currency_of_the_united_states() -> None:
    guess: dict[str, Any] = {"Currency": {"Code": "USD", "Confidence": 60.0}}
    unsaid: dict[str, Any] = {"Currency": {"Code": "USD"}}
    for more in ({}, unsaid, guess):
        result = seen(invoice_page(field("TOTAL", "$100.00", "Total", **more)))
        assert result.invoice is not None
        assert result.invoice.currency is None
        assert "currency" in [problem.field for problem in result.problems]


def test_an_engine_that_is_sure_of_its_dollar_is_believed() -> None:
    sure: dict[str, Any] = {"Currency": {"Code": "USD", "Confidence": 98.0}}
    assert invoice_of(invoice_page(field("TOTAL", "$100.00", **sure))).currency == "USD"


@pytest.mark.parametrize(
    ("text", "clue", "day"),
    [
        ("03/04/2026", "Seattle, WA 98052", date(2026, 3, 4)),
        ("03/04/2026", "Kedai Sdn Bhd", date(2026, 4, 3)),
        ("03/04/2026", "Due 12/31/2026", date(2026, 3, 4)),
        ("Thursday, 26 March 2020", "", date(2020, 3, 26)),
    ],
)
def test_a_date_is_settled_by_the_page(text: str, clue: str, day: date) -> None:
    document = page(field("INVOICE_RECEIPT_DATE", text), text=clue)
    assert invoice_of(document).issue_date == day


def test_a_date_that_nothing_settles_is_reported() -> None:
    document = page(
        field("VENDOR_NAME", "Nord"),
        field("INVOICE_RECEIPT_ID", "R-1"),
        field("INVOICE_RECEIPT_DATE", "03/04/2026"),
        field("TOTAL", "60.00 USD"),
    )
    problem = next(problem for problem in seen(document).problems if problem.field == "issue_date")
    assert problem.values == {"day first": "2026-04-03", "month first": "2026-03-04"}


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("Invoice #1258", "1258"),
        ("Rechnung Nr. R-17", "R-17"),
        ("INV-100", "INV-100"),
        ("NO-2026-9469", "NO-2026-9469"),
        ("#00000135", "00000135"),
        ("123 456", "123 456"),
    ],
)
def test_a_printed_label_is_no_part_of_the_number(value: str, number: str) -> None:
    assert invoice_of(page(field("INVOICE_RECEIPT_ID", value))).number == number


def test_the_number_with_the_right_label_wins() -> None:
    document = page(
        field("INVOICE_RECEIPT_ID", "K-77", "Customer No", confidence=99),
        field("INVOICE_RECEIPT_ID", "R-17", "Invoice No", confidence=80),
    )
    assert invoice_of(document).number == "R-17"


@pytest.mark.parametrize(
    "document",
    [
        page(field("PO_NUMBER", "4500000001", "P.O. #")),
        page(field("OTHER", "4500000001", "Ihre Bestellung")),
        page(text="Rechnung gemäß Bestellung Nr. 4500000001 vom 01.03.2026."),
        page(text="Purchase Order: 4500000001"),
        page(text="Votre commande n° 4500000001"),
        page(field("PO_NUMBER", "4500000001"), text="Bestellnummer 4500000001"),
    ],
)
def test_the_buyers_order_number_is_found(document: Page) -> None:
    assert invoice_of(document).order_references == ("4500000001",)


def test_several_orders_in_one_field_are_several() -> None:
    invoice = invoice_of(page(field("PO_NUMBER", "4500000001, 4500000002 (01.03.2026)")))
    assert invoice.order_references == ("4500000001", "4500000002")


def test_the_sellers_order_number_is_not_the_buyers() -> None:
    invoice = invoice_of(page(field("PO_NUMBER", "12508334", "Ordernummer:")))
    assert (invoice.order_references, invoice.sales_order_reference) == ((), "12508334")


def test_names_and_tax_numbers_come_several_times() -> None:
    """Traps 5 and 6."""
    document = page(
        field("VENDOR_NAME", "META\n-", confidence=72),
        field("VENDOR_NAME", "", confidence=0),
        field("TAX_PAYER_ID", "VAT DE123456789"),
        field("VENDOR_VAT_NUMBER", "VAT DE123456789"),
        field("RECEIVER_NAME", "Ronald Davis", "Attn:", confidence=99),
        field("RECEIVER_NAME", "Abstractors and Design Co.", confidence=90),
    )
    invoice = invoice_of(document)
    assert (invoice.seller.name, invoice.seller.vat_id) == ("META", "DE123456789")
    assert invoice.buyer.name == "Abstractors and Design Co."


def test_a_credit_note_has_positive_amounts() -> None:
    negative = (
        field("SUBTOTAL", "-100,00 EUR"),
        field("TAX", "-19,00 EUR"),
        field("TOTAL", "-119,00 EUR"),
    )
    invoice = invoice_of(invoice_page(*negative, text="Gutschrift Nr. 4\nDanke"))
    assert (invoice.type, invoice.total, invoice.net) == (
        "credit-note",
        Decimal("119.00"),
        Decimal("100.00"),
    )
