"""Payment terms of an invoice beside those of its order: told, never judged (MA-P37)."""

import re
from collections.abc import Iterator
from decimal import Decimal

from sapmatch.model.invoice import Invoice
from sapmatch.model.order import PaymentTerms

Discount = tuple[int, Decimal]  # days, percent

_LONGEST = 500  # characters of terms that are looked at
# The form of XRechnung for cash discounts (BT-20).
_CODED = re.compile(r"#SKONTO#TAGE=(\d{1,3})#PROZENT=(\d{1,2}(?:\.\d{1,4})?)#")
_PART = re.compile(r"[;\n]|,(?!\d)|\.(?!\d)|\b(?:oder|or|und|and|sonst|otherwise)\b")
_DAYS = re.compile(r"\b(\d{1,3})(?:\.| )?\s?(?:kalender)?(?:tage?n?|days?|t\.)")
_PERCENT = re.compile(r"(\d{1,2}(?:[.,]\d{1,2})?)\s?(?:%|prozent|percent|v\.\s?h\.)")
_NET = re.compile(r"\b(?:netto|net|ohne abzug|without deduction|rein)\b")
_OTHER = re.compile(r"verzug|mahn|zins|interest|late|overdue|anzahlung|deposit|prepa")


def deviations(invoice: Invoice, agreed: PaymentTerms | None) -> tuple[str, ...]:
    """Sentences about terms that both sides name and that differ; the amount is unaffected."""
    if agreed is None:
        return ()
    return (*_discounts(invoice, agreed), *_net(invoice, agreed))


def stated_discounts(invoice: Invoice) -> tuple[Discount, ...] | None:
    """Cash discounts that the invoice grants, shortest first; None where the text is unclear."""
    text = _text(invoice)
    coded = _CODED.findall(text.upper())
    if coded:
        return tuple(sorted((int(days), Decimal(percent)) for days, percent in coded))
    found = []
    for part in _parts(text):
        days, percents = _DAYS.findall(part), _PERCENT.findall(part)
        if not percents:
            continue
        if len(days) != 1 or len(percents) != 1:
            return None
        found.append((int(days[0]), Decimal(percents[0].replace(",", "."))))
    return tuple(sorted(found)) if found else None


def stated_net_days(invoice: Invoice) -> int | None:
    """Days until the invoice is due in full: by its due date, else by its words."""
    if invoice.due_date and invoice.issue_date:
        return (invoice.due_date - invoice.issue_date).days
    said = {
        int(days)
        for part in _parts(_text(invoice))
        if _NET.search(part) and not _PERCENT.search(part)
        for days in _DAYS.findall(part)
    }
    return said.pop() if len(said) == 1 else None


def _discounts(invoice: Invoice, agreed: PaymentTerms) -> Iterator[str]:
    """Silence of the invoice about discounts is no deviation: most name none."""
    stated = stated_discounts(invoice)
    expected = tuple(sorted((d, p) for d, p in agreed.discounts if p))
    if stated is None or set(stated) == set(expected):
        return
    if not (expected or agreed.net_days is not None):  # the order names its terms by a code alone
        return
    yield (
        f"Cash discount differs from the order's terms {agreed.code}: the invoice grants "
        f"{_told(stated)}, the order {_told(expected)}. The amount is unaffected."
    )


def _net(invoice: Invoice, agreed: PaymentTerms) -> Iterator[str]:
    stated, expected = stated_net_days(invoice), _agreed_net_days(agreed)
    if stated is None or expected is None or stated == expected:
        return
    yield (
        f"The invoice is due after {stated} days, by the order's terms {agreed.code} after "
        f"{expected}. The amount is unaffected."
    )


def _agreed_net_days(agreed: PaymentTerms) -> int | None:
    """Net days, which SAP may keep as a discount of 0 percent."""
    free = [days for days, percent in agreed.discounts if not percent]
    return agreed.net_days if agreed.net_days else max(free, default=agreed.net_days)


def _text(invoice: Invoice) -> str:
    return (invoice.payment.terms or "")[:_LONGEST]


def _parts(text: str) -> list[str]:
    """Parts that speak of paying, not of what happens to those who do not."""
    return [part for part in _PART.split(text.casefold()) if not _OTHER.search(part)]


def _told(discounts: tuple[Discount, ...]) -> str:
    return " and ".join(f"{p:f} % within {d} days" for d, p in discounts) or "none"
