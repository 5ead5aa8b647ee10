"""Tell people that nobody logs on to a SAP system any more, as the table's stream tells it."""

from typing import Any

from functions._metrics import measured
from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.bootstrap.logons import changed_logons, stopped_logon


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """DynamoDB stream batch -> {"stopped"}: names of connections; each stop is told once."""
    parts = services()
    found = [stopped_logon(parts, name) for name in changed_logons(event["Records"])]
    stops = [stop for stop in found if stop]
    measured(LogonStopped=len(stops))
    for stop in stops:
        parts.exceptions.about_stopped_logon(stop)
    return {"stopped": [stop.connection for stop in stops]}
