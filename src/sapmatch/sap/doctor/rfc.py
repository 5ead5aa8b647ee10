"""Whether function modules can be called the way that `rfc.transport` says, and which (B21)."""

import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager

from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    SapRejected,
    ServiceNotActivated,
)
from sapmatch.model.rfc import RfcTransport
from sapmatch.sap.doctor.finding import Finding, failed, ok, warning
from sapmatch.sap.doctor.system import System
from sapmatch.sap.rfc import check_sdk
from sapmatch.sap.rfc.capabilities import Report, report
from sapmatch.sap.rfc.open import open_rfc
from sapmatch.sap.rfc.pyrfc_logon import first_stop

_UNPROVED = (
    "SICF: the node of function modules is not active, or a web dispatcher in between does not "
    "know the path; the check rfc says more"
)
_SDK = (
    'install PyRFC and SAP\'s SDK on this machine, or set {setting}.rfc.transport = "soap", which '
    "needs neither"
)
_GATEWAY = (
    "SMGW shows whether the gateway runs; its port must be open from here: security groups, VPN, "
    "firewall; {setting}.rfc.systemNumber decides which one it is"
)
_S_RFC = (
    "PFCG: S_RFC with RFC_TYPE FUNC and RFC_NAME of these modules, or FUGR and their function "
    "groups, ACTVT 16; SU53 of the user shows the check"
)
_S_USER_GRP = (
    "PFCG: S_USER_GRP with ACTVT 03, and the CLASS of the user groups that are to be seen (01, 02, "
    "05, 06, 22 and 78 for changes); SU53 of the user shows which authorisation lacks"
)
_NOT_THERE = (
    "SE37 shows whether the module is there and remote-enabled; which ones are asked depends on "
    "{setting}.rfc"
)


def rfc(system: System) -> Finding:
    """The modules that we read with answer; what they are not allowed is named with its object.

    What keeps all of them away (TLS, logon, the node in SICF) is raised as what it is.
    """
    settings = system.connection.rfc
    assert settings is not None
    trouble = _way(system)
    if trouble:
        return trouble
    with _opened(system) as transport:
        try:
            return _finding(report(transport, settings), system)
        except ServiceNotActivated as exc:
            said, _, remedy = str(exc).partition("; ")
            return failed(said, remedy)


def entered(system: System) -> Finding:
    """The logon of a connection that is there for function modules alone."""
    trouble = _way(system)
    if trouble:
        return trouble
    with _opened(system) as transport:
        try:
            transport.ping()
        except ServiceNotActivated:
            system.proved = False
            return warning("SAP answers before it asks who we are: nothing is proved", _UNPROVED)
        except (AuthorizationMissing, SapRejected):
            pass  # it said so to somebody whom it knows
    return ok("SAP takes the logon for function modules")


@contextmanager
def _opened(system: System) -> Iterator[RfcTransport]:
    transport = open_rfc(
        system.name,
        system.connection,
        system.secrets,
        clock=system.clock,
        guard=system.guard,
        broker=system.source,
        tries=1,
    )
    with closing(transport):
        yield transport


def _finding(found: Report, system: System) -> Finding:
    allowed = found.of("allowed")
    denied, missing = found.of("denied"), found.of("missing")
    way = " ".join(filter(None, (found.transport, found.flavour)))
    if denied:
        named = ", ".join(denied)
        return failed(f"{way}: the user may not call {named} (S_RFC)", _S_RFC)
    refused = [each for each in found.modules if each.status == "refused"]
    if refused:
        said = f"{refused[0].function} answers {refused[0].detail}"
        return failed(f"{way}: users cannot be read: {said}", _S_USER_GRP)
    if missing:
        named = ", ".join(missing)
        remedy = _NOT_THERE.format(setting=system.setting)
        return warning(f"{way}: there is no {named}", remedy)
    unclear = [each for each in found.modules if each.status == "unclear"]
    if unclear:
        first = unclear[0]
        remedy = _NOT_THERE.format(setting=system.setting)
        return warning(f"{way}: {first.function}: {first.detail}", remedy)
    if not allowed:
        return ok(f"{way}: nothing was asked, see rfc.testBapiFunctionPermission and rfc.services")
    return ok(f"{way}: the user may call {', '.join(allowed)}; changes were not tried")


def _way(system: System) -> Finding | None:
    """What is in the way of SAP's own protocol; None where nothing is, or HTTP carries it."""
    if system.connection.rfc is None or system.connection.rfc.transport != "pyrfc":
        return None
    try:
        check_sdk()
    except InputRejected as exc:
        return failed(str(exc), _SDK.format(setting=system.setting))
    host, port = first_stop(system.connection)
    limit = system.connection.connect_timeout
    try:
        socket.create_connection((host, port), limit).close()
    except OSError as exc:
        said = exc.strerror or str(exc)
        remedy = _GATEWAY.format(setting=system.setting)
        return failed(f"{host} port {port}: {said}", remedy, unreachable=True)
    return None
