"""Several invoices in one file: each becomes a document of its own."""

import msgspec
from msgspec.structs import replace

from sapmatch.model.document import DocumentRecord, part_id
from sapmatch.model.invoice import StoredInvoice
from sapmatch.model.ports import Documents, Objects
from sapmatch.model.stored import invoice_key


def split(
    record: DocumentRecord, stored: StoredInvoice, objects: Objects, documents: Documents
) -> tuple[str, ...]:
    """Invoices and records of the parts of a file; returns their ids in the order of the pages.

    Each invoice is there before its record: whoever finds the record can read it.
    """
    children = []
    for number, result in enumerate(stored.result.parts, start=1):
        child = part_id(record.id, number)
        keep(replace(stored, id=child, result=result), objects)
        documents.create(
            DocumentRecord(
                id=child,
                bucket=record.bucket,
                key=record.key,
                version_id=record.version_id,
                size=record.size,
                received_at=record.received_at,
                content=stored.content,
                parent=record.id,
                part=number,
                pages=result.pages,
            )
        )
        children.append(child)
    return tuple(children)


def keep(stored: StoredInvoice, objects: Objects) -> None:
    """Write the invoice unless these very bytes are there: no version that says nothing new."""
    key, data = invoice_key(stored.id), msgspec.json.encode(stored, order="deterministic")
    if not objects.exists(key) or objects.read(key) != data:
        objects.write(key, data)
