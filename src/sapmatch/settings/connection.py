"""Rules for one `[connections.NAME]` block."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sapmatch.model.auth import ClientCredentials, SamlBearer, type_of
from sapmatch.model.connection import LOOPBACK, Connection, Limits, ServiceOptions
from sapmatch.model.errors import Problem
from sapmatch.settings.blocks import mistake
from sapmatch.settings.logon import check_logon, check_secret, names_host
from sapmatch.settings.rfc import HOST, check_rfc

_LONGEST = 3600
_WAITS = ("quiet_seconds", "probe_spacing_seconds")
_TIMEOUTS = ("connect_timeout", "read_timeout", "total_timeout")
_LAST_PORT = 65_535
NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,39}")  # of a flow
PATH = re.compile(r"/[^\s?#\\]*")  # of the same system


def check_connection(path: str, connection: Connection) -> Iterator[Problem]:
    """Whatever would fail only when SAP is called."""
    proxied = connection.proxy is not None
    yield from _check_address(f"{path}.url", connection.url, proxied)
    for n, alias in enumerate(connection.aliases):
        yield from _check_address(f"{path}.aliases[{n}]", alias, proxied)
    if not re.fullmatch(r"\d{3}" if connection.kind.client else r"(\d{3})?", connection.client):
        yield mistake(f"{path}.client", 'must be the three digits of the SAP client, such as "100"')
    if not re.fullmatch(r"[A-Z]{2}", connection.language):
        yield mistake(f"{path}.language", 'must be two capital letters, such as "EN"')
    yield from check_logon(f"{path}.auth", connection)
    yield from _check_trust(path, connection)
    yield from _check_proxy(f"{path}.proxy", connection)
    yield from check_rfc(f"{path}.rfc", connection)
    yield from _check_limits(f"{path}.limits", connection.limits)
    yield from _check_times(path, connection)
    yield from check_zone(f"{path}.time_zone", connection.time_zone)
    for service, options in connection.services.items():
        yield from _check_service(f'{path}.services."{service}"', service, options)


def _check_trust(path: str, connection: Connection) -> Iterator[Problem]:
    if connection.ca is not None:
        yield from check_secret(f"{path}.ca", connection.ca)
    name = connection.server_name
    if name is not None and not HOST.fullmatch(name):
        yield mistake(
            f"{path}.server_name",
            "must be the host name in SAP's certificate alone, such as sap.example.com",
        )


def _check_proxy(path: str, connection: Connection) -> Iterator[Problem]:
    proxy = connection.proxy
    if proxy is None:
        return
    if not HOST.fullmatch(proxy.host):
        yield mistake(f"{path}.host", "must be a host name or an address, without scheme and port")
    if not 0 < proxy.port <= _LAST_PORT:
        yield mistake(f"{path}.port", f"must be from 1 to {_LAST_PORT}")
    if proxy.secret is not None:
        yield from check_secret(f"{path}.secret", proxy.secret)
    elif proxy.tenancy != "trusted":
        yield mistake(
            f"{path}.secret",
            f"is missing: with tenancy {proxy.tenancy} the proxy wants a token, so name the secret "
            "with the binding of the connectivity service",
        )
    is_token = isinstance(connection.auth, ClientCredentials | SamlBearer)
    if is_token and not connection.tokens_from_outside:
        yield mistake(
            f"{path.removesuffix('.proxy')}.auth.type",
            f"{type_of(connection.auth)} gets its token from SAP, which this way does not lead to: "
            "use btp-destination, whose service gets it, or leave out proxy",
        )


def _check_times(path: str, connection: Connection) -> Iterator[Problem]:
    for name in _WAITS:
        if not 0 <= getattr(connection, name) <= _LONGEST:
            yield mistake(f"{path}.{name}", f"must be from 0 to {_LONGEST} seconds")
    for name in _TIMEOUTS:
        if not 0 < getattr(connection, name) <= _LONGEST:
            yield mistake(f"{path}.{name}", f"must be above 0 and at most {_LONGEST} seconds")
    if connection.total_timeout < connection.read_timeout <= _LONGEST:
        yield mistake(f"{path}.total_timeout", "must be at least read_timeout")


def check_zone(path: str, zone: str) -> Iterator[Problem]:
    """A name of the IANA time zone database."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError):
        yield mistake(path, 'is no time zone; write it like "Europe/Berlin"')


def _check_address(path: str, address: str, proxied: bool) -> Iterator[Problem]:
    try:
        url = urlsplit(address)
        _ = url.port
    except ValueError:
        yield mistake(path, "must be scheme, host and port only")
        return
    if proxied and url.scheme != "http":
        yield mistake(
            path,
            "must begin with http://: the connectivity proxy takes no other, and TLS to SAP is the "
            "Cloud Connector's; or leave out proxy",
        )
    elif url.scheme != "https" and not (
        url.scheme == "http" and (proxied or url.hostname in LOOPBACK)
    ):
        yield mistake(path, "must begin with https:// (http:// for loopback hosts only)")
    elif not names_host(address) or "@" in url.netloc or any((url.path.strip("/"), *url[3:])):
        yield mistake(path, "must be scheme, host and port only")


def _check_limits(path: str, limits: Limits) -> Iterator[Problem]:
    if limits.requests_per_second <= 0:
        yield mistake(f"{path}.requests_per_second", "must be above 0")
    for name in ("burst", "parallel", "failures"):
        if getattr(limits, name) < 1:
            yield mistake(f"{path}.{name}", "must be at least 1")
    if limits.idle is not None and not 0 <= limits.idle <= limits.parallel:
        yield mistake(f"{path}.idle", f"must be from 0 to limits.parallel ({limits.parallel})")
    if not 0 <= limits.wait_seconds <= _LONGEST:
        yield mistake(f"{path}.wait_seconds", f"must be from 0 to {_LONGEST} seconds")
    if not 0 <= limits.open_seconds <= _LONGEST:
        yield mistake(f"{path}.open_seconds", f"must be from 0 to {_LONGEST} seconds")


def _check_service(path: str, service: str, options: ServiceOptions) -> Iterator[Problem]:
    if not PATH.fullmatch(service):
        yield mistake(path, "must be named by its path, such as /sap/opu/odata/sap/API_X_SRV")
    if options.csrf_path is not None and not PATH.fullmatch(options.csrf_path):
        yield mistake(f"{path}.csrf_path", "must be a path of the same system, beginning with /")
