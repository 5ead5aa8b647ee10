"""A decision in plain sentences, and who can do what about it."""

from collections.abc import Iterator

from sapmatch.matching.case import Case
from sapmatch.matching.decision import Outcome
from sapmatch.matching.duplicates import Past
from sapmatch.matching.identity import Candidate
from sapmatch.matching.rates import told
from sapmatch.matching.search import Found
from sapmatch.matching.terms import deviations
from sapmatch.matching.variances import Judged
from sapmatch.model.match import POSTABLE, Owner, Rate, State, ToleranceCheck
from sapmatch.model.money import Money

_SIDES = {"purchase_order": "purchase order", "sales_order": "sales order"}
_SHOWN_LINES = 20  # an explanation is for people; the decision itself holds every line

_SUMMARIES = {
    State.MATCHED: "agrees with {orders}",
    State.WITHIN_TOLERANCE: "belongs to {orders} and differs within the tolerances ({cause})",
    State.OUT_OF_TOLERANCE: "belongs to {orders} and differs beyond the tolerances ({cause})",
    State.WAITING_RECEIPT: "belongs to {orders}, and goods receipts are missing",
    State.NOT_INVOICEABLE: "belongs to {orders}, which takes no invoice ({cause})",
    State.AMBIGUOUS: "cannot be given to an order for sure ({cause})",
    State.NO_CANDIDATE: "fits no order ({cause})",
    State.DUPLICATE: "was here before ({cause})",
    State.SUSPECTED_DUPLICATE: "may have been here before ({cause})",
}
_CAUSES = {
    "ITEM_DELETED": "The order item is deleted in SAP.",
    "FINALLY_INVOICED": "SAP expects no further invoice for the order item.",
    "NOT_RELEASED": "The order is not released in SAP.",
    "ERS": "The order item is settled by evaluated receipts: the supplier should not have billed.",
    "UNIT": "The invoice's unit cannot be converted into the order's.",
    "RECEIPT_MISSING": "Less has been received than is invoiced, and more is still to come.",
    "THIRD_PARTY": "The order is a customer's, and a third party's invoice is taken for it only "
    "where number, all lines and the net amount agree.",
    "SAME_NUMBER": "A purchase order and a sales order have the same number.",
    "CORRECTION": "The document corrects another invoice: a person decides what is posted.",
    "RECEIPT": "The document is a receipt: it may be paid already.",
    "RETURN": "The invoice holds an amount that goes back, which is not posted automatically.",
    "CURRENCY": "The order is in another currency, and no source of exchange rates is set.",
    "SEVERAL_ORDERS": "More than one order explains the invoice about equally well.",
    "SEVERAL_ITEMS": "More than one item of the order fits a line about equally well.",
    "TOO_MANY_ORDERS": "The invoice concerns more orders than can be reserved at once.",
    "NO_ORDER": "No open order agrees with it in number, supplier and amount well enough.",
}
_REMEDIES = {
    "PP": "Purchasing agrees the price with the supplier and corrects the order, or accounts "
    "payable asks for a credit memo. An invoice that SAP blocked for its price is released in "
    "MRBR.",
    "DQ": "Purchasing or the warehouse checks the quantity; accounts payable asks the supplier "
    "for a credit memo where it was not delivered. An invoice that SAP blocked for its quantity "
    "is released in MRBR.",
    "LA": "Purchasing raises the limit of the order, or accounts payable returns the invoice.",
    "AN": "Accounts payable decides on the amount that no order covers; what is allowed is "
    "tolerance AN.",
    "BD": "Accounts payable asks the supplier for a correct invoice; what is allowed is tolerance "
    "BD.",
    "UNIT": "Purchasing maintains the unit of the order item, or the supplier bills in it.",
    "RECEIPT_MISSING": "The warehouse posts the goods receipt; then operations starts "
    "invoice_matching for this document again (failed-executions.md): it does not start by itself.",
    "ITEM_DELETED": "Purchasing says which item replaces the deleted one.",
    "FINALLY_INVOICED": "Purchasing reopens the item if the invoice is due; else return it.",
    "NOT_RELEASED": "The approver releases the order; then operations starts invoice_matching for "
    "this document again (failed-executions.md): it does not start by itself.",
    "ERS": "Accounts payable returns the invoice to the supplier.",
    "OTHER_SUPPLIER": "Accounts payable checks who sent the invoice and which order is meant.",
    "THIRD_PARTY": "Accounts payable checks who sent the invoice and which order is meant.",
    "SAME_NUMBER": "Accounts payable checks which of both orders is meant, and posts in SAP.",
    "CORRECTION": "Accounts payable enters the difference in SAP, or cancels the first invoice.",
    "RECEIPT": "Accounts payable checks whether it is paid, and enters it in SAP.",
    "RETURN": "Accounts payable asks for an invoice and a credit note apart, or enters it in SAP.",
    "CURRENCY": "Accounts payable asks for an invoice in the order's currency, or posts it itself.",
    "SEVERAL_ORDERS": "Accounts payable picks the order among the candidates.",
    "SEVERAL_ITEMS": "Accounts payable says which item of the order the line bills.",
    "TOO_MANY_ORDERS": "Accounts payable asks the supplier for one invoice per order.",
    "NO_ORDER": "Accounts payable asks the supplier or purchasing for the order number.",
    "DUPLICATE": "Accounts payable compares both documents; nothing is posted before.",
}
_OWNERS: dict[str, Owner] = {
    **dict.fromkeys(("PP", "PS", "PC", "LA", "LD", "BR", "BW", "UNIT"), "purchasing"),
    **dict.fromkeys(("ITEM_DELETED", "FINALLY_INVOICED", "NOT_RELEASED"), "purchasing"),
    **dict.fromkeys(("DQ", "DW", "RECEIPT_MISSING"), "warehouse"),
}


