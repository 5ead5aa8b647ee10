"""What the steps of a provisioning run share: their time, the turn at SAP, their answer."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from msgspec import to_builtins

from functions._runs import deadline
from functions._runtime import Event
from sapmatch.bootstrap import Services
from sapmatch.bootstrap.provisioning import note_trouble, on_hold, provisioner, sap_turn
from sapmatch.model.errors import SapmatchError
from sapmatch.provisioning.runs import Provisioner

# All calls that one user may take, of a SAP system that is slow: Lambda would cut them off.
MARGIN = timedelta(seconds=420)
_LOOKS_AGAIN = 900  # seconds until a run that is held back looks again: it may be released early
Step = Callable[[Provisioner, datetime], object]


def called(parts: Services, event: Event, context: Any, step: Step) -> dict[str, Any]:
    """The answer of a step that calls SAP, as one of those who may at the same time."""
    owner, until = context.aws_request_id, deadline(context, parts.clock, MARGIN)
    try:
        with sap_turn(parts, event["connection"], owner, until):
            return answered(step(provisioner(parts), until))
    except SapmatchError as exc:
        note_trouble(parts, event["run_id"], event["connection"], exc)
        raise


def waiting(parts: Services, run_id: str, connection: str) -> dict[str, Any] | None:
    """What a step answers where a person holds all writes to the system; None where nobody does,
    or the run is to end anyway."""
    seconds = on_hold(parts, connection)
    run = provisioner(parts).find(run_id, connection) if seconds else None
    if run is None or run.stop_asked:
        return None
    wait = min(seconds, _LOOKS_AGAIN)
    return {"left": 1, "held": True, "stopped": False, "to_verify": 0, "wait_seconds": wait}


def answered(answer: object) -> dict[str, Any]:
    """The answer for the state machine: plain values."""
    found: dict[str, Any] = to_builtins(answer)
    return found
