"""Whether those who make tokens give us one."""

from urllib.parse import urlsplit

from sapmatch.model.access import Access, Principal
from sapmatch.model.auth import BtpDestination, ClientCredentials, SamlBearer
from sapmatch.model.errors import TransientError
from sapmatch.sap.doctor.finding import Finding, failed, ok
from sapmatch.sap.doctor.system import System
from sapmatch.sap.proxy import proxy_of
from sapmatch.sap.sources import access_source

_UNREACHED = (
    "the address in the settings or in the service key, and the way to it: from a VPC without a "
    "way out only function broker_token gets tokens; run the doctor where that one runs"
)


class Fetched:
    """Port AccessSource for access that is at hand: after a refusal there is nothing else."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def access(self, principal: Principal | None) -> Access:  # noqa: ARG002  as the port wants it
        """The access."""
        return self._access


def token(system: System) -> Finding:
    """One call for a token: to SAP itself, to somebody else, or by the service binding."""
    try:
        access = _token(system)
    except TransientError as exc:
        return failed(str(exc), _UNREACHED, unreachable=True)
    until = access.usable_until
    minutes = (until - system.clock.now()).total_seconds() / 60 if until else 0
    return ok(f"{_who(system)}, usable for {minutes:.0f} minutes")


def proxy(system: System) -> Finding:
    """The connectivity proxy's own token; whether it leads to SAP is shown by the logon."""
    connection = system.connection
    assert connection.proxy is not None
    try:
        way = proxy_of(
            system.name, connection, system.secrets, system.clock, system.trust, system.guard
        )
        assert way is not None
        way.headers()
    except TransientError as exc:
        return failed(str(exc), _UNREACHED, unreachable=True)
    location = connection.proxy.location_id or "none"
    return ok(f"{way.address}, tenancy {connection.proxy.tenancy}, location id {location}")


def _token(system: System) -> Access:
    if isinstance(system.connection.auth, BtpDestination):
        return system.btp.token.access()
    source = access_source(
        system.name, system.connection, system.secrets, system.clock, system.guard
    )
    assert source is not None
    access = source.access(None)
    system.source = Fetched(access)
    return access


def _who(system: System) -> str:
    match system.connection.auth:
        case SamlBearer(user=user, token_url=url):
            return f"{_host(url or system.url)} gives a token for {user}"
        case ClientCredentials(token_url=url):
            return f"{_host(url)} gives a token"
    return "the service binding gets a token"


def _host(url: str) -> str:
    return urlsplit(url).netloc
