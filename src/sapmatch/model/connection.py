"""How one SAP system is reached."""

from math import ceil
from typing import Literal

from msgspec import Struct


class Auth(Struct, frozen=True, kw_only=True):
    """How to log on; `secret` is an ARN or name in Secrets Manager, or `env:NAME` on a laptop."""

    type: Literal["basic"]
    secret: str


class Limits(Struct, frozen=True, kw_only=True):
    """What one SAP system may be asked to bear."""

    requests_per_second: float = 10
    parallel: int = 4


class Connection(Struct, frozen=True, kw_only=True):
    """One SAP system. Times in seconds."""

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
    read_timeout: float = 60

    @property
    def settle_seconds(self) -> int:
        """How long after a write-ahead the write may still happen.

        The token may be renewed (two calls) before the write itself, each as long as our own
        time-outs allow; then SAP may go on working for `quiet_seconds`.
        """
        return self.quiet_seconds + ceil(3 * (self.connect_timeout + self.read_timeout))
