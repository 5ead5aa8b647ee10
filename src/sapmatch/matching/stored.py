"""Decide on an invoice that was read, and record a match."""

from collections.abc import Callable, Sequence
from datetime import datetime

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sapmatch.matching import match
from sapmatch.matching.case import company_code_of
from sapmatch.matching.direction import directed
from sapmatch.matching.keys import earlier_keys
from sapmatch.matching.record import REMEMBERED, earlier_invoice, match_record
from sapmatch.matching.refusal import refused
from sapmatch.matching.validity import first_flaw
from sapmatch.matching.verdict import anew, decided_by_hand
from sapmatch.matching.watch import NotedOrders
from sapmatch.model.document import DocumentRecord, EarlierInvoice
from sapmatch.model.errors import InputRejected, PreconditionFailed, Problem
from sapmatch.model.intent import Intent
from sapmatch.model.invoice import Invoice
from sapmatch.model.match import Decision, State
from sapmatch.model.order import Order
from sapmatch.model.policy import MatchingPolicy
from sapmatch.model.ports import Documents, Objects, Orders, OrderScope
from sapmatch.model.review import Review, Reviews, Verdict
from sapmatch.model.stored import decision_key, decision_of, invoice_key, result_of

# From invoice, decision and orders to the writes that they mean, with their payload bytes.
Planner = Callable[[str, Invoice, Decision, dict[str, Order]], Sequence[tuple[Intent, bytes]]]
BY_HAND = frozenset({State.MANUAL_MATCHED, State.MANUAL_REJECTED})
_WAITS_FOR_NOTHING = BY_HAND | {State.SUPERSEDED}


class Desk(Struct, frozen=True, kw_only=True):
    """What decisions are made with: records, the order index of one SAP client, the rules."""

    objects: Objects
    documents: Documents
    reviews: Reviews
    orders: Orders
    policy: MatchingPolicy
    connection: str
    client: str

    def scope(self, company_code: str | None) -> OrderScope:
        """Where the orders of a company code are."""
        return OrderScope(self.connection, self.client, company_code or "")


def match_stored(
    document_id: str, desk: Desk, now: datetime, plan: Planner
) -> tuple[int, Decision]:
    """Decide and keep the decision at documents/<id>/decision-<n>.json.

    A decision that posts nothing is recorded at once, behind the review that waits for a person; a
    match waits for record_stored, and one that `plan` refuses to write for a person. Deciding again
    on the same facts writes no other decision. What a person decided is carried out, and what is
    matched or was decided by hand stays (MA-P54).
    Raises PreconditionFailed where a person decided meanwhile: his decision counts.
    """
    record, review = desk.documents.get(document_id), desk.reviews.get(document_id)
    former = _decision(desk.objects, document_id, record.decision) if record.decision else None
    if former and (record.is_matched or former.state in BY_HAND):
        _settle(review, desk.reviews)
        return record.decision, former
    noted = NotedOrders(desk.orders, desk.documents.earlier)
    if review and (verdict := _verdict_on(record, review)):
        decision = _carried_out(review, verdict, former, desk)
    else:
        decision = _matched(document_id, noted, desk)
    decision = _rehearsed(document_id, decision, desk, plan)
    is_new = former is None or _facts(decision) != _facts(former)
    number = record.decision + is_new
    if is_new:
        encoded = msgspec.json.encode(decision, order="deterministic")
        desk.objects.write(decision_key(document_id, number), encoded)
    if decision.posts:
        return number, decision
    if decision.state not in _WAITS_FOR_NOTHING:
        waiting = _waiting(record, review, number, decision, now, desk.reviews)
        watched = noted.watched(desk.scope(decision.company_code), decision)
        desk.reviews.save(replace(waiting, watched=watched, token=None))
    elif decision.state is State.SUPERSEDED:
        _settle(review, desk.reviews)
    if is_new:
        _keep(record, decision, desk)
    if decision.state in BY_HAND:
        _settle(review, desk.reviews)
    return number, decision