def invalid_remedy() -> str:
    """Of a document that contradicts itself."""
    return "Accounts payable asks the supplier for a correct invoice."


def remedy(outcome: Outcome) -> str | None:
    """What to do and who can do it; None where nothing is left to do."""
    if outcome.sampled:
        return "Accounts payable compares the invoice with the order and releases it in MRBR."
    if outcome.state in POSTABLE:
        return None
    return _REMEDIES.get(outcome.cause or "")


def owner(outcome: Outcome) -> Owner | None:
    """Who can do it."""
    if outcome.state in POSTABLE and not outcome.sampled:
        return None
    return _OWNERS.get(outcome.cause or "", "accounts_payable")


def explain(
    case: Case, found: Found, outcome: Outcome, past: Past, rate: Rate | None
) -> tuple[str, ...]:
    """Sentences for people, the summary first."""
    best = found.candidates[0] if found.candidates else None
    return (
        _summary(case, best, outcome),
        *_past(past, outcome),
        *(_CAUSES[c] for c in (outcome.cause,) if c in _CAUSES),
        *_sender(case, best, outcome),
        *_block(outcome),
        *_identity(case, found),
        *((told(rate),) if rate else ()),
        *_terms(case, best, outcome),
        *_lines(case, outcome),
        *(_check(check) for check in outcome.checks[:_SHOWN_LINES]),
        *_dropped(found),
    )


def _summary(case: Case, best: Candidate | None, outcome: Outcome) -> str:
    orders = ""
    if best:
        side = _SIDES[best.side] + ("s" if len(best.ids) > 1 else "")
        orders = f"{side} {', '.join(best.ids)}"
    kind = "Credit note" if case.credit else "Invoice"
    said = _SUMMARIES[outcome.state].format(orders=orders, cause=outcome.cause)
    return f"{kind} {case.number} over {Money(case.total, case.currency)} {said}."


