"""Take the decision of a person on an exception."""

from typing import Any

from msgspec import to_builtins

from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.bootstrap.deciding import decide
from sapmatch.model.errors import InputRejected, LogonRefused


@task
def handler(event: Event, context: Any) -> dict[str, Any]:
    """{"asked", "signature"} -> {"outcome": "decided|proposed|waiting|refused", "message", ...}."""
    account = context.invoked_function_arn.split(":")[4]
    try:
        answer = decide(services(), event, account)
    except (InputRejected, LogonRefused) as exc:
        return {"outcome": "refused", "message": str(exc)}
    return to_builtins(answer)  # type: ignore[no-any-return]
