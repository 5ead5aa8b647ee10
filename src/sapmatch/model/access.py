"""What opens the door to SAP: secrets, on whose behalf, and what a request has to carry."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from sapmatch.model.errors import InputRejected


class Secret(Struct, frozen=True, kw_only=True):
    """One version of a logon secret; `name` is what a message may call it."""

    name: str
    version: str
    fields: Mapping[str, str]

    def field(self, name: str) -> str:
        """A field that has to be there; InputRejected names it, and never a value."""
        value = self.fields.get(name, "")
        if not value:
            raise InputRejected(f"secret {self.name}: must hold the field `{name}`")
        return value

    def __repr__(self) -> str:
        return f"Secret({self.name!r}, {self.version!r}, {sorted(self.fields)})"


class Secrets(Protocol):
    """Reads logon secrets, each time anew."""

    def read(self, name: str) -> Secret:
        """The newest version; InputRejected names the secret where it cannot be used."""
        ...


class Principal(Struct, frozen=True, kw_only=True):
    """On whose behalf SAP is called: a SAP user that our own assertion names, or a user's token."""

    sap_user: str | None = None
    token: str | None = None  # a JWT; never stored, never logged

    def __repr__(self) -> str:
        return f"Principal({self.sap_user!r}{', token=...' if self.token else ''})"


class Access(Struct, frozen=True, kw_only=True):
    """What requests carry to be let in, until `usable_until`; None: for one request only.

    `headers` and `queries` go on every request. `certificate` and `key` are PEM, for a client
    certificate; `trust` are PEM authorities beside those of the connection. `url` is where a
    destination leads: it has to be the connection's own, and nothing is sent where it is not.
    """

    headers: dict[str, str] = {}
    queries: dict[str, str] = {}
    usable_until: datetime | None = None
    url: str | None = None
    certificate: str | None = None
    key: str | None = None
    trust: str | None = None

    @property
    def password(self) -> str | None:
        """User and password in one header: what SAP locks a user for; None for a token."""
        named = (text for name, text in self.headers.items() if name.lower() == "authorization")
        return next((text for text in named if text.lower().startswith("basic ")), None)

    def __repr__(self) -> str:
        return f"Access({sorted(self.headers)}, usable_until={self.usable_until})"


class AccessSource(Protocol):
    """Gets access where tokens are made; each call goes there, whoever keeps the answer."""

    def access(self, principal: Principal | None) -> Access:
        """Access on behalf of the principal, else of the technical user.

        Raises LogonRefused where it is refused, SapUnavailable where nobody answered.
        """
        ...


class LogonGuard(Protocol):
    """Keeps all functions together from locking a SAP user with a wrong secret.

    A version of a secret that nobody logged on with yet is tried by one of them at a time; after
    two refusals nobody tries it again.
    """

    def admit(self, version: str) -> None:
        """Before a logon, and before calls that repeat one; LogonRefused where it is stopped."""
        ...

    def accepted(self, version: str) -> None:
        """SAP let us in."""
        ...

    def refused(self, version: str) -> None:
        """SAP did not."""
        ...
