"""Port SapWriter in memory: a small SAP that executes, refuses, loses answers or comes late."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Raw, json

from sapmatch.model.errors import OutcomeUnknown, PreconditionFailed, Problem, SapmatchError
from sapmatch.model.intent import Change, Entity, Look, Record, Written
from sapmatch.model.ports import Clock, Page
from sapmatch.model.query import EVERYTHING, ODataValue, Query

KEYS = {
    "A_SupplierInvoice": ("SupplierInvoice", "FiscalYear"),
    "A_SalesOrder": ("SalesOrder",),
    "Z_Thing": ("Thing",),
}
Execute = Callable[[], Written]
Behaviour = Callable[[Execute], Written]
Outcomes = list[Written | SapmatchError]
BatchBehaviour = Callable[[Callable[[], Outcomes]], Outcomes]


def executed(execute: Execute) -> Written:
    """SAP does it and says so."""
    return execute()


def answer_lost(execute: Execute) -> Written:
    """SAP does it, and nobody hears of it: time-out, 500 after commit, garbled 201."""
    execute()
    raise OutcomeUnknown("POST: no readable answer")


def request_lost(execute: Execute) -> Written:
    """SAP never saw it, and nobody knows."""
    raise OutcomeUnknown("POST: connection reset")


def _all_executed(execute: Callable[[], Outcomes]) -> Outcomes:
    return execute()


def fails(error: Exception) -> Behaviour:
    """SAP does nothing and answers with the error."""

    def behave(execute: Execute) -> Written:
        raise error

    return behave


class MemorySap:
    """Holds entities by set; `behaviours` are used up by writes, then every write is executed.

    `calls` lists every call by name, `sent` every change; `posts` counts the creates that left for
    SAP; `looks` and `batches` how many questions and changes went together. `effects` are the
    fields that a function sets.
    """

    def __init__(self, clock: Clock, *, etags: bool = True) -> None:
        self.clock = clock
        self.etags = etags
        self.entities: dict[str, list[Record]] = {}
        self.behaviours: list[Behaviour] = []
        self.late: list[tuple[datetime, Execute]] = []
        self.calls: list[str] = []
        self.sent: list[Change] = []
        self.looks: list[int] = []
        self.batches: list[int] = []
        self.batch_behaviours: list[BatchBehaviour] = []
        self.effects: dict[str, Record] = {}
        self.reads: list[Exception | Callable[[], None]] = []
        self._changes = 0

    @property
    def posts(self) -> int:
        return self.calls.count("create")

    @property
    def request_ids(self) -> list[str | None]:
        return [c.repeatability.request_id if c.repeatability else None for c in self.sent]

    def comes_late(self, seconds: float) -> Behaviour:
        """The answer is lost and SAP executes the request later."""

        def behave(execute: Execute) -> Written:
            self.late.append((self.clock.now() + timedelta(seconds=seconds), execute))
            raise OutcomeUnknown("POST: time-out")

        return behave

    def seed(self, entity_set: str, **row: Any) -> Record:
        """Put an entity into SAP behind our back, or change it there."""
        self._changes += 1
        row = {**row, "_etag": f"W/'{self._changes}'"}
        self.entities.setdefault(entity_set, []).append(row)
        return row

    def pages(
        self, service: str, entity_set: str, query: Query = EVERYTHING, *, link: str | None = None
    ) -> Iterator[Page]:
        yield Page(rows=[Raw(json.encode(e.row)) for e in self.find(service, entity_set, query)])

    def count(self, service: str, entity_set: str, query: Query = EVERYTHING) -> int:
        return len(self.find(service, entity_set, query))

    def get(
        self,
        service: str,
        entity_set: str,
        key: Mapping[str, ODataValue],
        *,
        expand: Sequence[str] = (),
    ) -> Entity | None:
        found = self.find(service, entity_set, Query(equals=key))
        return found[0] if found else None

    def find(self, service: str, entity_set: str, query: Query) -> list[Entity]:
        self._arrive()
        self.calls.append("read")
        if self.reads:
            read = self.reads.pop(0)
            if isinstance(read, Exception):
                raise read
            read()
        return [
            Entity(row=_visible(row), etag=row["_etag"] if self.etags else None)
            for row in self.entities.get(entity_set, [])
            if all(row.get(name) == value for name, value in query.equals.items())
        ]

    def check(self, change: Change) -> Sequence[Problem]:
        """Everything is allowed in memory."""
        return []

    def prepare(self, service: str, on_behalf_of: str | None = None) -> None:
        """No token is needed in memory."""

    def look(self, looks: Sequence[Look]) -> list[list[Entity] | SapmatchError]:
        self.looks.append(len(looks))
        return [
            self.find(look.service, look.entity_set, Query(equals=look.key or look.equals))
            for look in looks
        ]

    def write(self, change: Change) -> Written:
        self.calls.append(change.kind)
        return self._behave(self._execution(change))

    def write_batch(self, changes: Sequence[Change]) -> list[Written | SapmatchError]:
        """Each change behaves as it would alone; `batch_behaviours` say what becomes of all."""
        self.batches.append(len(changes))
        behave = self.batch_behaviours.pop(0) if self.batch_behaviours else _all_executed
        return behave(lambda: [self._part(change) for change in changes])

    def _part(self, change: Change) -> Written | SapmatchError:
        try:
            return self.write(change)
        except SapmatchError as exc:
            return exc

    def _execution(self, change: Change) -> Execute:
        self.sent.append(change)
        if change.kind == "create":
            return lambda: self._create(change.entity_set, change.record)
        if change.kind == "update":
            return lambda: self._update(change, change.record)
        if change.kind == "delete":
            return lambda: self._delete(change)
        return lambda: self._call(change)

    def _behave(self, execute: Execute) -> Written:
        behave = self.behaviours.pop(0) if self.behaviours else executed
        return behave(execute)

    def _arrive(self) -> None:
        due = [execute for at, execute in self.late if at <= self.clock.now()]
        self.late = [(at, execute) for at, execute in self.late if at > self.clock.now()]
        for execute in due:
            execute()

    def _create(self, entity_set: str, record: Record) -> Written:
        number = 5105600000 + len(self.entities.get(entity_set, ()))
        given = {name: record.get(name, str(number)) for name in KEYS[entity_set]}
        row = self.seed(entity_set, **{**record, **given})
        return Written(key=given, row=_visible(row), http_status=201)

    def _update(self, change: Change, fields: Record) -> Written:
        row = self._row(change)
        self._changes += 1
        row.update(fields, _etag=f"W/'{self._changes}'")
        return Written(http_status=204)

    def _delete(self, change: Change) -> Written:
        self.entities[change.entity_set].remove(self._row(change))
        return Written(http_status=204)

    def _call(self, change: Change) -> Written:
        assert change.function
        self._update(change, self.effects[change.function])
        return Written(row={"Success": True})

    def _row(self, change: Change) -> Record:
        found = [
            row
            for row in self.entities.get(change.entity_set, [])
            if all(row.get(name) == value for name, value in change.key.items())
        ]
        if not found or (self.etags and found[0]["_etag"] != change.etag):
            raise PreconditionFailed(f"{change.entity_set}: HTTP 412")
        return found[0]


def _visible(row: Record) -> Record:
    return {name: value for name, value in row.items() if name != "_etag"}
