"""Reading and writing users of the stand-in over SOAP."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from sapmatch.clock import SystemClock
from sapmatch.model.rfc import Rfc, RfcScalar
from sapmatch.model.users import Changed, UserLocks
from sapmatch.sap.rfc.open import open_rfc
from sapmatch.sap.users.reader import SapUsers
from sapmatch.sap.users.writer import SapUserWriter
from tests.builders.abap import AbapServer
from tests.builders.scripted_users import NoLocks

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


@contextmanager
def side_of(
    server: AbapServer, client: str = "100", locks: UserLocks | None = None, **rfc: Any
) -> Iterator[Side]:
    connection = server.connection(client=client, **rfc)
    assert connection.rfc
    clock = Brief()
    transport = open_rfc("s4", connection, server.secrets, clock=clock)
    try:
        reader = SapUsers(transport, connection.rfc, "s4", clock, 4)
        writer = SapUserWriter(
            transport, connection.rfc, "s4", reader, locks or NoLocks(), clock, time_zone="UTC"
        )
        yield Side(reader, writer, connection.rfc)
    finally:
        transport.close()


def statuses(changed: Changed) -> dict[str, str]:
    return {step.name: step.status for step in changed.steps}


def written(server: AbapServer) -> list[str]:
    reads = ("GET_DETAIL", "READ", "HELPVALUES", "FORMAL_CHECK", "GETLIST")
    calls = [str(call["function"]) for call in server.abap.called()]
    return [name for name in calls if not any(each in name for each in reads)]
