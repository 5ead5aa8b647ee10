"""What no score can outweigh: such an invoice needs a person."""

from sapmatch.matching.case import Case
from sapmatch.matching.identity import Candidate
from sapmatch.matching.items import subsequent

_REFERRING = ("credit-note", "final-invoice", "partial-invoice")
_NAMED = (
    "order number equal",
    "order number equal without separators",
    "order number with misread letters",
    "order number in text",
    "our sales order named",
    "reference at the partner equal",
)


def veto(case: Case, best: Candidate) -> str | None:
    """Cause why the best candidate is not taken automatically, however well it fits."""
    return _kind(case) or _value_only(case, best) or _party(case, best)


def _kind(case: Case) -> str | None:
    """Corrections, receipts of a till and return lines are not what writing can post (MA-P53)."""
    invoice = case.invoice
    if invoice.type == "receipt":
        return "RECEIPT"
    refers = invoice.preceding_invoices and invoice.type not in _REFERRING
    if invoice.type == "corrective-invoice" or refers:
        return "CORRECTION"
    back = any(ln.amount < 0 or (ln.line.quantity or 0) < 0 for ln in case.lines)
    return "RETURN" if back or case.total < 0 else None


def _value_only(case: Case, best: Candidate) -> str | None:
    """A subsequent credit looks like a credit of the goods, and is none (MA-P51)."""
    every = (p for line in best.lines for p in line.portions)
    if any(subsequent(case, p.position, p.quantity, p.amount) for p in every):
        return "CORRECTION"
    return None


def _party(case: Case, best: Candidate) -> str | None:
    """A number that fits proves no party (MA-P05); a third party must fit wholly (MA-P13)."""
    if best.other_party:
        return "OTHER_SUPPLIER"
    if case.knows_partner(best.side):
        return None if best.compared else "OTHER_SUPPLIER"
    proofs = ((*_NAMED,), ("all lines fit",), ("net amount is what is open",))
    return None if all(best.shows(*proof) for proof in proofs) else "THIRD_PARTY"
