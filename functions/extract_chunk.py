"""Read one chunk from SAP straight into S3."""

from typing import Any

from functions._runtime import Event, task
from sapmatch.bootstrap import services


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """One chunk descriptor -> its counts; run again, it stores the same bytes (RE-11)."""
    return services().extract_chunk(dict(event))
