"""CPU times of calls, in turns, of the calling thread alone: the server has others."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from statistics import median
from typing import Any, Final, NamedTuple
from unittest.mock import Mock

import requests
from msgspec import Struct
from zeep import Client
from zeep.transports import Transport

from sapmatch.model.connection import Connection
from sapmatch.model.rfc import RfcResult, RfcTransport
from sapmatch.sap.rfc.open import open_rfc
from sapmatch.sap.rfc.soap import SoapRfcTransport
from sapmatch.sap.session import Answer, SapSession
from tests.builders.abap import PASSWORD, USER, AbapServer, abap_server

WSDL: Final = "/sap/bc/soap/wsdl11?services={0}&sap-client=100"


class Call(Struct, frozen=True, kw_only=True):
    """One call, and how often it is made in a turn."""

    name: str
    function: str
    imports: Mapping[str, Any]
    want: tuple[str, ...]
    block: int


CALLS: Final = (
    Call(
        name="one user",
        function="BAPI_USER_GET_DETAIL",
        imports={"USERNAME": "JDOE", "CACHE_RESULTS": " "},
        want=("ACTIVITYGROUPS", "PROFILES", "GROUPS", "PARAMETER1", "RETURN"),
        block=20,
    ),
    Call(
        name="1,000 names",
        function="BAPI_USER_GETLIST",
        imports={"MAX_ROWS": 1000, "WITH_USERNAME": "X"},
        want=("USERLIST", "RETURN"),
        block=2,
    ),
)
_CLIENT: Final[Any] = Client  # zeep has no types
_TRANSPORT: Final[Any] = Transport
Make = Callable[[], object]


class Costs(NamedTuple):
    """Milliseconds of CPU a call; `ratio` of the peer to ours, turn by turn."""

    ours_ms: float
    peer_ms: float
    ratio: float


class World:
    """The stand-in with a thousand users, and both contestants before it."""

    def __init__(self, server: AbapServer) -> None:
        self._server = server
        self._session = requests.Session()
        self._session.auth = (USER, PASSWORD)

    def ours(self) -> RfcTransport:
        """Our transport."""
        return open_rfc("bench", self.connection(), self._server.secrets)

    def zeep(self, function: str) -> tuple[Any, Any]:
        """zeep's operation of one module, by SAP's WSDL, and its transport."""
        transport = _TRANSPORT(session=self._session, operation_timeout=30)
        client = _CLIENT(self._server.url + WSDL.format(function), transport=transport)
        return client.service[function], transport

    def connection(self) -> Connection:
        """Where our transport goes."""
        return self._server.connection()


@contextmanager
def served() -> Iterator[World]:
    """The stand-in on this machine."""
    jdoe = {
        "USERNAME": "JDOE",
        "ADDRESS": {"FIRSTNAME": "Jörg", "LASTNAME": "Doe & Söhne", "E_MAIL": "j@example.com"},
        "roles": ["Z_FI_AP", "Z_MM_BUYER", "Z:FI_CLERK"],
        "parameters": {"BUK": "1010", "WRK": "100"},
    }
    others = [
        {"USERNAME": f"U{n:05}", "ADDRESS": {"FIRSTNAME": "Jo", "LASTNAME": f"Krüger {n}"}}
        for n in range(999)
    ]
    with abap_server([jdoe, *others]) as server:
        yield World(server)


def on_the_line(world: World, call: Call, rounds: int) -> Costs:
    """A whole call over HTTP."""
    transport = world.ours()
    operation, _ = world.zeep(call.function)
    try:
        return in_turns(
            lambda: _ours(transport, call), lambda: _zeep(operation, call), call, rounds
        )
    finally:
        transport.close()


def without_a_line(world: World, call: Call, rounds: int) -> Costs:
    """Envelope and answer alone: both get the bytes that SAP sent."""
    operation, peer = world.zeep(call.function)
    said: list[requests.Response] = []
    asked = peer.post

    def kept(*sent: object) -> requests.Response:
        said.append(asked(*sent))
        return said[-1]

    peer.post = kept
    _zeep(operation, call)
    peer.post = lambda *_: said[-1]
    transport = _cut_out(world, said[-1].content)
    return in_turns(lambda: _ours(transport, call), lambda: _zeep(operation, call), call, rounds)


def _cut_out(world: World, body: bytes) -> RfcTransport:
    """Our transport, that gets this answer whatever it asks."""
    answer = Answer(200, {"Content-Type": "text/xml; charset=utf-8"}, body, "")
    session = Mock(spec=SapSession, place="[connections.bench]", number=1)
    session.repeated = lambda make, _: make()
    session.write = lambda *_: answer
    session.url = lambda path: path
    connection = world.connection()
    assert connection.rfc
    return SoapRfcTransport(session, connection.rfc, connection.kind)


def in_turns(ours: Make, peer: Make, call: Call, rounds: int) -> Costs:
    """Both in turns, so that a slow minute meets both."""
    ours()
    peer()
    mine, others = [], []
    for _ in range(rounds):
        mine.append(_cpu_ms(ours, call.block))
        others.append(_cpu_ms(peer, call.block))
    pairs = zip(others, mine, strict=True)
    return Costs(median(mine), median(others), median(other / one for other, one in pairs))


def _cpu_ms(make: Make, times: int) -> float:
    began = time.thread_time()
    for _ in range(times):
        make()
    return (time.thread_time() - began) * 1000 / times


def _ours(transport: RfcTransport, call: Call) -> RfcResult:
    return transport.call(call.function, call.imports, want=call.want)


def _zeep(operation: Any, call: Call) -> Any:
    return operation(**call.imports, **{name: {"item": []} for name in call.want})
