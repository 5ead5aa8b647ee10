"""Check the counts of a run, publish it, and feed the order index."""

from functools import partial
from typing import Any

from functions._extractions import finish_answer, out_of_time, planned, workspace
from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.extracting.finish import finish_extraction
from sapmatch.extracting.lease import release


@task
def handler(event: Event, context: Any) -> dict[str, Any]:
    """{"extraction", "run_id", "execution"} -> "done", "missing" chunks, and counts."""
    parts = services()
    plan = planned(event, parts)
    with workspace() as folder:
        result = finish_extraction(
            plan,
            sap=parts.sap(plan.connection),
            objects=parts.objects,
            control=parts.control,
            clock=parts.clock,
            workspace=folder,
            index=partial(parts.index, workspace=folder),
            out_of_time=out_of_time(context),
        )
    if result.done:
        release(parts.control, plan.extraction, event["execution"])
    return finish_answer(result)
