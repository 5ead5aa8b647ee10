"""Why nobody can log on as a user, and which calls change that."""

from collections.abc import Iterator
from typing import Final, NamedTuple

from sapmatch.model.rfc import Rfc
from sapmatch.model.users import Locks, SapUser, UserChange
from sapmatch.sap.users.effects import Effect, Lack, module

LOCK: Final = "BAPI_USER_LOCK"
UNLOCK: Final = "BAPI_USER_UNLOCK"
_CODE: Final = "LOCK_NOT_APPLIED"


class _Goal(NamedTuple):
    locked: bool | None  # None: whatever it is
    lockout_gone: bool = False


def is_locked(locks: Locks, rfc: Rfc) -> bool:
    """Whether an administrator locked the user, in all systems too where that counts.

    A central system locks everywhere, so there such a lock always counts.
    """
    return locks.local or (locks.everywhere and (rfc.consider_global_lock or rfc.cua_enabled))


def is_as_wanted(locks: Locks, wanted: bool, rfc: Rfc) -> bool:
    """Whether the user is locked as BAPI_USER_LOCK locks, or not locked at all.

    A lock in the central system alone keeps nobody from the other systems.
    """
    if wanted and rfc.cua_enabled:
        return locks.everywhere
    return is_locked(locks, rfc) == wanted


def lock_effects(change: UserChange, found: SapUser | None, rfc: Rfc) -> Iterator[Effect]:
    """The calls that lead from the locks of the user to those that are wanted.

    BAPI_USER_UNLOCK clears the lock for wrong passwords and an administrator's alike, so where only
    the first is to go, the other is set again, whatever else failed (CO-T52).
    """
    now = found.locks if found else Locks()
    before = is_locked(now, rfc)
    after = before if change.locked is None else change.locked
    clears = change.clear_lockout and now.wrong_logon
    if clears or (before and not after):
        yield _effect("unlock", UNLOCK, _Goal(None if after else False, clears), change.name, rfc)
    if after and (clears or (change.locked and not is_as_wanted(now, True, rfc))):
        yield _effect("lock", LOCK, _Goal(True), change.name, rfc)


def _effect(name: str, function: str, goal: _Goal, user: str, rfc: Rfc) -> Effect:
    def lacks(found: SapUser | None) -> Lack | None:
        if found is None:
            return Lack("the user is not there")
        if goal.locked is not None and not is_as_wanted(found.locks, goal.locked, rfc):
            still = "not locked" if goal.locked else f"still locked{_where(found.locks)}"
            return Lack(still)
        if goal.lockout_gone and found.locks.wrong_logon:
            return Lack("still locked for wrong passwords")
        return None

    return Effect(
        name=name,
        send=module(function, {"USERNAME": user}, rfc),
        lacks=lacks,
        code=_CODE,
        always=function == LOCK,
    )


def _where(locks: Locks) -> str:
    here = "in this system" if locks.local else ""
    everywhere = "by the central system" if locks.everywhere else ""
    said = " and ".join(each for each in (here, everywhere) if each)
    return f" {said}" if said else ""
