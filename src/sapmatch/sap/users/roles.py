"""Which roles are to be assigned, out of what is wanted and what is there.

The modules replace all roles of a user at once, so what is to stay is written again; roles that
came through another one (a composite role, an organisation) come and go with it, and are never
written (CO-T45).
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Protocol

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.rfc import Rfc, RfcScalar, RfcStructure
from sapmatch.model.users import FOREVER, RoleAssignment, UserChange
from sapmatch.sap.users.cua import Landscape
from sapmatch.sap.users.details import BEGINNING
from sapmatch.sap.users.role_rows import NAME_LENGTH


class Splits(Protocol):
    """Names of roles to system and role."""

    def split(self, value: str) -> tuple[str, str]:
        """System, empty where there is only one, and role."""
        ...

    def system(self, name: str) -> str:
        """The system of a row."""
        ...


class OneSystem:
    """Outside of a central user administration: a colon is part of the name."""

    def __init__(self, own: str = "") -> None:
        self._own = own.upper()

    def split(self, value: str) -> tuple[str, str]:
        """No system, and the role."""
        return "", value.strip().upper()

    def system(self, name: str) -> str:
        """None; InputRejected where a row names another system than this one."""
        wanted = name.strip().upper()
        if wanted and wanted != self._own:
            message = (
                f"system {wanted}: roles have a system only in a central user administration; "
                "leave it out, or set rfc.cuaEnabled"
            )
            problem = Problem(code="UNKNOWN_SYSTEM", message=message, field="SYSTEMS.SUBSYSTEM")
            raise InputRejected(message, [problem])
        return ""


def splits_of(rfc: Rfc, systems: Iterable[str]) -> "OneSystem | Landscape":
    """How names are read with these settings; `systems` are those that the central one knows."""
    if not rfc.cua_enabled:
        return OneSystem(rfc.destination_name)
    return Landscape(rfc.destination_name, (*rfc.systems, *systems))


def role_problems(change: UserChange, splits: Splits) -> list[Problem]:
    """Everything that is wrong with the roles of a change, whatever the user holds."""
    problems: list[Problem] = []
    if change.role_names is not None and change.roles is not None:
        message = (
            "ACTIVITYGROUPS and ACTIVITYGROUPS.AGR_NAME: both replace all roles; give one of them"
        )
        problems.append(Problem(code="ROLES_TWICE", message=message, field="ACTIVITYGROUPS"))
    for value in change.role_names or ():
        problems += _of_name(value, splits)
    for role in change.roles or ():
        problems += _of_row(role, splits)
    return problems


def wanted_roles(
    change: UserChange,
    there: Iterable[RoleAssignment],
    splits: Splits,
    *,
    today: date,
    preserve: bool,
    indirect_shown: bool = False,
) -> tuple[RoleAssignment, ...] | None:
    """The direct roles that the user is to have, None where the change says nothing of them.

    Names keep the days of the roles that are there, two periods of one role too (CO-T48), unless
    they are not to be preserved (CO-T44). Where indirect roles are shown among the others, one that
    is wanted and there is not assigned once more.
    """
    there = tuple(there)
    direct = [role for role in there if role.is_direct]
    if change.roles is not None:
        rows = [_normal(role, splits) for role in change.roles]
        shown = {role.key for role in there if not role.is_direct} if indirect_shown else set()
        shown -= {role.key for role in direct}
        return _once(role for role in rows if role.key not in shown)
    if change.role_names is None:
        return None
    indirect = {(r.system, r.name) for r in there if not r.is_direct} if indirect_shown else set()
    found: list[RoleAssignment] = []
    for value in change.role_names:
        system, name = splits.split(value)
        kept = [role for role in direct if (role.system, role.name) == (system, name)]
        if kept and preserve:
            found += kept
        elif kept or (system, name) not in indirect:
            found.append(RoleAssignment(system=system, name=name, valid_from=today))
    return _once(found)


def rows_to_send(roles: Iterable[RoleAssignment]) -> list[RfcStructure]:
    """Rows of ACTIVITYGROUPS; with SUBSYSTEM where a role has a system."""
    return [_row(role) for role in roles]


def shown(role: RoleAssignment) -> str:
    """A role as people name it, with its days where they are not the usual ones."""
    name = f"{role.system}:{role.name}" if role.system else role.name
    return name if role.valid_to == FOREVER else f"{name} (until {role.valid_to})"


def not_applied(wanted: Iterable[RoleAssignment], found: Iterable[RoleAssignment]) -> str:
    """What of the direct roles is not as it was to be, in words; empty where all is."""
    want = {role.key: role for role in wanted}
    have = {role.key: role for role in found if role.is_direct}
    missing = [shown(role) for key, role in sorted(want.items()) if key not in have]
    more = [shown(role) for key, role in sorted(have.items()) if key not in want]
    parts = []
    if missing:
        parts.append(f"not assigned: {', '.join(missing)}")
    if more:
        parts.append(f"still assigned: {', '.join(more)}")
    return "; ".join(parts)


def _row(role: RoleAssignment) -> RfcStructure:
    system: dict[str, RfcScalar] = {"SUBSYSTEM": role.system} if role.system else {}
    first = None if role.valid_from == BEGINNING else role.valid_from
    return {**system, "AGR_NAME": role.name, "FROM_DAT": first, "TO_DAT": role.valid_to}


def _once(roles: Iterable[RoleAssignment]) -> tuple[RoleAssignment, ...]:
    return tuple({role.key: role for role in sorted(roles)}.values())


def _normal(role: RoleAssignment, splits: Splits) -> RoleAssignment:
    return RoleAssignment(
        system=splits.system(role.system),
        name=role.name.strip().upper(),
        valid_from=role.valid_from,
        valid_to=role.valid_to,
    )


def _of_name(value: str, splits: Splits) -> Sequence[Problem]:
    try:
        _, name = splits.split(value)
    except InputRejected as exc:
        return exc.problems
    return _length(name, "ACTIVITYGROUPS.AGR_NAME")


def _of_row(role: RoleAssignment, splits: Splits) -> list[Problem]:
    problems = _length(role.name.strip(), "ACTIVITYGROUPS.AGR_NAME")
    try:
        splits.system(role.system)
    except InputRejected as exc:
        problems += exc.problems
    if not role.is_direct:
        message = (
            f"ACTIVITYGROUPS: {role.name} has ORG_FLAG {role.origin}: it comes through another "
            "role or an organisation and cannot be assigned; leave the row out"
        )
        problems.append(Problem(code="INDIRECT", message=message, field="ACTIVITYGROUPS"))
    if role.valid_from > role.valid_to:
        message = f"ACTIVITYGROUPS: {role.name} ends before it begins"
        problems.append(Problem(code="WRONG_VALUE", message=message, field="ACTIVITYGROUPS"))
    return problems


def _length(name: str, field: str) -> list[Problem]:
    if 0 < len(name) <= NAME_LENGTH:
        return []
    message = f"{field}: a role has 1 to {NAME_LENGTH} characters, and one has {len(name)}"
    return [Problem(code="TOO_LONG", message=message, field=field)]
