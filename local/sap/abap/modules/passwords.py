"""Passwords: the rules, and who may set which."""

import secrets
from collections.abc import Iterator

from local.sap.abap.call import Call
from local.sap.abap.faults import AbapFault
from local.sap.abap.users import User
from local.sap.abap.values import Row

_LETTERS = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ"
_OLD_LENGTH = 8


def as_stored(call: Call, password: str) -> str:
    """Older releases know eight characters in upper case."""
    return password[:_OLD_LENGTH].upper() if call.rules.release == "old" else password


def broken_rules(call: Call, password: str, user: User | None) -> Iterator[str]:
    """Numbers of the rules that a password breaks."""
    if len(password) < call.rules.password_length:
        yield "187"
    if not any(each.isdigit() for each in password):
        yield "190"
    if user is not None and password in user.passwords[-call.rules.password_history :]:
        yield "193"


def set_password(user: User, password: str, *, productive: bool) -> None:
    """Hold a password; an initial one has to be changed by the user."""
    user.passwords.append(password)
    user.is_initial = not productive
    user.wrong_logons = False


def generated() -> str:
    """A random one that fits the rules."""
    return "".join(secrets.choice(_LETTERS) for _ in range(12)) + "-47"


def _generate(_: Call) -> Row:
    return {"PASSWORD": generated()}


def _formal_check(call: Call) -> Row:
    number = next(broken_rules(call, call["PASSWORD"]["BAPIPWD"], None), "")
    if not number:
        return {"RC": 0}
    text = call.says(number)["MESSAGE"]
    return {"RC": 10, "MSGID": "01", "MSGNO": number, "MSGTEXT": text}


def _change_own(call: Call) -> Row:
    """A user changes a password himself: with the old one, and not twice a day."""
    user = call.system.users.changeable(str(call["BNAME"]).upper())
    if user is None or not user.passwords:
        return _refused(call, "CHANGE_NOT_ALLOWED", "502")
    if user.passwords[-1] != as_stored(call, call["PASSWORD"]):
        return _refused(call, "CHANGE_NOT_ALLOWED", "502")
    wanted = as_stored(call, call["NEW_PASSWORD"])
    number = next(broken_rules(call, wanted, user), "")
    if number:
        return _refused(call, "PASSWORD_NOT_ALLOWED", number)
    set_password(user, wanted, productive=True)
    call.keep(user)
    return {"RETURN": call.says("291")}


def _refused(call: Call, key: str, number: str) -> Row:
    if call["USE_BAPI_RETURN"]:
        return {"RETURN": call.says(number)}
    raise AbapFault("exception", key)


def _login_info(call: Call) -> Row:
    user = call.system.users.get(str(call["USERID"]).upper())
    if user is None or call.lacks("S_USER_GRP"):
        raise AbapFault("exception", "USER_NOT_FOUND")
    locked = user.locked or user.locked_everywhere or user.wrong_logons
    return {
        "LAST_LOGON_DATE": user.last_logon,
        "LOCK_STATUS": "L" if locked else "U",
        "PASSWORD_STATUS": "I" if user.is_initial else "P",
    }


MODULES = {
    "SUSR_GENERATE_PASSWORD": _generate,
    "PASSWORD_FORMAL_CHECK": _formal_check,
    "SUSR_USER_CHANGE_PASSWORD_RFC": _change_own,
    "SUSR_GET_ADMIN_USER_LOGIN_INFO": _login_info,
}
