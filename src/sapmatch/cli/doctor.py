"""`sapmatch doctor CONNECTION`."""

import argparse
from collections.abc import Iterable, Iterator
from functools import partial

from sapmatch.bootstrap import deployment, sap_client
from sapmatch.bootstrap.logon import laptop_guard
from sapmatch.bootstrap.logons import logon_guard, stopped_since
from sapmatch.bootstrap.secrets import NamedSecrets
from sapmatch.cli import output
from sapmatch.cli.options import add_common, connection_of, service_of, settings_path
from sapmatch.clock import SystemClock
from sapmatch.model.access import AccessSource, LogonGuard
from sapmatch.model.auth import secret_of
from sapmatch.model.presets import entity_sets_of
from sapmatch.sap.doctor import Entry, Finding, Target, examine
from sapmatch.sap.odata.client import ODataClient
from sapmatch.settings import Settings

FAILED, UNREACHABLE = 3, 4
_WIDTH = len("skipped  authorisation")
_REMEDY = "".ljust(_WIDTH)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("connection", metavar="CONNECTION", help="its name in the settings")
    parser.add_argument(
        "--service", metavar="PATH", help="else every service that the settings use of it"
    )
    parser.add_argument(
        "--stage",
        metavar="NAME",
        help="a deployed stage: ask whether its logon is stopped, and count a refused one there",
    )
    add_common(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print each finding as it comes; 3 where a check failed, 4 where SAP was not reached."""
    settings = connection_of(arguments)
    name = arguments.connection
    targets = _targets(arguments, settings)
    if arguments.stage:
        output.note(
            f"{settings_path(arguments.settings)} says what is looked at; of stage "
            f"{arguments.stage} comes only whether its logons are stopped, not its settings"
        )
    entry = _entry(settings, name, arguments.stage)
    findings = examine(name, settings.connections[name], targets, entry)
    found = list(_as_json(findings) if arguments.json else _for_people(findings, name))
    if any(each.unreachable for each in found):
        return UNREACHABLE
    return FAILED if any(each.status == "failed" for each in found) else 0


def _entry(settings: Settings, name: str, stage: str | None) -> Entry:
    """How to get in; with a stage as carefully as its functions do, by what they agreed on."""
    if stage is None:
        guard = laptop_guard(settings, name, SystemClock())
        connect = partial(_client, settings, name, guard)
        return Entry(secrets=NamedSecrets(), connect=connect, guard=guard)
    guard = logon_guard(deployment(stage), name)
    secret = secret_of(settings.connections[name].auth)
    return Entry(
        secrets=NamedSecrets(),
        connect=partial(_client, settings, name, guard),
        guard=guard,
        stopped=partial(stopped_since, guard, secret) if secret else None,
    )


def _client(
    settings: Settings, name: str, guard: LogonGuard, source: AccessSource | None
) -> ODataClient:
    return sap_client(settings, name, guard=guard, broker=source)


def _targets(arguments: argparse.Namespace, settings: Settings) -> list[Target]:
    """The service that was asked for, or all that the settings use, with their entity sets."""
    used: dict[str, dict[str, None]] = {}
    for service, entity_set in _used(arguments.connection, settings):
        used.setdefault(service, {})[entity_set] = None
    connection = settings.connections[arguments.connection]
    own = connection.service
    if not (arguments.service or own or used) and connection.rfc:
        return [Target("")]  # there for function modules alone
    if arguments.service or not used:
        services = [_path(service_of(arguments, settings))]
    else:
        services = list(dict.fromkeys([*([_path(own)] if own else []), *used]))
    return [Target(service, tuple(used.get(service, ()))) for service in services]


def _used(connection: str, settings: Settings) -> Iterator[tuple[str, str]]:
    for extraction in settings.extractions.values():
        if extraction.connection == connection:
            yield from ((_path(each.service), each.name) for each in entity_sets_of(extraction))
    for flow in settings.write_backs.values():
        if flow.connection == connection:
            yield _path(flow.service), flow.entity_set


def _path(service: str) -> str:
    """A service is the same with and without the slash at its end."""
    return f"/{service.strip('/')}"


def _as_json(findings: Iterable[Finding]) -> Iterator[Finding]:
    for found in findings:
        output.json_line(found)
        yield found


def _for_people(findings: Iterable[Finding], connection: str) -> Iterator[Finding]:
    heading = ""
    for found in findings:
        about = found.service or connection
        if about != heading:
            output.heading(about)
            heading = about
        _show(found)
        yield found


def _show(found: Finding) -> None:
    lines = [(f"{found.status:<9}{found.check}".ljust(_WIDTH), found.detail)]
    if found.remedy:
        lines.append((_REMEDY, f"-> {found.remedy}"))
    output.facts(lines)
