"""Ask a person whether a run may go on, and note the execution that waits for the answer."""

from typing import Any

from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.bootstrap.provisioning import hold


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"connection", "run_id", "token", "execution"} -> {"action"}.

    The execution goes on at once where a person answered already: approved, rejected.
    """
    run = event["run_id"], event["connection"]
    return {"action": hold(services(), *run, event["token"], event["execution"])}
