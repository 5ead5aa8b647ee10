"""A user as one flat record: fields by name, and his roles in the three forms of `rfc`."""

from collections.abc import Iterable
from datetime import date, time
from typing import Any, Literal

import msgspec

from sapmatch.model.rfc import Rfc, RfcScalar
from sapmatch.model.users import Locks, RoleAssignment, SapUser
from sapmatch.sap.users.locks import is_locked
from sapmatch.sap.users.role_rows import json_of, xml_of

RowForm = Literal["xml", "json"]

NAMES = "ACTIVITYGROUPS.AGR_NAME"
ROWS = "ACTIVITYGROUPS"
ALL_ROWS = "ALL_ACTIVITYGROUPS"


def is_enabled(locks: Locks, rfc: Rfc) -> bool:
    """Whether no administrator locked the user, as a change of locks sees it."""
    return not is_locked(locks, rfc)


def is_locked_out(locks: Locks) -> bool:
    """Whether too many wrong passwords were tried."""
    return locks.wrong_logon


def properties(user: SapUser, rfc: Rfc, *, rows: RowForm = "xml") -> dict[str, Any]:
    """All that is known of the user, values as JSON has them: dates and times are ISO text.

    The rows of roles are XML on one line each, or objects. Unless indirect roles are included, they
    stand in ALL_ACTIVITYGROUPS only.
    """
    found: dict[str, Any] = {"USERNAME": user.name}
    found |= {name: _plain(value) for name, value in sorted(user.fields.items())}
    for table in rfc.table_parameter_names:
        if isinstance(user.fields.get(table.upper()), str):
            found[table.upper()] = msgspec.json.decode(str(user.fields[table.upper()]))
    found |= _roles(user, rfc, rows)
    found["PROFILES.BAPIPROF"] = [_named(each.system, each.name) for each in user.profiles]
    found["GROUPS.USERGROUP"] = list(user.groups)
    found["PARAMETER"] = dict(user.parameters)
    if rfc.cua_enabled:
        found["SYSTEMS.SUBSYSTEM"] = list(user.systems)
    if user.login:
        found["USER_LOGIN_INFO.LAST_LOGON_DATE"] = _plain(user.login.last_logon)
        found["USER_LOGIN_INFO.LOCK_STATUS"] = user.login.lock_status
        found["USER_LOGIN_INFO.PASSWORD_STATUS"] = user.login.password_status
    found["enabled"] = is_enabled(user.locks, rfc)
    found["locked_out"] = is_locked_out(user.locks)
    return found


def _roles(user: SapUser, rfc: Rfc, rows: RowForm) -> dict[str, Any]:
    shown = user.roles if rfc.include_indirect_activity_groups else user.direct_roles
    found: dict[str, Any] = {
        NAMES: list(dict.fromkeys(_named(role.system, role.name) for role in shown)),
        ROWS: _written(shown, rows, all=False),
    }
    if not rfc.include_indirect_activity_groups:
        found[ALL_ROWS] = _written(user.roles, rows, all=True)
    return found


def _written(roles: Iterable[RoleAssignment], rows: RowForm, *, all: bool) -> list[Any]:
    return [xml_of(role, all=all) if rows == "xml" else json_of(role, all=all) for role in roles]


def _named(system: str, name: str) -> str:
    return f"{system}:{name}" if system else name


def _plain(value: RfcScalar) -> Any:
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    return value if value is None or isinstance(value, int | float | str) else str(value)
