"""What a row takes from a user: what counts toward the limits of a plan."""

from collections.abc import Iterable
from datetime import date
from typing import Final

from msgspec.structs import replace

from sapmatch.model.provisioning import Difference, PlannedUser, Written
from sapmatch.model.rfc import RfcScalar
from sapmatch.model.users import ProfileAssignment, RoleAssignment, SapUser, UserChange
from sapmatch.provisioning.desired import DAYS

ROLE: Final = "role "
REFERENCE: Final = "REF_USER.REF_USER"
# Days from today on: who has a role, or may log on, on fewer of them than before loses it.
SOON: Final = 31
_USER_TYPE: Final = "LOGONDATA.USTYP"
_CODVN: Final = "LOGONDATA.CODVN"
_NONE: Final = "X"  # no password
# Dialog and service users log on everywhere, system and communication users from outside only,
# reference users (and what else there is) nowhere.
_LOGS_ON: Final = {"": 2, "A": 2, "S": 2, "B": 1, "C": 1}
_BEGINS, _ENDS = DAYS.values()
_KINDS: Final = (ROLE, "profile ", "group ", "system ", "parameter ")

Name = tuple[str, str]  # of a role or profile: its system, and its own


def roles_shortened(
    before: Iterable[RoleAssignment], after: Iterable[RoleAssignment], today: date
) -> set[Name]:
    """Roles that go, or that the user has on fewer of the days to come."""
    had, kept = tuple(before), tuple(after)
    gone = {(role.system, role.name) for role in had} - {(role.system, role.name) for role in kept}
    return gone | {name for name, _ in _coming(had, today) - _coming(kept, today)}


def profiles_lost(change: UserChange, found: SapUser) -> set[Name]:
    """Profiles that go, those with a system included; what SAP made of roles goes with them."""
    had = {_name(each) for each in found.profiles if not each.generated}
    kept = had if change.profiles is None else had & {_name(each) for each in change.profiles}
    if change.systems is not None:
        kept = {name for name in kept if not name[0] or name[0] in change.systems}
    return had - kept


def reference_lost(change: UserChange, found: SapUser) -> bool:
    """Whether the user no longer has the rights of a reference user."""
    before = str(found.fields.get(REFERENCE) or "").strip()
    after = str(change.fields.get(REFERENCE) or "").strip()
    return bool(before) and REFERENCE in change.fields and after.upper() != before.upper()


def is_kept_out(change: UserChange, found: SapUser, today: date) -> bool:
    """Whether the user could log on, soon or in one of his systems, and then cannot."""
    return (
        _days_lost(change, found, today)
        or _logs_on(change.fields, found) < _logs_on({}, found)
        or _password_lost(change, found)
        or bool(change.systems is not None and set(found.systems) - set(change.systems))
    )


def taken(user: PlannedUser) -> frozenset[tuple[str, str]]:
    """All that the user has and will not have, or not as it was."""
    return frozenset((each.what, each.before) for each in user.differences if _takes(each))


def rights_of(found: SapUser) -> tuple[int, int]:
    """Roles and profiles that a user has directly, a reference user as one profile: what goes
    with him."""
    nothing = UserChange(name=found.name, profiles=(), fields={REFERENCE: ""})
    roles = {(role.system, role.name) for role in found.direct_roles}
    return len(roles), len(profiles_lost(nothing, found)) + reference_lost(nothing, found)


def written(earlier: Written | None, fresh: PlannedUser) -> Written:
    """What is sent now, with what earlier calls for the user sent."""
    had = earlier or Written()
    first = {each.what: each.before for each in had.differences}
    now = tuple(replace(e, before=first.get(e.what, e.before)) for e in fresh.differences)
    named = {each.what for each in now}
    return Written(
        differences=(*(each for each in had.differences if each.what not in named), *now),
        roles_added=max(had.roles_added, fresh.roles_added),
        roles_removed=max(had.roles_removed, fresh.roles_removed),
        profiles_removed=max(had.profiles_removed, fresh.profiles_removed),
        locks=had.locks or fresh.locks,
    )


def arrived(sent: Written | None, fresh: PlannedUser) -> Written | None:
    """What of it is there, where `fresh` is still to be done."""
    left = {(each.what, each.after) for each in fresh.differences}
    came = tuple(e for e in sent.differences if (e.what, e.after) not in left) if sent else ()
    return replace(sent, differences=came) if sent and came else None


def goes_further(fresh: PlannedUser, user: PlannedUser) -> bool:
    """Whether something would be taken, given or written that the plan `user` does not name.

    What SAP itself gave a user who was created is no matter of the plan.
    """
    named = {(each.what, each.after) for each in user.differences}
    created = user.action == "create"
    return bool(taken(fresh) - taken(user)) or any(
        (each.what, each.after) not in named
        for each in fresh.differences
        if each.after or not created
    )


def _takes(difference: Difference) -> bool:
    is_held = difference.what.startswith(_KINDS) or difference.what == REFERENCE
    return is_held and bool(difference.before)


def _coming(roles: Iterable[RoleAssignment], today: date) -> set[tuple[Name, int]]:
    found: set[tuple[Name, int]] = set()
    for role in roles:
        name = (role.system, role.name)
        days = _between(role.valid_from, role.valid_to, today)
        found.update((name, day) for day in days)
    return found


def _days_lost(change: UserChange, found: SapUser, today: date) -> bool:
    begins, ends = (found.fields.get(name) for name in (_BEGINS, _ENDS))
    after = (change.fields.get(_BEGINS, begins), change.fields.get(_ENDS, ends))
    return not set(_between(begins, ends, today)) <= set(_between(*after, today))


def _between(begins: RfcScalar, ends: RfcScalar, today: date) -> range:
    """Which of the days to come are within the period; what is no day bounds nothing."""
    first = (begins - today).days if isinstance(begins, date) else 0
    last = (ends - today).days if isinstance(ends, date) else SOON
    return range(max(0, first), min(SOON, last + 1))


def _logs_on(fields: dict[str, RfcScalar], found: SapUser) -> int:
    kind = fields.get(_USER_TYPE, found.fields.get(_USER_TYPE))
    return _LOGS_ON.get(str(kind or "").strip().upper(), 0)


def _password_lost(change: UserChange, found: SapUser) -> bool:
    before, after = (each.get(_CODVN) for each in (found.fields, change.fields))
    return after == _NONE and before != _NONE


def _name(profile: ProfileAssignment) -> Name:
    return profile.system, profile.name
