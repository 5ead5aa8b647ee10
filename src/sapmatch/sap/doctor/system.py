"""What an examination knows of the system, gathered from check to check."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from socket import AddressFamily
from typing import Any, Final, TypeAlias
from urllib.parse import urlsplit

import requests
from msgspec import Struct
from requests.utils import select_proxy

from sapmatch.model.connection import Connection
from sapmatch.model.ports import Clock
from sapmatch.sap.odata.client import ODataClient
from sapmatch.sap.odata.exchange import Exchange
from sapmatch.sap.odata.metadata import Metadata
from sapmatch.sap.origin import Origin
from sapmatch.sap.session import Answer

Address: TypeAlias = tuple[AddressFamily, Any]  # and what a socket of that family connects to
_NO_HEADERS: Final[Mapping[str, str]] = {}
_PORTS = {"https": 443, "http": 80}


class Target(Struct, frozen=True):
    """A service to look at, and the entity sets that are used of it; none: any will do."""

    service: str
    entity_sets: tuple[str, ...] = ()


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
    connect: Callable[[], ODataClient]  # reads the secret
    clock: Clock
    seen: list[Seen] = field(default_factory=list)
    addresses: list[Address] = field(default_factory=list)  # first all, then those that answer
    client: ODataClient | None = None
    greeting: Answer | None = None  # to the logon

    def __post_init__(self) -> None:
        proxied = self.connection.proxy is not None
        self.url = Origin(self.name, self.connection.url, proxied=proxied).base
        environment = requests.Session().merge_environment_settings(self.url, {}, None, None, None)
        self.trusted = environment["verify"]  # a path, or True for the public authorities
        self.proxy = select_proxy(self.url, environment["proxies"])
        parts = urlsplit(self.proxy or self.url)
        self.host = parts.hostname or ""
        self.port = parts.port or _PORTS.get(parts.scheme, 80)

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


@dataclass
class Visit:
    """One service of the system."""

    system: System
    target: Target
    metadata: Metadata | None = None
    readable: str | None = None  # an entity set of which a row was read

    @property
    def exchange(self) -> Exchange:
        """Requests to the service."""
        assert self.system.client is not None
        return self.system.client.exchange(self.target.service)

    def get(self, url: str, what: str, headers: Mapping[str, str] = _NO_HEADERS) -> Answer:
        """GET once."""
        return self.system.get(self.exchange, url, what, headers)
