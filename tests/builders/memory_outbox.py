"""Port Outbox in memory."""

from collections.abc import Iterator
from datetime import datetime

import msgspec

from sapmatch.model.document import ExceptionRecord


class MemoryOutbox:
    """Port Outbox; `dies_after` marks, the process dies."""

    def __init__(self) -> None:
        self.records: dict[tuple[str, ...], ExceptionRecord] = {}
        self.dies_after: int | None = None

    def store(self, record: ExceptionRecord) -> ExceptionRecord:
        return self.records.setdefault((record.document_id, *record.identity), record)

    def told(self, record: ExceptionRecord, at: datetime, digest: str | None = None) -> None:
        if self.dies_after is not None:
            if not self.dies_after:
                raise InterruptedError("the process dies")
            self.dies_after -= 1
        key = (record.document_id, *record.identity)
        self.records[key] = msgspec.structs.replace(record, notified_at=at, digest=digest)

    def of(self, subject_id: str) -> tuple[ExceptionRecord, ...]:
        found = (each for each in self.records.values() if each.document_id == subject_id)
        return tuple(sorted(found, key=lambda record: record.raised_at))

    def unsent(self) -> Iterator[ExceptionRecord]:
        waiting = [each for each in self.records.values() if each.notified_at is None]
        yield from sorted(waiting, key=lambda record: record.raised_at)
