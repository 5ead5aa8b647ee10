"""Measure every day how long certificates and passwords are good for, and tell what ends soon."""

from typing import Any

from functions._metrics import measured_of
from functions._runtime import Event, failed, task
from sapmatch.bootstrap import services
from sapmatch.bootstrap.expiry import watched
from sapmatch.model.errors import SapmatchError


@task
def handler(_event: Event, _context: Any) -> dict[str, Any]:
    """Any event -> {"watched"}; raises what a connection has wrong once all were looked at."""
    parts = services()
    wrong: list[SapmatchError] = []
    for name in parts.settings.connections:
        try:
            seen = watched(parts, name)
        except SapmatchError as exc:
            failed("watch_expiry", exc, connection=name)
            wrong.append(exc)
            continue
        measured_of(name, **seen.days)
        for expiry in seen.expiries:
            parts.exceptions.about_expiry(expiry)
    if wrong:
        raise wrong[0]
    return {"watched": len(parts.settings.connections)}
