"""What a client and the guard of logons tell each other, and what that never changes."""

import threading
from datetime import UTC, datetime

import pytest

from local.btp.server import serve
from sapmatch.model.auth import Basic
from sapmatch.model.connection import Limits
from sapmatch.model.errors import LogonRefused, Throttled
from sapmatch.model.query import Query
from sapmatch.sap.auth.credentials import Given
from sapmatch.sap.connection import connect
from sapmatch.sap.odata.client import ODataClient
from tests.builders.btp import SECRET, basic_destination, connection_of
from tests.builders.logons import LOGON, Checking, NotingGuard, Vault, logged_on, password
from tests.builders.memory import MemoryClock
from tests.builders.sap_server import SERVICE, Received, Reply, SapServer, rows

BASIC = Basic(secret=LOGON)
FAST = Limits(requests_per_second=10_000, burst=100, parallel=8)


class DeafToPasswords(NotingGuard):
    """A table that breaks once the service binding is proved."""

    def accepted(self, version: str) -> None:
        if version.startswith("password-"):
            raise Throttled("control: AWS is not reachable")
        super().accepted(version)


def find(client: ODataClient) -> int:
    return len(client.find(SERVICE, "A_Order", Query()))


class DeafGuard(NotingGuard):
    """A table that cannot be written to when it is told what came of a logon."""

    def __init__(self, *deaf_to: str) -> None:
        super().__init__()
        self._deaf_to = deaf_to

    def accepted(self, version: str) -> None:
        self._hear("accepted")
        super().accepted(version)

    def refused(self, version: str) -> None:
        self._hear("refused")
        super().refused(version)

    def _hear(self, what: str) -> None:
        if what in self._deaf_to:
            raise Throttled("control: AWS is not reachable")


def test_a_write_that_sap_took_has_happened_whether_or_not_the_guard_can_be_told() -> None:
    """RE-26: as transient trouble it would be sent again."""
    vault, sap = Vault(password("old")), Checking("old")
    with (
        SapServer(sap) as server,
        logged_on(server, BASIC, vault, guard=DeafGuard("accepted")) as client,
    ):
        sap.password = "new"
        vault.rotate(password("new"))
        client.create(SERVICE, "A_Order", {"ID": "1"})
    assert server.methods() == ["POST", "POST"]
    assert sap.refused == {"old": 1}


def test_a_refused_password_is_not_repeated_because_the_guard_cannot_be_told() -> None:
    """CO-T1."""
    vault, sap, guard = Vault(password("wrong")), Checking("good"), DeafGuard("refused")
    with SapServer(sap) as server, logged_on(server, BASIC, vault, guard=guard) as client:
        for _ in range(3):
            with pytest.raises(LogonRefused):
                find(client)
    assert sap.refused == {"wrong": 1}


def test_what_a_destinations_password_wrote_has_happened_whether_or_not_it_can_be_noted() -> None:
    """RE-26: it is guarded as a password of ours."""
    with SapServer(lambda _: Reply(201, rows().body)) as sap:
        known = {"A4H": basic_destination(URL=sap.url)}
        with serve(known, secret=SECRET) as btp:
            connection = connection_of(btp, sap.url, csrf="never")
            guard = DeafToPasswords()
            clock = MemoryClock(datetime.now(UTC))
            with connect("s4", connection, Given(btp.binding), clock=clock, guard=guard) as client:
                client.create(SERVICE, "A_Order", {"ID": "1"})
    assert sap.methods() == ["POST"]


def test_a_late_answer_to_a_password_that_was_refused_since_proves_nothing() -> None:
    """CO-T1: what was on its way before SAP changed it does not let anybody knock again."""
    vault, sap, guard = Vault(password("old")), Checking("old"), NotingGuard()
    late, go = threading.Event(), threading.Event()

    def script(request: Received) -> Reply:
        if "late" in request.query:
            late.set()
            assert go.wait(10)
            return rows({"ID": "1"})
        return sap(request)

    with (
        SapServer(script) as server,
        logged_on(server, BASIC, vault, guard=guard, limits=FAST, clock=MemoryClock()) as client,
    ):
        find(client)
        query = Query(filter="late eq true")
        thread = threading.Thread(target=lambda: client.find(SERVICE, "A_Order", query))
        thread.start()
        assert late.wait(10)
        sap.password = "new"
        with pytest.raises(LogonRefused):
            find(client)
        go.set()
        thread.join(10)
        with pytest.raises(LogonRefused):
            find(client)
    assert sap.refused == {"old": 1}
    assert guard.calls.count("accepted v1") == 1
