"""Give the lease of a failed run back, find out what failed, and tell it once."""

from typing import Any

from functions._extractions import check_input
from functions._runtime import Event, task
from sapmatch.bootstrap import Services, services
from sapmatch.extracting.failures import failures_of
from sapmatch.extracting.lease import release
from sapmatch.extracting.positions import mark_lost, published_of
from sapmatch.extracting.run import load_plan
from sapmatch.model.errors import InputRejected
from sapmatch.reviewing.trouble import INPUT, Cause, Trouble, cause_of, of_children


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """What the state machine holds, "error": {"Error", "Cause"} in it -> {"error", "cause"}."""
    parts = services()
    name, causes = event.get("extraction"), _causes(event, parts)
    if name not in tuple(parts.settings.extractions):
        name = "unknown"  # what was written there may fit into no subject and no key
    release(parts.control, name, event["execution"])
    last = published_of(parts.control, name)
    trouble = Trouble(
        extraction=name,
        run_id=str(event.get("run_id", "none"))[:80],
        execution=event["execution"],
        causes=causes,
        last_good=last.run_id if last else None,
        reload=f"sapmatch reload {name} --stage {parts.stage}",
    )
    parts.exceptions.about_extraction(trouble)
    return {"error": causes[0].error, "cause": causes[0].message[:1000]}


def _causes(event: Event, parts: Services) -> tuple[Cause, ...]:
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
