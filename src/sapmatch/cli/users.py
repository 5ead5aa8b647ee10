"""`sapmatch users list|show|sync|schema CONNECTION`, and what changes a user."""

import argparse
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from sapmatch.bootstrap.users import UserSide, users_of
from sapmatch.cli import output
from sapmatch.cli.options import add_action, connection_of, filled, up_to, user_name
from sapmatch.cli.user_changes import add_changes
from sapmatch.cli.user_filter import condition_of
from sapmatch.cli.user_outcome import absent, reading
from sapmatch.clock import SystemClock
from sapmatch.model.errors import InputRejected
from sapmatch.model.users import FOREVER, Pushed, RoleAssignment, SapUser, UserQuery
from sapmatch.sap.users.attributes import (
    ALL_ROWS,
    NAMES,
    ROWS,
    is_enabled,
    is_locked_out,
    properties,
)
from sapmatch.sap.users.role_rows import json_of
from sapmatch.sap.users.schema import schema
from sapmatch.sap.users.sync import Sync, Token, is_ahead, token_of, token_text

REFUSED = 3
_MOST = 10_000_000
_FULL_NAME = ("ADDRESS.FIRSTNAME", "ADDRESS.LASTNAME")
_ORIGINS = {"": "direct", "C": "composite role", "X": "organisation", "E": "portal"}
_WITHOUT_ROLES = frozenset({"USERNAME", NAMES, ROWS, ALL_ROWS, "CHILDREN"})


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = add_action(actions, "list", "list users in the order of their names", run_list)
    listed.add_argument(
        "--filter", metavar="EXPR", type=filled, help="such as 'ADDRESS.LASTNAME=Mil*'"
    )
    listed.add_argument("--names", action="store_true", help="names only, which is quicker")
    listed.add_argument("--limit", metavar="N", type=up_to(_MOST), help="so many at most")
    listed.add_argument("--after", metavar="NAME", type=filled, help="begin behind this name")
    listed.add_argument(
        "--since",
        metavar="DATE[THH:MM:SS]",
        type=filled,
        help="changed at this moment of SAP's clock or later",
    )
    _add_rows(listed)
    show = add_action(actions, "show", "show all that is known of a user", run_show)
    show.add_argument("user", metavar="USER", type=user_name)
    show.add_argument(
        "--children",
        action="store_true",
        help="in a central system, also all roles in each child system, those of composites too",
    )
    _add_rows(show)
    add_changes(actions)
    sync = add_action(actions, "sync", "list users that changed since the last call", run_sync)
    sync.add_argument(
        "--state", metavar="FILE", type=Path, required=True, help="keeps how far it came"
    )
    sync.add_argument("--filter", metavar="EXPR", type=filled, help="as for list")
    _add_rows(sync)
    add_action(actions, "schema", "list the attributes of users and tables", run_schema)


def _add_rows(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--role-rows",
        choices=("json", "xml"),
        default="json",
        help="rows of roles in --json: as objects (default), or as one line of XML each",
    )


def run_list(arguments: argparse.Namespace) -> int:
    """Users as they come; on stderr what was decided here and not by SAP."""
    query = UserQuery(
        condition=condition_of(arguments.filter) if arguments.filter else None,
        after=(arguments.after or "").upper(),
        limit=arguments.limit,
        names_only=arguments.names,
        modified_since=_since(arguments.since),
    )
    with _side(arguments) as side:
        tell_pushed(side.reader.pushed(query))
        users = side.reader.users(query)
        if not _print_users(arguments, side, users, names_only=arguments.names):
            output.note("no user is like that")
    return 0


def _since(text: str | None) -> Token | None:
    try:
        return token_of(text)
    except InputRejected as exc:
        raise InputRejected(f"--since: {exc}") from exc


def run_show(arguments: argparse.Namespace) -> int:
    """One user; 3 where there is none."""
    with _side(arguments) as side:
        user = side.reader.get(arguments.user.upper())
        if user is None:
            output.complain(absent(side, arguments.user))
            return REFUSED
        known = properties(user, side.rfc, rows=arguments.role_rows)
        children = side.children.expanded(user.name) if arguments.children else {}
        if arguments.children:
            known["CHILDREN"] = {name: _rows_of(roles) for name, roles in children.items()}
        for warning in user.warnings:
            output.note(f"warning: {warning}")
        if arguments.json:
            output.json_line(known)
            return 0
        output.facts(
            (name, _cell(value)) for name, value in known.items() if name not in _WITHOUT_ROLES
        )
        if user.roles:
            show_roles(user.roles)
        _show_children(children)
    return 0


def _rows_of(roles: Iterable[RoleAssignment] | None) -> list[dict[str, Any]] | None:
    return None if roles is None else [json_of(role, all=True) for role in roles]


def _show_children(children: Mapping[str, Sequence[RoleAssignment] | None]) -> None:
    """The roles in each child system; what nobody could ask is told."""
    for system, roles in children.items():
        if roles is None:
            output.note(f"{system}: has no connection in rfc.systems, or did not answer")
    found = [role for roles in children.values() for role in roles or ()]
    if found:
        output.heading("Child systems")
        show_roles(found)


