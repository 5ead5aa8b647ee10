"""Collect what is planned, or a dropped file, into the update file of one run."""

from typing import Any

from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.bootstrap.writing import collected
from sapmatch.writing.runs.run import parts_of


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"flow", "run_id"[, "inbox_key", "version_id"]} -> ids, counts, "parts" to write."""
    parts = services()
    flow, run_id, inbox = event["flow"], event["run_id"], event.get("inbox_key")
    file = collected(parts, flow, run_id, inbox, event.get("version_id"))
    settings, records = parts.settings.write_backs.get(flow), len(file.records)
    return {
        "flow": flow,
        "run_id": run_id,
        "records": records,
        "mistakes": file.mistakes,
        "parts": list(range(parts_of(records, settings) if settings else 1)),
        "urgent": bool(inbox and settings and records <= settings.urgent_below),
    }
