"""Let documents go on that wait for what an extraction brought."""

from typing import Any

from functions._runtime import Event, task
from functions._waking import woken
from sapmatch.bootstrap import services


@task
def handler(event: Event, context: Any) -> dict[str, Any]:
    """{"after"} -> {"done", "after", "woken"}; a call that is not done is followed by another."""
    found = woken(services(), context, event["after"])
    return {"done": found.done, "after": found.after, "woken": found.count}
