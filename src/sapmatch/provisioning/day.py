"""What files took from users of a connection in one day without a person: limits count over all."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec import Struct

from sapmatch.model.errors import InputRejected, PreconditionFailed
from sapmatch.model.ports import Clock, Control
from sapmatch.model.provisioning import (
    Plan,
    PlannedUser,
    Provisioning,
    ProvisioningRun,
    Written,
)
from sapmatch.provisioning import places

_DAY: Final = timedelta(hours=24)
_TRIES: Final = 10
_TOO_MUCH: Final = (
    "with what other files took in the last 24 hours it would take more than goes without a person "
    "(roles_removed_at_most, users_locked_at_most); drop its file again, and a person is asked"
)


class Taken(Struct, frozen=True, kw_only=True):
    """Roles and profiles that went, and users who were kept from logging on."""

    rights: int = 0
    users: int = 0


NOTHING: Final = Taken()


class _Entry(Struct, frozen=True, kw_only=True):
    run_id: str
    at: datetime
    taken: Taken


def taken_of(users: Iterable[PlannedUser]) -> Taken:
    """What all users together lose."""
    every = tuple(users)
    return Taken(
        rights=sum(user.roles_removed + user.profiles_removed for user in every),
        users=sum(user.locks for user in every),
    )


def taken_by(written: Iterable[Written | None]) -> Taken:
    """What was sent for the rows of a run."""
    every = [each for each in written if each is not None]
    return Taken(
        rights=sum(each.roles_removed + each.profiles_removed for each in every),
        users=sum(each.locks for each in every),
    )


def settle(control: Control, clock: Clock, run: ProvisioningRun, taken: Taken) -> None:
    """Count what a run took that ends without a person, in place of what it planned to take.

    Where others count this very moment all the time, what was planned stays.
    """
    key = places.taken_key(run.connection)
    for _ in range(_TRIES):
        others, version = _others(control, key, run.run_id, clock.now())
        entry = _Entry(run_id=run.run_id, at=clock.now(), taken=taken)
        after = [*others, entry] if taken != NOTHING else others
        if _written(control, key, after, version):
            return


def book_again(
    control: Control, clock: Clock, run: ProvisioningRun, plan: Plan, rules: Provisioning
) -> None:
    """Count a run that goes on as it was planned; InputRejected where others took too much
    meanwhile."""
    key, taken = places.taken_key(run.connection), taken_of(plan.users)
    for _ in range(_TRIES):
        others, version = _others(control, key, run.run_id, clock.now())
        earlier = _sum(others)
        rights = taken.rights and taken.rights + earlier.rights > rules.roles_removed_at_most
        if rights or (taken.users and taken.users + earlier.users > rules.users_locked_at_most):
            raise InputRejected(f"run {run.run_id}: {_TOO_MUCH}")
        if taken == NOTHING:
            return
        entry = _Entry(run_id=run.run_id, at=clock.now(), taken=taken)
        if _written(control, key, [*others, entry], version):
            return
    raise PreconditionFailed(f"run {run.run_id}: others plan this very moment; try it again")


def counted(
    control: Control, clock: Clock, connection: str, run_id: str, made: Callable[[Taken], Plan]
) -> Plan:
    """The plan that is `made` with what others took, noted where it goes without a person.

    Of two runs at the same time the second one is planned with what the first takes.
    """
    key = places.taken_key(connection)
    for _ in range(_TRIES):
        now = clock.now()
        others, version = _others(control, key, run_id, now)
        plan = made(_sum(others))
        taken = taken_of(plan.users)
        if plan.waits_for or taken == NOTHING:
            return plan
        others.append(_Entry(run_id=run_id, at=now, taken=taken))
        if _written(control, key, others, version):
            return plan
    raise PreconditionFailed(f"run {run_id}: others plan this very moment; try it again")


def _others(control: Control, key: str, run_id: str, now: datetime) -> tuple[list[_Entry], int]:
    """What the other runs of the day are counted with, and the version that was read."""
    stored = control.read(key)
    every = msgspec.json.decode(stored.value, type=list[_Entry]) if stored else []
    others = [each for each in every if each.run_id != run_id and now - each.at < _DAY]
    return others, stored.version if stored else 0


def _sum(entries: Iterable[_Entry]) -> Taken:
    every = [each.taken for each in entries]
    return Taken(rights=sum(e.rights for e in every), users=sum(e.users for e in every))


def _written(control: Control, key: str, entries: list[_Entry], version: int) -> bool:
    try:
        control.write(key, msgspec.json.encode(entries), expected=version)
    except PreconditionFailed:
        return False
    return True
