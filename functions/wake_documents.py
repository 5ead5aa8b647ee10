"""Let documents go on that wait for what an extraction brought, and look at what is matched."""

from typing import Any

from functions._runtime import Event, task
from functions._waking import is_among_matched, revised, woken
from sapmatch.bootstrap import services


@task
def handler(event: Event, context: Any) -> dict[str, Any]:
    """{"after", "extraction", "run_id"} -> {"done", "after", "woken", "changed"}.

    A call that is not done is followed by another. `changed` are matches whose orders the run made
    others; it comes to them once it looked at all that waits.
    """
    parts, after, count = services(), event["after"], 0
    if not is_among_matched(after):
        found = woken(parts, context, after)
        if not found.done or "run_id" not in event:  # older executions name no run (RE-32)
            return {"done": found.done, "after": found.after, "woken": found.count, "changed": 0}
        count, after = found.count, ""
    run = event["extraction"], event["run_id"]
    told = revised(parts, context, run, after)
    return {"done": told.done, "after": told.after, "woken": count, "changed": told.count}
