"""Read one chunk from SAP straight into S3, as far as the time of a call goes."""

from contextlib import suppress
from typing import Any

from functions._extractions import out_of_time, planned, workspace
from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.extracting.chunk import extract_chunk
from sapmatch.extracting.failures import note_failure
from sapmatch.model.errors import SapmatchError, Throttled


@task
def handler(event: Event, context: Any) -> dict[str, Any]:
    """{"extraction", "run_id", "execution", "number"} -> {"done"}; called again, it goes on."""
    parts = services()
    plan = planned(event, parts)
    chunk = plan.chunks[event["number"]]
    try:
        with workspace() as folder:
            result = extract_chunk(
                plan,
                chunk,
                sap=parts.sap(plan.connection),
                objects=parts.objects,
                permits=parts.permits(plan.connection),
                out_of_time=out_of_time(context),
                workspace=folder,
            )
    except SapmatchError as exc:
        with suppress(Throttled):  # the error counts more than the note about it
            note_failure(plan, chunk, exc, parts.objects)
        raise
    return {"done": result is not None}
