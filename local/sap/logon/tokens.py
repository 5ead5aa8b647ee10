"""Access tokens: whom they stand for, what they open, and until when."""

import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass

from local.sap.errors import LogonFailed

_CHALLENGE = 'Bearer realm="SAP NetWeaver Application Server [S4H/100]", error="invalid_token"'
_MAX_TOKENS = 10_000


@dataclass(frozen=True, slots=True)
class Token:
    """A token; `ends` on the monotonic clock."""

    user: str
    scope: frozenset[str]
    ends: float


class Tokens:
    """The tokens that were given out, and the assertions that were taken for them."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, Token] = OrderedDict()
        self._assertions: OrderedDict[str, None] = OrderedDict()

    def give(self, user: str, scope: frozenset[str], seconds: float) -> str:
        """A new token."""
        value = secrets.token_urlsafe(32)
        self._known[value] = Token(user, scope, time.monotonic() + seconds)
        while len(self._known) > _MAX_TOKENS:
            self._known.popitem(last=False)
        return value

    def of(self, value: str) -> Token:
        """What the token stands for; LogonFailed where it is unknown, revoked or over."""
        token = self._known.get(value)
        if token is None or token.ends <= time.monotonic():
            raise LogonFailed("Access token is invalid, revoked or expired", _CHALLENGE)
        return token

    def first_use(self, assertion: str) -> bool:
        """Whether the assertion of that ID comes for the first time."""
        if assertion in self._assertions:
            return False
        self._assertions[assertion] = None
        while len(self._assertions) > _MAX_TOKENS:
            self._assertions.popitem(last=False)
        return True

    def given(self) -> list[str]:
        """Every token, and the IDs of the assertions."""
        return [*self._known, *self._assertions]

    def revoke(self) -> None:
        """Let no token count any more."""
        self._known.clear()
