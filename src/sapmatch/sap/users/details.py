"""One user with all that SAP tells of him."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, time
from typing import Any, Final, cast

import msgspec

from sapmatch.model.errors import InputRejected, LogonRefused, SapmatchError
from sapmatch.model.rfc import Rfc, RfcResult, RfcScalar, RfcStructure, RfcTransport
from sapmatch.model.user_names import LONGEST_NAME, is_readable
from sapmatch.model.users import (
    FOREVER,
    Locks,
    LoginInfo,
    Origin,
    ProfileAssignment,
    RoleAssignment,
    SapUser,
)
from sapmatch.sap.rfc.messages import judged, require_whole, warned
from sapmatch.sap.rfc.structures import STRUCTURES
from sapmatch.sap.users.fields import HIDDEN, OPEN, STRUCTURES_READ
from sapmatch.sap.users.rows import column, day, name_in, names_in, text, typed

NOT_FOUND: Final = ("01", "124")
GENERATED: Final = "G"  # BAPITYPE of a profile that SAP made of a role (unconfirmed)
BEGINNING: Final = date.min  # of a role that SAP gives no first day

_DETAIL: Final = "BAPI_USER_GET_DETAIL"
_LOCAL_ROLES: Final = "BAPI_USER_LOCACTGROUPS_READ"
_LOCAL_PROFILES: Final = "BAPI_USER_LOCPROFILES_READ"
_LOGIN: Final = "SUSR_GET_ADMIN_USER_LOGIN_INFO"
_LAST_LOGON: Final = "LAST_LOGON_DATE"
_ROLES: Final = "ACTIVITYGROUPS"
_PROFILES: Final = "PROFILES"
_PARAMETERS: Final = ("PARAMETER1", "PARAMETER")
_TABLES: Final = (_ROLES, _PROFILES, "GROUPS", "PARAMETER", "PARAMETER1", "RETURN")
_STRUCTURES = frozenset(STRUCTURES_READ) | OPEN
_KNOWN: Final = {
    name: {field.name: field for field in STRUCTURES.get(name, ())} for name in STRUCTURES_READ
}
_CUT_AT: Final = next(each.length for each in STRUCTURES["PARAMETER"] if each.name == "PARVA")
_LOCKS: Final = "ISLOCKED"
_ORIGINS: Final = ("", "C", "X", "E")
_REPLACED: Final = (_ROLES, _PROFILES, "GROUPS", "PARAMETER", "SYSTEMS", _LOCKS)
_LOCK_FLAGS: Final = {"WRNG_LOGON", "LOCAL_LOCK", "GLOB_LOCK"}


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
    if not is_readable(name):
        raise InputRejected(
            f"{place}: the name of the user holds a sign that nobody sees, or that would be "
            "another one in upper case; nothing was sent"
        )
    return wanted


def read_user(transport: RfcTransport, rfc: Rfc, name: str) -> SapUser | None:
    """The user of this name, which is in upper case; None where there is none.

    In a central user administration, roles and profiles are those of all its systems. Raises what
    a call raises, and BapiFailed.
    """
    more = tuple(each.upper() for each in rfc.table_parameter_names)
    systems = ("SYSTEMS",) if rfc.cua_enabled else ()
    asked = tuple(dict.fromkeys((*_TABLES, *systems, *more)))
    answer = transport.call(_DETAIL, {"USERNAME": name, "CACHE_RESULTS": " "}, want=asked)
    if any((each.id, each.number) == NOT_FOUND and each.is_error for each in answer.messages):
        return None
    judged(_DETAIL, answer, fail_when_warning=rfc.fail_when_warning)
    require_whole(_DETAIL, answer, _ROLES, _PROFILES)
    user = _user_of(name, answer, asked, [each for each in more if each not in _TABLES])
    user = _doubted(user, _DETAIL, answer, rfc, _REPLACED)
    if rfc.cua_enabled:
        user = _of_all_systems(transport, rfc, user)
    user = _with_known_origins(user)
    return _with_login(transport, rfc, user) if rfc.also_read_login_info else user


def _user_of(name: str, answer: RfcResult, asked: Iterable[str], more: Iterable[str]) -> SapUser:
    tables = answer.tables
    fields = _fields(answer)
    for table in more:
        fields[table] = _rows_as_text(tables.get(table, ()))
    parameters, are_whole = _parameters(tables)
    unread = {each for each in answer.absent if each not in _PARAMETERS}
    if not are_whole or set(_PARAMETERS) <= set(answer.absent):
        unread.add("PARAMETER")
    unread |= _structures_unread(answer)
    told = sorted(unread & {*asked, "PARAMETER", _LOCKS})
    return SapUser(
        name=name,
        fields=fields,
        roles=roles_of(tables.get(_ROLES, ())),
        profiles=tuple(
            sorted(
                ProfileAssignment(
                    name=name_in(row, _PROFILES, "BAPIPROF"),
                    text=text(row, "BAPIPTEXT"),
                    generated=text(row, "BAPITYPE") == GENERATED,
                )
                for row in tables.get(_PROFILES, ())
            )
        ),
        groups=names_in(tables.get("GROUPS", ()), "GROUPS", "USERGROUP"),
        parameters=parameters,
        systems=names_in(tables.get("SYSTEMS", ()), "SYSTEMS", "SUBSYSTEM"),
        locks=_locks(fields),
        modified=_modified(fields),
        warnings=tuple(f"{each}: SAP did not send it, so it was not read" for each in told),
        unread=tuple(sorted(unread)),
    )


def roles_of(
    rows: Iterable[RfcStructure], central: str | None = None
) -> tuple[RoleAssignment, ...]:
    """The roles of these rows, sorted.

    `central`: rows name a system, those that name none are of this one. A role without an end is
    for ever only where SAP says that its last day is initial.
    """
    return tuple(
        sorted(
            RoleAssignment(
                system=_system(row, _ROLES, central),
                name=name_in(row, _ROLES, "AGR_NAME"),
                valid_from=day(row, _ROLES, "FROM_DAT") or BEGINNING,
                valid_to=day(row, _ROLES, "TO_DAT") or FOREVER,
                text=text(row, "AGR_TEXT"),
                origin=cast(Origin, column(row, _ROLES, "ORG_FLAG")),
            )
            for row in rows
        )
    )


def _system(row: RfcStructure, table: str, central: str | None) -> str:
    return "" if central is None else column(row, table, "SUBSYSTEM") or central


def _fields(answer: RfcResult) -> dict[str, RfcScalar]:
    """What stands in the structures; encoded passwords are left out."""
    found: dict[str, RfcScalar] = {}
    for structure, row in answer.exports.items():
        if structure not in _STRUCTURES or not isinstance(row, Mapping):
            continue
        known = _KNOWN.get(structure, {})
        for field, value in row.items():
            name = f"{structure}.{field}"
            if name in HIDDEN:
                continue
            found[name] = typed(value, structure, known[field]) if field in known else value
    return found


def _parameters(tables: Mapping[str, Iterable[RfcStructure]]) -> tuple[dict[str, str], bool]:
    """Parameters, and whether their values are whole.

    PARAMETER holds the beginning of what PARAMETER1 has whole; old releases have no other.
    """
    for name in _PARAMETERS:
        rows = {
            name_in(row, name, "PARID"): column(row, name, "PARVA") for row in tables.get(name, ())
        }
        if rows:
            is_cut = name == "PARAMETER" and any(len(each) >= _CUT_AT for each in rows.values())
            return dict(sorted(rows.items())), not is_cut
    return {}, True


def _structures_unread(answer: RfcResult) -> set[str]:
    """Structures that did not come; of the locks, all have to be told."""
    unread = {each for each in STRUCTURES_READ if each not in answer.exports}
    locks = answer.exports.get(_LOCKS)
    if not isinstance(locks, Mapping) or not locks.keys() >= _LOCK_FLAGS:
        unread.add(_LOCKS)
    return unread


def _locks(fields: Mapping[str, RfcScalar]) -> Locks:
    def is_set(flag: str) -> bool:
        return fields.get(f"{_LOCKS}.{flag}") == "L"

    return Locks(
        wrong_logon=is_set("WRNG_LOGON"),
        local=is_set("LOCAL_LOCK"),
        everywhere=is_set("GLOB_LOCK"),
        no_password=is_set("NO_USER_PW"),
    )


def _modified(fields: Mapping[str, RfcScalar]) -> tuple[date, time] | None:
    """Day and time, None where one of them was not told."""
    changed_on, changed_at = fields.get("LASTMODIFIED.MODDATE"), fields.get("LASTMODIFIED.MODTIME")
    if not isinstance(changed_on, date) or not isinstance(changed_at, time):
        return None
    return changed_on, changed_at


def _rows_as_text(rows: Iterable[RfcStructure]) -> str:
    plain: list[dict[str, Any]] = [dict(row) for row in rows]
    return msgspec.json.encode(plain).decode()


def _of_all_systems(transport: RfcTransport, rfc: Rfc, user: SapUser) -> SapUser:
    """The user with the roles and profiles that he has in the systems of the administration."""
    asked = {"USERNAME": user.name}
    want = (_ROLES, "RETURN")
    roles = transport.call(_LOCAL_ROLES, {**asked, "WITH_TEXT": "X"}, want=want)
    judged(_LOCAL_ROLES, roles, fail_when_warning=rfc.fail_when_warning)
    require_whole(_LOCAL_ROLES, roles, _ROLES)
    profiles = transport.call(_LOCAL_PROFILES, asked, want=(_PROFILES, "RETURN"))
    judged(_LOCAL_PROFILES, profiles, fail_when_warning=rfc.fail_when_warning)
    require_whole(_LOCAL_PROFILES, profiles, _PROFILES)
    user = _doubted(user, _LOCAL_ROLES, roles, rfc, {_ROLES})
    user = _doubted(user, _LOCAL_PROFILES, profiles, rfc, {_PROFILES})
    return msgspec.structs.replace(
        user,
        roles=roles_of(roles.tables.get(_ROLES, ()), rfc.destination_name),
        profiles=tuple(
            sorted(
                ProfileAssignment(
                    system=_system(row, _PROFILES, rfc.destination_name),
                    name=name_in(row, _PROFILES, "PROFILE"),
                    text=text(row, "BAPIPTEXT"),
                )
                for row in profiles.tables.get(_PROFILES, ())
            )
        ),
    )


def _doubted(
    user: SapUser, function: str, answer: RfcResult, rfc: Rfc, tables: Collection[str]
) -> SapUser:
    """The user; where SAP warned of what it told, `tables` count as unread: they may lack rows."""
    found = warned(answer, rfc.non_fatal_error_codes)
    if not found:
        return user
    codes = ", ".join(dict.fromkeys(each.code for each in found))
    said = f"{function}: SAP warned ({codes}), so what it told may not be all"
    return msgspec.structs.replace(
        user,
        warnings=(*user.warnings, said),
        unread=tuple(sorted({*user.unread, *tables})),
    )


def _with_known_origins(user: SapUser) -> SapUser:
    """The user; a role of unknown origin may be a direct one, so that none are written back."""
    if all(role.origin in _ORIGINS for role in user.roles):
        return user
    said = f"{_ROLES}: a role has an ORG_FLAG that is not known, so roles are not changed"
    return msgspec.structs.replace(
        user,
        warnings=(*user.warnings, said),
        unread=tuple(sorted({*user.unread, _ROLES})),
    )


def _with_login(transport: RfcTransport, rfc: Rfc, user: SapUser) -> SapUser:
    """The user with his last logon; where it cannot be read, a warning says so."""
    try:
        answer = transport.call(_LOGIN, {"USERID": user.name})
        judged(_LOGIN, answer, fail_when_warning=rfc.fail_when_warning)
        row = {
            name: value for name, value in answer.exports.items() if not isinstance(value, Mapping)
        }
        last_logon = day(row, _LOGIN, _LAST_LOGON) if _LAST_LOGON in row else None
    except LogonRefused:
        raise
    except SapmatchError as exc:
        said = f"alsoReadLoginInfo: the last logon was not read: {exc}"
        return msgspec.structs.replace(user, warnings=(*user.warnings, said))
    info = LoginInfo(
        last_logon=last_logon,
        lock_status=text(row, "LOCK_STATUS"),
        password_status=text(row, "PASSWORD_STATUS"),
    )
    return msgspec.structs.replace(user, login=info)
