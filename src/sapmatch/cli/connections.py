"""`sapmatch connections init|list|destination|checklist`."""

import argparse
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sapmatch.cli import output
from sapmatch.cli.new_connection import add_questions, answered
from sapmatch.cli.options import (
    DEFAULT_SETTINGS,
    add_common,
    connection_of,
    settings_of,
    settings_path,
)
from sapmatch.model.auth import BtpDestination, type_of
from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected
from sapmatch.sap.auth.destination.kinds import KINDS
from sapmatch.sap.auth.destination.setup import destination_json, technical_kind
from sapmatch.sap.setup.block import block, guesses
from sapmatch.sap.setup.checklist import checklist
from sapmatch.sap.setup.secret import commands
from sapmatch.settings.file import parse

_STDOUT = "-"
_FOR_PEOPLE = "OAuth2SAMLBearerAssertion"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    init = _action(actions, "init", "write a connection block; asks where it is let to", run_init)
    add_questions(init)
    init.add_argument("--output", metavar="FILE", help="else the settings file; - prints it")
    init.add_argument("--force", action="store_true", help="replace a file that is there")
    _action(actions, "list", "list the connections of the settings", run_list)
    help_text = "print a destination of it as JSON, to import in the BTP cockpit"
    one = _action(actions, "destination", help_text, run_destination)
    one.add_argument("connection", metavar="CONNECTION")
    which = one.add_mutually_exclusive_group()
    which.add_argument(
        "--authentication", metavar="TYPE", help="else one that the technical user can log on by"
    )
    which.add_argument(
        "--for-people",
        action="store_const",
        const=_FOR_PEOPLE,
        dest="authentication",
        help=f"the one of auth.for_people: {_FOR_PEOPLE}",
    )
    help_text = "print what has to be set up in SAP, BTP and the Cloud Connector"
    told = _action(actions, "checklist", help_text, run_checklist)
    told.add_argument("connection", metavar="CONNECTION")
    told.add_argument(
        "--internal-host", metavar="HOST:PORT", help="of SAP, as the connector sees it"
    )


def _action(
    actions: Any, name: str, help_text: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    found: argparse.ArgumentParser = actions.add_parser(name, help=help_text, description=help_text)
    add_common(found)
    found.set_defaults(run=run)
    return found


def run_init(arguments: argparse.Namespace) -> int:
    """Write the block, then say what its secret holds and what SAP has to be told."""
    target = arguments.output or str(settings_path(arguments.settings))
    _check_free(target, arguments.force)
    wanted = answered(arguments)
    text = block(wanted)
    connection = parse(text.encode(), target).connections[wanted.name]
    stored = commands(type_of(connection.auth), wanted.secret_name)
    guessed = list(guesses(wanted))
    to_do = checklist(connection)
    if target != _STDOUT:
        _write(Path(target), text)
    if arguments.json:
        told = {"connection": wanted.name, "output": target, "toml": text}
        output.json_line({**told, "guessed": guessed, "secret": stored, "checklist": to_do})
        return 0
    if target == _STDOUT:
        sys.stdout.write(text)
    _tell(wanted.name, target, guessed, stored, to_do)
    return 0


def run_list(arguments: argparse.Namespace) -> int:
    """One line for each connection; names of secrets, and nothing of what they hold."""
    found = [
        {
            "connection": name,
            "url": each.url,
            "client": each.client,
            "profile": each.profile,
            "auth": type_of(each.auth),
            "secrets": list(each.secrets),
        }
        for name, each in settings_of(arguments).connections.items()
    ]
    if arguments.json:
        for line in found:
            output.json_line(line)
    else:
        columns = ("connection", "url", "client", "profile", "auth", "secrets")
        output.table(columns, ([line[name] for name in columns] for line in found))
    return 0


def run_destination(arguments: argparse.Namespace) -> int:
    """JSON on stdout and nothing else, as the cockpit imports it."""
    connection = connection_of(arguments).connections[arguments.connection]
    kind = arguments.authentication or technical_kind(connection)
    found = destination_json(connection, kind, arguments.connection)
    for line in _remarks(connection, kind, arguments.connection):
        output.note(line)
    sys.stdout.write(f"{found}\n")
    return 0


def _remarks(connection: Connection, kind: str, name: str) -> Iterator[str]:
    """What would make the destination useless, or the settings."""
    auth, setting = connection.auth, f"connections.{name}.auth"
    if not isinstance(auth, BtpDestination):
        yield f"{setting}.type is {type_of(auth)}: destinations count with btp-destination only"
    elif KINDS[kind].user and not auth.for_people:
        yield (
            f"{kind} speaks for persons only: give it a name of its own and set it in "
            f"{setting}.for_people; {setting}.destination is the technical user's"
        )


def run_checklist(arguments: argparse.Namespace) -> int:
    """What people of SAP, BTP and the Cloud Connector have to enter."""
    connection = connection_of(arguments).connections[arguments.connection]
    lines = checklist(connection, arguments.internal_host)
    if arguments.json:
        output.json_line({"connection": arguments.connection, "checklist": lines})
        return 0
    for line in lines:
        output.line(line)
    return 0


def _check_free(target: str, force: bool) -> None:
    if target != _STDOUT and not force and Path(target).exists():
        raise InputRejected(
            f"{target}: is there already; name another --output, print the block with --output - "
            "to add it yourself, or replace the whole file with --force"
        )


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise InputRejected(f"{path}: cannot be written ({exc.strerror})") from exc


def _titled(title: str, lines: list[str]) -> list[str]:
    return [title, *lines] if lines else []


def _tell(name: str, target: str, guessed: list[str], stored: list[str], to_do: list[str]) -> None:
    """Beside the block, where that goes to stdout."""
    say = output.note if target == _STDOUT else output.line
    if target != _STDOUT:
        say(f"{target}: connection {name}")
    guessed = _titled("Still to be looked at:", guessed)
    secret = _titled("The secret, which only you type:", stored)
    for line in [*guessed, *secret, "On the other side:", *to_do]:
        say(line)
    named = "" if target in (_STDOUT, DEFAULT_SETTINGS) else f" --settings {target}"
    say(f"Then: sapmatch doctor {name}{named}")
