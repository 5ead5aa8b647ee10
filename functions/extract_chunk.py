"""Read one chunk from SAP straight into S3."""

from typing import Any

import msgspec

from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.extracting.chunk import extract_chunk
from sapmatch.extracting.plan import Chunk


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """One chunk descriptor -> its counts; run again, it stores the same bytes (RE-11)."""
    parts = services()
    chunk = msgspec.convert(event, type=Chunk)
    sap = parts.sap(parts.extraction(chunk.extraction).connection)
    result = extract_chunk(chunk, sap=sap, objects=parts.objects)
    return {"entity_set": chunk.entity_set, "rows": result.rows, "pages": result.pages}
