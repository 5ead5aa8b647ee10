"""How one SAP system is reached."""

from math import ceil
from typing import Literal

from msgspec import Struct


class Auth(Struct, frozen=True, kw_only=True):
    """How to log on; `secret` is an ARN or name in Secrets Manager, or `env:NAME` on a laptop."""

    type: Literal["basic"]
    secret: str


class Limits(Struct, frozen=True, kw_only=True):
    """What one SAP system may be asked to bear.

    A token bucket: `requests_per_second` fill it, `burst` is its size. The breaker opens after
    `failures` calls in a row that SAP did not answer, and lets one through again after
    `open_seconds`.
    """

    requests_per_second: float = 10
    burst: int = 1
    parallel: int = 4
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


class Connection(Struct, frozen=True, kw_only=True):
    """One SAP system. Times in seconds.

    `aliases` are further addresses (scheme, host, port) of the same system, as its links may name
    them; `locked_messages` further message codes that mean that somebody edits the record;
    `services` holds by path what is special about a service.
    """

    url: str
    client: str
    auth: Auth
    language: str = "EN"
    service: str | None = None
    csrf: Literal["auto", "always", "never"] = "auto"
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
    def settle_seconds(self) -> int:
        """How long after a write-ahead the write may still happen.

        SAP may refuse it for its token alone, so that the token is renewed (two calls) and the
        write sent once more: four exchanges, each as long as our own time limits allow. With csrf
        "always" the first write fetches its own token as well: two more. Then SAP may go on
        working for `quiet_seconds`.
        """
        exchanges = 6 if self.csrf == "always" else 4
        return self.quiet_seconds + ceil(exchanges * (self.connect_timeout + self.total_timeout))
