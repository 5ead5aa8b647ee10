"""Whether an invoice was here before: exactly, or nearly."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from typing import Literal

from msgspec import Struct

from sapmatch.matching.case import Case
from sapmatch.matching.keys import (
    SAP_REFERENCE_LENGTH,
    duplicate_keys,
    partner_keys,
    printed_number,
)
from sapmatch.matching.normalise import (
    company_name,
    differing,
    document_number,
    likeness,
    plain,
    vat_id,
)
from sapmatch.model.document import EarlierInvoice
from sapmatch.model.invoice import Party
from sapmatch.model.match import State
from sapmatch.model.money import rounded, step
from sapmatch.model.order import PostedInvoice
from sapmatch.model.ports import OrderKey, Orders, OrderScope

Earlier = Callable[[OrderScope, OrderKey], Sequence[EarlierInvoice]]

Sameness = Literal["same", "alias", "unclear", "other"]  # of two senders

_LIKE = 80  # percent of likeness between two numbers (ByDesign)
_EXTRA = 3  # characters that one number may have more than the other
_MOST_ORDERS = 50  # that are read to learn under which numbers SAP knows a sender
_NAMES: tuple[tuple[int, Sameness], ...] = ((90, "same"), (70, "unclear"), (0, "other"))


class Sender(Struct, frozen=True, kw_only=True):
    """SAP's numbers of who sent an invoice, and others with the same VAT id or bank account."""

    numbers: frozenset[str]
    aliases: frozenset[str] = frozenset()


class Duplicate(Struct, frozen=True, kw_only=True):
    """DUPLICATE or SUSPECTED_DUPLICATE of an earlier invoice, and in what they agree."""

    state: State
    earlier: EarlierInvoice
    reason: str


class Past(Struct, frozen=True, kw_only=True):
    """What the records say: a duplicate, what replaces it, and what SAP cannot tell from it."""

    duplicate: Duplicate | None = None
    replaced_by: EarlierInvoice | None = None
    collisions: tuple[str, ...] = ()


def look_back(case: Case, partners: frozenset[str], earlier: Earlier, orders: Orders) -> Past:
    """Compare with our own records and SAP's; `partners` are SAP's numbers of the sender."""
    seen = _earlier(case, partners, earlier, orders)
    sender = _sender(case, partners, seen, orders)
    found = [d for d in (_compare(case, sender, other) for other in seen) if d]
    found.sort(key=lambda d: (d.state is not State.DUPLICATE, d.earlier.source, d.earlier.document))
    return Past(
        duplicate=found[0] if found else None,
        collisions=tuple(o.document for o in seen if _collides(case, sender, o)),
    )


def _earlier(
    case: Case, partners: frozenset[str], earlier: Earlier, orders: Orders
) -> list[EarlierInvoice]:
    """Invoices under the same keys, less this one and those that SAP has reversed (MA-P47)."""
    ours: dict[str, EarlierInvoice] = {}
    posted: dict[str, EarlierInvoice] = {}
    for key in duplicate_keys(case.number, case.total, case.currency):
        ours |= {one.document: one for one in earlier(case.scope, key)}
        posted |= {p.document: p for p in map(_as_earlier, orders.posted(case.scope, key))}
    senders = [one for one in posted.values() if one.partner in partners]
    standing = {_in_sap(one) for one in senders if not one.reversed}
    gone = {_in_sap(one) for one in senders if one.reversed} - standing
    kept = [one for one in ours.values() if _in_sap(one) not in gone]
    every = [*sorted(kept, key=_place), *sorted(posted.values(), key=_place)]
    return [
        one
        for one in every
        if one.document != case.document_id
        and not one.reversed
        and one.credit == case.credit
        and not _replaces(case, one)
    ]


def _replaces(case: Case, other: EarlierInvoice) -> bool:
    """Who says that an invoice takes another one's place sends no copy of it."""
    named = [r.number for r in case.invoice.preceding_invoices]
    mine = document_number(case.number) in map(document_number, other.replaces)
    corrects = case.invoice.type == "corrective-invoice"
    return mine or (corrects and document_number(other.number) in map(document_number, named))


