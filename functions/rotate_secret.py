"""Make the next version of a logon secret, try it with one logon, and let it count."""

from typing import Any

from functions._runtime import Event, task
from sapmatch.bootstrap import services
from sapmatch.bootstrap.rotation import Rotation


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"Step", "SecretId", "ClientRequestToken"} of Secrets Manager -> {}."""
    Rotation(services(), event["SecretId"], event["ClientRequestToken"]).step(event["Step"])
    return {}
