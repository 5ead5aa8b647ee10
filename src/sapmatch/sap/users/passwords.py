"""Passwords of users: set, never read, never shown."""

import secrets
import string
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from sapmatch.model.errors import (
    AuthorizationMissing,
    OutcomeUnknown,
    Problem,
    SapmatchError,
    ServiceNotActivated,
    TransientError,
)
from sapmatch.model.rfc import (
    AbapException,
    BapiMessage,
    FunctionInterface,
    Rfc,
    RfcInput,
    RfcTransport,
)
from sapmatch.sap.rfc.messages import judged
from sapmatch.sap.users.effects import Effect, Send, module

CHANGE: Final = "BAPI_USER_CHANGE"
LENGTH: Final = 20
_LONGEST: Final = 40
_OLD_LENGTH: Final = 8  # of releases that know no longer ones
_PRODUCTIVE: Final = "PRODUCTIVE_PWD"
_FORMAL: Final = "PASSWORD_FORMAL_CHECK"
_OWN: Final = "SUSR_USER_CHANGE_PASSWORD_RFC"
_SPECIAL: Final = "-_.+#="
_KINDS: Final = (string.ascii_uppercase, string.ascii_lowercase, string.digits, _SPECIAL)


def random_password(length: int = LENGTH) -> str:
    """A password that nobody chose: letters of both cases, digits, special characters.

    It begins with a letter, as some rules ask for, and repeats no character three times.
    """
    while True:
        found = "".join(secrets.choice("".join(_KINDS)) for _ in range(length))
        has_all = all(not set(kind).isdisjoint(found) for kind in _KINDS)
        repeats = any(found[n] * 3 == found[n : n + 3] for n in range(length))
        if has_all and found[0].isalpha() and not repeats:
            return found


def length_of(transport: RfcTransport) -> int:
    """How long a random password may be in this release."""
    most = _field_length(transport.interface("BAPI_USER_CREATE1")) or _LONGEST
    return max(_OLD_LENGTH, min(LENGTH, most))


def password_problems(password: str | None) -> list[Problem]:
    """What is wrong with a password that somebody gave, without its value."""
    if password is None or 0 < len(password) <= _LONGEST:
        return []
    message = f"password: has 1 to {_LONGEST} characters"
    return [Problem(code="TOO_LONG", message=message, field="password")]


def check_formally(transport: RfcTransport, password: str, rfc: Rfc) -> None:
    """BapiFailed where the password breaks SAP's rules, before anything is changed.

    The module is not released, so a system that refuses it decides when the password is set.
    """
    try:
        answer = transport.call(_FORMAL, {"PASSWORD": {"BAPIPWD": password}})
    except (AbapException, AuthorizationMissing, ServiceNotActivated, TransientError):
        return
    judged(_FORMAL, answer, fail_when_warning=rfc.fail_when_warning)


def password_effects(user: str, password: str, rfc: Rfc) -> Iterator[Effect]:
    """Set it: as the first one that the user has to change, or as the one that stays.

    Nobody can read a password back, so no error of SAP is taken for a warning here.
    """
    send = _initial(user, password, rfc) if rfc.change_password_at_next_logon else None
    yield Effect(name="password", send=send or _lasting(user, password, rfc), lacks=None)


def _initial(user: str, password: str, rfc: Rfc) -> Send:
    return module(CHANGE, _imports(user, password), rfc)


def _lasting(user: str, password: str, rfc: Rfc) -> Send:
    """With PRODUCTIVE_PWD; releases without it get a random one that is changed at once."""

    def send(transport: RfcTransport) -> tuple[BapiMessage, ...]:
        if _knows_productive(transport.interface(CHANGE)):
            imports = {**_imports(user, password), _PRODUCTIVE: "X"}
            with suppress(AbapException):  # the module did not run: it has no such parameter
                return module(CHANGE, imports, rfc)(transport)
        between = random_password(_OLD_LENGTH)
        first = _initial(user, between, rfc)(transport)
        return first + _own_change(user, between, password, rfc)(transport)

    return send


def _own_change(user: str, before: str, password: str, rfc: Rfc) -> Send:
    """As the user does it; where that fails, the first one has taken the old password away."""

    def send(transport: RfcTransport) -> tuple[BapiMessage, ...]:
        own = {"BNAME": user, "PASSWORD": before, "NEW_PASSWORD": password}
        try:
            return module(_OWN, own, rfc, want=())(transport)
        except SapmatchError as exc:
            raise OutcomeUnknown(
                f"{_OWN}: {exc}; unless it ran, the user has a random password now that nobody "
                "knows: reset it once more, or set rfc.changePasswordAtNextLogon"
            ) from exc

    return send


def _imports(user: str, password: str) -> dict[str, RfcInput]:
    return {
        "USERNAME": user,
        "PASSWORD": {"BAPIPWD": password},
        "PASSWORDX": {"BAPIPWD": "X"},
    }


def _knows_productive(interface: FunctionInterface | None) -> bool:
    return interface is None or any(each.name == _PRODUCTIVE for each in interface.parameters)


def _field_length(interface: FunctionInterface | None) -> int:
    for parameter in interface.parameters if interface else ():
        if parameter.name == "PASSWORD" and parameter.fields:
            return parameter.fields[0].length
    return 0
