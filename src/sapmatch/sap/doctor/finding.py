"""What a check found, and what mends the errors that any of them may meet."""

from typing import Literal

from msgspec import Struct

from sapmatch.model.errors import (
    AuthorizationMissing,
    LogonRefused,
    SapmatchError,
    SapRejected,
    SapThrottled,
    ServiceNotActivated,
    TransientError,
)

Status = Literal["ok", "warning", "failed", "skipped"]


class Finding(Struct, frozen=True, kw_only=True):
    """One finding; `remedy` is empty where there is nothing to mend.

    `service` is the path of the OData service, empty where the check is about the whole system;
    `unreachable`: it failed because SAP, or AWS with its secret, was not reached.
    """

    check: str = ""
    service: str = ""
    status: Status
    detail: str
    remedy: str = ""
    unreachable: bool = False


_REMEDIES: dict[type[SapmatchError], str] = {
    LogonRefused: (
        "in SICF let the service log on by user and password: 'Logon Data' of its node, or of one "
        "above it, asks for single sign-on; or the logon goes through a gateway of its own"
    ),
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


def failure(exc: SapmatchError) -> Finding:
    """What an error of the client means."""
    remedy = next(text for kind, text in _REMEDIES.items() if isinstance(exc, kind))
    return failed(str(exc), remedy, unreachable=isinstance(exc, TransientError))
