"""Take the word of a person about a run of desired users: approve, reject, stop, resume."""

from typing import Any

from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.bootstrap.approving import approve
from sapmatch.model.errors import InputRejected, LogonRefused


@task
def handler(event: Event, context: Any) -> dict[str, Any]:
    """{"wish", "signature"} -> {"outcome": "approved|rejected|stopped|resumed|refused", ...}."""
    account = context.invoked_function_arn.split(":")[4]
    try:
        return approve(services(), event, account)
    except (InputRejected, LogonRefused) as exc:
        return {"outcome": "refused", "message": str(exc)}
