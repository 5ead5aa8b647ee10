"""A connection by a destination of the embedded BTP."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from local.btp.server import Btp
from sapmatch.model.access import Access, LogonGuard, Principal
from sapmatch.model.auth import BtpDestination
from sapmatch.model.connection import Connection
from sapmatch.model.ports import Clock
from sapmatch.sap.auth.credentials import Credentials, Given
from sapmatch.sap.auth.destination import DestinationSource
from sapmatch.sap.auth.trust import Trust
from tests.builders.memory import MemoryClock

SECRET = "client-Geheim-4711"
PASSWORD = "sap-Geheim-0815"
SAP = "https://sap.example.com:44300"


def destination(kind: str = "NoAuthentication", **properties: Any) -> dict[str, Any]:
    """A reply of the service without tokens: those are made as `kind` says."""
    return {
        "destinationConfiguration": {
            "Name": "A4H",
            "Type": "HTTP",
            "URL": SAP,
            "Authentication": kind,
            "ProxyType": "Internet",
            **{name.replace("__", "."): value for name, value in properties.items()},
        }
    }


def basic_destination(**properties: Any) -> dict[str, Any]:
    """One with user and password."""
    return destination("BasicAuthentication", User="ROBOT", Password=PASSWORD, **properties)


def connection_of(btp: Btp, url: str = SAP, **settings: Any) -> Connection:
    """A connection by destination A4H; `settings` of `auth` and of the connection itself."""
    own = {
        name: settings.pop(name) for name in list(settings) if name in Connection.__struct_fields__
    }
    issuers = {btp.issuer.url: f"{btp.url}/token_keys"}
    auth = {"destination": "A4H", "issuers": issuers} | settings
    return Connection(url=url, auth=BtpDestination(secret="btp", **auth), **own)


def source_of(
    btp: Btp,
    connection: Connection | None = None,
    *,
    clock: Clock | None = None,
    binding: Mapping[str, str] | None = None,
    trust: Trust | None = None,
    guard: LogonGuard | None = None,
) -> DestinationSource:
    """What makes the access of the connection."""
    connection = connection or connection_of(btp)
    clock = clock or MemoryClock(datetime.now(UTC))
    assert isinstance(connection.auth, BtpDestination)
    given = Given(binding or btp.binding)
    credentials = Credentials("[connections.s4].auth.secret", "btp", given, clock, guard)
    setting = "[connections.s4]"
    return DestinationSource(
        f"{setting}.auth", connection.auth, connection, credentials, clock, trust or Trust(setting)
    )


def access_of(btp: Btp, principal: Principal | None = None, **settings: Any) -> Access:
    """Access by destination A4H."""
    return source_of(btp, connection_of(btp, **settings)).access(principal)
