"""What a row comes to against what SAP holds: differences as people read them."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, time
from typing import Final, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.errors import InputRejected
from sapmatch.model.provisioning import DesiredUser, Difference, PlannedUser
from sapmatch.model.rfc import RfcScalar
from sapmatch.model.users import Locks, ProfileAssignment, RoleAssignment, SapUser, UserChange
from sapmatch.provisioning.desired import RoleSplit
from sapmatch.provisioning.problems import named
from sapmatch.provisioning.taken import (
    ROLE,
    Name,
    is_kept_out,
    profiles_lost,
    reference_lost,
    rights_of,
    roles_shortened,
)

LAST_NAME: Final = "ADDRESS.LASTNAME"
_ASSIGNED = "assigned"
# Who a user is: a name that is given to somebody else is not deleted with the plan of the first.
_WHO = (LAST_NAME, "ADDRESS.FIRSTNAME", "LOGONDATA.USTYP")

_Action = Literal["create", "change", "lock", "unlock", "delete", "none"]
IsLocked = Callable[[Locks, bool], bool]  # whether the locks are as wanted


class Moment(Struct, frozen=True, kw_only=True):
    """What the comparison stands on: how names of roles are cut, which locks are those of an
    administrator, and which day it is. `indirect_shown`: a role that came through another one
    counts as there, and is not assigned once more."""

    split: RoleSplit
    locked: IsLocked
    today: date
    indirect_shown: bool = False


def planned(desired: DesiredUser, found: SapUser | None, moment: Moment) -> PlannedUser:
    """What the row comes to; InputRejected where it cannot be done with this user."""
    change = desired.change
    if desired.state == "absent":
        return _deleted(desired, found)
    if found is None:
        return _created(desired, moment)
    differences = (*_fields(change, found), *_lists(change, found), *_roles(change, found, moment))
    lock = _lock(change, found.locks, moment)
    wanted = (*differences, *lock)
    return PlannedUser(
        row=desired.row,
        user=change.name,
        action=_action(change, wanted, lock),
        change=change,
        differences=wanted,
        roles_added=sum(1 for each in differences if _is_role(each) and not each.before),
        roles_removed=len(_lost(change, found, moment)),
        profiles_removed=len(profiles_lost(change, found)) + reference_lost(change, found),
        locks=bool(lock and change.locked) or is_kept_out(change, found, moment.today),
        found=_seen(change, found),
    )


def exact(change: UserChange, found: SapUser, moment: Moment) -> UserChange:
    """The same change with names of roles as rows: roles that stay keep their days, whatever the
    connection does with names."""
    if change.role_names is None:
        return change
    wanted = {moment.split(name) for name in change.role_names}
    kept = tuple(role for role in found.direct_roles if _name(role) in wanted)
    new = sorted(wanted - {_name(role) for role in kept} - _indirect(found, moment))
    added = (
        RoleAssignment(system=system, name=name, valid_from=moment.today) for system, name in new
    )
    return replace(change, role_names=None, roles=(*kept, *added))


def central_lock(locks: Locks, wanted: bool) -> bool:
    """Whether the user is locked everywhere, or not at all: a central system locks everywhere."""
    return locks.everywhere if wanted else not (locks.local or locks.everywhere)


def own_lock(locks: Locks, wanted: bool) -> bool:
    """Whether an administrator of this system locked the user, or did not."""
    return locks.local == wanted


def shown(value: RfcScalar) -> str:
    """A value as people read it; nothing and an initial date are the same."""
    if value is None:
        return ""
    if isinstance(value, date | time):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else str(value).rstrip(" ")


def _deleted(desired: DesiredUser, found: SapUser | None) -> PlannedUser:
    change = desired.change
    what = Difference(what="user", before="exists", after="deleted")
    roles, profiles = rights_of(found) if found else (0, 0)
    return PlannedUser(
        row=desired.row,
        user=change.name,
        action="delete" if found else "none",
        change=change,
        differences=(what,) if found else (),
        roles_removed=roles,
        profiles_removed=profiles,
        locks=found is not None,
        found=_whole(found),
    )


def _created(desired: DesiredUser, moment: Moment) -> PlannedUser:
    change = desired.change
    if desired.state == "locked":
        raise InputRejected("is not known in SAP and cannot be locked; correct USERNAME or STATE")
    if not shown(change.fields.get(LAST_NAME)):
        raise InputRejected(f"is not known in SAP; to create it the row must name {LAST_NAME}")
    nobody = SapUser(name=change.name)
    roles = _roles(change, nobody, moment)
    created = Difference(what="user", after="created")
    return PlannedUser(
        row=desired.row,
        user=change.name,
        action="create",
        change=replace(change, locked=None),
        differences=(created, *_fields(change, nobody), *_lists(change, nobody), *roles),
        roles_added=len(roles),
        found=_seen(change, None),
    )


def _action(change: UserChange, wanted: Iterable[Difference], lock: Iterable[object]) -> _Action:
    if list(lock):
        return "lock" if change.locked else "unlock"
    return "change" if list(wanted) else "none"


def _fields(change: UserChange, found: SapUser) -> Iterator[Difference]:
    for name, value in change.fields.items():
        before, after = shown(found.fields.get(name)), shown(value)
        if before != after:
            yield Difference(what=name, before=before, after=after)


def _lists(change: UserChange, found: SapUser) -> Iterator[Difference]:
    """Profiles, groups, systems and parameters: what is given replaces all of them."""
    if change.profiles is not None:
        after = _profile_names(change.profiles)
        every = _profile_names(found.profiles)
        made = _profile_names(each for each in found.profiles if each.generated)
        yield from _sets("profile", set(every) - (set(made) - set(after)), after)
    if change.groups is not None:
        yield from _sets("group", found.groups, change.groups)
    if change.systems is not None:
        yield from _sets("system", found.systems, change.systems)
    if change.parameters is not None:
        yield from _values("parameter", found.parameters, change.parameters)


def _profile_names(profiles: Iterable[ProfileAssignment]) -> list[str]:
    return [_named((each.system, each.name)) for each in profiles]


def _sets(what: str, before: Iterable[str], after: Iterable[str]) -> Iterator[Difference]:
    had, wanted = set(before), set(after)
    for name in sorted(had ^ wanted):
        shown_before, shown_after = (_ASSIGNED, "") if name in had else ("", _ASSIGNED)
        yield Difference(what=f"{what} {name}", before=shown_before, after=shown_after)


def _values(what: str, before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[Difference]:
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            had, wanted = before.get(name, ""), after.get(name, "")
            yield Difference(what=f"{what} {name}", before=had, after=wanted)


def _roles(change: UserChange, found: SapUser, moment: Moment) -> list[Difference]:
    """Names compare names and keep the days; rows compare role, system and days."""
    if change.roles is not None:
        shown = _through_others(found, moment)
        before = _periods(found.direct_roles)
        after = _periods(role for role in change.roles if role.key not in shown)
    else:
        before, after = {}, {}
        had = {_name(role) for role in found.direct_roles}
        wanted = _wanted(change, had, moment.split) - _indirect(found, moment)
        for name in had | wanted:
            before |= {name: _ASSIGNED} if name in had else {}
            after |= {name: _ASSIGNED} if name in wanted else {}
    return [
        Difference(
            what=f"{ROLE}{_named(name)}", before=before.get(name, ""), after=after.get(name, "")
        )
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]


def _wanted(change: UserChange, had: set[Name], split: RoleSplit) -> set[Name]:
    """Names after the change: a system that goes takes its roles with it."""
    wanted = had if change.role_names is None else {split(name) for name in change.role_names}
    if change.systems is None or change.role_names is not None:
        return set(wanted)
    return {name for name in wanted if not name[0] or name[0] in change.systems}


def _indirect(found: SapUser, moment: Moment) -> set[Name]:
    """Roles that the user has through others alone, where those are shown."""
    if not moment.indirect_shown:
        return set()
    return set(map(_name, found.roles)) - set(map(_name, found.direct_roles))


def _through_others(found: SapUser, moment: Moment) -> set[tuple[str, str, date, date]]:
    """The same with their days."""
    if not moment.indirect_shown:
        return set()
    return {role.key for role in found.roles} - {role.key for role in found.direct_roles}


def _periods(roles: Iterable[RoleAssignment]) -> dict[Name, str]:
    found: dict[Name, list[str]] = {}
    for role in sorted(set(roles), key=lambda each: each.key):
        period = f"{role.valid_from.isoformat()} to {role.valid_to.isoformat()}"
        found.setdefault(_name(role), []).append(period)
    return {name: ", ".join(dict.fromkeys(periods)) for name, periods in found.items()}


def _lost(change: UserChange, found: SapUser, moment: Moment) -> set[Name]:
    """Roles that go, those included that the user has on fewer of the days to come."""
    if change.roles is not None:
        return roles_shortened(found.direct_roles, change.roles, moment.today)
    had = {_name(role) for role in found.direct_roles}
    return had - _wanted(change, had, moment.split)


def _lock(change: UserChange, locks: Locks, moment: Moment) -> list[Difference]:
    if change.locked is None or moment.locked(locks, change.locked):
        return []
    before, after = ("no", "yes") if change.locked else ("yes", "no")
    return [Difference(what="locked", before=before, after=after)]


def _whole(found: SapUser | None) -> str:
    """Digest of whom a deletion is of and what goes with him; locks and days may change before."""
    if found is None:
        return ""
    seen = [[shown(found.fields.get(name)) for name in _WHO], *_held(found)]
    return _digest(seen)


def _seen(change: UserChange, found: SapUser | None) -> str:
    """Digest of what the row is about, as SAP holds it."""
    if found is None:
        return ""
    seen: list[object] = [
        [[name, shown(found.fields.get(name))] for name in sorted(change.fields)],
        *_held(found),
        [found.locks.local, found.locks.everywhere],
    ]
    return _digest(seen)


def _held(found: SapUser) -> list[object]:
    return [
        sorted(map(str, (role.key for role in found.direct_roles))),
        sorted(_profile_names(found.profiles)),
        sorted(found.groups),
        sorted(found.parameters.items()),
        sorted(found.systems),
    ]


def _digest(seen: list[object]) -> str:
    return hashlib.sha256(msgspec.json.encode(seen)).hexdigest()[:16]


def _is_role(difference: Difference) -> bool:
    return difference.what.startswith(ROLE)


def _name(role: RoleAssignment) -> Name:
    return role.system, role.name


def _named(name: Name) -> str:
    return ":".join(part for part in name if part)


def unknown(
    desired: DesiredUser,
    known: Callable[[str, str], bool],
    systems: Iterable[str],
    split: RoleSplit,
) -> list[tuple[str, str]]:
    """Field and message for roles and systems of a row that there are not."""
    change = desired.change
    names = {split(name) for name in change.role_names or ()} | {
        _name(role) for role in change.roles or ()
    }
    used = {system for system, _ in names if system} | set(change.systems or ())
    used |= {profile.system for profile in change.profiles or () if profile.system}
    strange = used - set(systems)
    missing = [_named(name) for name in names if name[0] not in strange and not known(*name)]
    found = []
    if strange:
        found.append(("SYSTEMS", f"the central system knows no system {named(strange)}"))
    if missing:
        field = "ACTIVITYGROUPS" if change.role_names is None else "ACTIVITYGROUPS.AGR_NAME"
        found.append((field, f"there is no role {named(missing)}"))
    if change.systems is not None:
        left_out = {system for system, _ in names if system} - set(change.systems)
        if left_out:
            message = f"leaves out {named(left_out)}, which roles of the row are for"
            found.append(("SYSTEMS", message))
    return found
