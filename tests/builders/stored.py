"""A document on the shelf of a stage in memory, to be read by `read_stored`."""

from typing import Any

import msgspec

from sapmatch.model.document import DocumentRecord
from sapmatch.model.flow import Intake
from sapmatch.model.invoice import Party, StoredInvoice
from sapmatch.model.stored import invoice_key
from sapmatch.reading.stored import Reading, read_stored
from tests.builders.memory import START, MemoryDocuments, MemoryObjects, MemoryWorkflows
from tests.builders.memory_expense import MemoryExpense

ID = "d" * 64


class Shelf:
    """Versions of one object, with its record; `fetched` names what was read of the bucket."""

    def __init__(self, *versions: bytes, size: int | None = None, **fields: Any) -> None:
        self.objects, self.documents = CountingObjects(), MemoryDocuments()
        self.workflows, self.expense = MemoryWorkflows(), MemoryExpense()
        for data in versions:
            self.objects.write("incoming/a.xml", data)
        record = DocumentRecord(
            id=ID,
            bucket="b",
            key="incoming/a.xml",
            version_id="v1",
            size=len(versions[0]) if size is None else size,
            received_at=START,
        )
        self.documents.records[ID] = msgspec.structs.replace(record, **fields)

    def read(self, document_id: str = ID, job: str | None = None) -> Reading:
        return read_stored(
            document_id,
            job,
            objects=self.objects,
            documents=self.documents,
            expense=self.expense,
            workflows=self.workflows,
            machine="arn",
            intake=Intake(max_bytes=1_000_000),
            knows=_nobody,
            review_below=0.5,
        )

    @property
    def record(self) -> DocumentRecord:
        return self.documents.get(ID)

    def stored(self, document_id: str = ID) -> StoredInvoice:
        return msgspec.json.decode(self.objects.read(invoice_key(document_id)), type=StoredInvoice)

    def written(self) -> dict[str, int]:
        """How many versions each object has, and each record."""
        records = {key: record.version for key, record in self.documents.records.items()}
        return {key: len(found) for key, found in self.objects.versions.items()} | records


class CountingObjects(MemoryObjects):
    """Names what was read."""

    def __init__(self) -> None:
        super().__init__()
        self.fetched: list[tuple[str, str | None]] = []

    def read(self, key: str, version_id: str | None = None) -> bytes:
        self.fetched.append((key, version_id))
        return super().read(key, version_id)


def _nobody(_seller: Party) -> bool:
    return False
