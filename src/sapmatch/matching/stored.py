"""Decide on an invoice that was read, and record a match."""

from collections.abc import Callable, Sequence

import msgspec
from msgspec.structs import replace

from sapmatch.matching import match
from sapmatch.matching.case import company_code_of
from sapmatch.matching.direction import directed
from sapmatch.matching.keys import duplicate_keys
from sapmatch.matching.record import REMEMBERED, earlier_invoice, match_record
from sapmatch.matching.validity import first_flaw
from sapmatch.model.document import DocumentRecord, EarlierInvoice
from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.intent import Intent
from sapmatch.model.invoice import Invoice
from sapmatch.model.match import POSTABLE, Decision
from sapmatch.model.order import Order
from sapmatch.model.policy import MatchingPolicy
from sapmatch.model.ports import Documents, Objects, OrderKey, Orders, OrderScope
from sapmatch.model.stored import invoice_key, result_of

# From invoice, decision and orders to the writes that they mean, with their payload bytes.
Planner = Callable[[str, Invoice, Decision, dict[str, Order]], Sequence[tuple[Intent, bytes]]]


def match_stored(
    document_id: str,
    *,
    objects: Objects,
    documents: Documents,
    orders: Orders,
    policy: MatchingPolicy,
    connection: str,
    client: str,
) -> tuple[int, Decision]:
    """Decide and keep the decision at documents/<id>/decision-<n>.json.

    A decision that posts nothing is recorded at once; a match waits for record_stored. Deciding
    again on the same facts writes nothing new.
    """
    record = documents.get(document_id)
    if record.state in POSTABLE:
        return record.decision, _decision(objects, document_id, record.decision)
    invoice, problems = _read(objects, document_id)
    decision = match(
        invoice,
        document_id=document_id,
        orders=orders,
        earlier=documents.earlier,
        policy=policy,
        connection=connection,
        client=client,
        problems=problems,
    )
    if record.decision and decision == _decision(objects, document_id, record.decision):
        return record.decision, decision
    number = record.decision + 1
    objects.write(_key(document_id, number), msgspec.json.encode(decision, order="deterministic"))
    if decision.state not in POSTABLE:
        _record_other(record, invoice, decision, documents, connection, client)
    return number, decision


def record_stored(
    document_id: str,
    *,
    objects: Objects,
    documents: Documents,
    orders: Orders,
    connection: str,
    client: str,
    plan: Planner,
) -> DocumentRecord:
    """Record the match that was decided last, with reservations and intents, all or nothing.

    Raises PreconditionFailed where an order moved since: decide anew.
    """
    record = documents.get(document_id)
    if record.state in POSTABLE:
        return record
    decision = _decision(objects, document_id, record.decision + 1)
    invoice = directed(_read(objects, document_id)[0])
    scope = OrderScope(connection, client, decision.company_code or "")
    planned = plan(document_id, invoice, decision, _orders(scope, decision, orders))
    for intent, payload in planned:
        objects.write(intent.payload_key, payload)
    intents = [intent for intent, _ in planned]
    return documents.record_match(match_record(record, invoice, decision, scope, intents))


def remember_stored(
    document_id: str,
    *,
    objects: Objects,
    documents: Documents,
    policy: MatchingPolicy,
    connection: str,
    client: str,
) -> None:
    """An invoice that a person keys into SAP: another scan of it must not be posted (MA-P44)."""
    stored = result_of(objects.read(invoice_key(document_id)))
    if stored.invoice is None or first_flaw(stored.invoice, lambda _: True):
        return
    code = company_code_of(stored.invoice, policy)
    if code is None:
        return
    seen = replace(earlier_invoice(document_id, stored.invoice, None), undecided=True)
    keys = duplicate_keys(seen.number, seen.total, seen.currency)
    documents.remember(OrderScope(connection, client, code), keys, seen)


def _record_other(
    record: DocumentRecord,
    invoice: Invoice,
    decision: Decision,
    documents: Documents,
    connection: str,
    client: str,
) -> None:
    scope = OrderScope(connection, client, decision.company_code) if decision.company_code else None
    keys: tuple[OrderKey, ...] = ()
    seen: EarlierInvoice | None = None
    if (
        decision.state in REMEMBERED
        and invoice.number
        and invoice.total is not None
        and invoice.currency
    ):
        keys = duplicate_keys(invoice.number, invoice.total, invoice.currency)
        seen = earlier_invoice(record.id, invoice, None)
    documents.decided(record, decision, seen, scope, keys)


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
    return msgspec.json.decode(objects.read(_key(document_id, number)), type=Decision)


def _key(document_id: str, number: int) -> str:
    return f"documents/{document_id}/decision-{number}.json"
