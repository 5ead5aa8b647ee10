"""Collect what is planned, or a dropped file, into the update file of one run."""

from typing import Any

from functions._runtime import Event, task
from sapmatch.bootstrap import services


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"flow", "run_id"[, "inbox_key", "version_id"]} -> {"flow", "run_id", "records"}."""
    records = services().collect_intents(
        event["flow"], event["run_id"], event.get("inbox_key"), event.get("version_id")
    )
    return {"flow": event["flow"], "run_id": event["run_id"], "records": records}
