"""What an examination knows of the system, gathered from check to check."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from socket import AddressFamily
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import requests
from msgspec import Struct
from requests.utils import select_proxy

from sapmatch.model.access import Access, AccessSource, LogonGuard, Secret, Secrets
from sapmatch.model.auth import BtpDestination
from sapmatch.model.connection import Connection
from sapmatch.model.ports import Clock
from sapmatch.model.profiles import Profile
from sapmatch.sap.auth.destination.reply import Reply
from sapmatch.sap.auth.destination.service import DestinationService
from sapmatch.sap.auth.destination.service_token import ServiceToken
from sapmatch.sap.auth.trust import Trust, trust_of
from sapmatch.sap.odata.client import ODataClient
from sapmatch.sap.odata.exchange import Exchange
from sapmatch.sap.odata.metadata import Metadata
from sapmatch.sap.origin import Origin
from sapmatch.sap.session import Answer
from sapmatch.sap.sources import credentials_of

Address: TypeAlias = tuple[AddressFamily, Any]  # and what a socket of that family connects to
_NO_HEADERS: Final[Mapping[str, str]] = {}
_PORTS = {"https": 443, "http": 80}


class Target(Struct, frozen=True):
    """A service to look at, and the entity sets that are used of it; none: any will do.

    Without a service the connection is there for function modules alone.
    """

    service: str
    entity_sets: tuple[str, ...] = ()


class Entry(Struct, frozen=True, kw_only=True):
    """What gets us in: the `secrets`, and a client that uses a source of tokens where given one.

    `guard` is the one that functions share, for a deployed stage; `stopped` says since when the
    logon is stopped there.
    """

    secrets: Secrets
    connect: Callable[[AccessSource | None], ODataClient]
    guard: LogonGuard | None = None
    stopped: Callable[[], datetime | None] | None = None


class Seen(Struct, frozen=True):
    """An answer, as the checks of time see it: when it came here, and what its header says."""

    what: str
    seconds: float
    at: datetime
    date: str | None


@dataclass
class System:
    """One SAP system; raises InputRejected for an address that no client would go to."""

    name: str
    connection: Connection
    target: Target  # whose root is asked for the logon
    entry: Entry
    clock: Clock
    seen: list[Seen] = field(default_factory=list)
    addresses: list[Address] = field(default_factory=list)  # first all, then those that answer
    secret: Secret | None = None
    shown: Access | None = None  # the client certificate
    source: AccessSource | None = None  # of the token that was got
    client: ODataClient | None = None
    greeting: Answer | None = None  # to the logon
    proved: bool = True  # by that answer, unless SAP gave it before it asked who we are

    def __post_init__(self) -> None:
        way = self.connection.proxy
        self.url = Origin(self.name, self.connection.url, proxied=way is not None).base
        environment = requests.Session().merge_environment_settings(self.url, {}, None, None, None)
        # SAP's own proxy counts before one of this machine, and http goes through none of those.
        machine = None if way else select_proxy(self.url, environment["proxies"])
        self.proxy = machine if self.url.startswith("https:") else None
        parts = urlsplit(f"http://{way.host}:{way.port}" if way else self.proxy or self.url)
        self.host = parts.hostname or ""
        self.port = parts.port or _PORTS.get(parts.scheme, 80)

    @property
    def kind(self) -> Profile:
        """What kind of system it is."""
        return self.connection.kind

    @property
    def secrets(self) -> Secrets:
        """Where its secrets are."""
        return self.entry.secrets

    @property
    def guard(self) -> LogonGuard | None:
        """Who may try a logon."""
        return self.entry.guard

    @cached_property
    def trust(self) -> Trust:
        """Whom the client will believe; InputRejected where `ca` is no usable secret."""
        return trust_of(self.name, self.connection, self.secrets)

    @cached_property
    def btp(self) -> "Btp":
        """Its destinations."""
        return Btp(self)

    @property
    def place(self) -> str:
        """Where a connection goes to: SAP, or the proxy of this machine."""
        return f"{self.host}:{self.port}"

    @property
    def setting(self) -> str:
        """The settings block, as messages name it."""
        return f"connections.{self.name}"

    def get(
        self, exchange: Exchange, url: str, what: str, headers: Mapping[str, str] = _NO_HEADERS
    ) -> Answer:
        """GET once; the answer's time is kept."""
        answer = exchange.get(url, headers, tries=1)
        date = answer.headers.get("Date")
        self.seen.append(Seen(what, answer.seconds, self.clock.now(), date))
        return answer

    def close(self) -> None:
        """Close what was opened."""
        if self.client:
            self.client.close()


class Btp:
    """The destination service, by the binding in the secret of a system."""

    def __init__(self, system: System) -> None:
        auth = system.connection.auth
        assert isinstance(auth, BtpDestination)
        self._system = system
        self._credentials = credentials_of(
            system.name, auth.secret, system.secrets, system.clock, system.guard
        )
        place = f"[{system.setting}].auth: service binding"
        self.token = ServiceToken(place, self._credentials, system.clock, system.trust)

    def find(self, auth: BtpDestination) -> Reply:
        """One destination; Unauthorized where its service does not take our token."""
        place = f"[{self._system.setting}].auth: destination {auth.destination}"
        service = DestinationService(place, auth, self._system.trust, self._system.clock)
        authorization = self.token.access().headers["Authorization"]
        return service.find(self._credentials.known(), authorization, None)


@dataclass
class Visit:
    """One service of the system."""

    system: System
    target: Target
    metadata: Metadata | None = None
    readable: str | None = None  # an entity set of which a row was read

    @property
    def kind(self) -> Profile:
        """What kind of system has it."""
        return self.system.kind

    @property
    def setting(self) -> str:
        """The settings block, as messages name it."""
        return self.system.setting

    @property
    def exchange(self) -> Exchange:
        """Requests to the service."""
        assert self.system.client is not None
        return self.system.client.exchange(self.target.service)

    def get(self, url: str, what: str, headers: Mapping[str, str] = _NO_HEADERS) -> Answer:
        """GET once."""
        return self.system.get(self.exchange, url, what, headers)
