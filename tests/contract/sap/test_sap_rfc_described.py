"""What SAP itself says of its function modules: interfaces, and which of them may be called."""

from collections.abc import Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from local.sap.abap import wsdl
from local.sap.abap.dictionary import functions
from local.sap.abap.system import Abap
from sapmatch.model.errors import InputRejected, LogonRefused, ServiceNotActivated
from sapmatch.model.rfc import Flavour, Rfc, RfcTransport
from sapmatch.sap.auth.credentials import Given
from sapmatch.sap.rfc.capabilities import report
from sapmatch.sap.rfc.interfaces import INTERFACES
from sapmatch.sap.rfc.open import open_rfc
from sapmatch.sap.rfc.pyrfc_transport import open_pyrfc
from sapmatch.sap.rfc.wsdl import interface_of
from tests.builders.abap import USER, AbapServer, abap_server
from tests.builders.memory import MemoryClock
from tests.builders.pyrfc_desk import CONNECTION, PASSWORD
from tests.builders.pyrfc_stub import PyRfcStub
from tests.builders.sap_server import Received, Reply, SapServer
from tests.builders.soap_replies import LOGON_PAGE, answer, page, soap_of, xml

FLAVOURS: tuple[Flavour, ...] = ("soap_rfc", "soamanager", "mc_style")
CHANGES = {"BAPI_USER_CREATE1", "BAPI_USER_CHANGE", "BAPI_USER_DELETE", "BAPI_USER_LOCK"}
LEAST = {"name": "Z_ECHO", "text": "Grüße & <b>"}
WSDL = """<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"
 xmlns:xsd="http://www.w3.org/2001/XMLSchema"><wsdl:types><xsd:schema>
<xsd:element name="{name}"><xsd:complexType><xsd:all>{given}</xsd:all></xsd:complexType>
</xsd:element>
<xsd:element name="{name}.Response"><xsd:complexType><xsd:all/></xsd:complexType></xsd:element>
</xsd:schema></wsdl:types></wsdl:definitions>"""
FIELD = '<xsd:element name="{0}" type="xsd:string"/>'


@pytest.fixture
def sap() -> Iterator[AbapServer]:
    with abap_server(3) as server:
        yield server


def opened(server: AbapServer, flavour: Flavour = "soap_rfc", **rfc: Any) -> RfcTransport:
    connection = server.connection(flavour, **rfc)
    return open_rfc("s4", connection, server.secrets, clock=MemoryClock())


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_a_module_that_nobody_described_is_called_by_saps_own_wsdl(
    sap: AbapServer, flavour: Flavour
) -> None:
    assert "STFC_CONNECTION" not in INTERFACES
    transport = opened(sap, flavour)
    found = transport.call("STFC_CONNECTION", {"REQUTEXT": LEAST["text"]})
    assert found.exports["ECHOTEXT"] == LEAST["text"]
    with pytest.raises(InputRejected, match="REQUTEXT has 256 characters, at most 255 fit"):
        transport.call("STFC_CONNECTION", {"REQUTEXT": "x" * 256})
    transport.close()


def test_a_module_that_is_not_there_names_what_to_look_at(sap: AbapServer) -> None:
    transport = opened(sap)
    with pytest.raises(InputRejected, match=r"Z_NOWHERE.*SE37.*wsdl11.*SICF"):
        transport.call("Z_NOWHERE")
    assert transport.interface("Z_NOWHERE") is None
    transport.close()


def test_an_interface_is_read_once() -> None:
    document = WSDL.format(name="Z_ECHO", given=FIELD.format("TEXT")).encode()

    def script(request: Received) -> Reply:
        return xml(document if request.method == "GET" else answer("Z_ECHO"))

    with SapServer(script) as server:
        transport = soap_of(server)
        for _ in range(3):
            transport.call("Z_ECHO", {"TEXT": "a"})
        transport.close()
    assert server.methods() == ["GET", "POST", "POST", "POST"]
    assert server.requests[0].path == "/sap/bc/soap/wsdl11"
    assert "services=Z_ECHO" in server.requests[0].query


def test_a_parameter_that_we_did_not_write_down_is_looked_up() -> None:
    """A hand-written interface may be older than SAP's; a mistaken name stays a mistake."""
    given = FIELD.format("USERNAME") + FIELD.format("EXTUID_GET")
    document = WSDL.format(name="BAPI_USER_GET_DETAIL", given=given).encode()

    def script(request: Received) -> Reply:
        return xml(document if request.method == "GET" else answer("BAPI_USER_GET_DETAIL"))

    with SapServer(script) as server:
        transport = soap_of(server)
        for _ in range(2):
            transport.call("BAPI_USER_GET_DETAIL", {"USERNAME": "A", "EXTUID_GET": "X"})
        with pytest.raises(InputRejected, match="EXTUID is no parameter"):
            transport.call("BAPI_USER_GET_DETAIL", {"USERNAME": "A", "EXTUID": "X"})
        transport.close()
    assert server.methods() == ["GET", "POST", "POST"]
    assert b"<EXTUID_GET>X</EXTUID_GET>" in server.requests[1].body


