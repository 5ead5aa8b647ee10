"""Decision -> intents: what shall happen in SAP because of a match."""

import hashlib
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sapmatch.model.errors import InputRejected
from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import Intent, Record
from sapmatch.model.invoice import Invoice
from sapmatch.model.match import Decision
from sapmatch.model.order import Order
from sapmatch.model.policy import CompanyCode, MatchingPolicy
from sapmatch.writing.identity import (
    SAME_DOCUMENT,
    encoded,
    intent_id,
    payload_key,
    reference_fields,
)
from sapmatch.writing.mapping import sales_order_change, supplier_invoice

Planned = tuple[Intent, bytes]


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
    identity = SAME_DOCUMENT[flow.entity_set]
    business_key = reference | {field: str(payload[field]) for field in identity}
    business_key = {field: value.upper() for field, value in business_key.items()}
    return new_intent(
        name,
        flow,
        client,
        payload,
        business_key=business_key,
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
