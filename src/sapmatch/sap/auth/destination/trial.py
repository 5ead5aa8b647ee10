"""Keeps the destination service from locking whom a destination logs on as.

The service logs on each time that it is asked, at a token endpoint that counts wrong passwords as
SAP does (KBA 2806979); it tells of a refusal with HTTP 200.
"""

import re
from typing import Final

from sapmatch.model.access import LogonGuard
from sapmatch.model.errors import LogonRefused
from sapmatch.model.ports import Clock
from sapmatch.sap.auth.admission import Admission, version_of
from sapmatch.sap.auth.destination.reply import Reply

# How the service quotes a token endpoint that does not believe who asks; an outage is no refusal.
_REFUSED: Final = re.compile(
    r"\b40[013]\b|unauthori[sz]ed|invalid.client|invalid.grant|credential|password", re.IGNORECASE
)


class Trial:
    """Of one destination, `place` in messages. What its passwords are called only a reply tells."""

    def __init__(self, place: str, name: str, guard: LogonGuard | None, clock: Clock) -> None:
        self._place = place
        self._any = f"destination {name}"
        self._is_guarded = guard is not None
        self._admission = Admission(guard, clock)
        self._refused: set[str] = set()

    def is_doubtful(self) -> bool:
        """Whether the properties are to be read before the service logs on by them once more."""
        if self._refused:
            return True
        try:
            self._admission.admit(self._any)
        except LogonRefused:
            return True
        return False

    def admit(self, properties: Reply) -> None:
        """LogonRefused where it is what was refused before."""
        version = self._version(properties)
        if not self._is_guarded and version in self._refused:
            raise LogonRefused(
                f"{self._place}: its own logon was refused before and it is the same still; the "
                "service is not asked to try it again, so that nobody gets locked: mend it first",
                "stopped",
            )
        self._admission.admit(version)

    def accepted(self, reply: Reply) -> None:
        """It opened the door."""
        if self._refused:
            self._refused.clear()
            self._admission.accepted(self._version(reply))
        else:
            self._admission.accepted(self._any)

    def told(self, reply: Reply) -> None:
        """After a reply that opens nothing: count it where that was a refused logon."""
        if any(token.error and _REFUSED.search(token.error) for token in reply.tokens):
            version = self._version(reply)
            self._refused.add(version)
            self._admission.refused(self._any)
            self._admission.refused(version)

    def _version(self, reply: Reply) -> str:
        shown = (reply.property(name) for name in ("User", "clientId", "tokenServiceUser"))
        return version_of("|".join([*shown, *reply.secrets()]), self._any)
