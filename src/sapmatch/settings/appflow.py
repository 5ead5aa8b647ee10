"""Rules for `[appflow.NAME]`: flows of Amazon AppFlow."""

from collections.abc import Iterator

from sapmatch.model.auth import Basic, secret_of
from sapmatch.model.connection import Connection
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
    if not PATH.fullmatch(flow.catalog):
        yield mistake(f"{path}.catalog", "must be the path of SAP's catalog service")
    yield from _check_way(path, connection, settings)
    yield from _check_logon(path, flow, connection, settings)
    yield from check_zone(f"{path}.time_zone", flow.time_zone)
    if flow.schedule is not None:
        yield from check_schedule(f"{path}.schedule", flow.schedule)
        if flow.schedule.startswith("at("):
            yield mistake(f"{path}.schedule", "must be rate(...) or cron(...): AppFlow repeats")


def _check_way(path: str, connection: Connection, settings: Settings) -> Iterator[Problem]:
    """AppFlow stands in no network of ours, and its profile knows no proxy."""
    kind = settings.network.type
    if kind in ("vpn", "existing"):
        yield mistake(
            path,
            f'cannot reach SAP: AppFlow comes by PrivateLink or over the internet, network type "'
            f'{kind}" is neither. Take network type "privatelink"; or [extractions.*], which our '
            'own functions run; or, where SAP is on the internet, a stage of network type "none"',
        )
    if connection.proxy:
        yield mistake(f"{path}.connection", "has a proxy, of which AppFlow's profile knows nothing")


def _check_logon(
    path: str, flow: AppFlow, connection: Connection, settings: Settings
) -> Iterator[Problem]:
    """AppFlow keeps the secret of its deployment: where that one is rotated it locks the user."""
    if not flow.logon and not isinstance(connection.auth, Basic):
        yield mistake(
            f"{path}.logon",
            "is missing: AppFlow logs on by user and password, or by OAuth with a refresh token",
        )
    connections = settings.connections
    used = flow.logon.secret if flow.logon else secret_of(connection.auth)
    for name in settings.rotations.keys() & connections.keys():
        if used and used == secret_of(connections[name].auth):
            yield mistake(
                f"{path}.logon" if flow.logon else f"{path}.connection",
                f"logs on with a secret that [rotations] {name} changes: AppFlow keeps the one of "
                "its deployment, and the old password would lock the user. Give AppFlow a user and "
                "a [connections.*] block of its own, or take the rotation out",
            )
