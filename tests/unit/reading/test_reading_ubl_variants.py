"""UBL as it occurs: older versions, national dialects, envelopes, dropped namespaces."""

from datetime import date
from decimal import Decimal

import pytest

from sapmatch.model.invoice import Invoice, ReadResult
from tests.builders.reading import codes, fixture, read

UBL = fixture("invoice-ubl.xml")
BARE = UBL.partition("?>")[2]
PEPPOL = (
    '<h:StandardBusinessDocument xmlns:h="http://www.unece.org/cefact/namespaces/header">'
    "<h:StandardBusinessDocumentHeader><h:HeaderVersion>1.0</h:HeaderVersion>"
    "</h:StandardBusinessDocumentHeader>{}</h:StandardBusinessDocument>"
)
SOAP = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Header/><s:Body>{}'
    "</s:Body></s:Envelope>"
)
PROFILE = "<cbc:CustomizationID>urn:cen.eu:en16931:2017</cbc:CustomizationID>"


def invoice_of(result: ReadResult) -> Invoice:
    """The invoice of a result that was read."""
    assert result.outcome == "read", result.problems
    assert result.invoice is not None
    return result.invoice


@pytest.mark.parametrize("envelope", [PEPPOL, SOAP])
def test_the_invoice_inside_an_envelope_is_read(envelope: str) -> None:
    result = read(envelope.format(BARE))
    assert invoice_of(result) == invoice_of(read(UBL))
    xpath = result.evidence["number"].xpath or ""
    assert xpath.startswith(("/StandardBusinessDocument/Invoice/", "/Envelope/Body/Invoice/"))


def test_an_envelope_with_two_invoices_or_none_is_refused() -> None:
    envelope = "<StandardBusinessDocument>{}</StandardBusinessDocument>"
    for content in (BARE * 2, ""):
        result = read(envelope.format(content))
        assert (result.outcome, codes(result)) == ("reject", ["UNSUPPORTED"])


def test_envelopes_in_envelopes_end() -> None:
    assert read("<Envelope>" * 6 + BARE + "</Envelope>" * 6).outcome == "unsupported"


def test_namespaces_may_be_missing() -> None:
    names = ("urn:oasis:names:specification:ubl:schema:xsd:",)
    bare = UBL.replace("cac:", "").replace("cbc:", "")
    for name in (f'xmlns="{names[0]}Invoice-2"', "xmlns:cac", "xmlns:cbc"):
        start = bare.find(name)
        if start >= 0:
            end = bare.index('"', bare.index('"', start) + 1) + 1
            bare = bare[:start] + bare[end:]
    assert "xmlns" not in bare
    assert invoice_of(read(bare)) == invoice_of(read(UBL))


def test_an_invoice_without_namespace_that_is_no_ubl_is_not_read() -> None:
    assert read("<Invoice><ID>1</ID></Invoice>").outcome == "unsupported"


def test_oioubl_writes_the_tax_where_others_write_the_net_amount() -> None:
    """OIOUBL 2: TaxExclusiveAmount is the sum of the taxes."""
    text = UBL.replace(PROFILE, "<cbc:CustomizationID>OIOUBL-2.02</cbc:CustomizationID>")
    text = text.replace(
        '<cbc:TaxExclusiveAmount currencyID="EUR">95.00',
        '<cbc:TaxExclusiveAmount currencyID="EUR">18.05',
    )
    text = text.replace("<cac:TaxCategory><cbc:ID>S<", "<cac:TaxCategory><cbc:ID>StandardRated<")
    text = text.replace("<cbc:ID>VAT</cbc:ID>", "<cbc:ID>63</cbc:ID>")
    result = read(text)
    invoice = invoice_of(result)
    assert (invoice.net, invoice.seller.vat_id) == (Decimal("95.00"), "DE123456789")
    assert invoice.taxes[0].category == "S"
    assert result.evidence["net"].derived_from == ("total", "tax")


def test_ubl_before_en_16931_may_leave_out_the_total() -> None:
    start = UBL.index("    <cbc:TaxInclusiveAmount")
    end = UBL.index("    <cbc:PrepaidAmount")
    assert codes(read(UBL[:start] + UBL[end:])) == ["NO_TOTAL"]
    older = (UBL[:start] + UBL[end:]).replace(PROFILE, "")
    result = read(older)
    assert invoice_of(result).total == Decimal("113.05")
    assert result.evidence["total"].derived_from == ("payable", "prepaid", "rounding")


def test_older_lines_carry_their_tax_in_a_tax_total_and_factors_are_no_percentages() -> None:
    category = "<cac:ClassifiedTaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>19</cbc:Percent>"
    category += "</cac:ClassifiedTaxCategory>"
    assert category in UBL
    tax = "<cac:TaxTotal><cac:TaxSubtotal><cbc:Percent>19</cbc:Percent><cac:TaxCategory>"
    tax += "<cbc:ID>S</cbc:ID></cac:TaxCategory></cac:TaxSubtotal></cac:TaxTotal><cac:Item>"
    text = UBL.replace(category, "").replace("<cac:Item>", tax, 1)
    factor = "<cbc:MultiplierFactorNumeric>0.1</cbc:MultiplierFactorNumeric>"
    base = '<cbc:BaseAmount currencyID="EUR">100.00</cbc:BaseAmount>'
    text = text.replace(
        "</cbc:AllowanceChargeReason>", f"</cbc:AllowanceChargeReason>{factor}{base}", 1
    )
    invoice = invoice_of(read(text))
    assert (invoice.lines[0].tax_rate, invoice.lines[0].tax_category) == (Decimal(19), "S")
    assert invoice.allowances_charges[0].percent == Decimal(10)


