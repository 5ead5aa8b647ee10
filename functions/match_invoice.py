"""Find the order of one invoice and decide."""

from typing import Any

from functions._runtime import Event, task
from sapmatch.bootstrap import services


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"document_id"} -> {"document_id", "decision", "state"}."""
    number, decision = services().match_invoice(event["document_id"])
    return {
        "document_id": event["document_id"],
        "decision": number,
        "state": decision.state.value,
    }
