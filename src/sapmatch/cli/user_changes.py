"""`sapmatch users create|change|lock|unlock|delete|reset-password CONNECTION USER`."""

import argparse
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from sapmatch.bootstrap.users import UserSide, users_of
from sapmatch.cli import output
from sapmatch.cli.asking import (
    agreed,
    can_show,
    password_of_environment,
    show_once,
    typed_password,
)
from sapmatch.cli.options import add_common, connection_of, filled, names, user_name
from sapmatch.cli.user_outcome import add_outcome, refused, told
from sapmatch.model.errors import InputRejected, SapRejected
from sapmatch.model.rfc import RfcScalar
from sapmatch.model.users import (
    FOREVER,
    Changed,
    ProfileAssignment,
    RoleAssignment,
    SapUser,
    UserChange,
)
from sapmatch.sap.users.passwords import length_of, random_password
from sapmatch.sap.users.role_rows import rows_of
from sapmatch.sap.users.roles import splits_of

_SECRET = re.compile(r"PASSW|PWD|BCODE|PASSCODE|OCOD")
_LARGEST = 1_000_000  # bytes of a file of roles
_FROM, _TO = "LOGONDATA.GLTGV", "LOGONDATA.GLTGB"
_LOGON = (_FROM, _TO, "LOGONDATA.USTYP", "LOGONDATA.CODVN", "REF_USER.REF_USER")
OWN = "Connection {} itself logs on as this user, and may not work afterwards."
Run = Callable[[argparse.Namespace], int]


def add_changes(actions: Any) -> None:
    """Declare the actions that change a user."""
    for name, help_text, run in (
        ("create", "create a user", run_create),
        ("change", "change a user; what is not named stays as it is", run_change),
    ):
        parser = _action(actions, name, help_text, run)
        parser.add_argument(
            "fields",
            metavar="FIELD=VALUE",
            nargs="*",
            type=field_value,
            help="such as ADDRESS.LASTNAME=Miller; without a value the field is cleared",
        )
        _add_lists(parser)
        parser.add_argument("--valid-from", metavar="DATE", type=day, help="may log on from then")
        parser.add_argument("--valid-to", metavar="DATE", type=day, help="may log on until then")
        if name == "create":
            _add_password(parser)
        else:
            _add_yes(parser)
    _action(actions, "lock", "lock a user", run_lock)
    unlock = _action(actions, "unlock", "unlock a user", run_unlock)
    unlock.add_argument(
        "--lockout-only",
        action="store_true",
        help="forget wrong passwords; who was locked by an administrator stays locked",
    )
    _add_yes(_action(actions, "delete", "delete a user", run_delete))
    _add_password(_action(actions, "reset-password", "give a user another password", run_reset))


def _action(actions: Any, name: str, help_text: str, run: Run) -> argparse.ArgumentParser:
    found: argparse.ArgumentParser = actions.add_parser(name, help=help_text, description=help_text)
    found.add_argument("connection", metavar="CONNECTION", help="its name in the settings")
    found.add_argument("user", metavar="USER", type=user_name)
    add_outcome(found)
    add_common(found)
    found.set_defaults(run=run)
    return found


def _add_lists(parser: argparse.ArgumentParser) -> None:
    roles = parser.add_mutually_exclusive_group()
    roles.add_argument(
        "--roles", metavar="A,B", type=names, help="exactly these; SYSTEM:ROLE in a central system"
    )
    roles.add_argument(
        "--roles-json", metavar="FILE", type=Path, help="exactly these, rows with their days"
    )
    roles.add_argument("--no-roles", action="store_const", const=(), dest="roles", help="none")
    for name in ("profiles", "groups", "systems"):
        group = parser.add_mutually_exclusive_group()
        group.add_argument(f"--{name}", metavar="A,B", type=names, help="exactly these")
        group.add_argument(f"--no-{name}", action="store_const", const=(), dest=name, help="none")
    parser.add_argument(
        "--parameter",
        metavar="ID=VALUE",
        action="append",
        type=field_value,
        dest="parameters",
        help="parameters of SU3, exactly these; once for each",
    )


def _add_password(parser: argparse.ArgumentParser) -> None:
    parser.epilog = "The password is asked for where no option says otherwise."
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--password-env", metavar="NAME", type=filled, help="it stands in this variable"
    )
    group.add_argument(
        "--generate", action="store_true", help="make one, and show it once on the terminal"
    )


def _add_yes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--yes", action="store_true", help="do it without asking")


def run_create(arguments: argparse.Namespace) -> int:
    """Create; 3 where SAP refused it or it is not known."""
    return _with_password(arguments, create=True)


