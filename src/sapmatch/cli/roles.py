"""`sapmatch roles list CONNECTION [USER]`, `roles assign|remove CONNECTION USER ROLE...`."""

import argparse
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from typing import Any
from zoneinfo import ZoneInfo

from sapmatch.bootstrap.users import UserSide, users_of
from sapmatch.cli import output
from sapmatch.cli.asking import agreed
from sapmatch.cli.options import add_action, connection_of, filled, user_name
from sapmatch.cli.user_changes import OWN, carried_out, day, is_own
from sapmatch.cli.user_outcome import REFUSED, absent, add_outcome, reading
from sapmatch.cli.users import show_roles
from sapmatch.clock import SystemClock
from sapmatch.model.errors import InputRejected
from sapmatch.model.users import FOREVER, Changed, RoleAssignment, SapUser, UserChange
from sapmatch.sap.tables.reader import described, settings_of
from sapmatch.sap.users.role_rows import json_of
from sapmatch.sap.users.roles import Splits, splits_of

_ROLES = "AGR_DEFINE"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    listed = add_action(actions, "list", "list the roles of a user, or of the system", run_list)
    listed.add_argument("user", metavar="USER", nargs="?", type=user_name)
    assign = _change(actions, "assign", "assign roles to a user; others stay", run_assign)
    assign.add_argument("--from", metavar="DATE", type=day, dest="begin", help="else today")
    assign.add_argument("--to", metavar="DATE", type=day, dest="end", help="else for ever")
    remove = _change(actions, "remove", "take roles from a user; others stay", run_remove)
    remove.add_argument("--yes", action="store_true", help="do it without asking")


def _change(
    actions: Any, name: str, help_text: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    found = add_action(actions, name, help_text, run)
    found.add_argument("user", metavar="USER", type=user_name)
    found.add_argument(
        "roles", metavar="ROLE", nargs="+", type=filled, help="SYSTEM:ROLE in a central system"
    )
    add_outcome(found)
    return found


def run_list(arguments: argparse.Namespace) -> int:
    """Roles with their days and where they come from; those of the system with their parents."""
    settings = connection_of(arguments)
    with closing(users_of(settings, arguments.connection)) as side:
        if arguments.user is None:
            return _list_all(arguments, side)
        with reading():
            user = side.reader.get(arguments.user.upper())
        if user is None:
            output.complain(absent(side, arguments.user))
            return REFUSED
        if arguments.json:
            for role in user.roles:
                output.json_line(json_of(role, all=True))
        else:
            show_roles(user.roles)
    return 0


def _list_all(arguments: argparse.Namespace, side: UserSide) -> int:
    tables = described(side.rfc, settings_of(arguments.connection))
    alias = next((alias for alias, table in tables.items() if table.table == _ROLES), None)
    if alias is None:
        raise InputRejected(
            f"{settings_of(arguments.connection)}.tables: describes no {_ROLES}, which holds the "
            "roles; see `sapmatch tables list`"
        )
    rows = side.tables.rows(alias)
    if arguments.json:
        for row in rows:
            output.json_line(row)
        return 0
    columns = tables[alias].names
    output.table(columns, ([row[name] for name in columns] for row in rows))
    return 0


def run_assign(arguments: argparse.Namespace) -> int:
    """Add; a role that is there for these days stays as it is."""
    connection = connection_of(arguments).connections[arguments.connection]
    today = SystemClock().now().astimezone(ZoneInfo(connection.time_zone)).date()

    def merged(user: SapUser, splits: Splits) -> Sequence[RoleAssignment]:
        added = [
            _wanted(user, splits.split(name), arguments, begin=arguments.begin or today)
            for name in arguments.roles
        ]
        return [*user.direct_roles, *added]

    return _merging(arguments, merged)


def _wanted(
    user: SapUser, key: tuple[str, str], arguments: argparse.Namespace, *, begin: Any
) -> RoleAssignment:
    """The assignment; one that is valid already is good where nobody names days."""
    system, name = key
    valid = [
        role
        for role in user.direct_roles
        if (role.system, role.name) == key and role.valid_from <= begin <= role.valid_to
    ]
    if valid and arguments.begin is None and arguments.end is None:
        return valid[0]
    end = arguments.end or FOREVER
    if end < begin:
        raise InputRejected(f"--to {end}: is before {begin}, when the role would begin")
    return RoleAssignment(system=system, name=name, valid_from=begin, valid_to=end)


def run_remove(arguments: argparse.Namespace) -> int:
    """Take away, in all their periods; asks first."""

    def wanted(side: UserSide) -> bool:
        question = f"Take {', '.join(arguments.roles)} from {arguments.user.upper()}?"
        if is_own(side, arguments.user):
            question = f"{OWN.format(arguments.connection)} {question}"
        return agreed(question, yes=arguments.yes)

    def merged(user: SapUser, splits: Splits) -> Sequence[RoleAssignment]:
        keys = {splits.split(name) for name in arguments.roles}
        _tell_others(user, keys)
        return [role for role in user.direct_roles if (role.system, role.name) not in keys]

    return _merging(arguments, merged, wanted)


def _tell_others(user: SapUser, keys: Iterable[tuple[str, str]]) -> None:
    """Roles that cannot be taken: the user has none such, or by another one."""
    direct = {(role.system, role.name) for role in user.direct_roles}
    every = {(role.system, role.name) for role in user.roles}
    for key in sorted(set(keys) - direct):
        name = ":".join(part for part in key if part)
        if key in every:
            output.note(f"{name}: comes through another role or an organisation, and goes with it")
        else:
            output.note(f"{name}: {user.name} has no such role")


def _merging(
    arguments: argparse.Namespace,
    merged: Callable[[SapUser, Splits], Sequence[RoleAssignment]],
    wanted: Callable[[UserSide], bool] = lambda _: True,
) -> int:
    """Read, merge and write while nobody else on this machine changes the user."""
    name = arguments.user.upper()

    def change(side: UserSide) -> Changed | None:
        if not wanted(side):
            return None
        splits = splits_of(side.rfc, side.reader.systems())
        return side.writer.merge(
            name, lambda user: UserChange(name=name, roles=tuple(merged(user, splits)))
        )

    return carried_out(arguments, change)
