"""End a run of desired users: its response file, and one mail about what became of it."""

from typing import Any

from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.bootstrap.provisioning import report


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"connection", "run_id"[, "error"][, "action"]} -> {"status", "response"}."""
    run = event["run_id"], event["connection"]
    status, response = report(services(), *run, event.get("error"), event.get("action"))
    return {"status": status, "response": response}
