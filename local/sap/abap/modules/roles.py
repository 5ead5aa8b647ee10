"""Roles and profiles of one client: each assignment replaces all."""

from collections.abc import Iterator

from local.sap.abap.call import Call
from local.sap.abap.landscape import System
from local.sap.abap.modules.users import found
from local.sap.abap.users import FOREVER, Assigned
from local.sap.abap.values import Row


def assigned(call: Call, row: Row) -> Assigned:
    """A row of ACTIVITYGROUPS; days that were not given are today and for ever."""
    begins, ends = (row[each] if row[each] != "00000000" else "" for each in ("FROM_DAT", "TO_DAT"))
    return Assigned(row["AGR_NAME"].upper(), begins or call.today, ends or FOREVER)


def refused_roles(call: Call, system: System, wanted: list[Assigned]) -> Iterator[Row]:
    """Why the roles cannot be assigned in that system."""
    for n, each in enumerate(wanted, start=1):
        if each.name not in system.roles:
            yield call.says("174", each.name, PARAMETER="ACTIVITYGROUPS", ROW=n)
        elif each.begins > each.ends:
            yield call.says("182", PARAMETER="ACTIVITYGROUPS", ROW=n)


def _assign(call: Call) -> Row:
    user = found(call)
    if isinstance(user, dict):
        return user
    if call.landscape.is_child(call.system):
        return call.returned("180")
    wanted = [assigned(call, row) for row in call["ACTIVITYGROUPS"]]
    refused = list(refused_roles(call, call.system, wanted))
    if refused:
        return {"RETURN": refused}
    user.roles = sorted(set(wanted))
    if call.is_central:
        name = call.system.name
        others = [each for each in user.system_roles if each[0] != name]
        user.system_roles = sorted([*others, *((name, each) for each in user.roles)])
        user.systems = sorted({*user.systems, *([name] if wanted else [])})
    call.keep(user)
    return call.returned("048", user.name)


def _remove(call: Call) -> Row:
    call.inputs["ACTIVITYGROUPS"] = []
    return _assign(call)


def _assign_profiles(call: Call) -> Row:
    user = found(call)
    if isinstance(user, dict):
        return user
    if call.landscape.is_child(call.system):
        return call.returned("180")
    wanted = sorted({row["BAPIPROF"] for row in call["PROFILES"] if row["BAPIPROF"]})
    refused = [call.says("175", each) for each in wanted if each not in call.system.profiles]
    if refused:
        return {"RETURN": refused}
    user.profiles = wanted
    if call.is_central:
        name = call.system.name
        others = [each for each in user.system_profiles if each[0] != name]
        user.system_profiles = sorted([*others, *((name, each) for each in wanted)])
    call.keep(user)
    return call.returned("048", user.name)


def _remove_profiles(call: Call) -> Row:
    call.inputs["PROFILES"] = []
    return _assign_profiles(call)


MODULES = {
    "BAPI_USER_ACTGROUPS_ASSIGN": _assign,
    "BAPI_USER_ACTGROUPS_DELETE": _remove,
    "BAPI_USER_PROFILES_ASSIGN": _assign_profiles,
    "BAPI_USER_PROFILES_DELETE": _remove_profiles,
}
