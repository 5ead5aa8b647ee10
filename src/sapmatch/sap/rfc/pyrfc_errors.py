"""What PyRFC's exceptions mean, and which of them leave open whether SAP did something."""

from typing import Any, Final

from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    LogonRefused,
    OutcomeUnknown,
    SapmatchError,
    SapRejected,
    SapUnavailable,
)
from sapmatch.model.rfc import AbapException
from sapmatch.sap.masking import NOTHING, Mask
from sapmatch.sap.rfc.groups import group_of

_LOST: Final = frozenset({"RFC_COMMUNICATION_FAILURE", "RFC_CANCELED", "RFC_TIMEOUT", "RFC_CLOSED"})
_NO_AUTHORITY: Final = frozenset({"RFC_NO_AUTHORITY", "RFC_AUTHORIZATION_FAILURE"})
_NO_PARAMETER: Final = "RFC_INVALID_PARAMETER"  # the SDK itself, before anything is sent
_LONGEST = 500
_READ_BACK = "read back what it was to change"


class Meaning:
    """Translates what a call raised; `module` is pyrfc, or what is shaped like it."""

    def __init__(self, place: str, module: Any) -> None:
        self._place = place
        self._module = module
        self.errors: tuple[type[Exception], ...] = (module.RFCError, TypeError, ValueError)

    def is_lost(self, exc: Exception) -> bool:
        """Whether SAP gave no answer at all."""
        kinds = (self._module.CommunicationError, self._module.LogonError)
        return isinstance(exc, kinds) or _key(exc) in _LOST

    def is_refusal(self, exc: Exception) -> bool:
        """Whether SAP refused a logon."""
        return isinstance(exc, self._module.LogonError)

    def is_answer(self, exc: Exception) -> bool:
        """Whether the connection is as good as before: the function module itself said no."""
        return isinstance(exc, self._module.ABAPApplicationError)

    def of(
        self, exc: Exception, function: str, *, changes: bool, own: Mask = NOTHING
    ) -> SapmatchError:
        """What the exception of one call means; `own` hides the passwords that it has sent."""
        what = f"{self._place}: {function}"
        key = _key(exc)
        if key in _NO_AUTHORITY:
            return AuthorizationMissing(
                f"{what}: the user lacks S_RFC for it or its function group{group_of(function)}; "
                "SU53 shows what was checked, PFCG grants it"
            )
        if self.is_answer(exc) or (changes and key == _NO_PARAMETER):
            return AbapException(key or "RFC_ABAP_EXCEPTION", _text(exc, own))
        if self.is_lost(exc):
            return self._lost(exc, what, changes=changes)
        if isinstance(exc, self._module.RFCTypeError):
            return InputRejected(f"{what}: PyRFC takes a value not as it is; nothing was sent")
        if changes:
            return OutcomeUnknown(f"{what}: ended in {_shown(exc)}; {_READ_BACK}")
        if isinstance(exc, self._module.RFCError):
            return SapRejected(_code(exc), _text(exc, own))
        return InputRejected(f"{what}: PyRFC cannot take or read a value ({type(exc).__name__})")

    def _lost(self, exc: Exception, what: str, *, changes: bool) -> SapmatchError:
        # PyRFC logs on anew by itself when a connection broke in a call, and what comes of that
        # hides what came of the call.
        if changes:
            return OutcomeUnknown(f"{what}: was sent and {_shown(exc)}; {_READ_BACK}")
        if self.is_refusal(exc):
            return LogonRefused(
                f"{what}: the connection broke, and SAP refused the next logon; mend the secret",
                "password",
            )
        return SapUnavailable(f"{what}: {_shown(exc)}")


def _key(exc: Exception) -> str:
    return str(getattr(exc, "key", None) or "")


def _code(exc: Exception) -> str:
    named = [str(getattr(exc, name, None) or "") for name in ("msg_class", "msg_number")]
    return "/".join(named) if all(named) else _key(exc) or type(exc).__name__


def _text(exc: Exception, own: Mask) -> str:
    return own.text(str(getattr(exc, "message", None) or _code(exc)))[:_LONGEST]


def _shown(exc: Exception) -> str:
    """The kind alone: texts of the SDK name hosts, users and what was sent."""
    return _key(exc) or type(exc).__name__
