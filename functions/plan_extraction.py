"""Cut an extraction into chunks that can be read side by side."""

from typing import Any

from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.extracting.plan import Chunk, plan_extraction, store_plan


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"extraction", "run_id"} -> the same with "parallel" and "chunks", one per map child."""
    parts = services()
    extraction = parts.extraction(event["extraction"])
    sap = parts.sap(extraction.connection)
    now = parts.clock.now()
    plan = plan_extraction(event["extraction"], extraction, event["run_id"], sap=sap, now=now)
    plan = store_plan(plan, parts.objects)  # a repetition goes on with the plan that stands
    return {
        "extraction": plan.extraction,
        "run_id": plan.run_id,
        "parallel": extraction.parallel,
        "chunks": [_descriptor(chunk) for chunk in plan.chunks],
    }


def _descriptor(chunk: Chunk) -> dict[str, Any]:
    """Where the chunk stands in the stored plan: fields and filters may outgrow a state (RE-9)."""
    return {"extraction": chunk.extraction, "run_id": chunk.run_id, "number": chunk.number}
