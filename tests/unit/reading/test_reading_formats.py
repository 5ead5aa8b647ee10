"""UBL, CII and ZUGFeRD 1.0 carry every field into the one invoice."""

from datetime import date
from decimal import Decimal

import pytest

from sapmatch.model.invoice import (
    AllowanceCharge,
    BankAccount,
    Invoice,
    InvoiceLine,
    InvoiceReference,
    InvoiceType,
    Party,
    Payment,
    ReadResult,
    TaxSubtotal,
)
from tests.builders.reading import codes, fixture, read

UBL = fixture("invoice-ubl.xml")
CII = fixture("invoice-cii.xml")
SCREWS = InvoiceLine(
    id="10",
    description="Schraube M8",
    quantity=Decimal(200),
    unit="C62",
    unit_price=Decimal("30.00"),
    price_base_quantity=Decimal(100),
    net=Decimal("60.00"),
    tax_category="S",
    tax_rate=Decimal(19),
    order_reference="4500000001",
    order_item="10",
    seller_item_id="S-8",
    buyer_item_id="MAT-1",
    standard_item_id="4012345000016",
)


def invoice_of(result: ReadResult) -> Invoice:
    """The invoice of a result that was read."""
    assert result.outcome == "read", result.problems
    assert result.invoice is not None
    return result.invoice


def test_ubl_carries_every_field() -> None:
    assert invoice_of(read(UBL)) == Invoice(
        number="R-2026-17",
        issue_date=date(2026, 3, 2),
        type_code="380",
        due_date=date(2026, 4, 1),
        type="invoice",
        currency="EUR",
        net=Decimal("95.00"),
        tax=Decimal("18.05"),
        total=Decimal("113.05"),
        prepaid=Decimal("13.00"),
        rounding=Decimal("-0.05"),
        payable=Decimal("100.00"),
        line_total=Decimal("100.00"),
        tax_currency="SEK",
        tax_accounted=Decimal("200.00"),
        iban="DE02120300000000202051",
        payment=Payment(accounts=(BankAccount(iban="DE02120300000000202051"),)),
        profile="urn:cen.eu:en16931:2017",
        seller=Party(
            name="Schrauben Nord GmbH",
            trading_name="Schrauben Nord",
            vat_id="DE123456789",
            tax_id="22/815/08154",
            country="DE",
        ),
        buyer=Party(name="Example Maschinenbau GmbH"),
        order_references=("4500000001", "4500000002"),
        sales_order_reference="AB-9",
        buyer_reference="Einkauf 7",
        contract_reference="V-3",
        delivery_note="LS-5",
        preceding_invoices=(InvoiceReference(number="R-2026-16"),),
        taxes=(
            TaxSubtotal(
                category="S", rate=Decimal(19), basis=Decimal("95.00"), amount=Decimal("18.05")
            ),
        ),
        allowances_charges=(
            AllowanceCharge(
                is_charge=False,
                amount=Decimal("10.00"),
                reason="Rabatt",
                tax_category="S",
                tax_rate=Decimal(19),
            ),
            AllowanceCharge(
                is_charge=True,
                amount=Decimal("5.00"),
                reason="Fracht",
                tax_category="S",
                tax_rate=Decimal(19),
            ),
        ),
        lines=(
            SCREWS,
            InvoiceLine(
                id="20",
                description="Fett",
                quantity=Decimal("2.5"),
                unit="KGM",
                unit_price=Decimal("16.00"),
                net=Decimal("40.00"),
                order_reference="4500000002",
                order_item="20",
            ),
        ),
    )


def test_every_xml_field_is_certain_and_says_where_it_stands() -> None:
    result = read(UBL)
    assert set(result.confidence.values()) == {1.0}
    assert result.evidence["total"].xpath == "/Invoice/LegalMonetaryTotal/TaxInclusiveAmount"
    assert result.method == "xml"


def test_cii_carries_every_field() -> None:
    assert invoice_of(read(CII)) == Invoice(
        number="FX-2026-4711",
        issue_date=date(2026, 3, 2),
        type_code="380",
        due_date=date(2026, 4, 1),
        currency="EUR",
        net=Decimal("65.00"),
        tax=Decimal("12.35"),
        total=Decimal("77.35"),
        payable=Decimal("77.35"),
        line_total=Decimal("60.00"),
        iban="DE02120300000000202051",
        payment=Payment(accounts=(BankAccount(iban="DE02120300000000202051"),)),
        seller=Party(
            name="Schrauben Nord GmbH", vat_id="DE123456789", tax_id="22/815/08154", country="DE"
        ),
        buyer=Party(name="Example Maschinenbau GmbH"),
        order_references=("4500000001", "4500000002"),
        sales_order_reference="AB-9",
        buyer_reference="Einkauf 7",
        contract_reference="V-3",
        delivery_note="LS-5",
        preceding_invoices=(InvoiceReference(number="R-2026-16"),),
        taxes=(
            TaxSubtotal(
                category="S", rate=Decimal(19), basis=Decimal("65.00"), amount=Decimal("12.35")
            ),
        ),
        allowances_charges=(
            AllowanceCharge(is_charge=True, amount=Decimal("5.00"), reason="Fracht"),
        ),
        lines=(
            InvoiceLine(
                id="1",
                description="Schraube M8",
                quantity=Decimal(200),
                unit="C62",
                unit_price=Decimal("30.00"),
                price_base_quantity=Decimal(100),
                net=Decimal("60.00"),
                tax_category="S",
                tax_rate=Decimal(19),
                order_reference="4500000002",
                order_item="20",
                seller_item_id="S-8",
                buyer_item_id="MAT-1",
                standard_item_id="4012345000016",
            ),
        ),
    )


