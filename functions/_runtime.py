"""What every entry point shares: one structured log line per outcome, and nothing of a payload."""

from collections.abc import Callable, Mapping
from functools import cache, wraps
from typing import Any

from aws_lambda_powertools import Logger

Event = Mapping[str, Any]
Handler = Callable[[Event, Any], dict[str, Any]]

# Fields of an event that may stand in a log; everything else may be a payload.
LOGGED = ("document_id", "extraction", "run_id", "flow", "chunk", "reason")


@cache
def logger() -> Logger:
    """The function's logger, made on first use."""
    return Logger(service="sapmatch")


def task(handler: Handler) -> Handler:
    """Log the outcome with the ids of the event; errors go on to Step Functions by their name."""

    @wraps(handler)
    def logged(event: Event, context: Any) -> dict[str, Any]:
        ids = {name: event[name] for name in LOGGED if isinstance(event.get(name), str)}
        function = handler.__module__.rpartition(".")[2]
        try:
            answer = handler(event, context)
        except Exception as exc:
            # Messages of our errors are written to be shown; others may quote data.
            logger().error(f"{function} failed", error=type(exc).__name__, **ids)
            raise
        logger().info(f"{function} done", **ids)
        return answer

    return logged
