"""Take the lease of an extraction and cut the work into chunks that are read side by side."""

from typing import Any

from functions._extractions import LEASE_SECONDS, check_input
from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.extracting.lease import take
from sapmatch.extracting.plan import plan_extraction
from sapmatch.extracting.run import chunks_key


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"extraction", "run_id", "execution"[, "reload"]} -> where the map finds its chunks."""
    parts = services()
    check_input(event, parts.settings.extractions)
    name, run_id, execution = event["extraction"], event["run_id"], event["execution"]
    settings, now = parts.extraction(name), parts.clock.now()
    job = {"extraction": name, "run_id": run_id, "execution": execution}
    if take(parts.control, name, execution, now, seconds=LEASE_SECONDS).run_id != execution:
        return {**job, "already_running": True}
    plan = plan_extraction(
        name,
        settings,
        run_id,
        sap=parts.sap(settings.connection),
        objects=parts.objects,
        control=parts.control,
        now=now,
        reload=event.get("reload", False),
    )
    place = {"bucket": parts.bucket, "chunks_key": chunks_key(name, run_id)}
    counts = {"chunks": len(plan.chunks), "parallel": settings.parallel}
    return {**job, **place, **counts, "already_running": False, "second_round": False}
