"""Read back from SAP what became of writes whose answer was lost."""

from typing import Any

from functions._runtime import Event, task
from sapmatch.bootstrap import services


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"flow", "run_id"} -> counts by status and "wait_seconds" before the next look."""
    counts = services().reconcile_intents(event["flow"], event["run_id"])
    return {"flow": event["flow"], "run_id": event["run_id"], **counts}
