"""Records of exceptions in DynamoDB, beside those of documents.

<document id, or run>   exception#<hash>   one exception and its mail; in index by_unsent until told
"""

import hashlib
import heapq
from collections.abc import Iterator
from datetime import datetime

import msgspec

from sapmatch.aws.table import Item, Table, body
from sapmatch.model.document import ExceptionRecord
from sapmatch.model.errors import PreconditionFailed

BY_UNSENT = "by_unsent"
SHARDS = "0123456789abcdef"  # the first digit of the hash: no partition gets a whole storm


class DynamoOutbox:
    """Port Outbox over the table of documents."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def store(self, record: ExceptionRecord) -> ExceptionRecord:
        """A conditional put; a second call finds the first."""
        item = _item(record)
        try:
            self._table.put(item, new=True)
        except PreconditionFailed:
            stored = self._table.get(item.pk, item.sk)
            assert stored is not None
            return stored.load(ExceptionRecord)
        return record

    def told(self, record: ExceptionRecord, at: datetime, digest: str | None = None) -> None:
        """Without its index attributes the record leaves the index."""
        self._table.put(_item(msgspec.structs.replace(record, notified_at=at, digest=digest)))

    def of(self, subject_id: str) -> tuple[ExceptionRecord, ...]:
        """One query."""
        items = self._table.query(subject_id, "exception#")
        return tuple(sorted((i.load(ExceptionRecord) for i in items), key=lambda e: e.raised_at))

    def unsent(self) -> Iterator[ExceptionRecord]:
        """Shards merged by time; a record may be told already when it comes."""
        streams = [
            ((item.attributes["raised_at"], item.pk, item.sk, item.body) for item in shard)
            for shard in (self._table.query_index(BY_UNSENT, "unsent_shard", n) for n in SHARDS)
        ]
        for *_, stored in heapq.merge(*streams):
            yield msgspec.json.decode(stored, type=ExceptionRecord)


def _item(record: ExceptionRecord) -> Item:
    name = hashlib.sha256("\n".join(record.identity).encode()).hexdigest()[:16]
    shard = hashlib.sha256(record.document_id.encode()).hexdigest()[0]
    unsent = {"unsent_shard": shard, "raised_at": record.raised_at.isoformat()}
    return Item(
        pk=record.document_id,
        sk=f"exception#{name}",
        body=body(record),
        attributes={} if record.notified_at else unsent,
    )