def record_stored(
    document_id: str, desk: Desk, plan: Planner, number: int | None = None
) -> DocumentRecord:
    """Record the match that was decided last, with reservations and intents, all or nothing.

    `number` is that of the decision. Raises PreconditionFailed where it is not the last one, an
    order moved since, or a person decided: decide anew.
    """
    record = desk.documents.get(document_id)
    if record.is_matched:
        _settle(desk.reviews.get(document_id), desk.reviews)
        return record
    overtaken = number not in (None, record.decision + 1)
    decision = None if overtaken else _decision(desk.objects, document_id, record.decision + 1)
    # Another execution of this document may have written its own decision under this number.
    if decision is None or not decision.posts:
        raise PreconditionFailed(f"document {document_id}: was decided anew meanwhile")
    try:
        return _recorded(record, decision, desk, plan)
    except InputRejected:
        _reopen(desk.reviews.get(document_id), desk.reviews)
        raise


def _recorded(
    record: DocumentRecord, decision: Decision, desk: Desk, plan: Planner
) -> DocumentRecord:
    document_id = record.id
    try:
        planned = _planned(document_id, decision, desk, plan)
    except InputRejected as exc:  # not when it was decided: something changed since
        raise PreconditionFailed(f"{exc}; decide anew") from exc
    for intent, payload in planned:
        desk.objects.write(intent.payload_key, payload)
    intents = [intent for intent, _ in planned]
    invoice, _ = _read(desk.objects, document_id)
    scope = desk.scope(decision.company_code)
    match = match_record(record, invoice, decision, scope, intents)
    review = _close(record, decision, desk.reviews)
    recorded = desk.documents.record_match(match)
    _settle(review, desk.reviews)
    return recorded


def matched_with(orders: Sequence[str], document_id: str, desk: Desk) -> Decision:
    """The decision on a stored invoice with these orders alone; nothing is kept.

    Raises InputRejected where the document holds no invoice.
    """
    invoice, problems = _read(desk.objects, document_id)
    decide = anew(
        invoice,
        document_id=document_id,
        orders=desk.orders,
        policy=desk.policy,
        connection=desk.connection,
        client=desk.client,
        problems=problems,
    )
    return decide(orders)


def remember_stored(document_id: str, desk: Desk) -> None:
    """An invoice that a person keys into SAP: another scan of it must not be posted (MA-P44)."""
    invoice = result_of(desk.objects.read(invoice_key(document_id))).invoice
    if invoice is None or first_flaw(invoice, lambda _: True):
        return
    code = company_code_of(invoice, desk.policy)
    if code is None:
        return
    seen = replace(earlier_invoice(document_id, invoice, None), undecided=True)
    keys = earlier_keys(seen)
    desk.documents.remember(desk.scope(code), keys, seen)


def _verdict_on(record: DocumentRecord, review: Review | None) -> Verdict | None:
    """What a person decided in place of us; who accepts a reading leaves the decision to us."""
    if review is None or review.status != "decided" or review.decision != record.decision:
        return None
    accepted = review.verdict and review.verdict.action == "accept"
    return None if accepted and not record.decision else review.verdict


def _facts(decision: Decision) -> Decision:
    """An order may have another version without a difference for this invoice."""
    return replace(decision, order_versions={})


def _matched(document_id: str, noted: NotedOrders, desk: Desk) -> Decision:
    invoice, problems = _read(desk.objects, document_id)
    return match(
        invoice,
        document_id=document_id,
        orders=noted,
        earlier=noted.earlier,
        policy=desk.policy,
        connection=desk.connection,
        client=desk.client,
        problems=problems,
    )


def _planned(
    document_id: str, decision: Decision, desk: Desk, plan: Planner
) -> Sequence[tuple[Intent, bytes]]:
    invoice, _ = _read(desk.objects, document_id)
    orders = _orders(desk.scope(decision.company_code), decision, desk.orders)
    return plan(document_id, directed(invoice), decision, orders)


def _rehearsed(document_id: str, decision: Decision, desk: Desk, plan: Planner) -> Decision:
    """The decision, as one for a person where its write is refused."""
    if decision.posts:
        try:
            _planned(document_id, decision, desk, plan)
        except InputRejected as exc:
            return refused(decision, exc)
    return decision


