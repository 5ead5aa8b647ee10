"""A decision in sentences: first for people, then with every weight and limit."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from sapmatch.matching.advice import CAUSES, INVALID
from sapmatch.matching.case import Case
from sapmatch.matching.decision import Outcome
from sapmatch.matching.duplicates import Past
from sapmatch.matching.identity import Candidate
from sapmatch.matching.lines import Portion
from sapmatch.matching.rates import told
from sapmatch.matching.search import Found
from sapmatch.matching.terms import deviations
from sapmatch.matching.tolerances import Variance
from sapmatch.matching.units import sap_quantity
from sapmatch.matching.variances import Judged
from sapmatch.matching.weights import weights_of
from sapmatch.matching.words import capital, deviation, listed, shown, subject
from sapmatch.model.match import Decision, Rate, State, ToleranceCheck
from sapmatch.model.money import Money

_SIDES = {"purchase_order": "purchase order", "sales_order": "sales order"}
_MOST = 20  # sentences of one kind; the decision itself holds every line and limit
_VERDICTS = {"pass": "holds", "fail": "fails", "warning": "warns"}
_SUMMARIES = {
    State.MATCHED: "agrees with {orders}.",
    State.WITHIN_TOLERANCE: "belongs to {orders}; {deviation}.",
    State.OUT_OF_TOLERANCE: "belongs to {orders}; {deviation}.",
    State.WAITING_RECEIPT: "belongs to {orders}; the goods of {lines} have not all been received.",
    State.NOT_INVOICEABLE: "belongs to {orders}, and SAP takes no invoice for it: {why}.",
    State.AMBIGUOUS: "needs a decision: {why}.",
    State.NO_CANDIDATE: "fits no order: {why}.",
    State.DUPLICATE: "was here before, as {earlier}: {why}.",
    State.SUPERSEDED: "is not posted: {why}.",
    State.SUSPECTED_DUPLICATE: "may have been here before, as {earlier}: {why}.",
}


def explain(
    case: Case, found: Found, outcome: Outcome, past: Past, rate: Rate | None
) -> tuple[str, ...]:
    """Sentences for people, the summary first; weights and limits are in `details`."""
    best = found.candidates[0] if found.candidates else None
    return (
        _summary(case, best, outcome, past),
        *_sender(case, found.candidates, outcome),
        *_candidates(found, outcome),
        *_bounded(_deviations(case, outcome), "deviations"),
        *_block(outcome),
        *_collision(past),
        *((told(rate),) if rate else ()),
        *islice(_terms(case, best, outcome), _MOST),
        *_bounded(_lines(case, outcome), "lines"),
        *_derived(case),
    )


def explain_flaw(cause: str, sentence: str) -> tuple[str, ...]:
    """Of an invoice that contradicts itself or is not complete."""
    return INVALID[cause], sentence


def details(decision: Decision) -> Iterator[str]:
    """How sure the orders are, weight by weight, and each limit with value and verdict."""
    if decision.ranked:
        best, *others = decision.ranked
        weights = ", ".join(f"{e.name} {e.weight:+d}" for e in best.evidence)
        least = weights_of({}).accept
        yield f"Score {best.score} of at least {least} for {listed(best.orders)}: {weights}."
        for second in others[:1]:
            yield f"The second best, {listed(second.orders)}, scores {second.score}."
        yield f"The probability that this is right is {_percent(decision.confidence)} %."
    yield from _bounded(map(_check, decision.tolerances), "limits")
    yield from _bounded(map(_not_followed, decision.dropped), "keys")


def _summary(case: Case, best: Candidate | None, outcome: Outcome, past: Past) -> str:
    words = {"orders": "", "deviation": "", "lines": "", "why": "", "earlier": ""}
    if best:
        words["orders"] = f"{_SIDES[best.side]}{'s' * (len(best.ids) > 1)} {listed(best.ids)}"
    words["lines"] = _concerned(outcome)
    if outcome.cause and outcome.cause in CAUSES:
        words["why"] = CAUSES[outcome.cause].why.format(lines=words["lines"])
    if outcome.cause == "NO_ORDER" and best and best.named_otherwise:
        words["why"] = "it names another order than the one that agrees with it"
    if outcome.state in (State.WITHIN_TOLERANCE, State.OUT_OF_TOLERANCE):
        main = _main(outcome)
        words["deviation"] = deviation(case, main) if main else words["why"]
    if past.duplicate:
        earlier = past.duplicate.earlier
        where = "supplier invoice in SAP" if earlier.source == "sap" else "document"
        words |= {"earlier": f"{where} {earlier.document}", "why": past.duplicate.reason}
    if past.replaced_by:
        words["why"] = f"its sender takes it back by {shown(past.replaced_by.number)}"
    kind = "Credit note" if case.credit else "Invoice"
    said = _SUMMARIES[outcome.state].format_map(words)
    return f"{kind} {shown(case.number)} over {Money(case.total, case.currency)} {said}"


def _main(outcome: Outcome) -> Variance | None:
    """The largest deviation of the key that names the outcome."""
    failing = outcome.state is State.OUT_OF_TOLERANCE
    mine = [v for v in outcome.variances if v.key == outcome.cause and v.passed != failing]
    return max(mine, key=lambda v: abs(v.value), default=None)


def _concerned(outcome: Outcome) -> str:
    """The lines for which goods are missing, or SAP takes no invoice."""
    lines = [j.line.id for j in outcome.judged if j.waiting or j.forbidden == outcome.cause]
    return listed(map(subject, lines)) or "the invoice"


def _deviations(case: Case, outcome: Outcome) -> Iterator[str]:
    """All others than the one in the summary, those that fail first."""
    main = _main(outcome)
    for variance in sorted(outcome.variances, key=lambda v: v.passed):
        if variance is not main:
            yield f"{capital(deviation(case, variance))}."


def _sender(case: Case, found: Sequence[Candidate], outcome: Outcome) -> Iterator[str]:
    """What is known of sender and number where the score does not say it."""
    if not found:
        return
    best, *others = found
    if outcome.cause == "OTHER_SUPPLIER" and best.other_party:
        yield "The order is with another party than the one on the invoice."
    elif outcome.cause == "NO_ORDER" and best.named_otherwise:
        yield _named_otherwise(case, best, others)
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


def _named_otherwise(case: Case, best: Candidate, others: Sequence[Candidate]) -> str:
    named = listed(reference.text for reference in case.references.named)
    known = any(other.named for other in others)
    unknown = "" if known else ", and no order of that number is known here"
    return f"The invoice names {named}{unknown}; what agrees with it is {listed(best.ids)}."


def _candidates(found: Found, outcome: Outcome) -> Iterator[str]:
    if outcome.state in (State.AMBIGUOUS, State.NO_CANDIDATE) and found.candidates:
        first, *others = (f"{_SIDES[c.side]} {listed(c.ids)}" for c in found.candidates[:3])
        yield f"{capital(first)} fits best{''.join(f', then {one}' for one in others)}."


def _block(outcome: Outcome) -> Iterator[str]:
    if outcome.sampled:
        yield "It is one of the samples that a person checks: SAP gets it with a payment block."
    elif outcome.payment_block:
        yield "SAP gets it with a payment block, as the settings say for these tolerances."


def _collision(past: Past) -> Iterator[str]:
    for first in past.collisions[:1]:
        yield f"SAP keeps 16 characters of a number and cannot tell this one from that of {first}."


def _terms(case: Case, best: Candidate | None, outcome: Outcome) -> Iterator[str]:
    """Other terms of payment change no amount, and somebody should know (MA-P37)."""
    if best is None or not outcome.judged:
        return
    for one in best.orders:
        if one.order.id in best.ids:
            yield from deviations(case.invoice, one.order.payment_terms)


def _lines(case: Case, outcome: Outcome) -> Iterator[str]:
    billed = {one.line.id: one.line.unit for one in case.lines}
    for judged in outcome.judged:
        line, who = judged.line, capital(subject(judged.line.id))
        if line.unit_differs:
            unit = shown(billed.get(line.id) or "no unit")
            yield f"{who}, billed in {unit}, belongs to an item of the order in {line.unit}."
        elif not line.placed and line.amount:
            yield f"{who} over {Money(line.amount, case.currency)} fits no order item."
        yield from (_portion(case, judged, portion) for portion in line.portions)


def _portion(case: Case, judged: Judged, portion: Portion) -> str:
    place, amount = portion.position, Money(portion.amount, case.currency)
    where = f"order {shown(place.order.id)} item {shown(place.item.id)}"
    who = capital(subject(judged.line.id))
    if place.item.overall_limit is not None:
        limit = Money(place.item.overall_limit, place.order.currency)
        return f"{who} bills {amount} of {where}, a limit order over {limit}."
    expected = sap_quantity(place.delivered if place.receipt_counts else place.item.quantity)
    held = "received" if place.receipt_counts else "ordered"
    return (
        f"{who} bills {portion.quantity:f} {place.item.unit} of {where}: {held} {expected:f}, "
        f"invoiced before {sap_quantity(place.invoiced):f}; {amount} against "
        f"{Money(place.value(portion.quantity), place.currency)} by the order."
    )


def _derived(case: Case) -> Iterator[str]:
    """Prices of zero beside an amount (MA-P31)."""
    priced = ((b.line, b.amount) for b in case.lines if b.line.unit_price is not None)
    derived = [subject(line.id) for line, amount in priced if not line.unit_price and amount]
    if derived:
        yield f"The price of {listed(derived)} is derived from its amount."


def _check(check: ToleranceCheck) -> str:
    where = f" of {subject(check.line)}" if check.line else ""
    bound = check.bound.replace("_", " ")
    measured = f"{check.value:f} of {check.limit:f} {check.unit}"
    return f"Tolerance {check.key}{where}, {bound}: {measured} {_VERDICTS[check.verdict]}."


def _not_followed(key: str) -> str:
    return f"Key {shown(key)} has too many orders and was not followed."


def _percent(per_mille: int) -> str:
    whole, tenth = divmod(per_mille, 10)
    return f"{whole}.{tenth}"


def _bounded(sentences: Iterable[str], kind: str) -> Sequence[str]:
    every = list(sentences)
    left = len(every) - _MOST
    return every if left <= 0 else [*every[:_MOST], f"{left} more {kind} are in the decision."]
