"""Apply the update file of one run to SAP, each record at most once."""

from typing import Any

from functions._runs import deadline, run_answer
from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.writing.run import write_update_file


@task
def handler(event: Event, context: Any) -> dict[str, Any]:
    """{"flow", "run_id"} -> counts by status and "wait_seconds" before reading back."""
    parts = services()
    flow = parts.flow(event["flow"])
    result = write_update_file(
        event["flow"],
        event["run_id"],
        sap=parts.sap(flow.connection),
        intents=parts.intents,
        objects=parts.objects,
        clock=parts.clock,
        owner=context.aws_request_id,
        quiet_seconds=parts.settings.connections[flow.connection].settle_seconds,
        on_error=flow.on_error,
        until=deadline(context, parts.clock),
    )
    return run_answer(result)
