"""Record a match: decision, ledger and intents, all or nothing."""

from typing import Any

from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.matching.stored import record_stored


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"document_id"[, "decision"]} -> {"document_id", "intents"}.

    PreconditionFailed: decide anew.
    """
    parts = services()
    number = event.get("decision")  # none where the execution is older than the release (RE-32)
    record = record_stored(event["document_id"], parts.desk, parts.planner, number)
    return {"document_id": record.id, "intents": len(record.intents)}
