"""Write what a person decided, as that person, with the token that the call brings along."""

from typing import Any

from functions._runs import deadline
from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.bootstrap.at_once import write_decision
from sapmatch.model.errors import InputRejected, LogonRefused


@task
def handler(event: Event, context: Any) -> dict[str, Any]:
    """{"document_id", "token"} -> {"outcome": "written|refused|later|waiting", "message"}."""
    parts = services()
    until = deadline(context, parts.clock)
    try:
        return write_decision(parts, event, context.aws_request_id, until)
    except (InputRejected, LogonRefused) as exc:
        return {"outcome": "refused", "message": str(exc)}