def test_without_a_wsdl_a_mistaken_name_is_told_and_nothing_is_sent() -> None:
    with SapServer(lambda _: page(403)) as server:
        transport = soap_of(server)
        for _ in range(2):
            with pytest.raises(InputRejected, match="TYPO is no parameter"):
                transport.call("BAPI_USER_GET_DETAIL", {"TYPO": "X"})
        transport.close()
    assert server.methods() == ["GET"]


@pytest.mark.parametrize("reply", [page(401), page(200, LOGON_PAGE)])
def test_a_logon_in_the_way_of_the_wsdl_is_told(reply: Reply) -> None:
    with SapServer(lambda _: reply) as server:
        transport = soap_of(server)
        with pytest.raises(LogonRefused):
            transport.interface("Z_ECHO")
        transport.close()


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_our_interfaces_fit_those_that_sap_describes(sap: AbapServer, flavour: Flavour) -> None:
    """The stand-in's dictionary is written by another hand; lengths and types must not disagree."""
    looked_at = 0
    for name, function in functions().items():
        if name not in INTERFACES:
            continue
        read = interface_of(wsdl.described([function], flavour, "http://localhost/", "s"), name)
        assert read is not None
        theirs = {each.name: each for each in read.parameters}
        for ours in INTERFACES[name].parameters:
            other = theirs.get(ours.name)
            if other is None or flavour == "mc_style":
                continue
            assert (ours.direction, ours.kind == "table") == (
                other.direction,
                other.kind == "table",
            ), (name, ours.name)
            lengths = {field.name: field.length for field in other.fields if field.length}
            for field in ours.fields:
                if field.type == "char" and field.length and field.name in lengths:
                    assert field.length == lengths[field.name], (name, ours.name, field.name)
                    looked_at += 1
    assert looked_at > 200 or flavour == "mc_style"


def test_the_report_tries_what_reads_and_no_change(sap: AbapServer) -> None:
    """B20, B21."""
    connection = sap.connection()
    transport = opened(sap)
    found = report(transport, connection.rfc or Rfc())
    transport.close()
    assert set(found.of("allowed")) >= {"RFC_PING", "BAPI_USER_GETLIST", "BAPI_USER_GET_DETAIL"}
    assert set(found.of("not_asked")) >= CHANGES
    called = {each["function"] for each in sap.abap.called()}
    assert called == set(found.of("allowed"))
    assert not found.can.stateful


def test_the_report_names_a_table_of_users_that_pyrfc_does_not_bring() -> None:
    """SAP's own protocol brings all tables that there are, whatever was asked for."""
    rfc = Rfc(system_id="S4H", table_parameter_names=("ADDTEL", "foo"))
    with PyRfcStub(Abap({"users": 1}), {USER: PASSWORD}).installed():
        secrets = Given({"user": USER, "password": PASSWORD})
        transport = open_pyrfc("s4", replace(CONNECTION, rfc=rfc), secrets, clock=MemoryClock())
        found = report(transport, rfc)
        transport.close()
    (unclear,) = (each for each in found.modules if each.status == "unclear")
    assert unclear.function == "BAPI_USER_GET_DETAIL"
    assert unclear.detail == "rfc.tableParameterNames: SAP does not send FOO"


def test_the_report_names_what_s_rfc_lacks(sap: AbapServer) -> None:
    sap.order(permissions={USER: {"functions": ["RFC_PING", "BAPI_USER_GETLIST"]}})
    transport = opened(sap)
    found = report(transport, sap.connection().rfc or Rfc())
    transport.close()
    assert found.of("allowed") == ["RFC_PING", "BAPI_USER_GETLIST"]
    assert "BAPI_USER_GET_DETAIL" in found.of("denied")
    denied = next(each for each in found.modules if each.status == "denied")
    assert "S_RFC" in denied.detail


def test_the_report_asks_nothing_where_that_is_off(sap: AbapServer) -> None:
    transport = opened(sap)
    rfc = sap.connection(test_bapi_function_permission=False).rfc
    found = report(transport, rfc or Rfc())
    transport.close()
    assert {each.status for each in found.modules} == {"not_asked"}
    assert sap.abap.called() == []


def test_a_node_that_is_not_active_is_no_matter_of_single_modules() -> None:
    with SapServer(lambda _: page(403)) as server:
        transport = soap_of(server)
        with pytest.raises(ServiceNotActivated):
            report(transport, Rfc())
        transport.close()
    assert len(server.requests) == 1
