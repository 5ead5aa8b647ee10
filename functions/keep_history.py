"""Keep every version of an intended write, as the table's stream tells of it."""

from typing import Any

from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.bootstrap.history import history_of


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """DynamoDB stream batch -> {"kept"}: how many versions were new; it may come again."""
    return {"kept": history_of(services()).keep(event["Records"])}
