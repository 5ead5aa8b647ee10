"""Give the lease of a failed run back, find out what failed, and tell it once."""

from typing import Any

from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.extracting.failures import failures_of
from sapmatch.extracting.lease import release
from sapmatch.extracting.positions import mark_lost, published_of
from sapmatch.extracting.run import load_plan
from sapmatch.reviewing.trouble import Cause, Trouble, cause_of, of_children


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"extraction", "run_id", "execution", "error": {"Error", "Cause"}} -> {"error", "cause"}."""
    parts = services()
    name, run_id = event["extraction"], event["run_id"]
    failures = failures_of(name, run_id, parts.objects) if of_children(event["error"]) else []
    causes = [Cause(error=f.error, message=f.message, part=f.entity_set) for f in failures]
    lost = {c.part for c in causes if c.error == "ResyncRequired"}
    for source in load_plan(name, run_id, parts.objects).sources if lost else ():
        if source.entity_set in lost:
            mark_lost(parts.control, name, source.entity_set, source.since)
    release(parts.control, name, event["execution"])
    last = published_of(parts.control, name)
    trouble = Trouble(
        extraction=name,
        run_id=run_id,
        causes=tuple(causes) or (cause_of(event["error"]),),
        last_good=last.run_id if last else None,
        reload=f"sapmatch reload {name} --stage {parts.stage}",
    )
    parts.exceptions.about_extraction(trouble)
    return {"error": trouble.causes[0].error, "cause": trouble.causes[0].message[:1000]}