def test_zugferd_1_is_cii_under_older_names() -> None:
    """Allowances written as negative amounts, and lines that only carry a note, are normal."""
    result = read(fixture("invoice-zugferd-1.xml"))
    invoice = invoice_of(result)
    assert result.kind == "cii"
    assert (invoice.number, invoice.total) == ("ZF-1", Decimal("52.06"))
    assert invoice.seller == Party(name="Schrauben Nord GmbH", vat_id="DE123456789")
    assert (invoice.order_references, invoice.delivery_note) == (("4500000001",), "LS-5")
    assert [(line.net, line.tax_rate) for line in invoice.lines] == [
        (Decimal("60.00"), Decimal("19.00"))
    ]


@pytest.mark.parametrize(
    ("code", "type"),
    [
        ("381", "credit-note"),
        ("384", "corrective-invoice"),
        ("326", "partial-invoice"),
        ("875", "partial-invoice"),
        ("877", "final-invoice"),
        ("389", "self-billed-invoice"),
        ("261", "credit-note"),
        ("751", "invoice"),
    ],
)
def test_the_type_code_decides_what_it_is(code: str, type: InvoiceType) -> None:
    for text in (CII, UBL):
        invoice = invoice_of(read(text.replace(">380<", f">{code}<")))
        assert (invoice.type, invoice.type_code) == (type, code)


def test_a_pro_forma_invoice_goes_to_a_person() -> None:
    assert codes(read(UBL.replace(">380<", ">325<"))) == ["NEEDS_REVIEW"]


def test_a_ubl_credit_note_needs_no_code_and_dates_its_payment_elsewhere() -> None:
    text = (
        UBL.replace("Invoice-2", "CreditNote-2")
        .replace("<Invoice ", "<CreditNote ")
        .replace("</Invoice>", "</CreditNote>")
        .replace("cac:InvoiceLine", "cac:CreditNoteLine")
        .replace("InvoicedQuantity", "CreditedQuantity")
        .replace("  <cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>\n", "")
        .replace("  <cbc:DueDate>2026-04-01</cbc:DueDate>\n", "")
        .replace(
            "<cac:PaymentMeans>",
            "<cac:PaymentMeans><cbc:PaymentDueDate>2026-04-01</cbc:PaymentDueDate>",
        )
    )
    invoice = invoice_of(read(text))
    assert (invoice.type, invoice.due_date) == ("credit-note", date(2026, 4, 1))
    assert [line.quantity for line in invoice.lines] == [Decimal(200), Decimal("2.5")]


def test_factur_x_minimum_has_no_lines_and_does_not_say_what_was_prepaid() -> None:
    start, end = CII.index("<ram:IncludedSupply"), CII.rindex("</ram:IncludedSupply")
    minimum = CII[:start] + CII[end + len("</ram:IncludedSupplyChainTradeLineItem>") :]
    start, end = minimum.index("<ram:ApplicableTradeTax>"), minimum.index("<ram:SpecifiedLogistics")
    minimum = minimum[:start] + minimum[end:]
    invoice = invoice_of(read(minimum.replace(">77.35</ram:Due", ">50.00</ram:Due")))
    assert (invoice.lines, invoice.total, invoice.payable) == ((), Decimal("77.35"), Decimal(50))
    more = read(minimum.replace(">77.35</ram:Due", ">500.00</ram:Due"))
    assert codes(more) == ["TOTALS"]


def test_a_placeholder_is_no_order_number() -> None:
    assert invoice_of(read(CII.replace("4500000001", "N/A"))).order_references == ("4500000002",)


def test_ten_thousand_lines_are_read() -> None:
    """MA-P60."""
    start, end = UBL.index("  <cac:InvoiceLine>"), UBL.index("  <cac:InvoiceLine>\n    <cbc:ID>20")
    text = UBL[:start] + UBL[start:end] * 10_000 + UBL[end:]
    result = read(text)
    assert result.invoice is not None
    assert len(result.invoice.lines) == 10_001
    assert codes(result) == ["TOTALS"]
    last = result.evidence["lines[9999].net"].xpath
    assert last == "/Invoice/InvoiceLine[10000]/LineExtensionAmount"
