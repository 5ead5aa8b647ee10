"""Tokens from function `broker_token`, which stands outside of SAP's network."""

from typing import Any, get_args

import msgspec
from msgspec import Struct

from sapmatch.aws.errors import translated
from sapmatch.model.access import Access, Principal
from sapmatch.model.errors import (
    InputRejected,
    LogonReason,
    LogonRefused,
    SapmatchError,
    SapThrottled,
    SapUnavailable,
    Throttled,
)

ANSWERED_WITHIN = 160  # seconds: longer than the function may run, else it would be called twice
_PASSED: dict[str, type[SapmatchError]] = {
    error.__name__: error for error in (InputRejected, SapUnavailable, Throttled)
}


class Asked(Struct, frozen=True, kw_only=True):
    """What the broker is asked for: access to a connection, on behalf of somebody."""

    connection: str
    sap_user: str | None = None
    user_token: str | None = None

    @property
    def principal(self) -> Principal | None:
        """None for the technical user."""
        principal = Principal(sap_user=self.sap_user, token=self.user_token)
        return None if principal == Principal() else principal

    def __repr__(self) -> str:
        return f"Asked({self.connection!r}, {self.principal!r})"


class Brokered(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the broker answers: access, or the name, text and reason of our error.

    `retry_after` in seconds, where who makes the tokens named a time.
    """

    access: Access | None = None
    error: str | None = None
    message: str = ""
    reason: str = "other"
    retry_after: float | None = None


class LambdaBroker:
    """Port AccessSource: each call is one synchronous call of the function.

    What goes there and comes back stands in its payload only, which AWS keeps nowhere.
    """

    def __init__(self, client: Any, function: str, connection: str) -> None:
        self._client = client
        self._function = function
        self._connection = connection

    def access(self, principal: Principal | None) -> Access:
        """Access on behalf of the principal; raises what the source in the function raised.

        Throttled where too many call it at once (RE-13), SapUnavailable where it failed.
        """
        principal = principal or Principal()
        asked = Asked(
            connection=self._connection,
            sap_user=principal.sap_user,
            user_token=principal.token,
        )
        with translated(f"function {self._function}"):
            answer = self._client.invoke(
                FunctionName=self._function, Payload=msgspec.json.encode(asked)
            )
            payload = answer["Payload"].read()
        if "FunctionError" in answer:  # its payload may quote anything
            raise self._failed()
        try:
            brokered = msgspec.json.decode(payload, type=Brokered)
        except msgspec.DecodeError:
            raise self._failed() from None
        if brokered.access is None:
            raise _error(brokered)
        return brokered.access

    def _failed(self) -> SapUnavailable:
        return SapUnavailable(
            f"[connections.{self._connection}].auth: function {self._function} failed; see its log"
        )

    def __repr__(self) -> str:
        return f"LambdaBroker({self._function!r}, {self._connection!r})"


def told(error: SapmatchError) -> Brokered:
    """The answer for what the source raised: our own messages are written to be shown."""
    reason = getattr(error, "reason", "other")
    wait = getattr(error, "retry_after", None)
    return Brokered(error=type(error).__name__, message=str(error), reason=reason, retry_after=wait)


def _error(brokered: Brokered) -> SapmatchError:
    if brokered.error == LogonRefused.__name__:
        known: tuple[LogonReason, ...] = get_args(LogonReason)
        found = [reason for reason in known if reason == brokered.reason]
        return LogonRefused(brokered.message, found[0] if found else "other")
    if brokered.error == SapThrottled.__name__:
        return SapThrottled(brokered.message, brokered.retry_after)
    return _PASSED.get(brokered.error or "", SapUnavailable)(brokered.message)
