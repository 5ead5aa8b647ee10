"""What the demo wrote to SAP: as its users are told, and as SAP's own request log counts it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec
from msgspec import Struct
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from sapmatch.model.intent import Entity, Intent, IntentState, Record
from sapmatch.model.ports import Intents, Objects
from sapmatch.model.query import EVERYTHING, Query
from sapmatch.writing.readback import key_of, unlike

INVOICES = "A_SupplierInvoice"
LOST = "drop-answer"  # the fault by which SAP executes a write and its answer gets lost
_CHANGED = ("A_SalesOrder", "A_PurchaseOrderItem")
_INVOICE_STATES = {"A": "parked", "5": "posted"}  # SupplierInvoiceStatus (data element RBSTAT)
_FIRST = 4  # lines of a response file
Rows = Mapping[tuple[str, ...], Record]  # rows by entity set and key


class Sap(Protocol):
    """What is asked of SAP here."""

    def find(self, service: str, entity_set: str, query: Query) -> list[Entity]:
        """Entities."""
        ...


class Write(Struct, frozen=True, kw_only=True):
    """One line of build/demo-writes.jsonl: a record, how it ended, and what SAP holds since.

    `ended` is `by answer`, `read back` (its answer was lost), `found` (it was there already),
    `refused`, or the state that it was left in. `changes` are old and new value by field.
    """

    flow: str
    record: str
    operation: str
    ended: str
    key: str
    held: str
    changes: dict[str, tuple[Any, Any]]
    messages: str


class Witness(Struct, frozen=True, kw_only=True):
    """What SAP's own log counts: POSTs of supplier invoices, documents, changes, lost answers."""

    posts: int
    created: tuple[str, ...]
    changed: tuple[str, ...]
    lost: int


def witness(log: Iterable[Mapping[str, Any]]) -> Witness:
    """Count the lines of the request log."""
    entries = list(log)
    created = [name for entry in entries for name in entry["created"]]
    return Witness(
        posts=sum(e["method"] == "POST" and e["path"].endswith(f"/{INVOICES}") for e in entries),
        created=tuple(name for name in created if name.startswith(f"{INVOICES}(")),
        changed=tuple(name for entry in entries for name in entry["changed"]),
        lost=sum(entry.get("fault") == LOST for entry in entries),
    )


def rows_of(sap: Sap, services: Mapping[str, str]) -> dict[tuple[str, ...], Record]:
    """All rows that the demo may write, as SAP holds them now; `services` by entity set."""
    found: dict[tuple[str, ...], Record] = {}
    for name in (INVOICES, *_CHANGED):
        for entity in sap.find(services[name], name, EVERYTHING):
            found[_at(name, key_of(name, entity.row))] = entity.row
    return found


def _at(entity_set: str, key: Mapping[str, str]) -> tuple[str, ...]:
    return (entity_set, *(key[name] for name in sorted(key)))


def writes(
    flow: str,
    answers: Iterable[Mapping[str, Any]],
    intents: Intents,
    objects: Objects,
    before: Rows,
    now: Rows,
    names: Mapping[str, str],
) -> Iterator[Write]:
    """The records of a flow's response files; `names` of documents by their ids."""
    last = {line["intent"]: line for line in answers if "intent" in line}
    for intent_id, line in last.items():
        intent = intents.get(intent_id)
        at = _at(intent.entity_set, intent.key)
        row = now.get(at, {})
        yield Write(
            flow=flow,
            record=names.get(intent.document_id or "", line["record"]),
            operation=intent.operation,
            ended=_ended(intent),
            key="/".join((key_of(intent.entity_set, row) or intent.key).values()),
            held=_INVOICE_STATES.get(row.get("SupplierInvoiceStatus", ""), ""),
            changes=_changes(intent, objects, before.get(at), row),
            messages=line["sap_message"] or "",
        )


def _ended(intent: Intent) -> str:
    if intent.state is IntentState.REJECTED:
        return "refused"
    if intent.state is not IntentState.CONFIRMED:
        return intent.state.lower()
    if intent.confirmed_by == "answer":
        return "by answer"
    return "read back" if intent.first_sent else "found"


def _changes(
    intent: Intent, objects: Objects, before: Record | None, now: Record
) -> dict[str, tuple[Any, Any]]:
    """Old and new values of the fields that were written and are others now."""
    if before is None:
        return {}
    fields: Record = msgspec.json.decode(objects.read(intent.payload_key))
    shown = {name: now.get(name) for name in fields}
    return {name: (before.get(name), now.get(name)) for name in unlike(shown, before)}


def unexpected(
    written: Sequence[Write], seen: Witness, now: Rows, expected: Mapping[str, Mapping[str, int]]
) -> list[str]:
    """What is not as it should be: ends that are missing, and anything that SAP holds twice."""
    ends: dict[str, Counter[str]] = defaultdict(Counter)
    for each in written:
        ends[each.flow][each.ended] += 1
    found = [
        f"{flow} ended {dict(ends[flow])}, expected {dict(wanted)}"
        for flow, wanted in expected.items()
        if ends[flow] != wanted
    ]
    invoices = sum(each.operation == "insert" and each.ended != "refused" for each in written)
    if not seen.posts == len(set(seen.created)) == len(seen.created) == invoices:
        found.append(f"{invoices} invoices, {seen.posts} POSTs, {len(seen.created)} documents")
    found += [f"SAP holds invoice {name} twice" for name in _twice(now)]
    found += [f"{name} changed {n} times" for name, n in Counter(seen.changed).items() if n > 1]
    if seen.lost != 1:
        found.append(f"{seen.lost} answers were lost, expected 1")
    return found


def _twice(now: Rows) -> list[str]:
    rows = [row for at, row in now.items() if at[0] == INVOICES]
    names = Counter(
        f"{row['SupplierInvoiceIDByInvcgParty']} of {row['InvoicingParty']}" for row in rows
    )
    return [name for name, count in names.items() if count > 1]


def table(written: Iterable[Write]) -> Table:
    """Records as people read them."""
    result = Table(title="What was written to SAP", title_justify="left")
    for name in ("Flow", "Record", "Operation", "Ended", "In SAP", "Old -> new", "SAP says"):
        result.add_column(name, overflow="fold")
    for each in written:
        changes = (f"{name}: {old!r} -> {new!r}" for name, (old, new) in each.changes.items())
        held = " ".join(part for part in (each.key, each.held) if part)
        cells = (each.flow, each.record, each.operation, each.ended, held)
        result.add_row(*map(escape, (*cells, "\n".join(changes), each.messages)))
    return result


def told(seen: Witness) -> str:
    """The witness in one sentence."""
    records = len(set(seen.changed))
    return (
        f"SAP's own log: {seen.posts} POSTs of supplier invoices, {seen.lost} of their answers "
        f"lost, {len(seen.created)} documents; {len(seen.changed)} changes of {records} records"
    )


def responses(place: str, data: bytes) -> Panel:
    """The first lines of a response file, cut to the width of the panel."""
    lines = data.decode("utf-8-sig").splitlines()[:_FIRST]
    text = "\n".join(line[:150] for line in lines)
    return Panel(escape(text), title=escape(place), title_align="left")
