"""Whether function modules can be called the way that `rfc.transport` says."""

import socket
from http import HTTPStatus

from sapmatch.model.errors import InputRejected
from sapmatch.sap.doctor.finding import Finding, failed, ok
from sapmatch.sap.doctor.system import System
from sapmatch.sap.ports import ports_of
from sapmatch.sap.rfc import check_sdk

SOAP = "/sap/bc/soap/rfc"
_NODE = (
    "SICF: activate the node /default_host{path}, and grant S_ICF (or S_RFC) to the user; in "
    "S/4HANA Cloud there is none"
)
_SDK = (
    'install PyRFC and SAP\'s SDK on this machine, or set {setting}.rfc.transport = "soap", which '
    "needs neither"
)
_GATEWAY = (
    "SMGW shows whether the gateway runs; its port must be open from here: security groups, VPN, "
    "firewall; {setting}.rfc.systemNumber decides which one it is"
)


def rfc(system: System) -> Finding:
    """SOAP: the node answers; PyRFC: the SDK is here and the gateway takes connections."""
    settings = system.connection.rfc
    assert settings is not None
    return _soap(system) if settings.transport == "soap" else _sdk(system, settings.system_number)


def _soap(system: System) -> Finding:
    assert system.client is not None
    exchange = system.client.exchange(SOAP)
    answer = system.get(exchange, exchange.url("").replace(f"{SOAP}/", SOAP), SOAP)
    if answer.status in (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND):
        return failed(f"{SOAP} answers {answer.status}", _NODE.format(path=SOAP))
    return ok(f"{SOAP} is active (it answers {answer.status} to a GET)")


def _sdk(system: System, number: str) -> Finding:
    try:
        check_sdk()
    except InputRejected as exc:
        return failed(str(exc), _SDK.format(setting=system.setting))
    port = ports_of(number).gateway
    limit = system.connection.connect_timeout
    try:
        socket.create_connection((system.host, port), limit).close()
    except OSError as exc:
        said = exc.strerror or str(exc)
        remedy = _GATEWAY.format(setting=system.setting)
        return failed(f"{system.host} port {port}: {said}", remedy, unreachable=True)
    return ok(f"the SDK is here, and the gateway takes connections on port {port}")
