"""Amounts of a UBL document: allowances and charges, the tax breakdown, the totals."""

from collections.abc import Callable, Iterator
from decimal import Decimal

from msgspec.structs import replace

from sapmatch.model.invoice import AllowanceCharge, Invoice, TaxSubtotal
from sapmatch.reading.einvoice.elements import Element
from sapmatch.reading.einvoice.xml import Node

_TOTALS = "LegalMonetaryTotal|RequestedMonetaryTotal"
# OIOUBL names the categories of UNTDID 5305 in words.
_CATEGORIES = {"StandardRated": "S", "ZeroRated": "Z", "ReverseCharge": "AE"}
_EN_16931 = "en16931"
_THIRD_PARTY = ":extension:xrechnung"
_TAX_ONLY = "OIOUBL"  # whose TaxExclusiveAmount is the sum of the taxes alone


def allowances_charges(element: Element) -> Iterator[AllowanceCharge]:
    """Those of the document or of a line."""
    for item in element.all("AllowanceCharge", "allowances_charges"):
        amount = item.amount("amount", "Amount")
        if amount is not None:
            base = item.amount("base", "BaseAmount")
            yield AllowanceCharge(
                is_charge=item.yes("ChargeIndicator"),
                amount=amount,
                reason=item.text("reason", "AllowanceChargeReason"),
                reason_code=item.text("reason_code", "AllowanceChargeReasonCode"),
                base=base,
                percent=_percent(item, amount, base),
                tax_category=category(item, "TaxCategory"),
                tax_rate=item.number("tax_rate", "TaxCategory/Percent"),
            )


def _percent(item: Element, amount: Decimal, base: Decimal | None) -> Decimal | None:
    """MultiplierFactorNumeric: a percentage in EN 16931, a factor in UBL before it."""
    factor = item.number("percent", "MultiplierFactorNumeric")
    if factor and base and amount == base * factor:
        return factor * 100
    return factor


def category(element: Element, path: str, field: str = "tax_category") -> str | None:
    """The code of a tax category."""
    code = element.text(field, f"{path}/ID")
    return _CATEGORIES.get(code, code) if code else None


def taxes(document: Element, currency: str | None) -> tuple[TaxSubtotal, ...]:
    """The tax breakdown in the invoice's currency."""
    rows = (
        (row.amount("basis", "TaxableAmount"), row.amount("amount", "TaxAmount"), row)
        for row in document.all("TaxTotal/TaxSubtotal", "taxes", _in(currency))
    )
    return tuple(
        TaxSubtotal(
            category=category(row, "TaxCategory", "category"),
            rate=row.first_number("rate", "TaxCategory/Percent", "Percent"),
            basis=basis,
            amount=amount,
            exemption=row.text(
                "exemption", "TaxCategory/TaxExemptionReasonCode|TaxExemptionReason"
            ),
        )
        for basis, amount, row in rows
        if basis is not None and amount is not None
    )


def _in(currency: str | None) -> Callable[[Node], bool]:
    """Whether the TaxAmount of an element is in the currency, or does not say in which."""

    def agrees(node: Node) -> bool:
        amount = node.one("TaxAmount")
        return amount is None or amount.attribute("currencyID") in (currency, None)

    return agrees


def with_totals(invoice: Invoice, document: Element) -> Invoice:
    """The invoice with its sums (BG-22)."""
    sums = document.one(_TOTALS)
    invoice = replace(
        invoice,
        line_total=sums.amount("line_total", "LineExtensionAmount"),
        allowance_total=sums.amount("allowance_total", "AllowanceTotalAmount"),
        charge_total=sums.amount("charge_total", "ChargeTotalAmount"),
        net=sums.amount("net", "TaxExclusiveAmount"),
        tax=_tax(document, invoice.currency),
        tax_accounted=_tax_accounted(document, invoice),
        total=sums.amount("total", "TaxInclusiveAmount"),
        prepaid=sums.amount("prepaid", "PrepaidAmount"),
        rounding=sums.amount("rounding", "PayableRoundingAmount"),
        third_party_payments=_third_party_payments(document, invoice),
        payable=sums.amount("payable", "PayableAmount"),
    )
    return _with_net(_with_total(invoice, sums), sums)


def _third_party_payments(document: Element, invoice: Invoice) -> Decimal | None:
    """BT-DEX-002; elsewhere in UBL a PrepaidPayment is a part of what was prepaid."""
    if _THIRD_PARTY not in (invoice.profile or ""):
        return None
    payments = document.all("PrepaidPayment")
    amounts = [payment.amount("third_party_payments", "PaidAmount") for payment in payments]
    return sum(filter(None, amounts), Decimal(0)) if amounts else None


def _with_total(invoice: Invoice, sums: Element) -> Invoice:
    """With the total worked out, which UBL itself does not demand; EN 16931 does (BR-14)."""
    demanded = _EN_16931 in (invoice.profile or "")
    if demanded or invoice.total is not None or invoice.payable is None:
        return invoice
    total = invoice.payable + (invoice.prepaid or 0) - (invoice.rounding or 0)
    sources = ("payable", "prepaid", "rounding")
    return replace(invoice, total=sums.derived("total", total, *sources))


def _with_net(invoice: Invoice, sums: Element) -> Invoice:
    """With the net amount worked out, where it is the tax that stands in its place."""
    is_tax = (invoice.profile or "").startswith(_TAX_ONLY) and invoice.net == invoice.tax
    if not is_tax or invoice.tax is None or invoice.total is None:
        return invoice
    return replace(invoice, net=sums.derived("net", invoice.total - invoice.tax, "total", "tax"))


def _tax(document: Element, currency: str | None) -> Decimal | None:
    """BT-110: of the tax totals in the invoice's currency the one with rows, or all such."""
    whole = document.all("TaxTotal", where=_in(currency))
    sums = [(each.amount("tax", "TaxAmount"), each.one("TaxSubtotal").exists) for each in whole]
    amounts = [amount for amount, rows in sums if amount is not None and rows]
    plain = [amount for amount, rows in sums if amount is not None and not rows]
    return sum(amounts, Decimal(0)) if amounts else next(iter(plain), None)


def _tax_accounted(document: Element, invoice: Invoice) -> Decimal | None:
    """BT-111, the tax total in the currency of BT-6."""
    if invoice.tax_currency in (None, invoice.currency):
        return None
    foreign = document.in_currency(invoice.tax_currency)
    for total in foreign.all("TaxTotal", where=_in(invoice.tax_currency)):
        return total.amount("tax_accounted", "TaxAmount")
    return None
