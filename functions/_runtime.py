"""What every entry point shares: one structured log line per outcome, and nothing of a payload."""

import traceback
from collections.abc import Callable, Mapping
from functools import cache, wraps
from pathlib import Path
from typing import Any

from aws_lambda_powertools import Logger

from sapmatch.model.errors import SapmatchError

Event = Mapping[str, Any]
Handler = Callable[[Event, Any], dict[str, Any]]

# Fields of an event that may stand in a log; everything else may be a payload.
LOGGED = ("document_id", "extraction", "run_id", "flow", "reason")


@cache
def logger() -> Logger:
    """The function's logger, made on first use."""
    return Logger(service="sapmatch")


def failed(what: str, error: Exception, **ids: Any) -> None:
    """Log a failure by its class and place; our own messages are written to be shown."""
    shown = str(error) if isinstance(error, SapmatchError) else _place(error)
    logger().error(f"{what} failed", error=type(error).__name__, reason=shown, **ids)


def _place(error: Exception) -> str:
    """File and line where a foreign error was raised: enough to find it, and no data."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(last.filename).name}:{last.lineno}"


def _request(context: Any) -> str:
    """The id by which Lambda's own lines of a call are found; an emulator may give none."""
    return getattr(context, "aws_request_id", None) or "unknown"


def task(handler: Handler) -> Handler:
    """Log the outcome with the ids of the event; errors go on to Step Functions by their name."""

    @wraps(handler)
    def logged(event: Event, context: Any) -> dict[str, Any]:
        ids = {name: event[name] for name in LOGGED if isinstance(event.get(name), str)}
        function = handler.__module__.rpartition(".")[2]
        try:
            answer = handler(event, context)
        except SapmatchError as exc:
            failed(function, exc, request=_request(context), **ids)
            raise
        except Exception as exc:  # noqa: BLE001 - the border of the process: logged and renamed
            failed(function, exc, request=_request(context), **ids)
            # Lambda prints what is raised, and a foreign message may quote data.
            raise RuntimeError(
                f"{function}: {type(exc).__name__}, a bug of ours; see the log of request "
                f"{_request(context)} of this function"
            ) from None
        logger().info(f"{function} done", **ids)
        return answer

    return logged
