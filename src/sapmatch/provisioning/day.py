"""What files took from users of a connection in one day without a person: limits count over all."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Final

import msgspec
from msgspec import Struct

from sapmatch.model.errors import PreconditionFailed
from sapmatch.model.ports import Clock, Control
from sapmatch.model.provisioning import Plan, PlannedUser
from sapmatch.provisioning import places

_DAY: Final = timedelta(hours=24)
_TRIES: Final = 10


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


def counted(
    control: Control, clock: Clock, connection: str, run_id: str, made: Callable[[Taken], Plan]
) -> Plan:
    """The plan that is `made` with what others took, noted where it goes without a person.

    Of two runs at the same time the second one is planned with what the first takes.
    """
    key = places.taken_key(connection)
    for _ in range(_TRIES):
        stored, now = control.read(key), clock.now()
        every = msgspec.json.decode(stored.value, type=list[_Entry]) if stored else []
        others = [each for each in every if each.run_id != run_id and now - each.at < _DAY]
        earlier = Taken(
            rights=sum(each.taken.rights for each in others),
            users=sum(each.taken.users for each in others),
        )
        plan = made(earlier)
        taken = taken_of(plan.users)
        if plan.waits_for or taken == NOTHING:
            return plan
        others.append(_Entry(run_id=run_id, at=now, taken=taken))
        try:
            version = stored.version if stored else 0
            control.write(key, msgspec.json.encode(others), expected=version)
        except PreconditionFailed:
            continue
        return plan
    raise PreconditionFailed(f"run {run_id}: others plan this very moment; try it again")
