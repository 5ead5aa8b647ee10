"""One landscape with a transport before it, whichever there is."""

import threading
from contextlib import ExitStack
from typing import Any

from msgspec.structs import replace

from sapmatch.model.connection import Connection
from sapmatch.model.rfc import RfcResult, RfcTransport
from sapmatch.sap.auth.credentials import Given
from sapmatch.sap.rfc.open import open_rfc
from tests.builders.abap import PASSWORD, USER, AbapServer, MemoryTransport
from tests.builders.memory import MemoryClock
from tests.builders.pyrfc_stub import PyRfcStub

SOAP = ("soap_rfc", "soamanager", "mc_style")
ON_A_LINE = (*SOAP, "pyrfc")
ALL = (*ON_A_LINE, "memory")
GET_DETAIL = "BAPI_USER_GET_DETAIL"
ASSIGN = "BAPI_USER_ACTGROUPS_ASSIGN"
JDOE = {
    "USERNAME": "JDOE",
    "ADDRESS": {"FIRSTNAME": "Jörg", "LASTNAME": "Doe & Söhne <KG>"},
    "LOGONDATA": {"GLTGV": "20260101"},
    "roles": ["Z_FI_AP"],
}


class Side:
    """The landscape, and what stands before it."""

    def __init__(self, kind: str, server: AbapServer, stack: ExitStack) -> None:
        self.kind = kind
        self.server = server
        self.abap = server.abap
        self.clock = MemoryClock()
        self.stub = PyRfcStub(server.abap, {USER: PASSWORD})
        if kind == "pyrfc":
            stack.enter_context(self.stub.installed())
        self.transport = self.opened()
        stack.callback(self.transport.close)

    def opened(
        self, password: str = PASSWORD, *, wait_seconds: float = 20, **rfc: Any
    ) -> RfcTransport:
        if self.kind == "memory":
            return MemoryTransport(self.abap)
        secrets = Given({"user": USER, "password": password})
        plain = self.connection(**rfc)
        connection = replace(plain, limits=replace(plain.limits, wait_seconds=wait_seconds))
        return open_rfc("s4", connection, secrets, clock=self.clock)

    def connection(self, **rfc: Any) -> Connection:
        if self.kind in SOAP:
            return self.server.connection(self.kind, **rfc)  # type: ignore[arg-type]
        return self.server.connection(transport="pyrfc", **rfc)

    def call(self, function: str, *args: Any, **more: Any) -> RfcResult:
        return self.transport.call(function, *args, **more)

    def detail(self, user: str = "JDOE", *want: str) -> RfcResult:
        return self.call(GET_DETAIL, {"USERNAME": user}, want=(*want, "RETURN"))

    def fails_next(self, fault: str, count: int = 1) -> None:
        self.server.order(fault={"next": fault, "count": count})


class Watched:
    """Counts calls that are at work at once; each is held until `gate` opens."""

    def __init__(self, side: Side) -> None:
        self.entered = threading.Semaphore(0)
        self.gate = threading.Event()
        self.inside = self.most = self.finished = 0
        self._lock = threading.Lock()
        self._abap, self._execute = side.abap, side.abap.execute
        side.stub.system = self
        side.abap.execute = self.execute  # type: ignore[method-assign]

    def call(self, function: str, parameters: dict[str, Any], **more: Any) -> Any:
        """As the stub of PyRFC calls; the landscape's own would take one at a time."""
        return self.execute(function, parameters, **more).outputs

    def execute(self, *args: Any, **more: Any) -> Any:
        with self._lock:
            self.inside += 1
            self.most = max(self.most, self.inside)
        self.entered.release()
        assert self.gate.wait(10)
        try:
            return self._execute(*args, **more)
        finally:
            with self._lock:
                self.inside -= 1
                self.finished += 1
