"""Whether an invoice was here before: exactly, or nearly."""

from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal

from msgspec import Struct

from sapmatch.matching.case import Case
from sapmatch.matching.keys import SAP_REFERENCE_LENGTH, duplicate_keys, printed_number
from sapmatch.matching.normalise import company_name, differing, document_number, plain, vat_id
from sapmatch.model.document import EarlierInvoice
from sapmatch.model.match import State
from sapmatch.model.money import rounded
from sapmatch.model.order import PostedInvoice
from sapmatch.model.ports import OrderKey, Orders, OrderScope

Earlier = Callable[[OrderScope, OrderKey], Sequence[EarlierInvoice]]

_ALIKE = 80  # percent of likeness between two numbers (ByDesign)
_EXTRA = 3  # characters that one number may have more than the other


class Duplicate(Struct, frozen=True, kw_only=True):
    """DUPLICATE or SUSPECTED_DUPLICATE of an earlier invoice, and in what they agree."""

    state: State
    earlier: EarlierInvoice
    reason: str


class Past(Struct, frozen=True, kw_only=True):
    """What the records say: a duplicate, and invoices that SAP cannot tell from this one."""

    duplicate: Duplicate | None = None
    collisions: tuple[str, ...] = ()


def look_back(case: Case, partners: frozenset[str], earlier: Earlier, orders: Orders) -> Past:
    """Compare with our own records and SAP's; `partners` are SAP's numbers of the sender."""
    seen = _earlier(case, partners, earlier, orders)
    found = [d for d in (_compare(case, partners, other) for other in seen) if d]
    found.sort(key=lambda d: (d.state is not State.DUPLICATE, d.earlier.source, d.earlier.document))
    return Past(
        duplicate=found[0] if found else None,
        collisions=tuple(o.document for o in seen if _collides(case, partners, o)),
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
        if one.document != case.document_id and not one.reversed and one.credit == case.credit
    ]


def _compare(case: Case, partners: frozenset[str], other: EarlierInvoice) -> Duplicate | None:
    partner = _same_partner(case, partners, other)
    same_day = case.invoice.issue_date is not None and case.invoice.issue_date == other.issue_date
    if other.currency != case.currency or not _same_amount(case, other.total):
        if same_day and _collides(case, partners, other):
            return _duplicate(State.SUSPECTED_DUPLICATE, other, _ONE_TO_SAP)
        return None
    level = _number_level(case.number, other)
    if level == "printed" and partner and same_day and other.undecided:
        return _duplicate(State.SUSPECTED_DUPLICATE, other, _UNDECIDED)
    if level == "printed" and partner and same_day:
        return _duplicate(State.DUPLICATE, other, "supplier, number, amount and date are equal")
    if partner and level == "printed":
        return _duplicate(State.SUSPECTED_DUPLICATE, other, _REASONS[level])
    if not _in_window(case, other.issue_date) or not level:
        return None
    if partner:
        return _duplicate(State.SUSPECTED_DUPLICATE, other, _REASONS[level])
    if level != "close" and _same_account(case, other):
        reason = "bank account, number and amount are equal, the supplier is not"
        return _duplicate(State.SUSPECTED_DUPLICATE, other, reason)
    if partner is None and level != "close" and same_day:
        reason = "number, amount and date are equal, the supplier cannot be compared"
        return _duplicate(State.SUSPECTED_DUPLICATE, other, reason)
    return None


_UNDECIDED = (
    "supplier, number, amount and date are equal, and a person was asked to compare that document"
)
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
    return apart == 1 or 100 * (len(longer) - apart) >= _ALIKE * len(longer)


def _same_partner(case: Case, partners: frozenset[str], other: EarlierInvoice) -> bool | None:
    """None where nothing can be compared."""
    if other.partner and partners:
        return other.partner in partners
    mine, theirs = vat_id(case.invoice.seller.vat_id), vat_id(other.seller_vat_id)
    if mine and theirs:
        return mine == theirs
    one, two = company_name(case.invoice.seller.name), company_name(other.seller_name)
    return one == two if one and two else None


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


def _collides(case: Case, partners: frozenset[str], other: EarlierInvoice) -> bool:
    """Two numbers that are one to SAP, which keeps 16 characters of each (MA-P49)."""
    mine, theirs = printed_number(case.number), printed_number(other.number)
    cut = mine[:SAP_REFERENCE_LENGTH] == theirs[:SAP_REFERENCE_LENGTH]
    return cut and mine != theirs and _same_partner(case, partners, other) is not False


def _duplicate(state: State, earlier: EarlierInvoice, reason: str) -> Duplicate:
    return Duplicate(state=state, earlier=earlier, reason=reason)


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
