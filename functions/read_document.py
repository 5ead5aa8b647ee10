"""Read one document: e-invoice XML first, Textract last."""

from typing import Any

from functions._metrics import measured
from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.model.errors import Throttled


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"document_id"[, "machine"][, "job"][, "copy"]} -> {"document_id", "outcome"[, "job"]}."""
    document_id = event["document_id"]
    if event.get("copy"):  # of a known file, which is not read again
        return {"document_id": document_id, "outcome": "copy", "copy": event["copy"]}
    try:
        # An execution that began before the last release names no machine (RE-32).
        done = services().read(document_id, event.get("job"), event.get("machine", ""))
    except Throttled:
        measured(ReadThrottled=1)
        raise
    measured(TextractPages=done.ocr_pages, OcrBypass=int(done.method in ("xml", "text-layer")))
    job = {"job": done.job} if done.job else {}
    return {"document_id": document_id, "outcome": done.outcome} | job
