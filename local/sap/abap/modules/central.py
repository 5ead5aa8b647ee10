"""Central user administration: what is assigned in which system, and sent there."""

from collections.abc import Iterable

from local.sap.abap.call import Call
from local.sap.abap.landscape import Role
from local.sap.abap.modules.roles import assigned, refused_roles
from local.sap.abap.modules.users import found
from local.sap.abap.users import User
from local.sap.abap.values import Row


def _central_user(call: Call) -> User | Row:
    if not call.is_central:
        return call.returned("183")
    return found(call)


def _read_roles(call: Call) -> Row:
    user = _central_user(call)
    if isinstance(user, dict):
        return user
    return {"ACTIVITYGROUPS": list(_role_rows(call, user))}


def _role_rows(call: Call, user: User) -> Iterable[Row]:
    """All systems' rows; composite roles of the central system alone show their members."""
    for system, each in user.system_roles:
        text = call.landscape.named(system).roles.get(each.name, Role()).text
        yield {
            "SUBSYSTEM": system,
            "AGR_NAME": each.name,
            "FROM_DAT": each.begins,
            "TO_DAT": each.ends,
            "AGR_TEXT": text if call["WITH_TEXT"] else "",
        }
    for row in call.system.roles_of(user):
        if row["ORG_FLAG"]:
            shown = {"SUBSYSTEM": call.system.name}
            yield row | shown | ({} if call["WITH_TEXT"] else {"AGR_TEXT": ""})


def _assign_roles(call: Call) -> Row:
    user = _central_user(call)
    if isinstance(user, dict):
        return user
    refused, wanted = [], []
    for n, row in enumerate(call["ACTIVITYGROUPS"], start=1):
        system = row["SUBSYSTEM"] or call.system.name
        problems = list(_unknown(call, [system], n))
        if not problems:
            role = assigned(call, row)
            problems = list(refused_roles(call, call.landscape.named(system), [role]))
        if not problems:
            wanted.append((system, role))
        refused += problems
    if any(row["NUMBER"] != "181" for row in refused):
        return {"RETURN": refused}
    # What the caller may not administrate is left out with an error, the rest is done.
    user.system_roles = sorted(set(wanted))
    user.systems = sorted({*user.systems, *(system for system, _ in wanted)})
    user.roles = [each for system, each in user.system_roles if system == call.system.name]
    call.keep(user)
    return {"RETURN": [*refused, call.says("048", user.name)]}


def _unknown(call: Call, systems: Iterable[str], row: int = 0) -> Iterable[Row]:
    for system in systems:
        if system not in call.landscape.names:
            yield call.says("179", system, PARAMETER="SUBSYSTEM", ROW=row)
        elif call.lacks(f"S_USER_SYS:{system}"):
            yield call.says("181", system, PARAMETER="SUBSYSTEM", ROW=row)


def _read_profiles(call: Call) -> Row:
    user = _central_user(call)
    if isinstance(user, dict):
        return user
    rows = [{"SUBSYSTEM": system, "PROFILE": name} for system, name in user.system_profiles]
    return {"PROFILES": rows}


def _assign_profiles(call: Call) -> Row:
    user = _central_user(call)
    if isinstance(user, dict):
        return user
    rows = [(row["SUBSYSTEM"] or call.system.name, row["PROFILE"]) for row in call["PROFILES"]]
    refused = list(_unknown(call, sorted({system for system, _ in rows})))
    for system, name in rows:
        known = call.landscape.names
        if system in known and name not in call.landscape.named(system).profiles:
            refused.append(call.says("175", name))
    if refused:
        return {"RETURN": refused}
    user.system_profiles = sorted(set(rows))
    user.systems = sorted({*user.systems, *(system for system, _ in rows)})
    user.profiles = [name for system, name in user.system_profiles if system == call.system.name]
    call.keep(user)
    return call.returned("048", user.name)


def _assign_systems(call: Call) -> Row:
    """Replaces all systems; one that is left out loses its roles, its profiles and the user."""
    user = _central_user(call)
    if isinstance(user, dict):
        return user
    wanted = sorted({row["SUBSYSTEM"] for row in call["SYSTEMS"] if row["SUBSYSTEM"]})
    refused = list(_unknown(call, wanted))
    if refused:
        return {"RETURN": refused}
    gone = {each: False for each in call.children_of(user) if each not in wanted}
    user.systems = wanted
    user.system_roles = [each for each in user.system_roles if each[0] in wanted]
    user.system_profiles = [each for each in user.system_profiles if each[0] in wanted]
    user.roles = [each for system, each in user.system_roles if system == call.system.name]
    user.profiles = [name for system, name in user.system_profiles if system == call.system.name]
    call.keep(user)
    call.landscape.send(user, gone)
    return call.returned("048", user.name)


MODULES = {
    "BAPI_USER_LOCACTGROUPS_READ": _read_roles,
    "BAPI_USER_LOCACTGROUPS_ASSIGN": _assign_roles,
    "BAPI_USER_LOCPROFILES_READ": _read_profiles,
    "BAPI_USER_LOCPROFILES_ASSIGN": _assign_profiles,
    "BAPI_USER_SYSTEM_ASSIGN": _assign_systems,
}
