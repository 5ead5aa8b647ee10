"""Look at users, delete, lock and unlock them."""

from local.sap.abap.call import Call
from local.sap.abap.users import COMMUNICATION, STRUCTURES, User
from local.sap.abap.values import Row


def found(call: Call) -> User | Row:
    """The user to work on, or why not."""
    if call.lacks("S_USER_GRP"):
        return call.returned("491")
    if not call.username:
        return call.returned("184")
    return call.system.users.changeable(call.username) or call.returned("124", call.username)


def _detail(call: Call) -> Row:
    if call.lacks("S_USER_GRP"):
        return call.returned("491")
    user = call.system.users.get(call.username)
    if user is None:
        return call.returned("124", call.username)
    day, time = user.modified
    profiles = call.system.profiles
    return {
        **{name: user.values.get(name, {}) for name in STRUCTURES},
        **{name: user.communication.get(name, []) for name in COMMUNICATION},
        "LASTMODIFIED": {"MODDATE": day, "MODTIME": time},
        "ISLOCKED": user.locks,
        "ADMINDATA": {"ANAME": user.created_by, "ERDAT": user.created, "TRDAT": user.last_logon},
        "PARAMETER": user.parameters and [_short(each) for each in user.parameters],
        "PARAMETER1": user.parameters,
        "GROUPS": [{"USERGROUP": name} for name in user.groups],
        "PROFILES": [_profile(name, profiles.get(name, "")) for name in user.profiles],
        "ACTIVITYGROUPS": list(call.system.roles_of(user)),
        "SYSTEMS": [{"SUBSYSTEM": name} for name in user.systems],
    }


def _short(parameter: Row) -> Row:
    """PARAMETER holds 18 characters only, PARAMETER1 all."""
    return parameter | {"PARVA": parameter["PARVA"][:18]}


def _profile(name: str, text: str) -> Row:
    return {"BAPIPROF": name, "BAPIPTEXT": text, "BAPITYPE": "S", "BAPIAKTPS": "A"}


def _exists(call: Call) -> Row:
    number = "088" if call.username in call.system.users else "124"
    return {"RETURN": call.says(number, call.username)}


def _delete(call: Call) -> Row:
    user = found(call)
    if isinstance(user, dict):
        return user
    call.system.users.delete(user.name)
    call.changed.append(call.document(user.name))
    if call.is_central:
        call.landscape.send(user, dict.fromkeys(call.children_of(user), False))
    return call.returned("232", user.name)


def _lock(call: Call) -> Row:
    user = found(call)
    if isinstance(user, dict):
        return user
    if call.is_central and not call.inputs.get("LOCK_LOCALLY"):
        user.locked_everywhere = True
    else:
        user.locked = True
    call.keep(user)
    return call.returned("245", user.name)


def _unlock(call: Call) -> Row:
    """Clears what wrong passwords locked as well; a global lock only in the central system."""
    user = found(call)
    if isinstance(user, dict):
        return user
    user.wrong_logons = False
    if call.is_central and not call.inputs.get("UNLOCK_LOCALLY"):
        user.locked_everywhere = False
    else:
        user.locked = False
    call.keep(user)
    return call.returned("246", user.name)


MODULES = {
    "BAPI_USER_GET_DETAIL": _detail,
    "BAPI_USER_EXISTENCE_CHECK": _exists,
    "BAPI_USER_DELETE": _delete,
    "BAPI_USER_LOCK": _lock,
    "BAPI_USER_UNLOCK": _unlock,
}
