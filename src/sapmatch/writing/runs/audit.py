"""Our writes beside what SAP holds, both ways, once a day: what the protocol cannot see itself.

A person may delete or copy a document, and a table may be restored to an older state (RE-33).
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Literal

import msgspec
from msgspec import Struct

from sapmatch.model.errors import AuthorizationMissing, SapmatchError, SapRejected
from sapmatch.model.flow import KNOWN_KEYS, WriteBack
from sapmatch.model.intent import TERMINAL, Intent, IntentState, Record
from sapmatch.model.ports import Clock, Intents, Objects, SapWriter
from sapmatch.model.query import Condition, Query
from sapmatch.model.query import field as named
from sapmatch.writing.marker import OURS, marker_field
from sapmatch.writing.readback import Hit, amounts, hits, is_reversed, key_of, look

DAYS = 7  # of writes that are looked at, and of documents
REMEMBERED = 35  # days for which the marks of ended writes are looked for
_SLICE = 20  # questions in one call
# The day a document is of; others are found by their mark itself.
_DAYS_OF = {
    "A_SupplierInvoice": "PostingDate",
    "A_SalesOrder": "CreationDate",
    "A_PurchaseOrder": "CreationDate",
    "A_MaterialDocumentHeader": "PostingDate",
}
# What shows a cancelled document, of those of which a second one with a mark is one too many.
_CANCELLED = {"A_SupplierInvoice": ("ReverseDocument", "SupplierInvoiceStatus")}
_WORDS = {
    "MISSING": "SAP no longer shows what was confirmed",
    "DOUBLE": "SAP holds it more than once",
    "DIFFERENT": "SAP holds another value",
    "UNKNOWN": "SAP holds a document with a mark of ours, and no write is known for it",
    "UNREAD": "SAP refuses to show it",
}


class Difference(Struct, frozen=True, kw_only=True):
    """One thing that our records and SAP say differently; `fields` are those that differ."""

    kind: Literal["MISSING", "DOUBLE", "DIFFERENT", "UNKNOWN", "UNREAD"]
    flow: str
    key: dict[str, str]
    intent: str | None = None
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        """For a mail: what it is, of which document, and no value of it."""
        document = "/".join(self.key.values()) or "without a known key"
        fields = f" ({', '.join(self.fields)})" if self.fields else ""
        return f"{self.flow}: {document}: {_WORDS[self.kind]}{fields}"


class Audit(Struct, frozen=True, kw_only=True):
    """What was compared of one flow; `complete` is False where time was up before."""

    flow: str
    writes: int = 0
    documents: int = 0
    differences: tuple[Difference, ...] = ()
    complete: bool = True


def audit_flow(
    name: str,
    flow: WriteBack,
    *,
    sap: SapWriter,
    intents: Intents,
    objects: Objects,
    clock: Clock,
    until: datetime | None = None,
) -> Audit:
    """Compare the confirmed inserts of the last days with SAP, and its documents with them.

    Raises the errors of SAP where it cannot be asked: a document that could not be read is none
    that is missing. Nothing is begun from `until` on.
    """

    def is_late() -> bool:
        return until is not None and clock.now() >= until

    books = _Books(name, flow, intents, clock.now().date())
    writes = documents = 0
    found: list[Difference] = []
    for part in books.confirmed():
        if is_late():
            break
        writes += len(part)
        found += _beside_sap(part, sap, objects)
    for row in books.documents(sap):
        if is_late():
            break
        documents += 1
        wrong = books.wrong(row)
        if wrong:
            found.append(Difference(kind=wrong, flow=name, key=key_of(flow.entity_set, row)))
    return Audit(
        flow=name,
        writes=writes,
        documents=documents,
        differences=tuple(found),
        complete=not is_late(),
    )


class _Books:
    """What we know of the writes of a flow, and how its documents are found in SAP."""

    def __init__(self, name: str, flow: WriteBack, intents: Intents, today: date) -> None:
        self.field = marker_field(flow) or ""
        self._name = name
        self._flow = flow
        self._intents = intents
        self._today = today
        self._seen: set[str] = set()  # marks of documents that count

    def confirmed(self) -> Iterator[list[Intent]]:
        """Inserts that ended in the last days, in parts that are asked for together."""
        states = (IntentState.CONFIRMED,)
        found = [i for i in self._ended(DAYS) if i.operation == "insert" and i.state in states]
        for n in range(0, len(found), _SLICE):
            yield found[n : n + _SLICE]

    @cached_property
    def marks(self) -> frozenset[str | None]:
        """Marks of all that was or is being written; what SAP refused has no document there."""
        still_open = self._intents.due(self._name, tuple(set(IntentState) - TERMINAL))
        ended = (i for i in self._ended(REMEMBERED) if i.state is not IntentState.REJECTED)
        return frozenset(i.marker for i in (*ended, *still_open))

    def wrong(self, row: Record) -> Literal["UNKNOWN", "DOUBLE"] | None:
        """What is wrong with a document that carries a mark of ours."""
        mark = row[self.field]
        if mark not in self.marks:
            return "UNKNOWN"
        if self._flow.entity_set not in _CANCELLED or is_reversed(row):
            return None
        if mark in self._seen:
            return "DOUBLE"
        self._seen.add(mark)
        return None

    def documents(self, sap: SapWriter) -> Iterator[Record]:
        """Documents of the last days that carry a mark of ours."""
        if not self.field:
            return
        keys = KNOWN_KEYS.get(self._flow.entity_set, ())
        fields = (*keys, self.field, *_CANCELLED.get(self._flow.entity_set, ()))
        query = Query(select=fields if keys else (), where=self._condition())
        for page in sap.pages(self._flow.service, self._flow.entity_set, query):
            for row in page.rows:
                record = msgspec.json.decode(row, type=Record)
                if str(record.get(self.field) or "").startswith(OURS):
                    yield record

    def _condition(self) -> Condition:
        day = _DAYS_OF.get(self._flow.entity_set)
        if day is None:
            return named(self.field).starts_with(OURS)
        return named(day).ge(self._today - timedelta(days=DAYS))

    def _ended(self, days: int) -> Iterator[Intent]:
        for n in range(days + 1):
            yield from self._intents.ended(self._name, self._today - timedelta(days=n))


def _beside_sap(writes: Sequence[Intent], sap: SapWriter, objects: Objects) -> Iterator[Difference]:
    asked = [(intent, question) for intent in writes if (question := look(intent))]
    answers = sap.look([question for _, question in asked])
    for (intent, _), answer in zip(asked, answers, strict=True):
        if isinstance(answer, SapRejected | AuthorizationMissing):
            yield Difference(kind="UNREAD", flow=intent.flow, key=intent.key, intent=intent.id)
            continue
        if isinstance(answer, SapmatchError):
            raise answer
        payload = msgspec.json.decode(objects.read(intent.payload_key), type=Record)
        difference = _difference(intent, payload, hits(intent, payload, answer))
        if difference:
            yield difference


def _difference(intent: Intent, payload: Record, found: Sequence[Hit]) -> Difference | None:
    """People cancel and change documents: only what nobody may do unseen counts."""
    live = [hit for hit in found if not hit.reversed]
    wrong = sorted({name for hit in live for name in hit.differing} & amounts(payload).keys())
    if len(live) > 1:
        return Difference(kind="DOUBLE", flow=intent.flow, key=intent.key, intent=intent.id)
    if not found:
        return Difference(kind="MISSING", flow=intent.flow, key=intent.key, intent=intent.id)
    if not wrong:
        return None
    return Difference(
        kind="DIFFERENT", flow=intent.flow, key=intent.key, intent=intent.id, fields=tuple(wrong)
    )
