"""The decision on one invoice: a pure function of the invoice, the orders and the rules."""

from collections.abc import Sequence
from decimal import localcontext

from msgspec.structs import replace

from sapmatch.matching.advice import invalid_remedy, owner, remedy
from sapmatch.matching.case import Case, build_case, codes_named, company_code_of
from sapmatch.matching.decision import Outcome, decide, difference, line_matches
from sapmatch.matching.direction import directed
from sapmatch.matching.duplicates import Earlier, Past, look_back
from sapmatch.matching.explanation import explain, explain_flaw
from sapmatch.matching.items import ledger_lines
from sapmatch.matching.rates import rate_used
from sapmatch.matching.replacement import replaced_by
from sapmatch.matching.search import Found, named_only, search
from sapmatch.matching.tolerances import within
from sapmatch.matching.units import EXACT
from sapmatch.matching.validity import Flaw, first_flaw
from sapmatch.matching.weights import confidence
from sapmatch.model.errors import Problem
from sapmatch.model.invoice import Invoice
from sapmatch.model.match import Decision, Ranked, State
from sapmatch.model.policy import MatchingPolicy
from sapmatch.model.ports import OrderKey, Orders

_SHOWN_CANDIDATES = 3
_PLACED = frozenset(
    {
        State.MATCHED,
        State.WITHIN_TOLERANCE,
        State.OUT_OF_TOLERANCE,
        State.WAITING_RECEIPT,
        State.NOT_INVOICEABLE,
    }
)


def match(
    invoice: Invoice,
    *,
    document_id: str,
    orders: Orders,
    earlier: Earlier,
    policy: MatchingPolicy,
    connection: str,
    client: str,
    problems: Sequence[Problem] = (),
    only: tuple[str, ...] = (),
) -> Decision:
    """Decide on an invoice: the same input gives the same bytes.

    `earlier` gives our own invoices under a duplicate key; `problems` are those of the reading, of
    which a sum that does not fit makes the invoice INVALID beyond BD. `only` are orders that a
    person chose: no others are looked at, and nothing but the tolerances decides. Raises nothing of
    its own: whatever is wrong with an invoice is a state.
    """
    with localcontext(EXACT):  # whatever the caller's context is
        code = company_code_of(invoice, policy)
        company = policy.company_codes[code] if code else None
        rates, day = policy.exchange_rates, invoice.issue_date
        flaw = first_flaw(
            invoice,
            lambda left: within(company, "BD", invoice.currency, left, rates, day),
            problems,
        )
        if flaw:
            return _invalid(flaw, code, policy)
        if code is None:
            return _nobodys(invoice, policy)
        case = build_case(
            directed(invoice),
            document_id=document_id,
            company_code=code,
            policy=policy,
            connection=connection,
            client=client,
        )
        return _decided(case, orders, earlier, only)


def _decided(case: Case, orders: Orders, earlier: Earlier, only: tuple[str, ...]) -> Decision:
    found = named_only(case, orders, only) if only else search(case, orders)
    past = look_back(case, found.partners, earlier, orders)
    if past.duplicate:
        return _decision(case, found, Outcome(state=past.duplicate.state, cause="DUPLICATE"), past)
    if not only and (other := replaced_by(case, earlier)):
        past = replace(past, replaced_by=other)
        return _decision(case, found, Outcome(state=State.SUPERSEDED, cause="REPLACED"), past)
    return _decision(case, found, decide(case, found, asked=bool(only)), past)


def _invalid(flaw: Flaw, company_code: str | None, policy: MatchingPolicy) -> Decision:
    return Decision(
        state=State.INVALID,
        policy_version=policy.version,
        cause=flaw.cause,
        company_code=company_code,
        explanation=explain_flaw(flaw.cause, flaw.sentence),
        remedy=invalid_remedy(ours=flaw.ours),
        owner="accounts_payable",
    )


def _nobodys(invoice: Invoice, policy: MatchingPolicy) -> Decision:
    named = codes_named(invoice.buyer, policy)
    return Decision(
        state=State.NO_CANDIDATE,
        policy_version=policy.version,
        cause="NO_ORDER",
        explanation=(
            "The invoice is addressed to none of our companies.",
            f"The buyer has the name of company code {', '.join(named)}, and a VAT id of none."
            if named
            else "Neither VAT id nor name of the buyer belongs to a company code of the settings.",
        ),
        remedy="Accounts payable rejects the invoice and returns it, or the administrator adds the "
        "VAT id to matching.company_codes and has it decided anew (sapmatch replay).",
        owner="accounts_payable",
    )


def _decision(case: Case, found: Found, outcome: Outcome, past: Past) -> Decision:
    best = found.candidates[0] if found.candidates else None
    placed = best if outcome.state in _PLACED else None
    used = placed.ids if placed else ()
    rate = rate_used(case, [o.order.currency for o in placed.orders]) if placed else None
    versions = {o.order.id: o.version for o in placed.orders} if placed else {}
    return Decision(
        state=outcome.state,
        policy_version=case.policy.version,
        cause=outcome.cause,
        company_code=case.scope.company_code,
        side=placed.side if placed else None,
        orders=used,
        order_versions={order_id: versions[order_id] for order_id in used},
        score=best.score if best else 0,
        runner_up=found.candidates[1].score if len(found.candidates) > 1 else None,
        candidates=tuple("+".join(c.ids) for c in found.candidates[:_SHOWN_CANDIDATES]),
        evidence=best.evidence if best else (),
        confidence=confidence(c.score for c in found.candidates),
        weights_version=case.weights.version,
        keys=_shown(found.keys),
        dropped=_shown(found.dropped),
        ranked=tuple(
            Ranked(orders=c.ids, score=c.score, evidence=c.evidence)
            for c in found.candidates[:_SHOWN_CANDIDATES]
        ),
        difference=difference(case, outcome),
        payment_block=outcome.payment_block,
        sampled=outcome.sampled,
        ledger=ledger_lines(case, [judged.line for judged in outcome.judged]),
        rate=rate,
        lines=line_matches(case, outcome),
        tolerances=outcome.checks,
        duplicate_of=past.duplicate.earlier.document if past.duplicate else None,
        explanation=explain(case, found, outcome, past, rate),
        remedy=remedy(outcome, best.side if best else None, credit=case.credit),
        owner=owner(outcome, credit=case.credit),
    )


def _shown(keys: Sequence[OrderKey]) -> tuple[str, ...]:
    return tuple(f"{key.type} {key.value}" for key in keys)
