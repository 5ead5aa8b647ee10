"""Read back from SAP what became of writes whose answer was lost."""

from typing import Any

from functions._runs import deadline, run_answer
from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.writing.run import reconcile_update_file


@task
def handler(event: Event, context: Any) -> dict[str, Any]:
    """{"flow", "run_id"} -> counts by status and "wait_seconds" before the next look."""
    parts = services()
    flow = parts.flow(event["flow"])
    result = reconcile_update_file(
        event["flow"],
        event["run_id"],
        sap=parts.sap(flow.connection),
        intents=parts.intents,
        objects=parts.objects,
        clock=parts.clock,
        probe_spacing_seconds=parts.settings.connections[flow.connection].probe_spacing_seconds,
        until=deadline(context, parts.clock),
    )
    return run_answer(result)
