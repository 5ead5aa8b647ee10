"""An upload becomes one document and one workflow, however often its event arrives."""

import json
from dataclasses import dataclass, field

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.flow import Intake
from sapmatch.model.uploads import Upload
from sapmatch.reading.receive import receive, upload_of
from tests.builders.memory import (
    MemoryClock,
    MemoryDocuments,
    MemoryObjects,
    MemoryWorkflows,
    content_id,
)


@dataclass
class Doorway:
    objects: MemoryObjects = field(default_factory=MemoryObjects)
    documents: MemoryDocuments = field(default_factory=MemoryDocuments)
    workflows: MemoryWorkflows = field(default_factory=MemoryWorkflows)

    def upload(self, key: str, data: bytes, version_id: str | None = None) -> None:
        self.objects.write(key, data)
        self.deliver(key, version_id)

    def deliver(self, key: str, version_id: str | None = None) -> None:
        receive(
            Upload(bucket="b", key=key, version_id=version_id),
            objects=self.objects,
            documents=self.documents,
            workflows=self.workflows,
            machine="arn",
            clock=MemoryClock(),
            intake=Intake(max_bytes=10),
        )


def test_an_event_delivered_five_times_gives_one_record_and_one_workflow() -> None:
    """RE-1, RE-8"""
    stage = Doorway()
    stage.upload("incoming/a.xml", b"one")
    for _ in range(4):
        stage.deliver("incoming/a.xml")
    document = content_id(b"one")
    assert list(stage.documents.records) == [document]
    assert stage.workflows.started == {f"invoice-{document}": {"document_id": document}}


def test_the_version_of_the_event_is_claimed_although_the_key_was_overwritten() -> None:
    """RE-3"""
    stage = Doorway()
    stage.objects.write("incoming/a.xml", b"one")
    stage.objects.write("incoming/a.xml", b"two")
    stage.deliver("incoming/a.xml", "v1")
    stage.deliver("incoming/a.xml", "v2")
    first, second = content_id(b"one"), content_id(b"two")
    assert stage.documents.records[first].version_id == "v1"
    assert stage.documents.records[second].version_id == "v2"


def test_an_event_without_a_version_claims_the_newest_one() -> None:
    """RE-3: the emulator's events carry no version-id."""
    stage = Doorway()
    stage.upload("incoming/a.xml", b"one")
    assert stage.documents.records[content_id(b"one")].version_id == "v1"


def test_the_same_content_under_another_key_is_told_as_a_copy() -> None:
    """MA-P44"""
    stage = Doorway()
    stage.upload("incoming/a.xml", b"one")
    stage.upload("incoming/b.xml", b"one")
    stage.deliver("incoming/b.xml")
    document = content_id(b"one")
    copies = [i for name, i in stage.workflows.started.items() if name.startswith("copy-")]
    assert copies == [{"document_id": document, "copy": "incoming/b.xml"}]
    assert stage.documents.records[document].key == "incoming/a.xml"


def test_a_file_that_is_too_large_is_recorded_without_being_read() -> None:
    """RE-4"""
    stage = Doorway()
    stage.upload("incoming/a.pdf", b"x" * 11)
    (record,) = stage.documents.records.values()
    assert record.size == 11
    assert record.id != content_id(b"x" * 11)


def test_two_empty_files_are_two_documents() -> None:
    """RE-4: nothing says that they were meant to be the same."""
    stage = Doorway()
    stage.upload("incoming/a.pdf", b"")
    stage.upload("incoming/b.xml", b"")
    assert {record.key for record in stage.documents.records.values()} == {
        "incoming/a.pdf",
        "incoming/b.xml",
    }


def test_a_folder_that_somebody_made_in_the_console_is_no_upload() -> None:
    stage = Doorway()
    stage.upload("incoming/2026/", b"")
    assert stage.documents.records == {}
    assert stage.workflows.started == {}


def test_an_s3_event_is_understood_with_and_without_its_version() -> None:
    """RE-3"""
    stored: dict[str, object] = {"key": "incoming/a b+ü.pdf", "size": 1}
    event = {"source": "aws.s3", "detail": {"bucket": {"name": "b"}, "object": stored}}
    assert upload_of(json.dumps(event)) == Upload(bucket="b", key="incoming/a b+ü.pdf")
    stored["version-id"] = "v7"
    assert upload_of(json.dumps(event)).version_id == "v7"


@pytest.mark.parametrize("message", ["", "[]", '{"detail": {}}', '{"Records": []}'])
def test_any_other_message_is_refused_so_that_it_ends_in_the_dead_letter_queue(
    message: str,
) -> None:
    """RE-7"""
    with pytest.raises(InputRejected, match="S3 Object Created"):
        upload_of(message)
