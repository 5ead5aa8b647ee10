"""One user with all that SAP tells of him."""

from collections.abc import Iterable, Mapping
from datetime import date, time
from typing import Any, Final, cast

import msgspec

from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    SapRejected,
    SapUnavailable,
    ServiceNotActivated,
)
from sapmatch.model.rfc import Rfc, RfcResult, RfcScalar, RfcStructure, RfcTransport
from sapmatch.model.users import (
    FOREVER,
    Locks,
    LoginInfo,
    Origin,
    ProfileAssignment,
    RoleAssignment,
    SapUser,
)
from sapmatch.sap.rfc.messages import judged
from sapmatch.sap.users.fields import HIDDEN, OPEN, STRUCTURES_READ

NOT_FOUND: Final = ("01", "124")
LONGEST_NAME: Final = 12
BEGINNING: Final = date.min  # of a role that SAP gives no first day

_DETAIL: Final = "BAPI_USER_GET_DETAIL"
_LOCAL_ROLES: Final = "BAPI_USER_LOCACTGROUPS_READ"
_LOCAL_PROFILES: Final = "BAPI_USER_LOCPROFILES_READ"
_LOGIN: Final = "SUSR_GET_ADMIN_USER_LOGIN_INFO"
_TABLES: Final = ("ACTIVITYGROUPS", "PROFILES", "GROUPS", "PARAMETER", "PARAMETER1", "RETURN")
_STRUCTURES = frozenset(STRUCTURES_READ) | OPEN


def user_name(place: str, name: str) -> str:
    """The name as SAP keeps it; InputRejected where no user can have it."""
    wanted = name.strip().upper()
    if not wanted:
        raise InputRejected(f"{place}: the name of a user is missing")
    if len(wanted) > LONGEST_NAME:
        raise InputRejected(
            f"{place}: user {wanted}: a name has at most {LONGEST_NAME} characters, and this one "
            f"{len(wanted)}; nothing was sent"
        )
    return wanted


def read_user(transport: RfcTransport, rfc: Rfc, name: str) -> SapUser | None:
    """The user of this name, which is in upper case; None where there is none.

    In a central user administration, roles and profiles are those of all its systems. Raises what
    a call raises, and BapiFailed.
    """
    more = tuple(each.upper() for each in rfc.table_parameter_names)
    systems = ("SYSTEMS",) if rfc.cua_enabled else ()
    answer = transport.call(
        _DETAIL,
        {"USERNAME": name, "CACHE_RESULTS": " "},
        want=tuple(dict.fromkeys((*_TABLES, *systems, *more))),
    )
    if any((each.id, each.number) == NOT_FOUND and each.is_error for each in answer.messages):
        return None
    judged(_DETAIL, answer, fail_when_warning=rfc.fail_when_warning)
    user = _user_of(name, answer, [each for each in more if each not in _TABLES])
    if rfc.cua_enabled:
        user = _of_all_systems(transport, rfc, user)
    return _with_login(transport, rfc, user) if rfc.also_read_login_info else user


def _user_of(name: str, answer: RfcResult, more: Iterable[str]) -> SapUser:
    tables = answer.tables
    fields = _fields(answer)
    for table in more:
        fields[table] = _rows_as_text(tables.get(table, ()))
    return SapUser(
        name=name,
        fields=fields,
        roles=roles_of(tables.get("ACTIVITYGROUPS", ())),
        profiles=tuple(
            sorted(
                ProfileAssignment(name=text(row, "BAPIPROF"), text=text(row, "BAPIPTEXT"))
                for row in tables.get("PROFILES", ())
            )
        ),
        groups=tuple(sorted(text(row, "USERGROUP") for row in tables.get("GROUPS", ()))),
        parameters=_parameters(tables),
        systems=tuple(sorted(text(row, "SUBSYSTEM") for row in tables.get("SYSTEMS", ()))),
        locks=_locks(fields),
        modified=_modified(fields),
    )


def roles_of(rows: Iterable[RfcStructure], system: str = "") -> tuple[RoleAssignment, ...]:
    """The roles of these rows in their order; `system` where a row of a central one names none."""
    return tuple(
        sorted(
            RoleAssignment(
                system=text(row, "SUBSYSTEM") or system,
                name=text(row, "AGR_NAME"),
                valid_from=day(row, "FROM_DAT") or BEGINNING,
                valid_to=day(row, "TO_DAT") or FOREVER,
                text=text(row, "AGR_TEXT"),
                origin=cast(Origin, text(row, "ORG_FLAG")),
            )
            for row in rows
        )
    )