def _carried_out(review: Review, verdict: Verdict, former: Decision | None, desk: Desk) -> Decision:
    try:
        return _by_hand(review.document_id, verdict, former, desk)
    except InputRejected as exc:
        if former is None:
            _reopen(review, desk.reviews)
            raise
        return refused(former, exc)


def _by_hand(document_id: str, verdict: Verdict, former: Decision | None, desk: Desk) -> Decision:
    def again(orders: Sequence[str]) -> Decision:
        return matched_with(orders, document_id, desk)

    return decided_by_hand(verdict, former, anew=again)


def _keep(record: DocumentRecord, decision: Decision, desk: Desk) -> None:
    """What posts nothing, with the record and what later invoices may see of it."""
    scope = desk.scope(decision.company_code) if decision.company_code else None
    seen = _seen(record, decision, desk) if scope else None
    keys = earlier_keys(seen) if seen else ()
    desk.documents.decided(record, decision, seen, scope, keys)


def _seen(record: DocumentRecord, decision: Decision, desk: Desk) -> EarlierInvoice | None:
    """The invoice for the duplicate check; one that a person rejected is none (MA-P47)."""
    invoice, _ = _read(desk.objects, record.id)
    known = invoice.number and invoice.total is not None and invoice.currency
    if decision.state not in REMEMBERED or not known:
        return None
    seen = earlier_invoice(record.id, invoice, None)
    return replace(seen, reversed=decision.state is State.MANUAL_REJECTED)


def _waiting(
    record: DocumentRecord,
    review: Review | None,
    number: int,
    decision: Decision,
    now: datetime,
    reviews: Reviews,
) -> Review:
    """The review of a decision; that of the same decision goes on where it was."""
    if review and review.decision == number and review.status in ("open", "closed"):
        return replace(review, status="open")
    if review and review.status == "open" and review.said:  # what people said is kept
        review = reviews.save(replace(review, status="closed"))
    return Review(
        document_id=record.id,
        state=decision.state.value,
        cause=decision.cause,
        decision=number,
        opened_at=now,
        version=review.version if review else 0,
    )


def _close(record: DocumentRecord, decision: Decision, reviews: Reviews) -> Review | None:
    """Before the match is recorded: from here on it is too late for a person to decide (RE-17)."""
    review = reviews.get(record.id)
    if _verdict_on(record, review) and decision.state not in BY_HAND:
        raise PreconditionFailed(f"document {record.id}: a person decided meanwhile")
    if review and review.status == "open":
        return reviews.save(replace(review, status="closed", token=None, watched=None))
    return review


def _settle(review: Review | None, reviews: Reviews) -> None:
    """Nothing is left to do about the document: nobody is asked, and nobody carries out more."""
    if review and review.status == "open":
        reviews.save(replace(review, status="closed", token=None, watched=None))
    elif review and review.is_unfinished:
        reviews.save(replace(review, settled=True))


def _reopen(review: Review | None, reviews: Reviews) -> None:
    """A decision that cannot be carried out must not keep everybody from another one."""
    if review and review.status == "decided":
        reviews.save(replace(review, status="open", verdict=None, proposed=None))


def _orders(scope: OrderScope, decision: Decision, orders: Orders) -> dict[str, Order]:
    found = {order_id: orders.get(scope, order_id) for order_id in decision.orders}
    missing = [order_id for order_id, order in found.items() if order is None]
    if missing:
        raise InputRejected(f"order {missing[0]}: is no longer in the order index; extract anew")
    return {order_id: order.order for order_id, order in found.items() if order}


def _read(objects: Objects, document_id: str) -> tuple[Invoice, tuple[Problem, ...]]:
    result = result_of(objects.read(invoice_key(document_id)))
    if result.invoice is None:
        raise InputRejected(f"document {document_id}: holds no invoice")
    return result.invoice, result.problems


def _decision(objects: Objects, document_id: str, number: int) -> Decision:
    return decision_of(objects.read(decision_key(document_id, number)))
