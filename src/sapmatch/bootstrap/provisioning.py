"""Runs of desired users: with what they are planned, applied and told."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, tzinfo
from functools import partial
from math import ceil
from typing import TYPE_CHECKING, TypedDict
from zoneinfo import ZoneInfo

from msgspec import to_builtins
from msgspec.structs import replace

from sapmatch.bootstrap.parts import Services
from sapmatch.model.errors import InputRejected, SapmatchError
from sapmatch.model.provisioning import Provisioning
from sapmatch.model.rfc import Rfc, RfcScalar
from sapmatch.model.uploads import Upload
from sapmatch.model.users import Children, Locks, UserChange, UserReader, UserWriter
from sapmatch.settings import Environment, Settings

if TYPE_CHECKING:
    from sapmatch.bootstrap.users import UserSide
    from sapmatch.provisioning.compare import IsLocked
    from sapmatch.provisioning.desired import RoleRows, RoleSplit, Typed
    from sapmatch.provisioning.runs import Provisioner

_LONGEST = 900  # seconds that a function may run


def provisioner(parts: Services) -> "Provisioner":
    """What runs of this stage are made with; SAP is called by its steps only."""
    from sapmatch.provisioning.runs import Provisioner

    settings, users = parts.settings, parts.clients.users
    return Provisioner(
        **sides(settings, users),
        objects=parts.objects,
        control=parts.control,
        clock=parts.clock,
        stage=parts.stage,
        mailer=parts.mailer,
        waits=parts.workflows,
    )


class Sides(TypedDict):
    """SAP systems as runs see them, by the names of their connections."""

    reader_of: Callable[[str], UserReader]
    writer_of: Callable[[str], UserWriter]
    children_of: Callable[[str], Children]
    rules_of: Callable[[str], Provisioning]
    role_rows: "RoleRows"
    split_of: "Callable[[str], RoleSplit]"
    typed_of: "Callable[[str], Typed]"
    child_of: Callable[[str, str], UserReader | None]
    locked_of: "Callable[[str], IsLocked]"
    quiet_of: Callable[[str], float]
    zone_of: Callable[[str], tzinfo]
    indirect_of: Callable[[str], bool]


def sides(settings: Settings, users: "Callable[[str], UserSide]") -> Sides:
    """The systems of these settings; `users` opens what reads and changes the users of one."""
    from sapmatch.sap.users.role_rows import rows_of

    return Sides(
        reader_of=lambda name: users(name).reader,
        writer_of=lambda name: users(name).writer,
        children_of=lambda name: users(name).children,
        rules_of=lambda name: rules_of(settings, name),
        role_rows=rows_of,
        split_of=lambda name: _split(users(name)),
        typed_of=lambda name: partial(_typed, users(name).rfc),
        child_of=lambda name, system: _reader_of(users, name, system),
        locked_of=lambda name: partial(_is_locked, users(name).rfc),
        quiet_of=lambda name: settings.connections[name].quiet_seconds,
        zone_of=lambda name: ZoneInfo(settings.connections[name].time_zone),
        indirect_of=lambda name: users(name).rfc.include_indirect_activity_groups,
    )


def rules_of(settings: Settings, name: str) -> Provisioning:
    """One `[provisioning.*]` block; InputRejected where no file may be for this connection."""
    if name not in settings.provisioning:
        known = ", ".join(settings.provisioning) or "none"
        raise InputRejected(
            f"connection {name}: has no [provisioning.{name}] in the settings; known are {known}"
        )
    return settings.provisioning[name]


def machine(parts: Services) -> str:
    """ARN of the state machine of a run."""
    return parts.environment[Environment.PROVISIONING_ARN]


def receive(parts: Services, upload: Upload) -> None:
    """Start the run of a file; people are told by mail of one that can be none.

    A repeated event starts nothing: the execution is named by the version of the file.
    """
    if upload.key.endswith("/"):
        return  # the console makes such objects to show a folder
    runs = provisioner(parts)
    try:
        version = upload.version_id or parts.objects.version(upload.key)
        received = runs.received(replace(upload, version_id=version))
    except InputRejected as exc:
        runs.refuse_upload(upload, str(exc))
        return
    parts.workflows.start(machine(parts), received.run_id, to_builtins(received))


def hold(parts: Services, run_id: str, connection: str, token: str, execution: str) -> str | None:
    """Ask people whether a run may go on; it does at once where somebody answered already."""
    action = provisioner(parts).hold(run_id, connection, token, execution)
    if action:
        parts.workflows.resume(token, {"action": action})
    return action


def report(
    parts: Services, run_id: str, connection: str, error: str | None, action: str | None
) -> tuple[str, str]:
    """End a run and tell people; its status, and the key of its response file.

    `action` "expired": nobody answered whether it may go on.
    """
    from sapmatch.provisioning.reasons import EXPIRED

    runs = provisioner(parts)
    reason = error or (EXPIRED if action == "expired" else None)
    response = runs.report(run_id, connection, reason)
    run = runs.find(run_id, connection)
    assert run is not None  # it was reported
    return run.status, response


def note_trouble(parts: Services, run_id: str, connection: str, error: SapmatchError) -> None:
    """Keep what a step raised with its run, for the mail and the response file.

    A run that is not known yet, or a table that cannot be written, hides no error.
    """
    with suppress(SapmatchError):
        provisioner(parts).troubled(run_id, connection, error)


@contextmanager
def sap_turn(parts: Services, connection: str, owner: str, until: datetime) -> Iterator[None]:
    """One of the permits to call the system: extractions and write-backs share them.

    One stays free for what somebody waits for. SapThrottled where none comes free.
    """
    from sapmatch.limits.permits import Permits

    known = parts.settings.connections.get(connection)
    if known is None:  # nothing is called then
        yield
        return
    most = known.limits.parallel
    permits = Permits(
        parts.control, parts.clock, connection, most, expiry_seconds=_LONGEST, spare=1
    )
    with permits.held(owner, lambda: parts.clock.now() >= until):
        yield


def on_hold(parts: Services, connection: str) -> int:
    """Seconds for which a person lets nobody write to the system; 0 where nobody does."""
    from sapmatch.bootstrap.writing import gate

    held_until = gate(parts, connection).standing().held_until
    return max(0, ceil(held_until - parts.clock.now().timestamp()))


def _split(users: "UserSide") -> "RoleSplit":
    """What cuts the name of a role into system and role, with the systems that SAP knows."""
    from sapmatch.sap.users.roles import splits_of

    reader = users.reader
    return splits_of(users.rfc, reader.systems() if reader.is_central else ()).split


def _typed(rfc: Rfc, field: str, value: RfcScalar) -> RfcScalar:
    """The value of a field as SAP will hold it; InputRejected for one that nobody may write."""
    from sapmatch.sap.users.changes import refused, wanted_of

    wanted, problems = wanted_of(UserChange(name="ANYBODY", fields={field: value}), rfc)
    if problems:
        raise refused(field, problems)
    return next(iter(wanted.fields.values()))


def _is_locked(rfc: Rfc, locks: Locks, wanted: bool) -> bool:
    """Whether the writer would have nothing to lock or unlock (considerGlobalLock)."""
    from sapmatch.sap.users.locks import is_as_wanted

    return is_as_wanted(locks, wanted, rfc)


def _reader_of(users: "Callable[[str], UserSide]", name: str, system: str) -> UserReader | None:
    """Who reads a logical system of a central user administration, itself included."""
    mine = users(name)
    if system.upper() == mine.rfc.destination_name.upper():
        return mine.reader
    connection = mine.rfc.systems.get(system)
    return users(connection).reader if connection else None