def _compare(case: Case, sender: Sender, other: EarlierInvoice) -> Duplicate | None:
    """Exactly as SAP compares, or with one field that is only alike."""
    issued, same = case.invoice.issue_date, sameness(case, sender, other)
    same_day = issued is not None and issued == other.issue_date
    level = _number_level(case.number, other)
    if other.currency != case.currency or not _same_amount(case, other.total):
        return _suspected(other, _alike(case, sender, other, level, same)) if same_day else None
    if same == "same" and level == "printed":
        if not same_day:
            return _suspected(other, _REASONS[level])
        return _suspected(other, _UNDECIDED) if other.undecided else _exact(other)
    if not level or not _in_window(case, other.issue_date):
        return None
    if same == "same":
        return _suspected(other, _REASONS[level])
    if level == "close":
        return None
    if same == "alias" or _same_account(case, other):
        return _suspected(other, _ALIAS)
    return _suspected(other, _UNCLEAR) if same == "unclear" and same_day else None


def _alike(
    case: Case, sender: Sender, other: EarlierInvoice, level: str, same: Sameness
) -> str | None:
    """Why two invoices of one day with different amounts may be one."""
    if _collides(case, sender, other):
        return _ONE_TO_SAP
    named = same == "same" and level in ("printed", "normalised")
    near = other.currency == case.currency and _nearly(case.total, other.total, case.currency)
    return _AMOUNTS if named and near else None


def _nearly(one: Decimal, other: Decimal, currency: str) -> bool:
    """One minor unit apart, or two digits beside each other changed places."""
    left, right = rounded(one, currency), rounded(other, currency)
    if abs(left - right) <= step(currency):
        return True
    mine, theirs = f"{left:f}".replace(".", ""), f"{right:f}".replace(".", "")
    apart = [n for n, pair in enumerate(zip(mine, theirs, strict=False)) if pair[0] != pair[1]]
    if len(mine) != len(theirs) or len(apart) != 2 or apart[1] != apart[0] + 1:
        return False
    return mine[apart[0]] == theirs[apart[1]] and mine[apart[1]] == theirs[apart[0]]


_UNDECIDED = (
    "supplier, number, amount and date are equal, and a person was asked to compare that document"
)
_AMOUNTS = "supplier, number and date are equal, the amounts nearly"
_ALIAS = "VAT id or bank account, number and amount are equal, the supplier's number in SAP is not"
_UNCLEAR = "number, amount and date are equal, whether the supplier is cannot be told for sure"
_ONE_TO_SAP = "supplier and date are equal, and the number as far as SAP keeps it"
_REASONS = {
    "printed": "supplier, number and amount are equal, the date is not",
    "normalised": "supplier and amount are equal, the numbers without separators too",
    "cut": "supplier and amount are equal, and the number as far as SAP keeps it",
    "close": "supplier and amount are equal, the numbers nearly",
}


def _number_level(number: str, other: EarlierInvoice) -> str:
    mine, theirs = printed_number(number), printed_number(other.number)
    if mine == theirs:
        return "printed"
    if other.source == "sap" and mine[:SAP_REFERENCE_LENGTH] == theirs:
        return "cut"
    one, two = document_number(number), document_number(other.number)
    if one == two:
        return "normalised"
    return "close" if _close(one, two) else ""


def _close(one: str, two: str) -> bool:
    shorter, longer = sorted((one, two), key=len)
    if not shorter:
        return False
    extra = len(longer) - len(shorter)
    if extra <= _EXTRA and (longer.startswith(shorter) or longer.endswith(shorter)):
        return True
    apart = differing(one, two)
    return apart == 1 or 100 * (len(longer) - apart) >= _LIKE * len(longer)


