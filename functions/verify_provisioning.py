"""Look whether what a central system took has arrived in its child systems."""

from typing import Any

from functions._provisioning import called
from functions._runtime import Event, task
from sapmatch.bootstrap import services


@task
def handler(event: Event, context: Any) -> dict[str, Any]:
    """{"connection", "run_id"} -> {"open", "wait_seconds", "over"}."""
    run = event["run_id"], event["connection"]
    return called(services(), event, context, lambda runs, until: runs.verify(*run, until))
