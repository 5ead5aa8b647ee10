"""Decision -> intents: what shall happen in SAP because of a match."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from sapmatch.model.errors import InputRejected
from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import Record
from sapmatch.model.invoice import Invoice
from sapmatch.model.match import Decision
from sapmatch.model.order import Order
from sapmatch.model.policy import CompanyCode, MatchingPolicy
from sapmatch.writing.identity import business_key, key_fields, reference_fields
from sapmatch.writing.mapping.apply import FieldMapping, applied
from sapmatch.writing.mapping.facts import facts_of_match
from sapmatch.writing.marker import marked, marker, marker_field
from sapmatch.writing.on_behalf import in_the_name_of
from sapmatch.writing.plan import Planned, new_intent
from sapmatch.writing.problems import listed
from sapmatch.writing.supplier_invoice import sales_order_change, supplier_invoice


class _Match(Struct, frozen=True, kw_only=True):
    """One match, and what all of its writes have in common."""

    invoice: Invoice
    decision: Decision
    document_id: str
    orders: Mapping[str, Order]
    client: str
    now: datetime
    asserts: bool
    person: str

    def planned(
        self, name: str, flow: WriteBack, payload: Record, part: str = "", **fields: Any
    ) -> Planned:
        record = f"{self.document_id}/{part}" if part else self.document_id
        asserts, person = self.asserts, self.person
        who = in_the_name_of(name, flow, self.decision, self.now, asserts=asserts, person=person)
        return new_intent(
            name,
            flow,
            self.client,
            payload,
            document_id=self.document_id,
            created_at=self.now,
            record=record,
            **who,
            **fields,
        )


def intents_for_match(
    invoice: Invoice,
    decision: Decision,
    *,
    document_id: str,
    orders: Mapping[str, Order],
    flows: Mapping[str, WriteBack],
    mappings: Mapping[str, FieldMapping],
    policy: MatchingPolicy,
    connection: str,
    client: str,
    now: datetime,
    asserts: bool = False,
    person: str = "",
) -> list[Planned]:
    """The writes of every flow with source `match` for the decision's order side, with payloads.

    A flow with a mapping writes what that says, once for each order where it takes something from
    the order. Without one: one supplier invoice for purchase orders, one change of each sales
    order. `asserts` and `person` as in `in_the_name_of`. Raises InputRejected where the invoice
    cannot be written, or could not be found again in SAP, or in nobody's name.
    """
    match = _Match(
        invoice=invoice,
        decision=decision,
        document_id=document_id,
        orders=orders,
        client=client,
        now=now,
        asserts=asserts,
        person=person,
    )
    planned: list[Planned] = []
    for name, flow in flows.items():
        if (flow.source, flow.order_side, flow.connection) != ("match", decision.side, connection):
            continue
        if name in mappings:
            planned += _mapped(name, flow, mappings[name], match)
        elif flow.order_side == "sales_order":
            planned += _changes(name, flow, match)
        else:
            planned.append(_supplier_invoice(name, flow, match, policy))
    return planned


def _mapped(name: str, flow: WriteBack, mapping: FieldMapping, match: _Match) -> Iterator[Planned]:
    document_id = match.document_id
    orders: Sequence[str | None] = match.decision.orders if mapping.uses("order") else (None,)
    for order_id in orders:
        order = match.orders.get(order_id) if order_id else None
        facts = facts_of_match(match.invoice, order, match.decision, document_id)
        record, wrong = applied(mapping, facts)
        if wrong:
            listing = "; ".join(f"{target} {message}" for target, message in wrong)
            raise InputRejected(f"flow {name}: {listing}")
        part = order_id or ""
        if flow.operation == "insert":
            yield _creation(name, flow, match, record | marked(flow, document_id), part)
        else:
            yield _at_key(name, flow, match, record, part)


def _changes(name: str, flow: WriteBack, match: _Match) -> Iterator[Planned]:
    if not flow.field:
        raise InputRejected(f"flow {name}: names no field for the invoice number; set its field")
    change = sales_order_change(flow.field, match.invoice)
    for order_id in match.decision.orders:
        key = {"SalesOrder": order_id}
        yield match.planned(name, flow, change, order_id, business_key=key, key=key)


def _supplier_invoice(name: str, flow: WriteBack, match: _Match, policy: MatchingPolicy) -> Planned:
    if (flow.entity_set, flow.operation) != ("A_SupplierInvoice", "insert"):
        raise InputRejected(
            f"flow {name}: matches with purchase orders are written by insert into "
            "A_SupplierInvoice, or by a mapping; set one"
        )
    company = _company(match.decision, policy)
    payload = supplier_invoice(
        match.invoice,
        match.decision,
        match.orders,
        company,
        document_id=match.document_id,
        status=flow.status,
        posting_date=match.now.astimezone(ZoneInfo(company.time_zone)).date(),
    )
    return _creation(name, flow, match, payload)


def _creation(
    name: str, flow: WriteBack, match: _Match, payload: Record, part: str = ""
) -> Planned:
    """One document per business key, whatever is decided about it later (I1)."""
    names = reference_fields(flow)
    if not names or any(not payload.get(field) for field in names):
        raise InputRejected(
            f"flow {name}: an insert needs fields that SAP can be searched by; set its reference"
        )
    return match.planned(
        name,
        flow,
        payload,
        part,
        business_key=business_key(flow, payload),
        once=True,
        reference={field: str(payload[field]) for field in names},
        marker=marker(match.document_id) if marker_field(flow) else None,
    )


def _at_key(name: str, flow: WriteBack, match: _Match, record: Record, part: str) -> Planned:
    names = key_fields(flow)
    missing = [field for field in names if not record.get(field)]
    if missing or not names:
        raise InputRejected(
            f"flow {name}: its mapping gives no {listed(missing) or 'key'}; map the key of "
            f"{flow.entity_set}"
        )
    key = {field: str(record[field]) for field in names}
    payload = {field: value for field, value in record.items() if field not in key}
    return match.planned(name, flow, payload, part, business_key=key, key=key)


def _company(decision: Decision, policy: MatchingPolicy) -> CompanyCode:
    company = policy.company_codes.get(decision.company_code or "")
    if company is None:
        raise InputRejected(
            f"company code {decision.company_code}: is not in [matching.company_codes]; add it"
        )
    return company
