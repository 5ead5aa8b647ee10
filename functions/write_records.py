"""Apply the update file of one run, or a part of it, to SAP, each record at most once."""

from typing import Any

from functions._runs import deadline, run_answer
from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.bootstrap.writing import writing_desk
from sapmatch.writing.runs.run import write_update_file


@task
def handler(event: Event, context: Any) -> dict[str, Any]:
    """{"flow", "run_id"[, "part", "parts", "urgent"]} -> counts and "wait_seconds"."""
    parts, flow = services(), services().flow(event["flow"])
    end, owner = deadline(context, parts.clock), context.aws_request_id
    urgent = event.get("urgent", False)  # older executions name neither it nor a part (RE-32)
    with writing_desk(parts, flow, owner, urgent=urgent, until=end) as desk:
        result = write_update_file(
            event["flow"],
            event["run_id"],
            flow=flow,
            desk=desk,
            objects=parts.objects,
            until=end,
            part=event.get("part", 0),
            parts=event.get("parts", 1),
        )
    return run_answer(result)
