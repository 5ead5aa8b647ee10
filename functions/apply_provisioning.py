"""Change the users of a run, one after the other, as far as the time goes."""

from typing import Any

from functions._provisioning import called, waiting
from functions._runtime import Event, task
from sapmatch.bootstrap import services


@task
def handler(event: Event, context: Any) -> dict[str, Any]:
    """{"connection", "run_id", "execution"} -> {"left", "failed", "unknown", "stopped", ...}."""
    run_id, connection, owner = event["run_id"], event["connection"], event["execution"]
    parts = services()
    if held := waiting(parts, run_id, connection):
        return held
    return called(
        parts, event, context, lambda runs, until: runs.apply(run_id, connection, until, owner)
    )