def run_sync(arguments: argparse.Namespace) -> int:
    """Users that changed; the file is moved on once all of them are printed."""
    clock = SystemClock()
    settings = connection_of(arguments)
    zone = ZoneInfo(settings.connections[arguments.connection].time_zone)
    condition = condition_of(arguments.filter) if arguments.filter else None
    since = token_of(_state(arguments.state))
    with _side(arguments) as side:
        one = Sync(side.reader, since, clock, clock.now().astimezone(zone), condition)
        count = _print_users(arguments, side, one.users(), names_only=False)
        token = token_text(one.token)
        _keep(arguments.state, token)
    if is_ahead(one.token, clock.now().astimezone(zone)):
        output.note(
            f"{token} is still to come in {zone.key}: either that is not the zone of SAP's clock "
            f"(connections.{arguments.connection}.time_zone), or the clocks differ, and who "
            f"changes before that time is left out. Set it, then remove {arguments.state} to begin "
            "anew"
        )
    if arguments.json:
        output.json_line({"summary": {"users": count, "token": token}})
    elif since is None:
        output.line(f"the next call lists what changes from {token} on; `users list` lists all")
    else:
        output.line(f"{count} users; the next call begins at {token}. Deleted users are not told")
    return 0


def run_schema(arguments: argparse.Namespace) -> int:
    """A line for each kind of object, or tables for people."""
    with _side(arguments) as side:
        kinds = schema(side.rfc, side.tables.aliases())
    for kind in kinds:
        if arguments.json:
            output.json_line(kind)
            continue
        output.heading(kind.name)
        columns = ("Attribute", "Type", "Length", "Note")
        output.table(
            columns, ((a.name, a.type, a.length or "", _notes(a)) for a in kind.attributes)
        )
    return 0


def _notes(attribute: Any) -> str:
    notes = {
        "key": attribute.key,
        "read only": attribute.readable and not attribute.writable,
        "write only": attribute.writable and not attribute.readable,
        "only when created": attribute.create_only,
        "several": attribute.multi_valued,
        "SAP selects by it": attribute.searchable,
    }
    return ", ".join(note for note, holds in notes.items() if holds)


@contextmanager
def _side(arguments: argparse.Namespace) -> Iterator[UserSide]:
    with closing(users_of(connection_of(arguments), arguments.connection)) as side, reading():
        yield side


def tell_pushed(pushed: Pushed) -> None:
    """On stderr what of a condition SAP did not look at."""
    if not pushed.whole:
        fields = ", ".join(pushed.left)
        output.note(f"decided here, on the details of every user that SAP named: {fields}")


def _print_users(
    arguments: argparse.Namespace, side: UserSide, users: Iterable[SapUser], *, names_only: bool
) -> int:
    """Print users; a line each as they come, or a table of all. Returns how many."""
    count = 0

    def counted() -> Iterator[SapUser]:
        nonlocal count
        for user in users:
            count += 1
            for warning in user.warnings:
                output.note(f"warning: {user.name}: {warning}")
            yield user

    if arguments.json:
        for user in counted():
            rows = arguments.role_rows
            known = _listed(user) if names_only else properties(user, side.rfc, rows=rows)
            output.json_line(known)
        return count
    rows = [_row(user, side, names_only=names_only) for user in counted()]
    columns = ("User", "Name") if names_only else ("User", "Name", "Type", "Locked", "Valid to")
    if rows:
        output.table(columns, rows)
    return count


def _listed(user: SapUser) -> dict[str, Any]:
    return {"USERNAME": user.name, **user.fields}


def _row(user: SapUser, side: UserSide, *, names_only: bool) -> tuple[Any, ...]:
    parts = [str(user.fields.get(name) or "") for name in _FULL_NAME]
    name = " ".join(part for part in parts if part)
    if names_only:
        return user.name, name
    locked = "" if is_enabled(user.locks, side.rfc) else "by an administrator"
    if is_locked_out(user.locks):
        locked = f"{locked}, wrong passwords".removeprefix(", ")
    return (
        user.name,
        name,
        user.fields.get("LOGONDATA.USTYP"),
        locked,
        _until(user.fields.get("LOGONDATA.GLTGB")),
    )


def _until(day: Any) -> str:
    return day.isoformat() if isinstance(day, date) and day != FOREVER else ""


def show_roles(roles: Iterable[RoleAssignment]) -> None:
    """A table of roles with where they come from."""
    rows = [
        (r.system, r.name, r.text, r.valid_from.isoformat(), _until(r.valid_to), _ORIGINS[r.origin])
        for r in roles
    ]
    columns = ("System", "Role", "Text", "From", "To", "Comes by")
    central = any(row[0] for row in rows)
    output.table(columns if central else columns[1:], rows if central else (r[1:] for r in rows))


def _cell(value: Any) -> Any:
    if isinstance(value, dict):
        return tuple(f"{name} = {each}" for name, each in value.items())
    if isinstance(value, bool):
        return "yes" if value else "no"
    return tuple(value) if isinstance(value, list) else str(value or "")


def _state(path: Path) -> str | None:
    """What the last call kept; None before the first."""
    try:
        return str(msgspec.json.decode(path.read_bytes(), type=dict[str, str])["token"])
    except FileNotFoundError:
        return None
    except OSError as exc:
        raise InputRejected(f"{path}: cannot be read ({exc.strerror})") from exc
    except (msgspec.DecodeError, KeyError) as exc:
        raise InputRejected(
            f"{path}: holds no token of `users sync`; name another file, or remove it"
        ) from exc


def _keep(path: Path, token: str) -> None:
    """Complete, or as it was."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode({"token": token}))
        Path(name).replace(path)
    except OSError as exc:
        raise InputRejected(f"{path}: cannot be written ({exc.strerror})") from exc
