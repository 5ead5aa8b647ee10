"""An upload becomes a document: one record per content, one workflow per document."""

import hashlib

import msgspec
from msgspec import Struct, field

from sapmatch.model.document import Arrival, DocumentRecord
from sapmatch.model.errors import InputRejected
from sapmatch.model.flow import Intake
from sapmatch.model.ports import Clock, Documents, Objects, Workflows
from sapmatch.model.uploads import Upload


def receive(
    upload: Upload,
    *,
    objects: Objects,
    documents: Documents,
    workflows: Workflows,
    machine: str,
    clock: Clock,
    intake: Intake,
) -> DocumentRecord | None:
    """Record the content and start its workflow; a repeated event changes nothing (RE-1, RE-8).

    The version is claimed here, so that an overwrite cannot change what is read later (RE-3). The
    same content under another key starts a workflow of its own that tells of the copy (MA-P44).
    """
    if upload.key.endswith("/"):
        return None  # the console makes such objects to show a folder
    version = upload.version_id or objects.version(upload.key)
    size = objects.size(upload.key, version)
    arrival = Arrival(
        document_id=_identity(upload, version, size, objects, intake),
        bucket=upload.bucket,
        key=upload.key,
        version_id=version,
        arrived_at=clock.now(),
    )
    record = DocumentRecord(
        id=arrival.document_id,
        bucket=upload.bucket,
        key=upload.key,
        version_id=version,
        size=size,
        received_at=arrival.arrived_at,
    )
    stored = documents.receive(record, arrival)
    if stored.key == upload.key:
        workflows.start(machine, f"invoice-{stored.id}", {"document_id": stored.id})
    else:
        copy = hashlib.sha256(f"{stored.id}\n{upload.key}".encode()).hexdigest()
        workflows.start(machine, f"copy-{copy}", {"document_id": stored.id, "copy": upload.key})
    return stored


def _identity(
    upload: Upload, version: str | None, size: int, objects: Objects, intake: Intake
) -> str:
    """SHA-256 of the bytes; of the address where there are none, or too many to be read at all."""
    if size == 0 or size > intake.max_bytes:
        return hashlib.sha256(f"{upload.bucket}\n{upload.key}\n{version}".encode()).hexdigest()
    return hashlib.sha256(objects.read(upload.key, version)).hexdigest()


def receive_update_file(
    upload: Upload, *, objects: Objects, workflows: Workflows, machine: str
) -> str | None:
    """Start one run for this version of the file; returns the run id, a hash of key and version."""
    if upload.key.endswith("/"):
        return None
    parts = upload.key.split("/")
    if len(parts) < 4 or parts[0] != "updates" or parts[2] != "inbox":
        raise InputRejected(f"s3 object {upload.key}: lies in no updates/<flow>/inbox/ folder")
    version = upload.version_id or objects.version(upload.key)
    run_id = hashlib.sha256(f"{upload.key}\n{version}".encode()).hexdigest()[:32]
    job = {"flow": parts[1], "run_id": run_id, "inbox_key": upload.key, "version_id": version}
    workflows.start(machine, f"inbox-{run_id}", job)
    return run_id


def upload_of(message: str) -> Upload:
    """The upload that an SQS message tells of: EventBridge's `Object Created` event of S3.

    Raises InputRejected for any other message, which ends in the dead-letter queue.
    """
    try:
        event = msgspec.json.decode(message, type=_ObjectCreated)
    except msgspec.DecodeError as exc:
        raise InputRejected("queue message: is no S3 Object Created event") from exc
    found = event.detail
    return Upload(
        bucket=found.bucket.name, key=found.object.key, version_id=found.object.version_id
    )


class _Bucket(Struct):
    name: str


class _Object(Struct):
    key: str
    version_id: str | None = field(default=None, name="version-id")


class _Detail(Struct):
    bucket: _Bucket
    object: _Object


class _ObjectCreated(Struct):
    detail: _Detail
