"""Reading and writing users of the stand-in over SOAP, PyRFC, or in memory."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from msgspec.structs import replace

from sapmatch.clock import SystemClock
from sapmatch.model.rfc import Flavour, Rfc, RfcScalar, RfcTransport
from sapmatch.model.users import Changed, UserLocks
from sapmatch.sap.rfc.open import open_rfc
from sapmatch.sap.rfc.pyrfc_transport import open_pyrfc
from sapmatch.sap.users.reader import SapUsers
from sapmatch.sap.users.writer import SapUserWriter
from tests.builders.abap import PASSWORD, USER, AbapServer, MemoryTransport, abap_server
from tests.builders.pyrfc_desk import CONNECTION
from tests.builders.pyrfc_stub import PyRfcStub
from tests.builders.scripted_users import NoLocks

WAYS = ("memory", "pyrfc", "soap_rfc", "soamanager", "mc_style")
MILLER: dict[str, RfcScalar] = {
    "ADDRESS.LASTNAME": "Miller",
    "ADDRESS.FIRSTNAME": "Jane",
    "ADDRESS.E_MAIL": "j@x.org",
}


class Side(NamedTuple):
    """A reader and a writer of one client."""

    reader: SapUsers
    writer: SapUserWriter
    rfc: Rfc


class Brief:
    """Port Clock that waits for a moment only."""

    now = SystemClock().now

    def sleep(self, seconds: float) -> None:
        threading.Event().wait(min(seconds, 0.02))


@dataclass(frozen=True)
class Reached(AbapServer):
    """The stand-in, reached one of the WAYS."""

    way: str

    @property
    def is_stateful(self) -> bool:
        """Whether several calls are one unit of work."""
        return self.way == "pyrfc"


@contextmanager
def reached(way: str, **seed: Any) -> Iterator[Reached]:
    with abap_server(**seed) as server, ExitStack() as stack:
        if way == "pyrfc":
            stack.enter_context(PyRfcStub(server.abap, {USER: PASSWORD}).installed())
        yield Reached(server.url, server.server, way)


@contextmanager
def side_of(
    server: Reached, client: str = "100", locks: UserLocks | None = None, **given: Any
) -> Iterator[Side]:
    clock = Brief()
    rfc, transport = _opened(server, client, clock, given)
    try:
        reader = SapUsers(transport, rfc, "s4", clock, 4)
        writer = SapUserWriter(
            transport, rfc, "s4", reader, locks or NoLocks(), clock, time_zone="UTC"
        )
        yield Side(reader, writer, rfc)
    finally:
        transport.close()


def _opened(
    server: Reached, client: str, clock: Brief, given: Mapping[str, Any]
) -> tuple[Rfc, RfcTransport]:
    if server.way == "memory":
        return Rfc(**given), MemoryTransport(server.abap, client)
    if server.way == "pyrfc":
        rfc = Rfc(system_id="S4H", **given)
        connection = replace(CONNECTION, client=client, rfc=rfc)
        return rfc, open_pyrfc("s4", connection, server.secrets, clock=clock)
    connection = server.connection(cast(Flavour, server.way), client=client, **given)
    assert connection.rfc
    return connection.rfc, open_rfc("s4", connection, server.secrets, clock=clock)


def statuses(changed: Changed) -> dict[str, str]:
    return {step.name: step.status for step in changed.steps}


def written(server: AbapServer) -> list[str]:
    reads = ("GET_DETAIL", "READ", "HELPVALUES", "FORMAL_CHECK", "GETLIST")
    calls = [str(call["function"]) for call in server.abap.called()]
    return [name for name in calls if not any(each in name for each in reads)]
