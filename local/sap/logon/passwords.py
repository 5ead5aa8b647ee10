"""Basic authentication, and the lock that wrong passwords end in."""

import base64
import binascii
import hmac

from local.sap.errors import LogonFailed
from local.sap.exchange import Request
from local.sap.logon.settings import Settings, User

_INCORRECT = "Name or password is incorrect (repeat logon)"
_TOO_MANY = "Password logon no longer possible - too many failed attempts"
_BY_ADMINISTRATOR = "User is locked. Please notify the person responsible"
_STATES = {
    "initial": "Your password is initial: change it before you log on",
    "expired": "Your password has expired: change it before you log on",
}


def password_user(request: Request, settings: Settings) -> str:
    """The user whose password is right; LogonFailed otherwise, and a wrong one is counted.

    A locked user is told nothing of his password; a right one clears the count (login/
    fails_to_user_lock).
    """
    name, password = _basic(request.headers.get("authorization", ""))
    user = settings.users.get(name)
    if user is None:
        raise LogonFailed(_INCORRECT)
    if user.failed_logons >= settings.failures_of(user):
        raise LogonFailed(_TOO_MANY)
    if not user.password or not hmac.compare_digest(user.password.encode(), password.encode()):
        user.failed_logons += 1
        raise LogonFailed(_INCORRECT)
    check_admitted(user)
    if user.kind != "system" and user.state in _STATES:  # nobody asks a machine for a new one
        raise LogonFailed(_STATES[user.state])
    user.failed_logons = 0
    return name


def check_admitted(user: User) -> None:
    """LogonFailed where an administrator locked the user: no way of logging on is left then."""
    if user.locked:
        raise LogonFailed(_BY_ADMINISTRATOR)


def _basic(header: str) -> tuple[str, str]:
    encoded = header.partition(" ")[2]
    try:
        text = base64.b64decode(encoded.strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError) as error:
        raise LogonFailed(_INCORRECT) from error
    user, _, password = text.partition(":")
    return user, password
