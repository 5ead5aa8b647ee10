"""What a check found, and what mends the errors that any of them may meet."""

from typing import Literal

from msgspec import Struct

from sapmatch.model.connection import Connection
from sapmatch.model.errors import (
    AuthorizationMissing,
    LogonReason,
    LogonRefused,
    SapmatchError,
    SapRejected,
    SapThrottled,
    SapUnavailable,
    ServiceNotActivated,
    TransientError,
)

Status = Literal["ok", "warning", "failed", "skipped"]


class Finding(Struct, frozen=True, kw_only=True):
    """One finding; `remedy` is empty where there is nothing to mend.

    `service` is the path of the OData service, empty where the check is about the whole system;
    `unreachable`: it failed because SAP, who makes its tokens, or AWS with its secret was not
    reached.
    """

    check: str = ""
    service: str = ""
    status: Status
    detail: str
    remedy: str = ""
    unreachable: bool = False


_SSO = (
    "in SICF let the service log on as auth.type says: 'Logon Data' of its node, or of one "
    "above it, asks for single sign-on; or the logon goes through a gateway of its own"
)
_LOGON: dict[LogonReason, str] = {
    "locked": "SU01: unlock the user (EWZ5 shows all), once the secret is right",
    "stopped": "store a new version of the secret, or `sapmatch release` once SAP is mended",
    "certificate": (
        "the secret, and in SAP STRUST: the certificate's authority must be in the certificate "
        "list of the SSL server PSE, and icm/HTTPS/verify_client at least 1 (RZ10)"
    ),
    "unmapped": "CERTRULE (or view VUSREXTID) maps the certificate, SAML2 the name of an assertion",
    "user-token": (
        "BTP cockpit, Security, Trust Configuration (issuer), and the destination's property "
        "x_user_token.jwks_uri; or auth.issuers of this connection"
    ),
    "assertion": (
        "SAML2 (trusted provider, its certificate, NameID formats, name of the local provider), "
        "SOAUTH2, and S_SCOPE of the user (PFCG); SEC_TRACE_ANALYZER shows what SAP read"
    ),
    "destination": (
        "BTP cockpit, Connectivity, Destinations: name, level, authentication; then Check "
        "Connection there"
    ),
    "proxy": (
        "Cloud Connector administration: Cloud To On-Premises, Access Control, and Connector, "
        "State; `sapmatch connections checklist` prints what has to stand there"
    ),
}
_TUNNEL = (
    "Cloud Connector administration: Connector, State (connected to the subaccount), Define "
    "Subaccount (location id, as in proxy.location_id), Cloud To On-Premises, Check Availability "
    "of Internal Host; only where all of that is well SAP itself: SMICM"
)
_REMEDIES: dict[type[SapmatchError], str] = {
    LogonRefused: _SSO,
    AuthorizationMissing: (
        "SU53 of this user shows the missing authorisation, the trace STAUTHTRACE all of them; a "
        "role (PFCG) with S_SERVICE for the service and the objects of its data grants it"
    ),
    ServiceNotActivated: (
        "activate it in /IWFND/MAINT_SERVICE with a system alias, then its node in SICF; "
        "compare the path in the settings with what stands there"
    ),
    SapThrottled: (
        "lower the connection's limits, or raise the quota of what stands before SAP: "
        "web dispatcher (icm/HTTP/mod_*), API management, Cloud Connector"
    ),
    TransientError: (
        "look at SMICM (is ICM running, are its threads all busy), SM50 (free work processes) and "
        "the health checks of the load balancer; read_timeout and total_timeout are ours"
    ),
    SapRejected: "/IWFND/ERROR_LOG shows the call by its time and transaction id, ST22 a dump",
    SapmatchError: (
        "compare the settings of the connection with the system; /IWFND/ERROR_LOG shows the call"
    ),
}


def ok(detail: str) -> Finding:
    """All is well."""
    return Finding(status="ok", detail=detail)


def warning(detail: str, remedy: str) -> Finding:
    """It works, and may not for long, or not for all."""
    return Finding(status="warning", detail=detail, remedy=remedy)


def failed(detail: str, remedy: str, *, unreachable: bool = False) -> Finding:
    """It does not work."""
    return Finding(status="failed", detail=detail, remedy=remedy, unreachable=unreachable)


def skipped(detail: str) -> Finding:
    """There was nothing to check, or no way to."""
    return Finding(status="skipped", detail=detail)


def failure(exc: SapmatchError, connection: Connection | None = None) -> Finding:
    """What an error of the client means, where that system is asked."""
    remedy = next(text for error, text in _REMEDIES.items() if isinstance(exc, error))
    if connection:
        remedy = _of_this_system(exc, connection) or remedy
    if isinstance(exc, LogonRefused):
        remedy = _LOGON.get(exc.reason) or _own_remedy(exc) or remedy
    said = str(exc).removesuffix(f"; {remedy}")  # where the message names it, too
    return failed(said, remedy, unreachable=isinstance(exc, TransientError))


def _own_remedy(exc: LogonRefused) -> str:
    """Who gives tokens is not always SAP: the source of the token knows who mends it."""
    return str(exc).rpartition("; ")[2] if exc.reason == "token" and "; " in str(exc) else ""


def _of_this_system(exc: SapmatchError, connection: Connection) -> str:
    if isinstance(exc, SapUnavailable) and connection.proxy:
        return _TUNNEL
    kind = connection.kind
    if kind.client:
        return ""  # its own Gateway; of somebody else's the transactions are out of reach
    if isinstance(exc, AuthorizationMissing):
        return kind.remedies.authorisation
    return kind.remedies.service if isinstance(exc, ServiceNotActivated) else ""
