"""Create and change users: what carries no X stays as it is."""

from collections.abc import Callable, Iterator
from copy import deepcopy

from local.sap.abap.call import Call
from local.sap.abap.modules import passwords
from local.sap.abap.modules.users import found
from local.sap.abap.users import COMMUNICATION, STRUCTURES, User
from local.sap.abap.values import Row

# X structures whose one field stands for all of their structure
_WHOLE = {"UCLASS": "UCLASS", "ALIAS": "BAPIALIAS", "REF_USER": "REF_USER"}
_CREATE_ONLY = {
    "ADDRESS": ("COUNTY", "COUNTY_CODE", "TOWNSHIP", "TOWNSHIP_CODE"),
    "DEFAULTS": ("CATTKENNZ",),
}
_TYPES = "ABCLS"


def _create(call: Call) -> Row:
    wrong = _cannot_create(call)
    if wrong is not None:
        return wrong
    user = User(call.username)
    given: dict[str, Row] = {name: call.given.get(name) or {} for name in STRUCTURES}
    _write(user, call, lambda structure, name: name in given[structure])
    user.values["LOGONDATA"] = {"USTYP": "A"} | _filled(user.values.get("LOGONDATA", {}))
    user.groups = _column(call, "GROUPS", "USERGROUP")
    user.parameters = call["PARAMETER1"] or call["PARAMETER"]
    user.communication = {name: call[name] for name in COMMUNICATION if call[name]}
    refused = list(_refused(call, user))
    password = call["PASSWORD"]["BAPIPWD"] or (
        passwords.generated() if call["GENERATE_PWD"] else ""
    )
    refused += [call.says(n) for n in passwords.broken_rules(call, password, None)]
    if refused:
        return {"RETURN": refused}
    passwords.set_password(user, passwords.as_stored(call, password), productive=False)
    user.locked = bool(call["LOCK_LOCALLY"])
    if call.is_central and call["FORCE_SYSTEM_ASSIGNMENT"]:
        user.systems.append(call.system.name)
    rows = [*_company(call, user), call.says("102", user.name)]
    call.keep(user, is_new=True)
    given_back = {"BAPIPWD": password} if call["GENERATE_PWD"] else {}
    return {"RETURN": rows, "GENERATED_PASSWORD": given_back}


def _cannot_create(call: Call) -> Row | None:
    if call.lacks("S_USER_GRP"):
        return call.returned("491")
    if not call.username:
        return call.returned("184")
    if call.username in call.system.users:
        return call.returned("224", call.username)
    if not call["ADDRESS"]["LASTNAME"]:
        return call.returned("177", PARAMETER="ADDRESS", FIELD="LASTNAME")
    if not call["PASSWORD"]["BAPIPWD"] and not call["GENERATE_PWD"]:
        return call.returned("290", PARAMETER="PASSWORD", FIELD="BAPIPWD")
    return None


def _change(call: Call) -> Row:
    there = found(call)
    if isinstance(there, dict):
        return there
    user = deepcopy(there)  # let go where SAP refuses
    _write(user, call, lambda structure, name: _is_flagged(call, structure, name))
    if call["GROUPSX"]["USERGROUP"]:
        user.groups = _column(call, "GROUPS", "USERGROUP")
    if call["PARAMETERX"]["PARID"] or call["PARAMETERX"]["PARVA"]:
        user.parameters = call["PARAMETER1"] or call["PARAMETER"]
    for name in COMMUNICATION:
        if call["ADDCOMX"][name.replace("ADD", "AD", 1)]:
            user.communication[name] = call[name]
    refused = [*_refused(call, user), *_new_password(call, user)]
    if refused:
        return {"RETURN": refused}
    rows = [*_company(call, user), call.says("039", user.name)]
    call.keep(user)
    return {"RETURN": rows}


def _is_flagged(call: Call, structure: str, name: str) -> bool:
    flags: Row = call[f"{structure}X"]
    return bool(flags.get(_WHOLE.get(structure, name)))


def _write(user: User, call: Call, wanted: Callable[[str, str], bool]) -> None:
    """Take over the wanted fields of each structure; some are taken at creation only."""
    is_new = call.username not in call.system.users
    for structure in STRUCTURES:
        for name, value in call[structure].items():
            fixed = not is_new and name in _CREATE_ONLY.get(structure, ())
            if wanted(structure, name) and not fixed:
                user.set(structure, name, value)
    names = (user.get("ADDRESS", "FIRSTNAME"), user.get("ADDRESS", "LASTNAME"))
    user.set("ADDRESS", "FULLNAME", " ".join(filter(None, names)))


def _filled(values: Row) -> Row:
    return {name: value for name, value in values.items() if value}


def _column(call: Call, table: str, column: str) -> list[str]:
    return sorted({row[column] for row in call[table] if row[column]})


def _refused(call: Call, user: User) -> Iterator[Row]:
    system = call.system
    named = {user.get("LOGONDATA", "CLASS"), *user.groups} - {""}
    for group in sorted(named - set(system.groups)):
        yield call.says("176", group, PARAMETER="GROUPS", FIELD="USERGROUP")
    kind = user.get("LOGONDATA", "USTYP")
    if kind and kind not in _TYPES:
        yield call.says("178", kind, PARAMETER="LOGONDATA", FIELD="USTYP")
    begins, ends = (_day(user.get("LOGONDATA", name)) for name in ("GLTGV", "GLTGB"))
    if begins and ends and begins > ends:
        yield call.says("182", PARAMETER="LOGONDATA", FIELD="GLTGB")
    reference = user.get("REF_USER", "REF_USER")
    if reference and reference not in system.users:
        yield call.says("124", reference, PARAMETER="REF_USER", FIELD="REF_USER")
    if not user.get("ADDRESS", "LASTNAME"):
        yield call.says("177", PARAMETER="ADDRESS", FIELD="LASTNAME")


def _day(value: str) -> str:
    return "" if value == "00000000" else value


def _company(call: Call, user: User) -> Iterator[Row]:
    """A company that is not known is an error of a user who is saved all the same."""
    company = user.get("COMPANY", "COMPANY")
    if company and company not in call.system.companies:
        user.values["COMPANY"] = {}
        yield call.says("025", company, PARAMETER="COMPANY", FIELD="COMPANY")


def _new_password(call: Call, user: User) -> list[Row]:
    if not call["PASSWORDX"]["BAPIPWD"]:
        return []
    password = passwords.as_stored(call, call["PASSWORD"]["BAPIPWD"])
    if not password:
        return [call.says("290", PARAMETER="PASSWORD", FIELD="BAPIPWD")]
    refused = [call.says(n) for n in passwords.broken_rules(call, password, user)]
    if not refused:
        productive = bool(call.inputs.get("PRODUCTIVE_PWD"))
        passwords.set_password(user, password, productive=productive)
    return refused


MODULES = {"BAPI_USER_CREATE1": _create, "BAPI_USER_CHANGE": _change}
