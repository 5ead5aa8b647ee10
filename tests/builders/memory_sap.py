"""Port SapWriter in memory: a small SAP that executes, refuses, loses answers or comes late."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from msgspec import Raw, json

from sapmatch.model.errors import OutcomeUnknown, PreconditionFailed
from sapmatch.model.intent import Entity, Record, Repeatability, Written
from sapmatch.model.ports import Clock, Page
from sapmatch.model.query import EVERYTHING, ODataValue, Query

KEYS = {
    "A_SupplierInvoice": ("SupplierInvoice", "FiscalYear"),
    "A_SalesOrder": ("SalesOrder",),
    "Z_Thing": ("Thing",),
}
Execute = Callable[[], Written]
Behaviour = Callable[[Execute], Written]


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


def fails(error: Exception) -> Behaviour:
    """SAP does nothing and answers with the error."""

    def behave(execute: Execute) -> Written:
        raise error

    return behave


class MemorySap:
    """Holds entities by set; `behaviours` are used up by writes, then every write is executed.

    `calls` lists every call by name; `posts` counts the creates that left for SAP.
    """

    def __init__(self, clock: Clock, *, etags: bool = True) -> None:
        self.clock = clock
        self.etags = etags
        self.entities: dict[str, list[Record]] = {}
        self.behaviours: list[Behaviour] = []
        self.late: list[tuple[datetime, Execute]] = []
        self.calls: list[str] = []
        self.request_ids: list[str | None] = []
        self.reads: list[Exception | Callable[[], None]] = []
        self._changes = 0

    @property
    def posts(self) -> int:
        return self.calls.count("create")

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

    def prepare(self, service: str) -> None:
        """No token is needed in memory."""

    def create(
        self,
        service: str,
        entity_set: str,
        record: Record,
        *,
        repeatability: Repeatability | None = None,
    ) -> Written:
        self.calls.append("create")
        self.request_ids.append(repeatability.request_id if repeatability else None)
        return self._behave(lambda: self._create(entity_set, record))

    def update(
        self,
        service: str,
        entity_set: str,
        key: Mapping[str, ODataValue],
        changes: Record,
        *,
        etag: str | None,
    ) -> Written:
        self.calls.append("update")
        return self._behave(lambda: self._update(entity_set, key, changes, etag))

    def delete(
        self, service: str, entity_set: str, key: Mapping[str, ODataValue], *, etag: str | None
    ) -> Written:
        self.calls.append("delete")

        def execute() -> Written:
            self.entities[entity_set].remove(self._row(entity_set, key, etag))
            return Written(http_status=204)

        return self._behave(execute)

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

    def _update(
        self, entity_set: str, key: Mapping[str, ODataValue], changes: Record, etag: str | None
    ) -> Written:
        row = self._row(entity_set, key, etag)
        self._changes += 1
        row.update(changes, _etag=f"W/'{self._changes}'")
        return Written(http_status=204)

    def _row(self, entity_set: str, key: Mapping[str, ODataValue], etag: str | None) -> Record:
        found = [
            row
            for row in self.entities.get(entity_set, [])
            if all(row.get(name) == value for name, value in key.items())
        ]
        if not found or (self.etags and found[0]["_etag"] != etag):
            raise PreconditionFailed(f"{entity_set}: HTTP 412")
        return found[0]


def _visible(row: Record) -> Record:
    return {name: value for name, value in row.items() if not name.startswith("_")}
