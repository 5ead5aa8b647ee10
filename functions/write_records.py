"""Apply the update file of one run to SAP, each record at most once."""

from typing import Any

from functions._runtime import Event, task
from sapmatch.bootstrap import services


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"flow", "run_id"} -> counts by status and "wait_seconds" before reading back."""
    counts = services().write_records(event["flow"], event["run_id"])
    return {"flow": event["flow"], "run_id": event["run_id"], **counts}
