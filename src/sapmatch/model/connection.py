"""How one SAP system is reached."""

from math import ceil
from typing import Literal
from urllib.parse import urlsplit

from msgspec import Struct

from sapmatch.model.auth import Auth, BtpDestination, secret_of
from sapmatch.model.profiles import PROFILES, CsrfMode, Profile, ProfileName
from sapmatch.model.rfc import Rfc

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})  # hosts that need no TLS


class Limits(Struct, frozen=True, kw_only=True):
    """What one SAP system may be asked to bear.

    A token bucket: `requests_per_second` fill it, `burst` is its size. `parallel` calls run at the
    same time, in one process and in all functions together; who finds no connection of its process
    free waits `wait_seconds` for one. `idle` connections at most are kept open between calls. The
    breaker opens after `failures` calls in a row that SAP did not answer, and lets one through
    again after `open_seconds`.
    """

    requests_per_second: float = 10
    burst: int = 1
    parallel: int = 4
    idle: int | None = None  # None: as many as `parallel`; 0: every call makes its own
    wait_seconds: float = 60
    failures: int = 10
    open_seconds: float = 30


class ServiceOptions(Struct, frozen=True, kw_only=True):
    """How one OData service differs from what its path and protocol version promise.

    `decimals` in bodies that we send: by default V2 takes strings and V4 numbers (OD-P40).
    `slash_in_keys`: some proxies refuse %2F (OD-P56). `csrf_path` and `csrf_method`: where a token
    is fetched, for services whose root redirects or refuses (OD-P03).
    """

    version: Literal["V2", "V4"] | None = None
    update_method: Literal["PATCH", "MERGE", "PUT"] = "PATCH"
    decimals: Literal["string", "number"] | None = None
    slash_in_keys: Literal["encoded", "plain"] = "encoded"
    csrf_path: str | None = None
    csrf_method: Literal["HEAD", "GET"] | None = None
    one_operation_changesets: bool = False


class Proxy(Struct, frozen=True, kw_only=True):
    """SAP's connectivity proxy: the way to a virtual host of the Cloud Connector.

    `tenancy` says how it wants its own token (connectivity.md 3.5): `trusted` none, `untrusted` in
    Proxy-Authorization, `multi-tenant` in
    SAP-CP-Connectivity-Service-Token. `secret` is the
    binding of the connectivity service, `location_id` the Cloud Connector where there are several.
    """

    host: str = "connectivity-proxy.kyma-system"
    port: int = 20003
    tenancy: Literal["trusted", "untrusted", "multi-tenant"] = "trusted"
    secret: str | None = None
    location_id: str | None = None


class Connection(Struct, frozen=True, kw_only=True):
    """One SAP system. Times in seconds.

    `profile` is the kind of system; what it says of CSRF tokens, clients and paths holds where the
    connection says nothing else. `client` may be left out where the kind of system has none.
    `ca` names a secret with `bundle`: PEM authorities that are trusted beside the machine's own.
    `server_name` is the name in the server's certificate, where `url` has to name another one.
    `aliases` are further addresses (scheme, host, port) of the same system, as its links may name
    them; `locked_messages` further message codes that mean that somebody edits the record;
    `services` holds by path what is special about a service.
    """

    url: str
    auth: Auth
    client: str = ""
    profile: ProfileName = "s4hana"
    language: str = "EN"
    service: str | None = None
    csrf: CsrfMode | None = None
    ca: str | None = None
    server_name: str | None = None
    proxy: Proxy | None = None
    rfc: Rfc | None = None
    limits: Limits = Limits()
    time_zone: str = "UTC"
    quiet_seconds: int = 600
    probe_spacing_seconds: int = 60
    repeatable_requests: bool = False  # idempotent services are configured in this Gateway
    connect_timeout: float = 10
    read_timeout: float = 60  # between two bytes of an answer
    total_timeout: float = 120  # of one exchange, from its first byte to its last
    aliases: tuple[str, ...] = ()
    locked_messages: tuple[str, ...] = ()
    services: dict[str, ServiceOptions] = {}

    @property
    def kind(self) -> Profile:
        """What the kind of system is known to do."""
        return PROFILES[self.profile]

    @property
    def secrets(self) -> tuple[str, ...]:
        """Names of all secrets that it needs."""
        proxy = self.proxy.secret if self.proxy else None
        return tuple(name for name in (secret_of(self.auth), self.ca, proxy) if name)

    @property
    def tokens_from_outside(self) -> bool:
        """Whether tokens are made on another host than SAP's own: no network of SAP leads there."""
        token_url: str | None = getattr(self.auth, "token_url", None)
        elsewhere = bool(token_url) and urlsplit(token_url).hostname != urlsplit(self.url).hostname
        return elsewhere or isinstance(self.auth, BtpDestination)

    @property
    def csrf_mode(self) -> CsrfMode:
        """As set, else as this kind of system needs it."""
        return self.csrf or self.kind.csrf

    @property
    def settle_seconds(self) -> int:
        """How long after a write-ahead the write may still happen.

        SAP may refuse it for its token alone, so that the token is renewed (two calls) and the
        write sent once more: four exchanges, each as long as our own time limits allow. With csrf
        "always" the first write fetches its own token as well: two more. Then SAP may go on
        working for `quiet_seconds`.
        """
        exchanges = 6 if self.csrf_mode == "always" else 4
        return self.quiet_seconds + ceil(exchanges * (self.connect_timeout + self.total_timeout))
