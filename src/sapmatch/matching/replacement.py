"""Whether an invoice was taken back by its sender before anybody posted it."""

from sapmatch.matching.case import Case
from sapmatch.matching.duplicates import Earlier, Sender, sameness
from sapmatch.matching.keys import replaced_key
from sapmatch.model.document import EarlierInvoice
from sapmatch.model.money import rounded


def replaced_by(case: Case, earlier: Earlier) -> EarlierInvoice | None:
    """A corrected invoice, or a credit note over the whole amount, that names this one (BG-3).

    The first one, where there are several. A part that is credited leaves the rest to be paid.
    """
    found = (one for one in earlier(case.scope, replaced_key(case.number)) if _replaces(case, one))
    return min(found, key=lambda one: (str(one.issue_date or ""), one.document), default=None)


def _replaces(case: Case, other: EarlierInvoice) -> bool:
    if other.document == case.document_id or other.reversed or case.credit:
        return False
    issued = case.invoice.issue_date
    if issued and other.issue_date and other.issue_date < issued:
        return False
    if sameness(case, Sender(numbers=frozenset()), other) not in ("same", "alias"):
        return False
    same_amount = rounded(case.total, case.currency) == rounded(other.total, case.currency)
    return not other.credit or (other.currency == case.currency and same_amount)
