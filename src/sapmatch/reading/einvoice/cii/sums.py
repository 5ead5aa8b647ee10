"""Amounts of a Cross Industry Invoice: allowances and charges, the tax breakdown, the totals."""

from collections.abc import Callable, Iterator
from decimal import Decimal

from msgspec.structs import replace

from sapmatch.model.invoice import AllowanceCharge, Invoice, TaxSubtotal
from sapmatch.reading.einvoice.cii.names import RATE, SUMS
from sapmatch.reading.einvoice.elements import Element
from sapmatch.reading.einvoice.xml import Node

_TAX = "CategoryTradeTax"


def allowances_charges(element: Element, path: str) -> Iterator[AllowanceCharge]:
    """Those of the document or of a line."""
    for item in element.all(path, "allowances_charges"):
        amount = item.amount("amount", "ActualAmount")
        if amount is not None:
            yield AllowanceCharge(
                is_charge=item.yes("ChargeIndicator/Indicator"),
                amount=amount,
                reason=item.text("reason", "Reason"),
                reason_code=item.text("reason_code", "ReasonCode"),
                base=item.amount("base", "BasisAmount"),
                percent=item.number("percent", "CalculationPercent"),
                tax_category=item.text("tax_category", f"{_TAX}/CategoryCode"),
                tax_rate=item.number("tax_rate", f"{_TAX}/{RATE}"),
            )


def freight(settlement: Element, before: int) -> Iterator[AllowanceCharge]:
    """Freight of ZUGFeRD and Factur-X EXTENDED: a charge under a name of its own.

    `before` is how many allowances and charges the invoice has without it.
    """
    tax = "AppliedTradeTax"
    charges = settlement.all("SpecifiedLogisticsServiceCharge")
    for index, charge in enumerate(charges, before):
        item = charge.one("", f"allowances_charges[{index}]")
        amount = item.amount("amount", "AppliedAmount")
        if amount is not None:
            yield AllowanceCharge(
                is_charge=True,
                amount=amount,
                reason=item.text("reason", "Description"),
                tax_category=item.text("tax_category", f"{tax}/CategoryCode"),
                tax_rate=item.number("tax_rate", f"{tax}/{RATE}"),
            )


def taxes(settlement: Element) -> tuple[TaxSubtotal, ...]:
    """The tax breakdown."""
    rows = (
        (row.amount("basis", "BasisAmount"), row.amount("amount", "CalculatedAmount"), row)
        for row in settlement.all("ApplicableTradeTax", "taxes")
    )
    return tuple(
        TaxSubtotal(
            category=row.text("category", "CategoryCode"),
            rate=row.number("rate", RATE),
            basis=basis,
            amount=amount,
            exemption=row.text("exemption", "ExemptionReasonCode|ExemptionReason"),
        )
        for basis, amount, row in rows
        if basis is not None and amount is not None
    )


def with_totals(invoice: Invoice, document: Element) -> Invoice:
    """The invoice with its sums (BG-22)."""
    sums = document.one(SUMS)
    return replace(
        invoice,
        line_total=sums.amount("line_total", "LineTotalAmount"),
        allowance_total=sums.amount("allowance_total", "AllowanceTotalAmount"),
        charge_total=sums.amount("charge_total", "ChargeTotalAmount"),
        net=sums.amount("net", "TaxBasisTotalAmount"),
        tax=_tax(sums, invoice.currency),
        tax_accounted=_tax_accounted(sums, invoice),
        total=sums.amount("total", "GrandTotalAmount"),
        prepaid=sums.amount("prepaid", "TotalPrepaidAmount"),
        rounding=sums.amount("rounding", "RoundingAmount"),
        payable=sums.amount("payable", "DuePayableAmount"),
    )


def _tax(sums: Element, currency: str | None) -> Decimal | None:
    """BT-110; a second amount may stand beside it in the accounting currency."""
    amounts = (*sums.all("TaxTotalAmount", where=_in(currency)), sums.one("TaxTotalAmount"))
    return amounts[0].amount("tax", "")


def _tax_accounted(sums: Element, invoice: Invoice) -> Decimal | None:
    """BT-111."""
    currency = invoice.tax_currency
    if currency in (None, invoice.currency):
        return None
    for amount in sums.in_currency(currency).all("TaxTotalAmount", where=_in(currency)):
        return amount.amount("tax_accounted", "")
    return None


def _in(currency: str | None) -> Callable[[Node], bool]:
    return lambda node: node.attribute("currencyID") == currency
