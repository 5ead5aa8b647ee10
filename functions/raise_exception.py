"""Tell the operations team, once."""

from typing import Any

from functions._runs import told
from functions._runtime import Event, task
from sapmatch.bootstrap import services


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"document_id"[, "copy"][, "reason"]} or {"flow", "run_id"} -> {"raised"}."""
    if event.get("flow"):
        return {"raised": told(services(), event["flow"], event["run_id"], event.get("reason"))}
    exceptions = services().exceptions
    if event.get("copy"):
        exceptions.about_copy(event["document_id"], event["copy"])
    else:
        exceptions.about_document(event["document_id"], event.get("reason"))
    return {"raised": 1}
