"""Record a match: decision, ledger and intents, all or nothing."""

from typing import Any

from functions._runtime import Event, task
from sapmatch.bootstrap import services


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"document_id"} -> {"document_id", "intents"}; PreconditionFailed: decide anew."""
    record = services().record_match(event["document_id"])
    return {"document_id": record.id, "intents": len(record.intents)}
