"""Read back from SAP what became of writes whose answer was lost, of one run or of all."""

from typing import Any

from functions._runs import deadline, reconciled, run_answer
from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.bootstrap.writing import reading_desk
from sapmatch.writing.runs.run import reconcile_update_file


@task
def handler(event: Event, context: Any) -> dict[str, Any]:
    """{"flow", "run_id"} -> as write_records; anything else, such as a schedule's -> {"looked"}."""
    parts, until = services(), deadline(context, services().clock)
    if "run_id" not in event:
        return reconciled(parts, context.aws_request_id, until)
    desk = reading_desk(parts, parts.flow(event["flow"]).connection, context.aws_request_id)
    result = reconcile_update_file(
        event["flow"], event["run_id"], desk=desk, objects=parts.objects, until=until
    )
    return run_answer(result)
