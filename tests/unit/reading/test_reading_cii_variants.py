"""CII as it occurs: the profiles of Factur-X, ZUGFeRD 1.0, lines below lines."""

from decimal import Decimal

import pytest

from sapmatch.model.invoice import Invoice, ReadResult
from tests.builders.reading import codes, fixture, read

CII = fixture("invoice-cii.xml")
ZUGFERD_1 = fixture("invoice-zugferd-1.xml")
_START = CII.index("<ram:IncludedSupplyChainTradeLineItem>")
_END = CII.index("</ram:IncludedSupplyChainTradeLineItem>") + len(
    "</ram:IncludedSupplyChainTradeLineItem>"
)
LINE = CII[_START:_END]


def invoice_of(result: ReadResult) -> Invoice:
    """The invoice of a result that was read."""
    assert result.outcome == "read", result.problems
    assert result.invoice is not None
    return result.invoice


def line(id: str, parent: str = "", status: str = "") -> str:
    """A line, below another one or of a certain kind where that is given."""
    about = f"<ram:LineID>{id}</ram:LineID>"
    about += f"<ram:ParentLineID>{parent}</ram:ParentLineID>" if parent else ""
    about += f"<ram:LineStatusReasonCode>{status}</ram:LineStatusReasonCode>" if status else ""
    return LINE.replace("<ram:LineID>1</ram:LineID>", about)


@pytest.mark.parametrize(
    "lines",
    [
        line("1") + line("1 1", "1") + line("1 1 1", "1 1"),  # XRechnung extension
        line("1", status="GROUP") + line("2", "1", "DETAIL"),  # Factur-X EXTENDED
        line("1", status="GROUP") + line("2", "1"),
        line("1") + line("2", "1", "INFORMATION"),
        line("1", status="DETAIL") + line("2", status="GROUP"),
    ],
)
def test_only_lines_that_bill_something_are_lines(lines: str) -> None:
    assert len(invoice_of(read(CII.replace(LINE, lines))).lines) == 1


def test_charges_of_freight_stand_behind_the_others_with_their_evidence() -> None:
    result = read(CII)
    assert invoice_of(result).allowances_charges[0].is_charge
    xpath = result.evidence["allowances_charges[0].amount"].xpath or ""
    assert xpath.endswith("SpecifiedLogisticsServiceCharge/AppliedAmount")


def test_basic_wl_has_allowances_and_taxes_but_no_lines() -> None:
    text = CII[:_START] + CII[CII.rindex("</ram:IncludedSupply") :].partition(">")[2]
    invoice = invoice_of(read(text))
    assert (invoice.lines, len(invoice.taxes)) == ((), 1)
    broken = read(text.replace("<ram:TaxBasisTotalAmount>65.00", "<ram:TaxBasisTotalAmount>60.00"))
    assert codes(broken) == ["TOTALS", "TOTALS"]


def test_an_account_without_iban_is_kept_as_it_is_numbered() -> None:
    text = CII.replace("IBANID", "ProprietaryID").replace("DE02120300000000202051", "55-1234")
    assert invoice_of(read(text)).iban == "55-1234"


def test_a_date_that_only_names_a_month_does_not_stop_the_invoice() -> None:
    """Format 610 of UN/CEFACT, as found in ZUGFeRD 1.0."""
    event = "<ram:ActualDeliverySupplyChainEvent><ram:OccurrenceDateTime>"
    event += '<udt:DateTimeString format="610">201412</udt:DateTimeString>'
    event += "</ram:OccurrenceDateTime></ram:ActualDeliverySupplyChainEvent>"
    delivery = "<ram:DeliveryNoteReferencedDocument>"
    assert invoice_of(read(ZUGFERD_1.replace(delivery, event + delivery))).delivery_date is None


def test_namespaces_may_be_missing() -> None:
    bare = CII
    for prefix in ("rsm", "ram", "udt"):
        start = bare.index(f"xmlns:{prefix}=")
        end = bare.index('"', bare.index('"', start) + 1) + 1
        bare = (bare[:start] + bare[end:]).replace(f"{prefix}:", "")
    assert invoice_of(read(bare)) == invoice_of(read(CII))


def test_the_price_may_have_its_base_quantity_beside_the_gross_price() -> None:
    base = '<ram:BasisQuantity unitCode="C62">100</ram:BasisQuantity>'
    gross = "<ram:GrossPriceProductTradePrice><ram:ChargeAmount>33.00</ram:ChargeAmount>"
    gross += f"{base}<ram:AppliedTradeAllowanceCharge><ram:ChargeIndicator><udt:Indicator>false"
    gross += "</udt:Indicator></ram:ChargeIndicator><ram:ActualAmount>3.00</ram:ActualAmount>"
    gross += "</ram:AppliedTradeAllowanceCharge></ram:GrossPriceProductTradePrice>"
    net = "<ram:NetPriceProductTradePrice>"
    text = CII.replace(base, "").replace(net, gross + net)
    billed = invoice_of(read(text)).lines[0]
    assert billed.price_base_quantity == Decimal(100)
    assert (billed.gross_price, billed.price_discount) == (Decimal("33.00"), Decimal("3.00"))
    assert billed.allowances_charges == ()
