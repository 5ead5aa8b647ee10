"""End a wait that lasted too long."""

from typing import Any

from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.reviewing.waiting import expire


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"document_id", "execution"} -> {"document_id", "action"}: decided, alert, expired, over."""
    parts = services()
    document_id = event["document_id"]
    action = expire(document_id, event["execution"], parts.reviews, parts.clock.now())
    return {"document_id": document_id, "action": action}
