"""SAP tax codes of an invoice: from the company code's table, else from its order items."""

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from msgspec import Struct

from sapmatch.model.errors import InputRejected
from sapmatch.model.intent import Record
from sapmatch.model.invoice import Invoice
from sapmatch.model.order import ZERO
from sapmatch.model.policy import CompanyCode

_STANDARD = "S"  # tax category; rows without one are taken for it


class Item(Struct, frozen=True):
    """One item of the invoice in SAP, and the tax rate it was found by."""

    record: Record
    amount: Decimal
    rate: Decimal | None
    tax_code: str


def tax_code_of(invoice: Invoice, rate: Decimal | None, company: CompanyCode) -> str | None:
    """What the company code's table says of category and rate; a rate alone is a standard rate."""
    category = _category(invoice, rate)
    listed = {_entry(text): code for text, code in company.tax_codes.items()}
    if rate is None and category == _STANDARD:
        return None
    exact = listed.get((category, rate or ZERO))
    return exact or (listed.get(("", rate or ZERO)) if category == _STANDARD else None)


def _entry(text: str) -> tuple[str, Decimal | None]:
    """Category and rate of a name in tax_codes: "AE:0", or "19" of no category."""
    category, _, rate = text.rpartition(":")
    try:
        return category.strip().upper(), Decimal(rate)
    except InvalidOperation:
        return category, None


def _category(invoice: Invoice, rate: Decimal | None) -> str:
    """The tax category (UNTDID 5305) of a rate in the breakdown; lines name their rate only.

    Several are joined, as in AE/E: no table can tell then which line has which.
    """
    found = {part.category or _STANDARD for part in invoice.taxes if same_rate(part.rate, rate)}
    return "/".join(sorted(found)) or _STANDARD


def same_rate(one: Decimal | None, other: Decimal | None) -> bool:
    """Without a rate means without tax: exempt rows may show either."""
    return (one or ZERO) == (other or ZERO)


def no_tax_code(where: str, invoice: Invoice, rate: Decimal | None) -> InputRejected:
    """The refusal of a rate that neither table nor order has a code for."""
    category = _category(invoice, rate)
    name = f"{rate or 0}" if category == _STANDARD else f"{category}:{rate or 0}"
    return InputRejected(
        f"{where}: {rate or 0} % tax of category {category} has no tax code; add "
        f'"{name}" to tax_codes of the company code, or a tax code to the order item'
    )


def code_of(
    invoice: Invoice, rate: Decimal | None, items: Iterable[Item], company: CompanyCode
) -> str | None:
    """The tax code of a rate: from the table, else from the items that have it."""
    listed = tax_code_of(invoice, rate, company)
    if listed:
        return listed
    codes = {item.tax_code for item in items if same_rate(item.rate, rate)}
    if len(codes) > 1:
        raise InputRejected(
            f"invoice: {rate or 0} % tax has several tax codes in the order; enter it by hand"
        )
    return codes.pop() if codes else None


def taxes_of(
    invoice: Invoice, items: Iterable[Item], company: CompanyCode
) -> dict[str, tuple[Decimal, Decimal]]:
    """Tax code -> tax and its base."""
    if not invoice.taxes:
        return _single_tax(invoice, {item.tax_code for item in items})
    sums: dict[str, tuple[Decimal, Decimal]] = {}
    for part in invoice.taxes:
        code = code_of(invoice, part.rate, items, company)
        if code is None:
            raise no_tax_code("invoice", invoice, part.rate)
        tax, base = sums.get(code, (ZERO, ZERO))
        sums[code] = (tax + part.amount, base + part.basis)
    return sums


def _single_tax(invoice: Invoice, codes: set[str]) -> dict[str, tuple[Decimal, Decimal]]:
    """The one tax of an invoice that does not break it down."""
    if not invoice.tax:
        return {}
    if len(codes) != 1:
        raise InputRejected("invoice: names one tax sum for several tax codes; enter it by hand")
    return {codes.pop(): (invoice.tax, (invoice.total or ZERO) - invoice.tax)}
