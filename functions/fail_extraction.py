"""Give the lease of a failed run back, find out what failed, and tell it once."""

from typing import Any

from functions._failures import causes_of
from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.extracting.lease import release
from sapmatch.extracting.positions import published_of
from sapmatch.reviewing.trouble import Trouble


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """What the state machine holds, "error": {"Error", "Cause"} in it -> {"error", "cause"}."""
    parts = services()
    name, causes = event.get("extraction"), causes_of(event, parts)
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
