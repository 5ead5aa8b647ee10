"""Rules for `[appflow.NAME]`: flows of Amazon AppFlow."""

from collections.abc import Iterator

from sapmatch.model.auth import Basic
from sapmatch.model.errors import Problem
from sapmatch.settings.blocks import AppFlow, Settings, mistake
from sapmatch.settings.connection import NAME, PATH, check_zone
from sapmatch.settings.schedule import check_schedule


def check_appflow(settings: Settings) -> Iterator[Problem]:
    """What AppFlow would refuse, or could not log on with."""
    for name, flow in settings.appflow.items():
        yield from _check_flow(f"appflow.{name}", flow, settings)


def _check_flow(path: str, flow: AppFlow, settings: Settings) -> Iterator[Problem]:
    if not NAME.fullmatch(path.removeprefix("appflow.")):
        yield mistake(path, "must be named in small letters, digits and _ (at most 40)")
    connection = settings.connections.get(flow.connection)
    if connection is None:
        yield mistake(f"{path}.connection", "names no [connections.*] block of this file")
        return
    service = flow.service or connection.service
    if not service or not PATH.fullmatch(service):
        yield mistake(f"{path}.service", "is missing: the path of the OData service")
    if not flow.logon and not isinstance(connection.auth, Basic):
        yield mistake(
            f"{path}.logon",
            "is missing: AppFlow logs on by user and password, or by OAuth with a refresh token",
        )
    yield from check_zone(f"{path}.time_zone", flow.time_zone)
    if flow.schedule is not None:
        yield from check_schedule(f"{path}.schedule", flow.schedule)
        if flow.schedule.startswith("at("):
            yield mistake(f"{path}.schedule", "must be rate(...) or cron(...): AppFlow repeats")
