"""Get access to SAP for functions whose network does not lead to who makes the tokens."""

from typing import Any

from functions._runtime import Event, logger, task
from sapmatch.bootstrap import services


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"connection"[, "sap_user"][, "user_token"]} -> {"access"}, or {"error", "message", ...}.

    Neither is logged: one holds a person's token, the other one of SAP's.
    """
    answer = services().clients.brokered(event)
    if error := answer.get("error"):
        logger().error("broker_token refused", error=error, reason=answer["message"])
    return answer
