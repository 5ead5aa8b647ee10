"""Find the order of one invoice and decide."""

from typing import Any

from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.matching.distinct import only_distinct
from sapmatch.matching.stored import match_stored
from sapmatch.model.match import State


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"document_id"} -> {"document_id", "decision", "state", "posts", "alert"}.

    A missing receipt alerts nobody before it is overdue.
    """
    parts = services()
    plan = only_distinct(parts.planner, parts.intents)
    number, decision = match_stored(event["document_id"], parts.desk, parts.clock.now(), plan)
    return {
        "document_id": event["document_id"],
        "decision": number,
        "state": decision.state.value,
        "posts": decision.posts,
        "alert": decision.state is not State.WAITING_RECEIPT,
    }
