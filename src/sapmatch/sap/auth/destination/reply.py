"""What the destination service answers to "find destination" (connectivity.md 3.3)."""

import re
from typing import Any, Final

import msgspec
from msgspec import Struct

from sapmatch.model.errors import SapUnavailable

_SECRET: Final = re.compile("password|secret", re.IGNORECASE)


class Header(Struct, frozen=True):
    """A header to be sent to SAP as it is."""

    key: str
    value: str


class Token(Struct, frozen=True, kw_only=True):
    """What the service logged on with; `error` where it could not, with HTTP 200 all the same."""

    http_header: Header | None = None
    expires_in: str | int | float | None = None  # seconds; the service sends a string
    error: str | None = None
    refresh_token: str | None = None

    def __repr__(self) -> str:
        return f"Token(expires_in={self.expires_in!r})"


class Stored(Struct, frozen=True, rename="pascal"):
    """A key store or trust store; `content` in base64."""

    name: str
    content: str = ""

    def __repr__(self) -> str:
        return f"Stored({self.name!r})"


class Reply(Struct, frozen=True, rename="camel"):
    """The properties of a destination, and what it takes to log on."""

    destination_configuration: dict[str, Any]
    auth_tokens: tuple[Token, ...] | None = None
    certificates: tuple[Stored, ...] | None = None

    @property
    def tokens(self) -> tuple[Token, ...]:
        """What its logon gave, and what failed, in the service's order."""
        return self.auth_tokens or ()

    def property(self, name: str) -> str:
        """A property as text, empty where it is not set."""
        return str(self.destination_configuration.get(name) or "").strip()

    def properties(self, prefix: str) -> dict[str, str]:
        """The properties whose names begin so, without that beginning."""
        return {
            name.removeprefix(prefix): self.property(name)
            for name in self.destination_configuration
            if name.startswith(prefix) and name != prefix
        }

    def secrets(self) -> tuple[str, ...]:
        """The values that no message may repeat."""
        names = filter(_SECRET.search, self.destination_configuration)
        return tuple(filter(None, map(self.property, names)))

    def stored(self, name: str) -> Stored | None:
        """The key store or trust store of that name."""
        return next((each for each in self.certificates or () if each.name == name), None)

    def __repr__(self) -> str:
        return f"Reply({self.property('Name')!r}, {self.property('Authentication')!r})"


def decoded(place: str, body: bytes) -> Reply:
    """The reply; SapUnavailable where it is none, as a page of some proxy on the way."""
    try:
        return msgspec.json.decode(body, type=Reply)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # The cause would show a part of the body.
        raise SapUnavailable(
            f"{place}: the destination service answered something that is no destination; "
            "check `uri` in the service binding"
        ) from None
