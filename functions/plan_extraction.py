"""Cut an extraction into chunks that can be read side by side."""

from typing import Any

from functions._runtime import Event, task
from sapmatch.bootstrap import services


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"extraction", "run_id"} -> the same with "chunks", one descriptor per map child."""
    plan = services().plan_extraction(event["extraction"], event["run_id"])
    return {"extraction": event["extraction"], "run_id": event["run_id"], "chunks": plan}