def _sender(
    case: Case, partners: frozenset[str], seen: Sequence[EarlierInvoice], orders: Orders
) -> Sender:
    """Who sent it; other numbers in SAP are sought only where such an invoice came from one."""
    alike = (o for o in seen if _same_amount(case, o.total) and _number_level(case.number, o))
    strangers = {one.partner for one in alike if one.partner} - partners
    if not strangers or not partners:
        return Sender(numbers=partners)
    party = Party(vat_id=case.invoice.seller.vat_id)
    keys = partner_keys(party, case.invoice.iban)
    ids = {i for key in keys for i in orders.find(case.scope, key, _MOST_ORDERS)}
    found = [orders.get(case.scope, i) for i in sorted(ids)[:_MOST_ORDERS]]
    known = {n for o in found if o for n in (o.order.partner, o.order.invoicing_party) if n}
    return Sender(numbers=partners, aliases=frozenset(strangers & known))


def sameness(case: Case, sender: Sender, other: EarlierInvoice) -> Sameness:
    """Whether one and the same company sent both; `alias`: under another number in SAP."""
    if other.partner and sender.numbers:
        if other.partner in sender.numbers:
            return "same"
        return "alias" if other.partner in sender.aliases else "other"
    names = _names_alike(case.invoice.seller.name, other.seller_name)
    mine, theirs = vat_id(case.invoice.seller.vat_id), vat_id(other.seller_vat_id)
    if mine and theirs:
        if mine == theirs:
            return "same"
        # A misread character, or a company that is registered twice.
        return "unclear" if differing(mine, theirs) == 1 or names == "same" else "other"
    return names


def _names_alike(one: str | None, other: str | None) -> Sameness:
    mine, theirs = company_name(one), company_name(other)
    if not mine or not theirs:
        return "unclear"
    alike = likeness(tuple(mine.split()), tuple(theirs.split()))
    return next(same for least, same in _NAMES if alike >= least)


def _same_account(case: Case, other: EarlierInvoice) -> bool:
    mine, theirs = plain(case.invoice.iban or ""), plain(other.seller_iban or "")
    return bool(mine) and mine == theirs


def _same_amount(case: Case, total: Decimal) -> bool:
    return rounded(case.total, case.currency) == rounded(total, case.currency)


def _in_window(case: Case, day: date | None) -> bool:
    """An unknown date excludes nothing."""
    issued = case.invoice.issue_date
    if issued is None or day is None:
        return True
    return abs((issued - day).days) <= case.policy.duplicate_window_days


def _collides(case: Case, sender: Sender, other: EarlierInvoice) -> bool:
    """Two numbers that are one to SAP, which keeps 16 characters of each (MA-P49)."""
    mine, theirs = printed_number(case.number), printed_number(other.number)
    cut = mine[:SAP_REFERENCE_LENGTH] == theirs[:SAP_REFERENCE_LENGTH]
    return cut and mine != theirs and sameness(case, sender, other) != "other"


def _exact(earlier: EarlierInvoice) -> Duplicate:
    reason = "supplier, number, amount and date are equal"
    return Duplicate(state=State.DUPLICATE, earlier=earlier, reason=reason)


def _suspected(earlier: EarlierInvoice, reason: str | None) -> Duplicate | None:
    if reason is None:
        return None
    return Duplicate(state=State.SUSPECTED_DUPLICATE, earlier=earlier, reason=reason)


def _in_sap(one: EarlierInvoice) -> tuple[str, Decimal, str, date | None]:
    number = printed_number(one.number)[:SAP_REFERENCE_LENGTH]
    return number, rounded(one.total, one.currency), one.currency, one.issue_date


def _place(one: EarlierInvoice) -> tuple[str, str]:
    return (one.issue_date.isoformat() if one.issue_date else ""), one.document


def _as_earlier(posted: PostedInvoice) -> EarlierInvoice:
    return EarlierInvoice(
        document=f"{posted.supplier_invoice}/{posted.fiscal_year}",
        source="sap",
        number=posted.reference,
        total=posted.gross,
        currency=posted.currency,
        issue_date=posted.document_date,
        partner=posted.invoicing_party,
        credit=posted.credit_memo,
        reversed=posted.reversed,
    )
