"""Answers of SAP to calls of function modules over SOAP, written by hand."""

from typing import Any

from sapmatch.model.access import LogonGuard
from sapmatch.model.auth import Basic
from sapmatch.model.connection import Connection, Limits
from sapmatch.model.ports import Clock
from sapmatch.model.rfc import Rfc, RfcTransport
from sapmatch.sap.auth.credentials import Given
from sapmatch.sap.rfc.open import open_rfc
from tests.builders.memory import MemoryClock
from tests.builders.sap_server import PASSWORD, Reply, SapServer

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
FUNCTIONS = "urn:sap-com:document:sap:rfc:functions"
MC_STYLE = "urn:sap-com:document:sap:soap:functions:mc-style"
PAGE = b"<html><head><title>Logon</title></head><body>Error</body></html>"
LOGON_PAGE = b'<!DOCTYPE html><html><form><input name="sap-password"/></form></html>'
FAST = Limits(requests_per_second=10_000, burst=1_000, failures=1_000)


def envelope(inside: str, prefix: str = "soap-env") -> bytes:
    """The envelope around what stands in its body."""
    return (
        f'<?xml version="1.0" encoding="utf-8"?><{prefix}:Envelope xmlns:{prefix}="{SOAP}">'
        f"<{prefix}:Header/><{prefix}:Body>{inside}</{prefix}:Body></{prefix}:Envelope>"
    ).encode()


def answer(function: str, inside: str = "", *, end: str = ".Response", prefix: str = "n0") -> bytes:
    """The answer of a module with its parameters."""
    name = f"{prefix}:{function}{end}"
    return envelope(f'<{name} xmlns:{prefix}="{FUNCTIONS}">{inside}</{name}>')


def fault(text: str, detail: str = "", code: str = "Client") -> bytes:
    """A SOAP fault of SAP."""
    inside = f'<detail><n0:error xmlns:n0="{FUNCTIONS}">{detail}</n0:error></detail>'
    said = f"<faultcode>soap-env:{code}</faultcode><faultstring>{text}</faultstring>"
    return envelope(f"<soap-env:Fault>{said}{inside}</soap-env:Fault>")


def xml(body: bytes, status: int = 200) -> Reply:
    """The body as SAP sends it."""
    return Reply(status, body, type="text/xml; charset=utf-8")


def page(status: int, body: bytes = PAGE) -> Reply:
    """A web page."""
    return Reply(status, body, type="text/html; charset=utf-8")


def row(**fields: object) -> str:
    """One row of a table."""
    return f"<item>{''.join(f'<{n}>{v}</{n}>' for n, v in fields.items())}</item>"


def returned(*rows: tuple[str, str, str]) -> str:
    """RETURN with rows of type, id and number."""
    items = (row(TYPE=t, ID=i, NUMBER=n, MESSAGE=f"text of {i}/{n}") for t, i, n in rows)
    return f"<RETURN>{''.join(items)}</RETURN>"


def soap_of(
    server: SapServer,
    *,
    clock: Clock | None = None,
    guard: LogonGuard | None = None,
    **rfc: Any,
) -> RfcTransport:
    """The transport to a server; on a clock of its own nothing really waits."""
    connection = Connection(
        url=server.url,
        client="100",
        auth=Basic(secret="env:T"),
        rfc=Rfc(**rfc),
        limits=FAST,
        connect_timeout=5,
        read_timeout=5,
        total_timeout=10,
    )
    secrets = Given({"user": "TESTER", "password": PASSWORD})
    return open_rfc("s4", connection, secrets, clock=clock or MemoryClock(), guard=guard)
