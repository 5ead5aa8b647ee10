"""Compare a file of desired users with what SAP holds, and store what would change."""

from typing import Any

from functions._provisioning import called
from functions._runtime import Event, task
from sapmatch.bootstrap import services


@task
def handler(event: Event, context: Any) -> dict[str, Any]:
    """{"connection", "run_id", "key", "version_id"} -> {"outcome", "counts", "users", ...}.

    Outcome: "refused|nothing|waits|ready|unfinished"; what is unfinished goes on in another call.
    """
    run = event["run_id"], event["connection"], event["key"], event.get("version_id")
    return called(services(), event, context, lambda runs, until: runs.plan(*run, until))
