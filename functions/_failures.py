"""What failed in a run of an extraction, as far as its steps left word of it."""

from functions._extractions import check_input
from functions._runtime import Event
from sapmatch.bootstrap import Services
from sapmatch.extracting.failures import failures_of
from sapmatch.extracting.positions import mark_lost
from sapmatch.extracting.run import load_plan
from sapmatch.model.errors import InputRejected
from sapmatch.reviewing.trouble import INPUT, Cause, cause_of, of_children


def causes_of(event: Event, parts: Services) -> tuple[Cause, ...]:
    """What failed in which step; the state machine holds chunks_key once there is a plan."""
    error = event["error"]
    try:
        check_input(event, parts.settings.extractions)
    except InputRejected:
        return (cause_of(error, INPUT),)
    if of_children(error):
        return _of_chunks(event, parts) or (cause_of(error, "chunks"),)
    return (cause_of(error, "finish" if "chunks_key" in event else "plan"),)


def _of_chunks(event: Event, parts: Services) -> tuple[Cause, ...]:
    """What the chunks left word of; positions that SAP no longer knows are marked."""
    name, run_id = event["extraction"], event["run_id"]
    failures = failures_of(name, run_id, parts.objects)
    lost = {f.entity_set for f in failures if f.error == "ResyncRequired"}
    for source in load_plan(name, run_id, parts.objects).sources if lost else ():
        if source.entity_set in lost:
            mark_lost(parts.control, name, source.entity_set, source.since)
    return tuple(
        Cause(error=f.error, message=f.message, part=f.entity_set, step="chunks") for f in failures
    )
