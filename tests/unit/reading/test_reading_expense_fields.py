"""Every field that an AnalyzeExpense answer holds arrives (documents.md section 1)."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sapmatch.model.invoice import Invoice, InvoiceReference, TaxSubtotal
from sapmatch.reading.findings import Findings
from sapmatch.reading.printed.expense import read_expense
from tests.builders.reading import SUMS, field, invoice_page, page

Page = dict[str, Any]


def said(*documents: Page) -> tuple[Invoice, Findings]:
    """The first invoice and what was found out about it."""
    reading = read_expense(list(documents))[0]
    return reading.invoice, reading.found


def grouped(type: str, text: str, group: str, label: str = "") -> dict[str, Any]:
    """A field of one party."""
    return field(type, text, label, GroupProperties=[{"Types": [group], "Id": "1"}])


def test_both_parties_arrive_with_address_country_and_tax_numbers() -> None:
    seller = "Nord GmbH\nWerkstr. 5\n20095 Hamburg\nDeutschland"
    invoice, found = said(
        page(
            field("VENDOR_NAME", "Nord GmbH"),
            field("VENDOR_ADDRESS", seller),
            field("VENDOR_VAT_NUMBER", "DE123456789", "USt-IdNr."),
            field("TAX_PAYER_ID", "DE123456789", "USt-IdNr."),
            field("TAX_PAYER_ID", "22/815/08154", "Steuernummer"),
            field("RECEIVER_NAME", "Süd SARL"),
            field("RECEIVER_ADDRESS", "Süd SARL\n1 rue X\n75001 Paris\nFrance", "Rechnung an"),
            field("RECEIVER_VAT_NUMBER", "FR11999999998"),
            field("CUSTOMER_NUMBER", "K-77", "Kundennummer"),
        )
    )
    assert invoice.seller.address is not None
    assert invoice.seller.address.lines == ("Werkstr. 5", "20095 Hamburg", "Deutschland")
    assert (invoice.seller.address.postal_code, invoice.seller.address.city) == ("20095", "Hamburg")
    assert (invoice.seller.country, invoice.buyer.country) == ("DE", "FR")
    assert (invoice.seller.vat_id, invoice.seller.tax_id) == ("DE123456789", "22/815/08154")
    assert (invoice.buyer.vat_id, invoice.buyer.identifiers) == ("FR11999999998", ("K-77",))
    assert "seller.address" in found.evidence


def test_parts_that_the_engine_cut_out_of_an_address_are_used() -> None:
    invoice, _ = said(
        page(
            grouped("VENDOR_ADDRESS", "1 Main St, Springfield, IL 62701", "VENDOR"),
            grouped("CITY", "Springfield,", "VENDOR"),
            grouped("STATE", "IL", "VENDOR"),
            grouped("ZIP_CODE", "62701", "VENDOR"),
            grouped("CITY", "Elsewhere", "RECEIVER_BILL_TO"),
        )
    )
    address = invoice.seller.address
    assert address is not None
    assert (address.city, address.region, address.postal_code) == ("Springfield", "IL", "62701")
    assert invoice.seller.country == "US"


def test_the_receiver_of_the_bill_comes_before_that_of_the_goods() -> None:
    invoice, _ = said(
        page(
            grouped("NAME", "Lager Ost", "RECEIVER_SHIP_TO"),
            grouped("NAME", "Zentrale AG", "RECEIVER_BILL_TO"),
            field("RECEIVER_NAME", "Lager Ost", confidence=99),
            field("RECEIVER_NAME", "Zentrale AG", confidence=80),
            field("RECEIVER_ADDRESS", "Hafen 1\n20457 Hamburg", "Ship To", confidence=99),
            field("RECEIVER_ADDRESS", "Ring 2\n50667 Köln", "Bill To", confidence=80),
        )
    )
    assert invoice.buyer.name == "Zentrale AG"
    assert invoice.buyer.address is not None
    assert invoice.buyer.address.city == "Köln"
    assert invoice.delivered_to is not None
    assert invoice.delivered_to.address is not None
    assert invoice.delivered_to.address.city == "Hamburg"


def test_the_supplier_comes_before_whom_the_money_goes_to() -> None:
    invoice, _ = said(
        page(
            grouped("NAME", "Factoring Bank AG", "VENDOR_REMIT_TO"),
            grouped("NAME", "Nord GmbH", "VENDOR_SUPPLIER"),
        )
    )
    assert invoice.seller.name == "Nord GmbH"


def test_charges_and_discounts_arrive_where_nothing_adds_up() -> None:
    invoice, _ = said(
        page(
            field("SHIPPING_HANDLING_CHARGE", "5.00", "Freight"),
            field("SERVICE_CHARGE", "3.00", "Service"),
            field("GRATUITY", "2.00", "Tip"),
            field("DISCOUNT", "-1.00", "Discount"),
            field("TOTAL", "77.00 USD", "Total"),
        )
    )
    kept = [(item.is_charge, item.amount, item.reason) for item in invoice.allowances_charges]
    assert kept == [
        (True, Decimal("5.00"), "Freight"),
        (True, Decimal("3.00"), "Service"),
        (True, Decimal("2.00"), "Tip"),
        (False, Decimal("1.00"), "Discount"),
    ]


def test_what_was_paid_before_explains_the_amount_due() -> None:
    paid = field("AMOUNT_PAID", "-100,00 EUR", "Anzahlung")
    invoice, found = said(invoice_page(*SUMS, paid, field("AMOUNT_DUE", "19,00 EUR", "Zu zahlen")))
    assert (invoice.prepaid, invoice.payable) == (Decimal("100.00"), Decimal("19.00"))
    assert "prepaid" in found.confidence


def test_all_is_due_where_nothing_was_paid() -> None:
    invoice, found = said(invoice_page(*SUMS))
    assert invoice.payable == Decimal("119.00")
    assert found.evidence["payable"].derived_from == ("total",)
    spoken, _ = said(invoice_page(*SUMS, text="abzüglich Anzahlung"))
    assert spoken.payable is None


def test_tax_rows_arrive_with_rate_and_basis() -> None:
    invoice, _ = said(
        invoice_page(
            field("SUBTOTAL", "100,00 EUR", "Netto 19%"),
            field("SUBTOTAL", "200,00 EUR", "Netto 7%"),
            field("SUBTOTAL", "300,00 EUR", "Netto", confidence=99.5),
            field("TAX", "19,00 EUR", "MwSt 19 %"),
            field("TAX", "14,00 EUR", "MwSt 7 %"),
            field("TOTAL", "333,00 EUR", "Gesamtbetrag"),
        )
    )
    assert (invoice.net, invoice.tax) == (Decimal("300.00"), Decimal("33.00"))
    assert invoice.taxes == (
        TaxSubtotal(rate=Decimal(19), basis=Decimal("100.00"), amount=Decimal("19.00")),
        TaxSubtotal(rate=Decimal(7), basis=Decimal("200.00"), amount=Decimal("14.00")),
    )


def test_terms_accounts_and_bic_arrive() -> None:
    text = "IBAN: DE02 1203 0000 0000 2020 51 BIC: BYLADEM1001\nIBAN PL7319824976"
    invoice, _ = said(
        invoice_page(*SUMS, field("PAYMENT_TERMS", "30 Tage netto", "Zahlungsziel"), text=text)
    )
    assert invoice.payment.terms == "30 Tage netto"
    assert [(account.iban, account.bic) for account in invoice.payment.accounts] == [
        ("DE02120300000000202051", "BYLADEM1001")
    ]
    assert invoice.iban == "DE02120300000000202051"


def test_an_account_number_of_a_bank_is_no_iban_and_still_arrives() -> None:
    invoice, _ = said(invoice_page(field("ACCOUNT_NUMBER", "12345678", "Bank account no")))
    assert [account.iban for account in invoice.payment.accounts] == ["12345678"]
    assert invoice.iban is None


@pytest.mark.parametrize(
    ("number", "label", "text"),
    [
        ("****5671", "Bank account", ""),
        ("XXXXXX125671", "Bank account", ""),
        ("5671", "Bank account", ""),
        ("125671", "Bank account", "Bank account: ****125671"),
        ("12345678", "Account", ""),
        ("12345678", "Customer account (bank)", ""),
    ],
    ids=["masked", "crossed out", "the end", "stars lost", "any account", "the buyer's"],
)
def test_what_is_no_account_of_the_seller_is_none(number: str, label: str, text: str) -> None:
    invoice, found = said(invoice_page(field("ACCOUNT_NUMBER", number, label), text=text))
    assert (invoice.iban, invoice.payment.accounts) == (None, ())
    assert "iban" not in found.confidence


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Lieferschein-Nr.", "delivery_note"),
        ("Delivery note", "delivery_note"),
        ("Contrat n°", "contract_reference"),
        ("Projekt", "project_reference"),
        ("Leitweg-ID", "buyer_reference"),
        ("Uw referentie", "buyer_reference"),
    ],
)
def test_numbers_of_other_documents_arrive(label: str, name: str) -> None:
    invoice, found = said(page(field("OTHER", "4-711", label)))
    assert getattr(invoice, name) == "4-711"
    assert name in found.evidence


def test_the_invoice_that_a_credit_note_is_about_arrives() -> None:
    invoice, _ = said(page(field("OTHER", "R-16", "zu Rechnung Nr."), text="Gutschrift"))
    assert invoice.preceding_invoices == (InvoiceReference(number="R-16"),)


def test_a_delivery_date_or_period_arrives() -> None:
    day, _ = said(page(field("DELIVERY_DATE", "02.03.2026", "Lieferdatum")))
    assert day.delivery_date == date(2026, 3, 2)
    span, _ = said(page(field("DELIVERY_DATE", "01.02.2026 - 28.02.2026", "Leistungszeitraum")))
    assert span.period is not None
    assert (span.period.start, span.period.end) == (date(2026, 2, 1), date(2026, 2, 28))


def test_rivals_lower_the_score_of_the_value_that_was_chosen() -> None:
    _, alone = said(page(field("INVOICE_RECEIPT_ID", "R-17", "Invoice No")))
    rival = field("INVOICE_RECEIPT_ID", "R-99", "Invoice No", confidence=90)
    _, disputed = said(page(field("INVOICE_RECEIPT_ID", "R-17", "Invoice No"), rival))
    assert disputed.confidence["number"] < alone.confidence["number"]


def test_an_answer_without_geometry_or_blocks_has_pages_and_no_boxes() -> None:
    """Trap 5: some old responses lack Geometry, and those before October 2022 Blocks."""
    document = invoice_page(*SUMS)
    del document["Blocks"]
    for seen in document["SummaryFields"]:
        del seen["ValueDetection"]["Geometry"]
    _, found = said(document)
    place = found.evidence["total"]
    assert (place.page, place.box, place.text) == (1, None, "119,00 EUR")


def test_line_items_arrive_where_there_are_no_summary_fields() -> None:
    """Trap 5: SummaryFields can be empty while line items exist."""
    rows = [[field("ITEM", "A"), field("PRICE", "60,00"), field("UNIT_PRICE", "30,00")]]
    invoice, _ = said(page(rows=rows))
    assert invoice.total is None
    assert [(line.net, line.unit_price) for line in invoice.lines] == [
        (Decimal("60.00"), Decimal("30.00"))
    ]


@pytest.mark.parametrize("caption", ["FATURA", "Leveringsadresse", "Invoice Number", "Rechnung"])
def test_a_caption_is_nobodys_name(caption: str) -> None:
    names = (
        field("VENDOR_NAME", caption, confidence=99),
        field("VENDOR_NAME", "Nord", confidence=60),
    )
    assert said(page(*names))[0].seller.name == "Nord"
    assert said(page(field("RECEIVER_NAME", caption)))[0].buyer.name is None
