"""Read one document: e-invoice XML first, Textract last."""

from typing import Any

from functions._runtime import Event, task
from sapmatch.bootstrap import services


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"document_id"} -> {"document_id", "outcome"}; a copy of a known file is not read again."""
    if "copy" in event:
        return {"document_id": event["document_id"], "outcome": "copy", "copy": event["copy"]}
    outcome = services().read_document(event["document_id"])
    return {"document_id": event["document_id"], "outcome": outcome}