def _past(past: Past, outcome: Outcome) -> Iterator[str]:
    if past.duplicate and outcome.cause == "DUPLICATE":
        other = past.duplicate.earlier
        where = "supplier invoice in SAP" if other.source == "sap" else "document"
        yield f"First seen as {where} {other.document}: {past.duplicate.reason}."
    if past.collisions:
        first = past.collisions[0]
        yield f"SAP keeps 16 characters of a number and cannot tell this one from that of {first}."


def _sender(case: Case, best: Candidate | None, outcome: Outcome) -> Iterator[str]:
    """What is known of the sender where the score does not say it."""
    if best is None:
        return
    if outcome.cause == "OTHER_SUPPLIER" and best.other_party:
        yield "The order is with another party than the one on the invoice."
    elif outcome.cause == "OTHER_SUPPLIER":
        yield (
            "The supplier could not be compared: neither name, VAT id nor bank account is known "
            "on both sides."
        )
    elif outcome.state is State.MATCHED and not case.knows_partner(best.side):
        yield (
            "Nothing ties the seller to the customer's order but its number, all lines and the "
            "net amount."
        )


def _block(outcome: Outcome) -> Iterator[str]:
    if outcome.sampled:
        yield "It is one of the samples that a person checks: SAP gets it with a payment block."
    elif outcome.payment_block:
        yield "SAP gets it with a payment block, as the settings say for these tolerances."


def _identity(case: Case, found: Found) -> Iterator[str]:
    if not found.candidates:
        return
    best = found.candidates[0]
    weights = ", ".join(f"{e.name} {e.weight:+d}" for e in best.evidence)
    needed = case.weights.accept
    yield f"Score {best.score} of at least {needed} for {', '.join(best.ids)}: {weights}."
    if len(found.candidates) > 1:
        second = found.candidates[1]
        yield f"The second best, {', '.join(second.ids)}, scores {second.score}."


def _terms(case: Case, best: Candidate | None, outcome: Outcome) -> Iterator[str]:
    """Other terms of payment change no amount, and somebody should know (MA-P37)."""
    if best is None or not outcome.judged:
        return
    for one in best.orders:
        if one.order.id in best.ids:
            yield from deviations(case.invoice, one.order.payment_terms)


def _lines(case: Case, outcome: Outcome) -> Iterator[str]:
    for one in outcome.judged[:_SHOWN_LINES]:
        yield from _line(case, one)
    if len(outcome.judged) > _SHOWN_LINES:
        yield f"{len(outcome.judged) - _SHOWN_LINES} more lines are in the decision."
    for billed in case.lines[:_SHOWN_LINES]:
        if billed.line.unit_price is not None and not billed.line.unit_price and billed.amount:
            yield f"The price of line {billed.line.id} is derived from its amount."


def _line(case: Case, one: Judged) -> Iterator[str]:
    if not one.line.placed and one.line.amount:
        yield f"Line {one.line.id} over {Money(one.line.amount, case.currency)} fits no order item."
    for portion in one.line.portions:
        place = portion.position
        held = "received" if place.receipt_counts else "ordered"
        expected = place.item.delivered if place.receipt_counts else place.item.quantity
        yield (
            f"Line {one.line.id} bills {portion.quantity:f} {place.item.unit} of order "
            f"{place.order.id} item {place.item.id}: {held} {expected:f}, invoiced before "
            f"{place.invoiced:f}; {Money(portion.amount, case.currency)} against "
            f"{Money(place.value(portion.quantity), place.currency)} by the order."
        )


def _check(check: ToleranceCheck) -> str:
    where = f" of line {check.line}" if check.line else ""
    verdict = {"pass": "holds", "fail": "fails", "warning": "warns"}[check.verdict]
    bound = check.bound.replace("_", " ")
    measured = f"{check.value} of {check.limit} {check.unit}"
    return f"Tolerance {check.key}{where}, {bound}: {measured} {verdict}."


def _dropped(found: Found) -> Iterator[str]:
    for key in found.dropped[:_SHOWN_LINES]:
        yield f"Key {key.type} {key.value} has too many orders and was not followed."
