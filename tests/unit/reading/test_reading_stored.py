"""A received document is read once, in the version that was claimed."""

from typing import Any

import msgspec
import pytest

from sapmatch.model.document import DocumentRecord
from sapmatch.model.errors import Throttled
from sapmatch.model.flow import Intake
from sapmatch.model.intent import Record
from sapmatch.model.invoice import ReadResult
from sapmatch.reading.stored import read_stored
from tests.builders.memory import START, MemoryDocuments, MemoryObjects
from tests.builders.reading import fixture, png

ID = "d" * 64


class CountingExpense:
    """Port Expense that answers with nothing found, or is throttled."""

    def __init__(self, error: Exception | None = None) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.error = error

    def analyze(
        self, bucket: str, key: str, version_id: str | None, *, pages: int, size: int
    ) -> list[Record]:
        self.calls.append((bucket, key, version_id, pages))
        if self.error:
            raise self.error
        return []


class Shelf:
    def __init__(self, *versions: bytes, size: int | None = None, **fields: Any) -> None:
        self.objects, self.documents = MemoryObjects(), MemoryDocuments()
        self.expense = CountingExpense()
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

    def read(self) -> str:
        return read_stored(
            ID,
            objects=self.objects,
            documents=self.documents,
            expense=self.expense,
            intake=Intake(max_bytes=1_000_000),
        )

    def result(self) -> ReadResult:
        stored = self.objects.read(f"documents/{ID}/invoice.json")
        return msgspec.json.decode(stored, type=ReadResult)


UBL = fixture("invoice-ubl.xml").encode()


def test_the_claimed_version_is_read_although_the_key_was_overwritten() -> None:
    """RE-3"""
    shelf = Shelf(UBL, b"not this one")
    assert shelf.read() == "read"
    record = shelf.documents.get(ID)
    assert (record.state, record.kind, record.method) == ("READ", "ubl", "xml")
    assert shelf.result().invoice is not None
    assert record.number == shelf.result().invoice.number  # type: ignore[union-attr]


def test_reading_again_changes_nothing_but_the_version() -> None:
    shelf = Shelf(UBL)
    assert (shelf.read(), shelf.read()) == ("read", "read")
    assert shelf.documents.get(ID).state == "READ"


def test_a_document_that_was_decided_is_not_read_again() -> None:
    shelf = Shelf(UBL, state="MATCHED", decision=1)
    assert shelf.read() == "read"
    assert not shelf.objects.exists(f"documents/{ID}/invoice.json")


def test_a_file_over_the_limit_is_refused_without_being_fetched() -> None:
    """RE-4"""
    shelf = Shelf(b"", size=60_000_000)
    assert shelf.read() == "reject"
    record = shelf.documents.get(ID)
    assert (record.state, record.reason) == ("REJECTED", "TOO_LARGE")
    assert "60,000,000" in record.problems[0].message


@pytest.mark.parametrize(
    ("data", "reason"), [(b"", "EMPTY"), (b"GIF89a....", "UNKNOWN_TYPE"), (UBL[:200], "BROKEN")]
)
def test_what_cannot_be_read_has_a_reason_and_costs_no_textract_call(
    data: bytes, reason: str
) -> None:
    """RE-4"""
    shelf = Shelf(data)
    assert shelf.read() != "read"
    record = shelf.documents.get(ID)
    assert record.state == "REJECTED"
    assert record.reason in {reason, "TYPE_MISMATCH"}
    assert shelf.expense.calls == []


def test_a_scan_goes_to_textract_by_its_address_and_throttling_passes_through() -> None:
    """RE-14: an error that the state machine knows by its name, not a lost document."""
    shelf = Shelf(png(900, 900))
    shelf.expense = CountingExpense(Throttled("slow down"))
    with pytest.raises(Throttled):
        shelf.read()
    assert shelf.expense.calls == [("b", "incoming/a.xml", "v1", 1)]
    assert shelf.documents.get(ID).state == "RECEIVED"
