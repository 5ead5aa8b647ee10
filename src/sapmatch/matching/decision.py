"""One state for an invoice."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.matching.case import Case
from sapmatch.matching.costs import unplanned
from sapmatch.matching.gates import veto
from sapmatch.matching.identity import Candidate
from sapmatch.matching.lines import Portion
from sapmatch.matching.sampling import is_sampled
from sapmatch.matching.search import Found
from sapmatch.matching.shares import Pool, shares
from sapmatch.matching.tolerances import PRECEDENCE, Variance, measure_exact
from sapmatch.matching.variances import Judged, document_variances, judge_lines
from sapmatch.model.match import POSTABLE, LineMatch, State, ToleranceCheck
from sapmatch.model.order import ZERO, OrderSide

# A transaction takes 100 puts, up to 6 for the document itself. An order takes one, its
# reservation; a sales order two, as each has a write of its own.
MAX_ORDERS: Mapping[OrderSide, int] = {"purchase_order": 90, "sales_order": 45}
_EQUAL = 10  # tenths of a bit between orders that explain an invoice equally well
_SHOWN_DOUBT = "RETURN"  # a person books it by hand, and is told where each line belongs
_PRECEDENCE = (
    State.NOT_INVOICEABLE,
    State.WAITING_RECEIPT,
    State.OUT_OF_TOLERANCE,
    State.WITHIN_TOLERANCE,
    State.MATCHED,
)


class Outcome(Struct, frozen=True, kw_only=True):
    """State and cause, with the judged lines and every limit that was looked at."""

    state: State
    cause: str | None = None
    judged: tuple[Judged, ...] = ()
    document: tuple[Variance, ...] = ()
    payment_block: bool = False
    sampled: bool = False

    @property
    def checks(self) -> tuple[ToleranceCheck, ...]:
        """All tolerance checks, line by line, the document's last."""
        return tuple(c for v in self.variances for c in v.checks)

    @property
    def variances(self) -> tuple[Variance, ...]:
        """All deviations, line by line, the document's last."""
        return (*(v for judged in self.judged for v in judged.variances), *self.document)


def decide(case: Case, found: Found, *, asked: bool = False) -> Outcome:
    """State of an invoice that agrees with itself and is no duplicate.

    `asked`: a person chose the orders, so that only the tolerances are left to decide.
    """
    if not found.candidates:
        return Outcome(state=State.NO_CANDIDATE, cause="NO_ORDER")
    best = found.candidates[0]
    doubt = None if asked else _doubt(case, found)
    if doubt and doubt.cause != _SHOWN_DOUBT:
        return doubt
    outcome = _measured(case, best)
    if doubt:
        return replace(outcome, state=doubt.state, cause=doubt.cause)
    if (
        not asked
        and outcome.state in POSTABLE
        and not any(one.line.placed for one in outcome.judged)
    ):
        return Outcome(state=State.AMBIGUOUS, cause="NO_ORDER")
    return outcome if best.side == "sales_order" else _blocked(case, outcome)  # nothing is paid


def _measured(case: Case, best: Candidate) -> Outcome:
    if not case.lines and not best.lines:
        return _whole_differs(case, best)
    judged = judge_lines(case, best.lines)
    document = document_variances(case, judged)
    states = [line_state(one) for one in judged] + [_state_of(document)]
    outcome = Outcome(state=min(states, key=_PRECEDENCE.index), judged=judged, document=document)
    return replace(outcome, cause=_cause(outcome))


def _blocked(case: Case, outcome: Outcome) -> Outcome:
    """Posted with a payment block: a sample, or what fails only limits that ask for no more."""
    if outcome.state in POSTABLE:
        sampled = is_sampled(case)
        return replace(outcome, sampled=sampled, payment_block=sampled)
    failing = [v for v in outcome.variances if not v.passed]
    blocks = outcome.state is State.OUT_OF_TOLERANCE and outcome.cause != "UNIT"
    blocks = blocks and bool(failing) and all(v.effect == "block" for v in failing)
    return replace(outcome, payment_block=blocks)


