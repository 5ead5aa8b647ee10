"""Decision -> intents: what shall happen in SAP because of a match."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import Intent, IntentState, Record
from sapmatch.model.invoice import Invoice
from sapmatch.model.match import Decision
from sapmatch.model.order import Order
from sapmatch.model.policy import CompanyCode, MatchingPolicy
from sapmatch.model.ports import Intents
from sapmatch.writing.identity import (
    business_key,
    corrected_id,
    encoded,
    intent_id,
    payload_key,
    reference_fields,
)
from sapmatch.writing.supplier_invoice import sales_order_change, supplier_invoice

Planned = tuple[Intent, bytes]
_SHOWN = 20  # rows in the message; all of them are in `problems`
_CORRECTIONS = 100  # of one refused record, before a person has to look
_NOTHING_DONE = (IntentState.REJECTED, IntentState.VOID)
_TAKEN = "is under way or done with another content; compare it with SAP and change it by an update"


def intents_for_match(
    invoice: Invoice,
    decision: Decision,
    *,
    document_id: str,
    orders: Mapping[str, Order],
    flows: Mapping[str, WriteBack],
    policy: MatchingPolicy,
    connection: str,
    client: str,
    now: datetime,
) -> list[Planned]:
    """The writes of every flow with source `match` for the decision's order side, with payloads.

    One supplier invoice for purchase orders; one change of each sales order. Raises InputRejected
    where the invoice cannot be written, or could not be found again in SAP.
    """
    planned: list[Planned] = []
    common: dict[str, Any] = {"document_id": document_id, "created_at": now}
    for name, flow in flows.items():
        if (flow.source, flow.order_side, flow.connection) != ("match", decision.side, connection):
            continue
        if flow.order_side == "sales_order":
            planned += _changes(name, flow, client, invoice, decision, common)
        else:
            company = _company(decision, policy)
            payload = _invoice_payload(flow, invoice, decision, orders, company, document_id, now)
            planned.append(_creation(name, flow, client, payload, common))
    return planned


def new_intent(
    flow_name: str,
    flow: WriteBack,
    client: str,
    payload: Record,
    *,
    business_key: Mapping[str, str],
    once: bool = False,
    source: str = "",
    **fields: Any,
) -> Planned:
    """An intent of the flow with its payload bytes.

    `once`: one write per business key for ever; otherwise one per payload, and per `source` where
    the same change may be wanted again later.
    """
    data = encoded(payload)
    digest = hashlib.sha256(data).hexdigest()
    revision = "" if once else digest + source
    intent = Intent(
        id=intent_id(
            flow.connection, client, flow.operation, flow.entity_set, business_key, revision
        ),
        flow=flow_name,
        connection=flow.connection,
        client=client,
        operation=flow.operation,
        service=flow.service,
        entity_set=flow.entity_set,
        payload_key=payload_key(data),
        payload_sha256=digest,
        **fields,
    )
    return intent, data


def placed(planned: Sequence[Planned], intents: Intents) -> list[Planned]:
    """The writes of a file under the ids that they have beside what is stored already.

    A refused insert may come again with another content, then as a new intent. Raises
    InputRejected where one is under way or done with another content: a second one could be a
    second document.
    """
    found: list[Planned] = []
    problems: list[Problem] = []
    for intent, payload in planned:
        free = _place(intent, intents)
        if free is None:
            problems.append(Problem(code="RECORD", message=_TAKEN, field=f"row {intent.record}"))
        else:
            found.append((free, payload))
    if problems:
        rows = ", ".join(str(problem.field) for problem in problems[:_SHOWN])
        raise InputRejected(f"{len(problems)} mistake(s) in the file: {rows}: {_TAKEN}", problems)
    return found


def stored(planned: Sequence[Planned], intents: Intents) -> list[Intent]:
    """Plan the placed writes; raises InputRejected where another worker was faster with one."""
    found = intents.plan([intent for intent, _ in planned])
    for (intent, _), there in zip(planned, found, strict=True):
        if _another(there, intent):
            raise InputRejected(f"row {intent.record}: {_TAKEN}")
    return found


def _place(intent: Intent, intents: Intents) -> Intent | None:
    """Behind all that SAP refused of the same record; None where its place is taken."""
    if intent.operation != "insert":
        return intent
    for _ in range(_CORRECTIONS):
        there = _stored(intent.id, intents)
        if there is None or not _another(there, intent):
            return intent
        if there.state not in _NOTHING_DONE:
            return None
        intent = msgspec.structs.replace(intent, id=corrected_id(intent.id))
    return None


def _another(there: Intent, intent: Intent) -> bool:
    return there.payload_sha256 != intent.payload_sha256


def _stored(intent_id: str, intents: Intents) -> Intent | None:
    try:
        return intents.get(intent_id)
    except InputRejected:
        return None


def _changes(
    name: str,
    flow: WriteBack,
    client: str,
    invoice: Invoice,
    decision: Decision,
    common: Mapping[str, Any],
) -> Iterator[Planned]:
    if not flow.field:
        raise InputRejected(f"flow {name}: names no field for the invoice number; set its field")
    for order_id in decision.orders:
        key = {"SalesOrder": order_id}
        record = f"{common['document_id']}/{order_id}"
        change = sales_order_change(flow.field, invoice)
        yield new_intent(
            name, flow, client, change, business_key=key, key=key, record=record, **common
        )


def _invoice_payload(
    flow: WriteBack,
    invoice: Invoice,
    decision: Decision,
    orders: Mapping[str, Order],
    company: CompanyCode,
    document_id: str,
    now: datetime,
) -> Record:
    if (flow.entity_set, flow.operation) != ("A_SupplierInvoice", "insert"):
        raise InputRejected(
            f"flow to {flow.entity_set}: matches with purchase orders are written by insert into "
            "A_SupplierInvoice only"
        )
    return supplier_invoice(
        invoice,
        decision,
        orders,
        company,
        document_id=document_id,
        status=flow.status,
        posting_date=now.astimezone(ZoneInfo(company.time_zone)).date(),
    )


def _creation(
    name: str, flow: WriteBack, client: str, payload: Record, common: Mapping[str, Any]
) -> Planned:
    """One supplier invoice per business key, whatever is decided about it later (I1)."""
    fields = reference_fields(flow)
    if not fields or any(not payload.get(field) for field in fields):
        raise InputRejected(
            f"flow {name}: an insert needs fields that SAP can be searched by; set its reference"
        )
    reference = {field: str(payload[field]) for field in fields}
    return new_intent(
        name,
        flow,
        client,
        payload,
        business_key=business_key(flow, payload),
        once=True,
        reference=reference,
        record=common["document_id"],
        **common,
    )


def _company(decision: Decision, policy: MatchingPolicy) -> CompanyCode:
    company = policy.company_codes.get(decision.company_code or "")
    if company is None:
        raise InputRejected(
            f"company code {decision.company_code}: is not in [matching.company_codes]; add it"
        )
    return company
