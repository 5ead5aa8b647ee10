"""Check the counts of a run, publish it, and feed the order index."""

from typing import Any

from functions._runtime import Event, task
from sapmatch.bootstrap import services


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"extraction", "run_id"} -> counts; readers ignore a run without _SUCCESS."""
    return services().finish_extraction(event["extraction"], event["run_id"])
