"""Find the order of one invoice and decide."""

from typing import Any

from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.matching.stored import match_stored


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"document_id"} -> {"document_id", "decision", "state"}."""
    parts = services()
    connection, client = parts.order_connection
    number, decision = match_stored(
        event["document_id"],
        objects=parts.objects,
        documents=parts.documents,
        orders=parts.orders,
        policy=parts.policy,
        connection=connection,
        client=client,
    )
    return {
        "document_id": event["document_id"],
        "decision": number,
        "state": decision.state.value,
    }
