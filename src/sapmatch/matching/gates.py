"""What no score can outweigh: such an invoice needs a person."""

from collections.abc import Sequence

from sapmatch.matching.case import Case
from sapmatch.matching.identity import NAMED, Candidate
from sapmatch.matching.items import subsequent

_AS_PRINTED = ("order number equal", "order number equal without separators")
_REFERRING = ("credit-note", "final-invoice", "partial-invoice")
# UNTDID 1001: invoices whose goods are not yet, no more, or not his to be paid for.
_CODES = {
    "386": "PREPAYMENT",
    "393": "FACTORED",
    **dict.fromkeys(("80", "84", "383", "527"), "CORRECTION"),  # debit notes
}


def veto(case: Case, best: Candidate, others: Sequence[Candidate]) -> str | None:
    """Cause why the best candidate is not taken automatically, however well it fits."""
    return (
        _kind(case)
        or _value_only(case, best)
        or _currency(best)
        or _party(case, best)
        or _number(best, others)
        or _several(best)
    )


def _currency(best: Candidate) -> str | None:
    """Amounts in two currencies are compared by a rate or not at all (MA-P33)."""
    return "CURRENCY" if best.shows("currency different") else None


def _number(best: Candidate, others: Sequence[Candidate]) -> str | None:
    """Who names another order means it: the named one may be new, and a number is not misread that
    is one of the sender's orders. Where nothing is named, the quantities must be those of the
    ledger (MA-P08)."""
    as_printed = any(c.shows(*_AS_PRINTED) and not c.other_party for c in others)
    misread = best.shows("order number with a misread digit") and as_printed
    if best.shows("order number different") or misread:
        return "NO_ORDER"
    exceeds = best.shows("a quantity exceeds what is open")
    return "NO_ORDER" if exceeds and not best.named else None


def _several(best: Candidate) -> str | None:
    """More than one set of items explains a document without lines, or a line (MA-P59)."""
    if best.several:
        return "SEVERAL_ORDERS"
    return "SEVERAL_ITEMS" if any(line.doubtful for line in best.lines) else None


def _kind(case: Case) -> str | None:
    """Corrections, receipts of a till and return lines are not what writing can post (MA-P53).

    Nor is money for goods to come, money for a factor, or what we wrote ourselves.
    """
    invoice = case.invoice
    if invoice.type == "receipt":
        return "RECEIPT"
    if by_code := _CODES.get(invoice.type_code or ""):
        return by_code
    if invoice.type == "self-billed-invoice" and not case.self_billed:
        return "SELF_BILLED"
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
    proofs = (NAMED, ("all lines fit",), ("net amount is what is open",))
    return None if all(best.shows(*proof) for proof in proofs) else "THIRD_PARTY"
