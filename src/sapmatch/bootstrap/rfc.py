"""What calls function modules of the systems in the settings."""

from typing import TYPE_CHECKING

from sapmatch.bootstrap.logon import connection_of, laptop_guard
from sapmatch.clock import SystemClock
from sapmatch.model.access import AccessSource, LogonGuard
from sapmatch.model.ports import Clock
from sapmatch.model.rfc import RfcTransport
from sapmatch.settings import Settings

if TYPE_CHECKING:
    from sapmatch.sap.auth.tokens import AccessCache


def rfc_transport(
    settings: Settings,
    name: str,
    *,
    clock: Clock | None = None,
    guard: LogonGuard | None = None,
    broker: AccessSource | None = None,
    cache: "AccessCache | None" = None,
) -> RfcTransport:
    """What calls function modules of `[connections.<name>]`, as its block `rfc` says.

    Guard, broker and cache as those of `sap_client`; close it after use.
    """
    from sapmatch.bootstrap.secrets import NamedSecrets
    from sapmatch.sap.rfc.open import open_rfc

    clock = clock or SystemClock()
    return open_rfc(
        name,
        connection_of(settings, name),
        NamedSecrets(),
        clock=clock,
        guard=guard or laptop_guard(settings, name, clock),
        broker=broker,
        cache=cache,
    )
