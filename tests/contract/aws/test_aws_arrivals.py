"""Which uploads became documents, against the emulator."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from sapmatch.aws.documents import DynamoDocuments
from sapmatch.clock import SystemClock
from sapmatch.model.document import Arrival, DocumentRecord
from sapmatch.model.uploads import Upload
from tests.builders.aws_table import make_table

NOW = datetime(2026, 11, 2, 8, tzinfo=UTC)
RECORD = DocumentRecord(
    id="d" * 64, bucket="b", key="incoming/a.xml", version_id="v1", size=1, received_at=NOW
)
FIRST = Upload(bucket="b", key="incoming/a.xml", version_id="v1")


@pytest.fixture
def documents(aws: str) -> DynamoDocuments:
    table = make_table("documents")
    return DynamoDocuments(table, table, table, SystemClock())


def arrival(upload: Upload) -> Arrival:
    return Arrival(
        document_id=RECORD.id,
        bucket=upload.bucket,
        key=upload.key,
        version_id=upload.version_id,
        arrived_at=NOW,
    )


def test_an_upload_has_arrived_once_its_record_stands(documents: DynamoDocuments) -> None:
    """RE-2"""
    assert not documents.arrived(FIRST)
    documents.receive(RECORD, arrival(FIRST))
    assert documents.arrived(FIRST)


def test_the_same_content_under_another_name_has_arrived_as_well(
    documents: DynamoDocuments,
) -> None:
    copy = replace(FIRST, key="incoming/copy.xml")
    documents.receive(RECORD, arrival(FIRST))
    assert not documents.arrived(copy)
    assert documents.receive(RECORD, arrival(copy)).key == FIRST.key
    assert documents.arrived(copy)


def test_a_later_version_of_the_same_name_is_another_upload(documents: DynamoDocuments) -> None:
    """RE-3"""
    documents.receive(RECORD, arrival(FIRST))
    assert not documents.arrived(replace(FIRST, version_id="v2"))