def test_payments_due_to_others_are_a_part_of_what_is_payable() -> None:
    """XRechnung extension, BG-DEX-09."""
    payment = '<cac:PrepaidPayment><cbc:PaidAmount currencyID="EUR">20.00</cbc:PaidAmount>'
    payment += "</cac:PrepaidPayment><cac:AllowanceCharge>"
    text = UBL.replace("<cac:AllowanceCharge>", payment, 1).replace(
        ">100.00</cbc:Pay", ">120.00</cbc:Pay"
    )
    assert "TOTALS" in codes(read(text))
    extended = text.replace(
        "en16931:2017<", "en16931:2017#conformant#urn:xeinkauf.de:kosit:extension:xrechnung_3.0<"
    )
    assert invoice_of(read(extended)).third_party_payments == Decimal(20)


@pytest.mark.parametrize(
    "written",
    ["2026-03-02Z", "2026-03-02+01:00", "2026-03-02T00:00:00", "2026-03-02T23:00:00+02:00"],
)
def test_a_date_may_carry_a_time_or_a_zone(written: str) -> None:
    text = UBL.replace(">2026-03-02<", f">{written}<")
    assert invoice_of(read(text)).issue_date == date(2026, 3, 2)


def test_a_period_that_is_no_date_does_not_stop_the_invoice() -> None:
    period = "<cac:InvoicePeriod><cbc:StartDate>20139102</cbc:StartDate></cac:InvoicePeriod>"
    text = UBL.replace("<cac:OrderReference>", f"{period}<cac:OrderReference>", 1)
    assert invoice_of(read(text)).period is None


def test_amounts_in_another_currency_than_the_invoice_are_a_problem() -> None:
    result = read(UBL.replace('currencyID="EUR">60.00', 'currencyID="USD">60.00'))
    (problem,) = result.problems
    assert (problem.code, problem.field) == ("NEEDS_REVIEW", "lines[0].net")
    assert problem.values == {"invoice": "EUR", "amount": "USD"}
    whole = read(UBL.replace('currencyID="EUR"', 'currencyID="USD"'))
    assert len([p for p in whole.problems if "currency" in p.message]) == 1


@pytest.mark.parametrize("written", ["1,000.00", "1.000,00", "1 000.00", "1'000.00", "EUR 5", ""])
def test_amounts_with_separators_are_never_guessed(written: str) -> None:
    result = read(UBL.replace(">13.00</cbc:Prepaid", f">{written}</cbc:Prepaid"))
    assert result.outcome == "needs-review"
    assert result.invoice is not None
    assert result.invoice.prepaid is None


@pytest.mark.parametrize("placeholder", ["#NO#", "NA", "n/a", "-", "0", "000", "none", "."])
def test_placeholders_are_no_order_numbers_and_no_evidence(placeholder: str) -> None:
    result = read(UBL.replace("#MULTI#", placeholder).replace(">LS-5<", f">{placeholder}<"))
    invoice = invoice_of(result)
    assert invoice.order_references == ("4500000001", "4500000002")
    assert invoice.delivery_note is None
    assert "delivery_note" not in result.evidence
    assert result.evidence["order_references"].derived_from == (
        "lines[0].order_reference",
        "lines[1].order_reference",
    )


def test_attachments_are_counted_and_never_decoded() -> None:
    file = "<cac:AdditionalDocumentReference><cac:Attachment><cbc:EmbeddedDocumentBinaryObject>"
    file += f"%%%{'A' * 11_000_000}</cbc:EmbeddedDocumentBinaryObject></cac:Attachment>"
    file += "</cac:AdditionalDocumentReference><cac:AccountingSupplierParty>"
    text = UBL.replace("<cac:AccountingSupplierParty>", file, 1)
    assert read(text).outcome == "read"
    assert codes(read(text, max_attachments=0)) == ["TOO_LARGE"]


def test_several_accounts_are_kept_and_a_creditor_is_no_supplier_number() -> None:
    means = "<cac:PaymentMeans><cbc:PaymentMeansCode>58</cbc:PaymentMeansCode>"
    means += "<cac:PayeeFinancialAccount><cbc:ID>FR76 3000 6000 0112</cbc:ID>"
    means += "</cac:PayeeFinancialAccount></cac:PaymentMeans><cac:AllowanceCharge>"
    ids = '<cac:PartyIdentification><cbc:ID schemeID="SEPA">DE98ZZZ</cbc:ID>'
    ids += "</cac:PartyIdentification><cac:PartyIdentification><cbc:ID>70001</cbc:ID>"
    ids += "</cac:PartyIdentification><cac:PartyName>"
    text = UBL.replace("<cac:AllowanceCharge>", means, 1).replace("<cac:PartyName>", ids, 1)
    invoice = invoice_of(read(text))
    accounts = [account.iban for account in invoice.payment.accounts]
    assert accounts == ["DE02120300000000202051", "FR7630006000" + "0112"]
    assert (invoice.iban, invoice.seller.identifiers) == (accounts[0], ("70001",))
