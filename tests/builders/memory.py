"""Ports in memory, for tests of what stands above them."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from sapmatch.model.document import Arrival, DocumentRecord, EarlierInvoice
from sapmatch.model.errors import InputRejected, PreconditionFailed, Throttled
from sapmatch.model.match import Decision
from sapmatch.model.ports import MatchRecord, OrderKey, OrderScope

START = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)


class MemoryClock:
    """Time that passes only where somebody sleeps."""

    def __init__(self, start: datetime = START) -> None:
        self.time = start

    def now(self) -> datetime:
        return self.time

    def sleep(self, seconds: float) -> None:
        self.time += timedelta(seconds=seconds)


class MemoryObjects:
    """Port Objects with versions named v1, v2, ..."""

    def __init__(self) -> None:
        self.versions: dict[str, list[bytes]] = {}

    def read(self, key: str, version_id: str | None = None) -> bytes:
        versions = self._versions(key)
        return versions[int(version_id[1:]) - 1 if version_id else -1]

    def write(self, key: str, data: bytes) -> None:
        self.versions.setdefault(key, []).append(data)

    def write_once(self, key: str, data: bytes) -> bool:
        if key in self.versions:
            return False
        self.write(key, data)
        return True

    def size(self, key: str, version_id: str | None = None) -> int:
        return len(self.read(key, version_id))

    def version(self, key: str) -> str | None:
        return f"v{len(self._versions(key))}"

    def exists(self, key: str) -> bool:
        return key in self.versions

    def keys(self, prefix: str) -> Iterator[str]:
        return iter(sorted(key for key in self.versions if key.startswith(prefix)))

    def delete(self, key: str) -> None:
        self.versions.pop(key, None)

    def fetch(self, key: str, path: Path) -> None:
        path.write_bytes(self.read(key))

    def store(self, key: str, path: Path) -> None:
        self.write(key, path.read_bytes())

    def _versions(self, key: str) -> list[bytes]:
        if key not in self.versions:
            raise InputRejected(f"object {key}: does not exist")
        return self.versions[key]


class MemoryDocuments:
    """Port Documents for one process."""

    def __init__(self) -> None:
        self.records: dict[str, DocumentRecord] = {}
        self.arrivals: list[Arrival] = []
        self.decisions: list[tuple[str, Decision]] = []
        self.seen: dict[tuple[OrderScope, OrderKey], dict[str, EarlierInvoice]] = {}

    def receive(self, record: DocumentRecord, arrival: Arrival) -> DocumentRecord:
        self.arrivals.append(arrival)
        return self.create(record)

    def create(self, record: DocumentRecord) -> DocumentRecord:
        return self.records.setdefault(record.id, record)

    def get(self, document_id: str) -> DocumentRecord:
        if document_id not in self.records:
            raise InputRejected(f"document {document_id}: is not known")
        return self.records[document_id]

    def save(self, record: DocumentRecord) -> DocumentRecord:
        if self.records[record.id].version != record.version:
            raise PreconditionFailed(record.id)
        after = msgspec.structs.replace(record, version=record.version + 1)
        self.records[record.id] = after
        return after

    def decided(
        self,
        record: DocumentRecord,
        decision: Decision,
        earlier: EarlierInvoice | None,
        scope: OrderScope | None,
        keys: Sequence[OrderKey] = (),
    ) -> DocumentRecord:
        if earlier and scope:
            self.remember(scope, keys, earlier)
        return self._decide(record, decision)

    def record_match(self, match: MatchRecord) -> DocumentRecord:
        self.remember(match.scope, match.keys, match.earlier)
        intents = tuple(intent.id for intent in match.intents)
        record = msgspec.structs.replace(match.document, matched=True, intents=intents)
        return self._decide(record, match.decision)

    def earlier(self, scope: OrderScope, key: OrderKey) -> tuple[EarlierInvoice, ...]:
        return tuple(self.seen.get((scope, key), {}).values())

    def all(self) -> Iterator[DocumentRecord]:
        return iter(list(self.records.values()))

    def _decide(self, record: DocumentRecord, decision: Decision) -> DocumentRecord:
        self.decisions.append((record.id, decision))
        return self.save(
            msgspec.structs.replace(
                record,
                state=decision.state.value,
                decision=record.decision + 1,
                orders=decision.orders,
                cause=decision.cause,
            )
        )

    def remember(
        self, scope: OrderScope, keys: Sequence[OrderKey], invoice: EarlierInvoice
    ) -> None:
        for key in keys:
            self.seen.setdefault((scope, key), {})[invoice.document] = invoice


class MemoryWorkflows:
    """Port Workflows: a name starts once."""

    def __init__(self) -> None:
        self.started: dict[str, Mapping[str, Any]] = {}

    def start(self, machine: str, name: str, input: Mapping[str, Any]) -> bool:
        assert len(name) <= 80, "Step Functions takes 80 characters"
        if name in self.started:
            return False
        self.started[name] = input
        return True

    def is_running(self, machine: str, name: str) -> bool:
        return name in self.started


class MemoryMailer:
    """Port Mailer that keeps what it sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, Mapping[str, str]]] = []
        self.broken = False

    def send(self, subject: str, body: str, attributes: Mapping[str, str]) -> None:
        if self.broken:
            raise Throttled("mail: AWS asks for fewer calls")
        self.sent.append((subject, body, attributes))


def content_id(data: bytes) -> str:
    """The id of a document with these bytes."""
    return hashlib.sha256(data).hexdigest()