def run_reset(arguments: argparse.Namespace) -> int:
    """Another password; initial or not, as the settings say."""
    return _with_password(arguments, create=False)


def run_change(arguments: argparse.Namespace) -> int:
    """Change what is named; asks before anything goes."""

    def change(side: UserSide) -> Changed | None:
        wanted = change_of(arguments, side)
        if wanted == UserChange(name=wanted.name):
            raise InputRejected(
                f"user {wanted.name}: nothing is named that is to change; give FIELD=VALUE, or an "
                "option such as --roles"
            )
        goes = _going(side, wanted)
        question = f"Take {', '.join(goes)} from {wanted.name}?" if goes else ""
        if is_own(side, wanted.name) and (goes or _logs_on_less(wanted)):
            question = f"{OWN.format(arguments.connection)} {question or 'Change it?'}"
        if question and not agreed(question, yes=arguments.yes):
            return None
        return side.writer.change(wanted)

    return carried_out(arguments, change)


def run_lock(arguments: argparse.Namespace) -> int:
    """Lock."""
    change = UserChange(name=_user(arguments), locked=True)

    def lock(side: UserSide) -> Changed:
        _require_other(arguments, side, "locked")
        return side.writer.change(change)

    return carried_out(arguments, lock)


def run_unlock(arguments: argparse.Namespace) -> int:
    """Unlock, or clear the lock of wrong passwords alone."""
    only = arguments.lockout_only
    change = UserChange(name=_user(arguments), locked=None if only else False, clear_lockout=True)
    return carried_out(arguments, lambda side: side.writer.change(change))


def run_delete(arguments: argparse.Namespace) -> int:
    """Delete; asks first."""
    name = _user(arguments)

    def delete(side: UserSide) -> Changed | None:
        _require_other(arguments, side, "deleted")
        question = f"Delete user {name} of {arguments.connection}? Nothing brings it back."
        return side.writer.delete(name) if agreed(question, yes=arguments.yes) else None

    return carried_out(arguments, delete)


def carried_out(arguments: argparse.Namespace, change: Callable[[UserSide], Changed | None]) -> int:
    """Make a change and print what became of it; None: nobody wanted it, 0."""
    settings = connection_of(arguments)
    with closing(users_of(settings, arguments.connection)) as side:
        try:
            changed = change(side)
        except SapRejected as exc:
            return refused(arguments, _user(arguments), exc)
        return 0 if changed is None else told(arguments, side, changed)


def is_own(side: UserSide, name: str) -> bool:
    """Whether it is the user that the connection itself logs on as."""
    return side.reader.own_user == name.strip().upper()


def _require_other(arguments: argparse.Namespace, side: UserSide, what: str) -> None:
    """Nobody closes the door behind which the way back lies."""
    name = _user(arguments)
    if is_own(side, name):
        raise InputRejected(
            f"user {name}: is who connection {arguments.connection} logs on as, and is not {what} "
            "over it: nothing would work here any more; do it in SAP (transaction SU01)"
        )


def _logs_on_less(change: UserChange) -> bool:
    """Whether the change may keep the user from logging on, or take his profiles."""
    return change.profiles is not None or any(name in change.fields for name in _LOGON)


def _with_password(arguments: argparse.Namespace, *, create: bool) -> int:
    name = _user(arguments)

    def change(side: UserSide) -> Changed:
        if not create:
            _require_other(arguments, side, "given another password")
        wanted = change_of(arguments, side) if create else UserChange(name=name)
        side.writer.check(wanted)  # before anybody types a password
        password = _password(arguments, side, name, create=create)
        wanted = replace(wanted, password=password)
        changed = side.writer.create(wanted) if create else side.writer.change(wanted)
        if arguments.generate and changed.status not in ("failed", "unchanged"):
            _hand_over(name, password)
        return changed

    return carried_out(arguments, change)


def _password(arguments: argparse.Namespace, side: UserSide, name: str, *, create: bool) -> str:
    if arguments.password_env:
        return password_of_environment(arguments.password_env)
    if not arguments.generate:
        return typed_password(name)
    if not can_show() and not create:
        raise InputRejected(
            "--generate: there is no terminal to show the password on; give --password-env NAME"
        )
    return random_password(length_of(side.transport))


def _hand_over(name: str, password: str) -> None:
    """Where there is a terminal; elsewhere it would stay in a log."""
    if can_show():
        show_once(name, password)
    else:
        output.note("the password is told to nobody: reset it when the user needs one")


