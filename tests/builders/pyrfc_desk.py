"""A transport over the stub of PyRFC, and everything around it: secret, guard, clock, SAP."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from msgspec.structs import replace

from local.sap.abap.faults import AbapFault
from sapmatch.model.access import Secret
from sapmatch.model.auth import Basic
from sapmatch.model.connection import Connection, Limits
from sapmatch.model.rfc import Rfc
from sapmatch.sap.rfc.pyrfc_transport import PyRfcTransport, open_pyrfc
from tests.builders.memory import MemoryClock
from tests.builders.pyrfc_stub import PyRfcStub

PASSWORD = "Right-1!"
CONNECTION = Connection(
    url="https://sap.example.com:44300",
    client="100",
    auth=Basic(secret="s4"),
    rfc=Rfc(system_id="S4H"),
    limits=Limits(requests_per_second=1000, burst=100, wait_seconds=5),
)
GET_DETAIL = "BAPI_USER_GET_DETAIL"


class Sap:
    """Answers as it was told to."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.faults: list[AbapFault] = []

    def call(
        self, function: str, parameters: dict[str, Any], *, user: str, client: str
    ) -> dict[str, Any]:
        if self.faults:
            raise self.faults.pop(0)
        return dict(self.answers)


class OwnSecrets:
    """Port Secrets with one secret that may be rotated."""

    def __init__(self, password: str = PASSWORD) -> None:
        self.version = 1
        self.password = password

    def read(self, name: str) -> Secret:
        fields = {"user": "RFC_USER", "password": self.password}
        return Secret(name=name, version=str(self.version), fields=fields)


class Guard:
    """Port LogonGuard that writes down what it was asked and told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def admit(self, version: str) -> None:
        self.told.append(f"admit {version}")

    def accepted(self, version: str) -> None:
        self.told.append(f"accepted {version}")

    def refused(self, version: str) -> None:
        self.told.append(f"refused {version}")


class Desk:
    """A transport over the stub, and everything around it."""

    def __init__(self) -> None:
        self.sap = Sap()
        self.stub = PyRfcStub(self.sap, {"RFC_USER": PASSWORD})
        self.secrets = OwnSecrets()
        self.guard = Guard()
        self.clock = MemoryClock()

    def opened(self, connection: Connection = CONNECTION, **rfc: Any) -> PyRfcTransport:
        assert connection.rfc is not None
        changed = replace(connection, rfc=replace(connection.rfc, **rfc))
        return open_pyrfc("s4", changed, self.secrets, clock=self.clock, guard=self.guard)


@contextmanager
def installed() -> Iterator[Desk]:
    """A desk; `import pyrfc` finds its stub meanwhile."""
    desk = Desk()
    with desk.stub.installed():
        yield desk


def fault(kind: Any, key: str = "KEY") -> AbapFault:
    return AbapFault(kind, key, "text of SAP")