def line_state(judged: Judged) -> State:
    """State of one line."""
    if judged.forbidden:
        return State.NOT_INVOICEABLE
    if judged.waiting:
        return State.WAITING_RECEIPT
    if judged.line.unit_differs:
        return State.OUT_OF_TOLERANCE
    return _state_of(judged.variances)


def line_matches(case: Case, outcome: Outcome) -> tuple[LineMatch, ...]:
    """The lines as the decision shows them."""
    pool: Pool = {}
    sides = {p.position.order.side for one in outcome.judged for p in one.line.portions}
    return tuple(
        LineMatch(
            line=one.line.id,
            shares=shares(case, _payable(one), pool),
            score=one.line.score,
            state=line_state(one),
            unplanned=unplanned(case, one.line) if "purchase_order" in sides else None,
        )
        for one in outcome.judged
    )


def difference(case: Case, outcome: Outcome) -> Decimal | None:
    """Money by which the failing checks deviate; None where none fails in money."""
    money = {case.currency, "%"}
    failing = (v for v in outcome.variances if not v.passed)
    values = [abs(v.value) for v in failing if all(c.unit in money for c in v.checks)]
    return sum(values, ZERO) if values else None


def _payable(judged: Judged) -> tuple[Portion, ...]:
    """Goods that are free of charge are shown on the invoice, and SAP expects none for them."""
    portions = judged.line.portions
    free = not judged.line.amount and not any(p.position.item.invoice_expected for p in portions)
    return () if free else portions


def _doubt(case: Case, found: Found) -> Outcome | None:
    best, others = found.candidates[0], found.candidates[1:]
    if best.score < case.weights.accept:
        state = State.AMBIGUOUS if best.score >= 0 or best.named else State.NO_CANDIDATE
        return Outcome(state=state, cause=_doubtful(case, best, others))
    cause = veto(case, best, others)
    if not cause and others and best.score - others[0].score < case.weights.margin:
        cause = "SEVERAL_ORDERS"
    if not cause and len(best.ids) > MAX_ORDERS[best.side]:
        cause = "TOO_MANY_ORDERS"
    if not cause and best.side == "sales_order" and found.shadowed.intersection(best.ids):
        cause = "SAME_NUMBER"
    return Outcome(state=State.AMBIGUOUS, cause=cause) if cause else None


def _doubtful(case: Case, best: Candidate, others: Sequence[Candidate]) -> str:
    """Why the best is not good enough."""
    if best.shows("currency different"):
        return "CURRENCY"
    if best.other_party:
        return "OTHER_SUPPLIER"
    if best.named and not case.knows_partner(best.side):
        return "THIRD_PARTY"
    equal = best.score >= 0 and any(c.score > best.score - _EQUAL for c in others[:1])
    return "SEVERAL_ORDERS" if best.several or equal else "NO_ORDER"


def _whole_differs(case: Case, best: Candidate) -> Outcome:
    """Without lines there is nothing to measure a difference by, so none is allowed."""
    due = sum((p.value(p.open) for p in best.places if p.open > 0), ZERO)
    variance = measure_exact("PP", (case.net or ZERO) - due, case.currency)
    return Outcome(state=State.OUT_OF_TOLERANCE, cause="PP", document=(variance,))


def _state_of(variances: Sequence[Variance]) -> State:
    if not variances:
        return State.MATCHED
    passed = all(variance.passed for variance in variances)
    return State.WITHIN_TOLERANCE if passed else State.OUT_OF_TOLERANCE


def _cause(outcome: Outcome) -> str | None:
    if outcome.state is State.NOT_INVOICEABLE:
        return next(one.forbidden for one in outcome.judged if one.forbidden)
    if outcome.state is State.WAITING_RECEIPT:
        return "RECEIPT_MISSING"
    if any(one.line.unit_differs for one in outcome.judged):
        return "UNIT"
    failed = [v.key for v in outcome.variances if not v.passed]
    used = failed or [v.key for v in outcome.variances]
    return min(used, key=PRECEDENCE.index, default=None)