def change_of(arguments: argparse.Namespace, side: UserSide) -> UserChange:
    """What the options say of the user; InputRejected for what is said twice."""
    fields: dict[str, RfcScalar] = {}
    days = ((_FROM, arguments.valid_from), (_TO, arguments.valid_to))
    given = [*arguments.fields, *((field, when) for field, when in days if when)]
    for field, value in given:
        if field in fields:
            raise InputRejected(f"{field}: is given twice; give it once")
        fields[field] = value
    return UserChange(
        name=_user(arguments),
        fields=fields,
        role_names=arguments.roles,
        roles=_rows(arguments.roles_json),
        profiles=_profiles(arguments.profiles, side),
        groups=arguments.groups,
        parameters=None if arguments.parameters is None else dict(arguments.parameters),
        systems=None if arguments.systems is None else _upper(arguments.systems),
    )


def _rows(path: Path | None) -> tuple[RoleAssignment, ...] | None:
    if path is None:
        return None
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise InputRejected(f"{path}: has more than {_LARGEST} bytes")
        return rows_of(data.decode("utf-8-sig"))
    except OSError as exc:
        raise InputRejected(f"{path}: cannot be read ({exc.strerror})") from exc
    except UnicodeDecodeError as exc:
        raise InputRejected(f"{path}: is no UTF-8 at byte {exc.start + 1}") from exc
    except InputRejected as exc:
        raise InputRejected(f"{path}: {exc}", exc.problems) from exc


def _profiles(given: Sequence[str] | None, side: UserSide) -> tuple[ProfileAssignment, ...] | None:
    if given is None:
        return None
    splits = splits_of(side.rfc, side.reader.systems())
    found = (splits.split(name) for name in given)
    return tuple(ProfileAssignment(system=system, name=name) for system, name in found)


def _going(side: UserSide, change: UserChange) -> list[str]:
    """What the user has and would lose."""
    wants_roles = change.role_names is not None or change.roles is not None
    lists = (change.systems, change.profiles, change.groups, change.parameters)
    if not wants_roles and all(each is None for each in lists) and _TO not in change.fields:
        return []
    there = side.reader.get(change.name)
    if there is None:
        return []
    goes: list[str] = []
    if wants_roles:
        splits = splits_of(side.rfc, side.reader.systems())
        kept = {splits.split(name) for name in change.role_names or ()}
        kept |= {(splits.system(role.system), role.name) for role in change.roles or ()}
        had = {(role.system, role.name) for role in there.direct_roles}
        goes += [f"role {_named(*key)}" for key in sorted(had - kept)]
    if change.systems is not None:
        lost = sorted(set(there.systems) - set(change.systems))
        goes += [f"system {name} with all its roles" for name in lost]
    return [*goes, *_going_too(there, change)]


def _going_too(there: SapUser, change: UserChange) -> Iterator[str]:
    """Profiles, groups and parameters that go, and days that end earlier."""
    if change.profiles is not None:
        kept = {(each.system, each.name) for each in change.profiles}
        had = {(each.system, each.name) for each in there.profiles if not each.generated}
        yield from (f"profile {_named(*key)}" for key in sorted(had - kept))
    if change.groups is not None:
        lost = sorted(set(there.groups) - set(_upper(change.groups)))
        yield from (f"group {name}" for name in lost)
    if change.parameters is not None:
        given = set(_upper(change.parameters))
        yield from (f"parameter {name}" for name in sorted(set(there.parameters) - given))
    before, after = there.fields.get(_TO), change.fields.get(_TO)
    if isinstance(after, date) and after < (before if isinstance(before, date) else FOREVER):
        yield f"the days after {after.isoformat()}"


def _named(system: str, name: str) -> str:
    return f"{system}:{name}" if system else name


def _upper(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(value.upper() for value in values)


def _user(arguments: argparse.Namespace) -> str:
    return str(arguments.user).strip().upper()


def field_value(text: str) -> tuple[str, str]:
    """The type of an argument FIELD=VALUE; a password is none, others could see it."""
    name, equals, value = text.partition("=")
    field = name.strip().upper()
    if not equals or not field:
        raise argparse.ArgumentTypeError("write it as FIELD=VALUE, like ADDRESS.LASTNAME=Miller")
    if _SECRET.search(field):
        raise argparse.ArgumentTypeError(
            f"{field}: a password is no argument; it is asked for, or give --password-env NAME"
        )
    return field, value


def day(text: str) -> date:
    """The type of an argument that is a day."""
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        raise argparse.ArgumentTypeError(f"write a day as 2026-12-31, not {text!r}") from exc
