"""Note that an execution waits for a person, or for what its decision lacks."""

from typing import Any

from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.reviewing.waiting import Wait


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"document_id", "token", "execution"[, "reason"][, "alert"][, "turn"]} -> {"action"}.

    The execution goes on at once where there is an action already: decided, again, expired.
    """
    parts = services()
    wait = Wait(
        document_id=event["document_id"],
        token=event["token"],
        execution=event["execution"],
        reason=event.get("reason"),
        alerted=event.get("alert", True),
        turn=event.get("turn", 0),
    )
    return {"action": parts.waiting.hold(wait, parts.documents, parts.clock.now())}
