"""Read one document: e-invoice XML first, Textract last."""

from typing import Any

from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.reading.stored import read_stored


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"document_id"} -> {"document_id", "outcome"}; a copy of a known file is not read again."""
    document_id = event["document_id"]
    if event.get("copy"):
        return {"document_id": document_id, "outcome": "copy", "copy": event["copy"]}
    parts = services()
    outcome = read_stored(
        document_id,
        objects=parts.objects,
        documents=parts.documents,
        expense=parts.expense,
        intake=parts.settings.intake,
    )
    return {"document_id": document_id, "outcome": outcome}
