"""Read one chunk from SAP straight into S3."""

from typing import Any

from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.extracting.chunk import extract_chunk
from sapmatch.extracting.plan import load_plan


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"extraction", "run_id", "number"} -> counts; run again, it stores the same bytes (RE-11)."""
    parts = services()
    plan = load_plan(event["extraction"], event["run_id"], parts.objects)
    chunk = plan.chunks[event["number"]]
    sap = parts.sap(plan.connection)
    result = extract_chunk(chunk, sap=sap, objects=parts.objects)
    return {"entity_set": chunk.entity_set, "rows": result.rows, "pages": result.pages}