def text(row: RfcStructure, field: str) -> str:
    """A field as text, empty where it is initial or not there."""
    found = row.get(field)
    return "" if found is None else str(found).rstrip()


def day(row: RfcStructure, field: str) -> date | None:
    """A date, None where it is initial or not there."""
    found = row.get(field)
    return found if isinstance(found, date) else None


def _fields(answer: RfcResult) -> dict[str, RfcScalar]:
    """What stands in the structures; encoded passwords are left out."""
    found: dict[str, RfcScalar] = {}
    for structure, row in answer.exports.items():
        if structure in _STRUCTURES and isinstance(row, Mapping):
            named = ((f"{structure}.{field}", value) for field, value in row.items())
            found |= {name: value for name, value in named if name not in HIDDEN}
    return found


def _parameters(tables: Mapping[str, Iterable[RfcStructure]]) -> dict[str, str]:
    """PARAMETER holds the beginning of what PARAMETER1 has whole; old releases have no other."""
    for name in ("PARAMETER1", "PARAMETER"):
        rows = {text(row, "PARID"): text(row, "PARVA") for row in tables.get(name, ())}
        if rows:
            return dict(sorted(rows.items()))
    return {}


def _locks(fields: Mapping[str, RfcScalar]) -> Locks:
    def is_set(flag: str) -> bool:
        return fields.get(f"ISLOCKED.{flag}") == "L"

    return Locks(
        wrong_logon=is_set("WRNG_LOGON"),
        local=is_set("LOCAL_LOCK"),
        everywhere=is_set("GLOB_LOCK"),
        no_password=is_set("NO_USER_PW"),
    )


def _modified(fields: Mapping[str, RfcScalar]) -> tuple[date, time] | None:
    changed_on, changed_at = fields.get("LASTMODIFIED.MODDATE"), fields.get("LASTMODIFIED.MODTIME")
    if not isinstance(changed_on, date):
        return None
    return changed_on, changed_at if isinstance(changed_at, time) else time.min


def _rows_as_text(rows: Iterable[RfcStructure]) -> str:
    plain: list[dict[str, Any]] = [dict(row) for row in rows]
    return msgspec.json.encode(plain).decode()


def _of_all_systems(transport: RfcTransport, rfc: Rfc, user: SapUser) -> SapUser:
    """The user with the roles and profiles that he has in the systems of the administration."""
    asked = {"USERNAME": user.name}
    want = ("ACTIVITYGROUPS", "RETURN")
    roles = transport.call(_LOCAL_ROLES, {**asked, "WITH_TEXT": "X"}, want=want)
    judged(_LOCAL_ROLES, roles, fail_when_warning=rfc.fail_when_warning)
    profiles = transport.call(_LOCAL_PROFILES, asked, want=("PROFILES", "RETURN"))
    judged(_LOCAL_PROFILES, profiles, fail_when_warning=rfc.fail_when_warning)
    return msgspec.structs.replace(
        user,
        roles=roles_of(roles.tables.get("ACTIVITYGROUPS", ()), rfc.destination_name),
        profiles=tuple(
            sorted(
                ProfileAssignment(
                    system=text(row, "SUBSYSTEM") or rfc.destination_name,
                    name=text(row, "PROFILE"),
                    text=text(row, "BAPIPTEXT"),
                )
                for row in profiles.tables.get("PROFILES", ())
            )
        ),
    )


def _with_login(transport: RfcTransport, rfc: Rfc, user: SapUser) -> SapUser:
    """The user with his last logon; where it cannot be read, a warning says so."""
    try:
        answer = transport.call(_LOGIN, {"USERID": user.name})
        judged(_LOGIN, answer, fail_when_warning=rfc.fail_when_warning)
    except (SapRejected, AuthorizationMissing, ServiceNotActivated, SapUnavailable) as exc:
        said = f"alsoReadLoginInfo: the last logon was not read: {exc}"
        return msgspec.structs.replace(user, warnings=(*user.warnings, said))
    row = {name: value for name, value in answer.exports.items() if not isinstance(value, Mapping)}
    info = LoginInfo(
        last_logon=day(row, "LAST_LOGON_DATE"),
        lock_status=text(row, "LOCK_STATUS"),
        password_status=text(row, "PASSWORD_STATUS"),
    )
    return msgspec.structs.replace(user, login=info)
