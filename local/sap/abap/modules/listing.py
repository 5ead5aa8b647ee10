"""BAPI_USER_GETLIST: which users, by ranges or by one expression."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from local.sap.abap.call import Call
from local.sap.abap.users import User
from local.sap.abap.values import Row

_FIELDS = {
    "LOGONDATA": "GLTGV GLTGB USTYP CLASS ACCNT TZONE CODVN UFLAG",
    "DEFAULTS": "SPLD SPLG SPDB SPDA DATFM DCPFM LANGU KOSTL START_MENU TIMEFM",
    "REF_USER": "REF_USER",
    "ALIAS": "USERALIAS",
    "GROUPS": "USERGROUP",
    "PROFILES": "BAPIPROF",
    "ACTIVITYGROUPS": "AGR_NAME FROM_DAT TO_DAT",
    "LOCPROFILES": "SUBSYSTEM PROFILE",
    "LOCACTGROUPS": "SUBSYSTEM AGR_NAME FROM_DAT TO_DAT",
    "SYSTEM": "SUBSYSTEM",
    "ADDRESS": "FIRSTNAME LASTNAME DEPARTMENT INHOUSE_ML FUNCTION BUILDING BUILDING_P ROOM_NO_P "
    "TEL1_EXT TEL1_NUMBR FAX_EXTENS FAX_NUMBER E_MAIL",
    "COMPANY": "COMPANY",
    "LASTMODIFIED": "MODDATE MODTIME",
    "ISLOCKED": "WRNG_LOGON LOCAL_LOCK GLOB_LOCK NO_USER_PW",
    "USERNAME": "",
}
_OPTIONS: dict[str, Callable[[str, str, str], bool]] = {
    "EQ": lambda value, low, _: value == low,
    "NE": lambda value, low, _: value != low,
    "LT": lambda value, low, _: value < low,
    "LE": lambda value, low, _: value <= low,
    "GT": lambda value, low, _: value > low,
    "GE": lambda value, low, _: value >= low,
    "BT": lambda value, low, high: low <= value <= high,
    "NB": lambda value, low, high: not low <= value <= high,
    "CP": lambda value, low, _: _fits(value, low),
    "NP": lambda value, low, _: not _fits(value, low),
}


def _fits(value: str, pattern: str) -> bool:
    """CP of ABAP: `*` any text, `+` one character, `#` takes the next one as it is."""
    parts = []
    characters = iter(pattern)
    for each in characters:
        if each == "#":
            parts.append(f"(?-i:{re.escape(next(characters, ''))})")
        else:
            parts.append({"*": ".*", "+": "."}.get(each) or re.escape(each))
    return re.fullmatch("".join(parts), value, re.IGNORECASE | re.DOTALL) is not None


def _list(call: Call) -> Row:
    if call.lacks("S_USER_GRP"):
        return call.returned("491")
    ranges, expression = call["SELECTION_RANGE"], call["SELECTION_EXP"]
    wrong = next(_problems(call, ranges, [] if ranges else expression), None)
    if wrong is not None:
        return {"RETURN": [wrong]}
    selected = _by_ranges(call, ranges) if ranges else _by_expression(call, expression)
    limit = call["MAX_ROWS"]
    rows = [_row(call, user) for user in islice(selected, limit if limit > 0 else None)]
    return {"ROWS": len(rows), "USERLIST": rows}


def _row(call: Call, user: User) -> Row:
    if not call["WITH_USERNAME"]:
        return {"USERNAME": user.name}
    names = {name: user.get("ADDRESS", name) for name in ("FIRSTNAME", "LASTNAME", "FULLNAME")}
    return {"USERNAME": user.name, **names}


def _problems(call: Call, ranges: Sequence[Row], expression: Sequence[Row]) -> Iterator[Row]:
    for n, row in enumerate(expression, start=1):
        if n > 1 and (row["LOGOP"] or row["ARITY"]):
            yield call.says("615", PARAMETER="SELECTION_EXP", ROW=n)
    if expression and expression[0]["LOGOP"] not in ("AND", "OR", ""):
        yield call.says("614", expression[0]["LOGOP"], PARAMETER="SELECTION_EXP", ROW=1)
    operands = expression[1:] if expression and expression[0]["LOGOP"] else expression
    if operands is not expression and len(operands) != expression[0]["ARITY"]:
        yield call.says("615", PARAMETER="SELECTION_EXP", ROW=1)
    for row in [*ranges, *operands]:
        yield from _wrong_condition(call, row)


def _wrong_condition(call: Call, row: Row) -> Iterator[Row]:
    parameter, name = row["PARAMETER"], row["FIELD"]
    known = _FIELDS.get(parameter)
    if known is None or (known and name not in known.split()):
        yield call.says("613", f"{parameter} {name}".strip())
    elif row["OPTION"] not in _OPTIONS or (
        parameter == "ISLOCKED" and (row["OPTION"], row["LOW"]) != ("EQ", "L")
    ):
        yield call.says("614", row["OPTION"])


def _by_ranges(call: Call, ranges: Sequence[Row]) -> Iterator[User]:
    """Rows of one field are ORed, those of different fields ANDed; SIGN E excludes."""
    by_field: dict[tuple[str, str], list[Row]] = {}
    for row in ranges:
        by_field.setdefault((row["PARAMETER"], row["FIELD"]), []).append(row)
    own = by_field.pop(("USERNAME", ""), []) + by_field.pop(("USERNAME", "USERNAME"), [])
    for name in _candidates(call, own):
        if own and not _in_range([name], own):
            continue
        user = call.system.users.get(name)
        if user is not None and _in_all(call, user, by_field):
            yield user


def _in_all(call: Call, user: User, by_field: dict[tuple[str, str], list[Row]]) -> bool:
    return all(_in_range(_values(call, user, *key), rows) for key, rows in by_field.items())


def _candidates(call: Call, own: Sequence[Row]) -> Iterable[str]:
    """Names that can fit, found without looking at all where one row says from where on."""
    users = call.system.users
    if len(own) == 1 and own[0]["SIGN"] != "E":
        option, low = own[0]["OPTION"], own[0]["LOW"]
        if option == "EQ":
            return [low] if low in users else []
        if option in ("GT", "GE", "BT"):
            return users.names(low, including=True)
    return users.names()


def _in_range(values: Sequence[str], rows: Sequence[Row]) -> bool:
    included = [row for row in rows if row["SIGN"] != "E"]
    excluded = [row for row in rows if row["SIGN"] == "E"]
    fits = not included or any(_meets(values, row) for row in included)
    return fits and not any(_meets(values, row) for row in excluded)


def _meets(values: Sequence[str], row: Row) -> bool:
    """Of several values (roles, groups) one is enough, for NE as well."""
    option = _OPTIONS[row["OPTION"]]
    return any(option(value, row["LOW"], row["HIGH"]) for value in values)


def _by_expression(call: Call, rows: Sequence[Row]) -> Iterator[User]:
    operator = rows[0]["LOGOP"] if rows else ""
    operands = rows[1:] if operator else rows
    fields = [(row["PARAMETER"], row["FIELD"]) for row in operands]
    if operator != "OR" and len(set(fields)) < len(fields):
        return  # AND cannot name a field twice: it finds nobody
    joined = any if operator == "OR" else all
    for name in call.system.users.names():
        user = call.system.users.get(name)
        assert user is not None
        if joined(
            _meets(_values(call, user, *field), row)
            for field, row in zip(fields, operands, strict=True)
        ):
            yield user


def _values(call: Call, user: User, parameter: str, name: str) -> Sequence[str]:
    """All values of a field; an empty text where there is none."""
    several = _several(call, user, parameter, name)
    if several is not None:
        return several
    if parameter == "USERNAME":
        return [user.name]
    if parameter == "LASTMODIFIED":
        return [user.modified[name == "MODTIME"]]
    if parameter == "ISLOCKED":
        return [user.locks[name]]
    empty = "00000000" if name in ("GLTGV", "GLTGB") else ""
    return [str(user.get(parameter, name) or empty)]


def _several(call: Call, user: User, parameter: str, name: str) -> Sequence[str] | None:
    if parameter == "GROUPS":
        return user.groups
    if parameter in ("PROFILES", "SYSTEM"):
        return user.profiles if parameter == "PROFILES" else user.systems
    if parameter == "ACTIVITYGROUPS":
        return [row[name] for row in call.system.roles_of(user)]
    if parameter == "LOCPROFILES":
        return [each[name == "PROFILE"] for each in user.system_profiles]
    if parameter == "LOCACTGROUPS":
        column = {"AGR_NAME": "name", "FROM_DAT": "begins", "TO_DAT": "ends"}.get(name)
        return [getattr(each, column) if column else where for where, each in user.system_roles]
    return None


MODULES = {"BAPI_USER_GETLIST": _list}
