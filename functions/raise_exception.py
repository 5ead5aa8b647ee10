"""Tell the operations team, once."""

from typing import Any

from functions._runtime import Event, task
from sapmatch.bootstrap import services


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"document_id"[, "copy"][, "reason"]} or {"flow", "run_id"} -> {"raised"}."""
    exceptions = services().exceptions
    if event.get("flow"):
        raised = exceptions.about_run(event["flow"], event["run_id"], event.get("reason"))
        return {"raised": len(raised)}
    if event.get("copy"):
        exceptions.about_copy(event["document_id"], event["copy"])
    else:
        exceptions.about_document(event["document_id"], event.get("reason"))
    return {"raised": 1}
