"""A logon secret that changes while functions run, and one that is tried before it counts."""

import base64
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from sapmatch.clock import SystemClock
from sapmatch.limits.logons import SharedLogonGuard
from sapmatch.model.access import Secret
from sapmatch.model.auth import Basic
from sapmatch.model.connection import Connection, Limits
from sapmatch.model.errors import AuthorizationMissing, LogonRefused, SapUnavailable
from sapmatch.sap.auth.rotation import log_on, next_version
from sapmatch.sap.connection import connect
from sapmatch.sap.odata.client import ODataClient
from tests.builders.control import MemoryControl
from tests.builders.sap_server import Received, Reply, SapServer, data, refusal

SERVICE = "/sap/opu/odata/sap/API_SALES_ORDER_SRV"
FUNCTIONS = 8
CLOCK = SystemClock()


class Control(MemoryControl):
    """Its writes are conditional for threads too."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = threading.Lock()

    def write(self, key: str, value: bytes, *, expected: int) -> int:
        with self._lock:
            return super().write(key, value, expected=expected)


class World:
    """One SAP, one secret, and functions that share a guard."""

    def __init__(self) -> None:
        self.password = "old"  # that SAP takes
        self.secret = Secret(name="s4", version="v1", fields={"user": "RFC_A", "password": "old"})
        self.refused: Counter[str] = Counter()
        self.answer = data({"d": {"EntitySets": []}})
        self.server = SapServer(self._answered)
        self.control = Control()

    def read(self, name: str) -> Secret:
        return self.secret

    def rotate(self, password: str) -> None:
        fields = {"user": "RFC_A", "password": password}
        self.secret = Secret(name="s4", version=password, fields=fields)

    def client(self) -> ODataClient:
        return connect("s4", self.connection, self, clock=CLOCK, guard=self.guard())

    def guard(self) -> SharedLogonGuard:
        return SharedLogonGuard(self.control, CLOCK, "s4")

    @property
    def connection(self) -> Connection:
        limits = Limits(requests_per_second=1000, parallel=8)
        return Connection(url=self.server.url, client="100", auth=Basic(secret="s4"), limits=limits)

    def _answered(self, request: Received) -> Reply:
        sent = base64.b64decode(request.headers["authorization"].split()[1]).decode()
        password = sent.partition(":")[2]
        if password == self.password:
            return self.answer
        self.refused[password] += 1
        return Reply(401, b"<html>Logon failed</html>", type="text/html")


@pytest.fixture
def world() -> Iterator[World]:
    found = World()
    with found.server:
        yield found


def _read(client: ODataClient) -> int:
    exchange = client.exchange(SERVICE)
    return exchange.get(exchange.url(""), tries=1).status


def test_a_run_goes_on_where_password_and_secret_change_in_the_middle(world: World) -> None:
    """RE-26, CO-T2: one refused request of each function under way, then the new password."""
    clients = [world.client() for _ in range(3)]
    assert [_read(client) for client in clients] == [200] * 3
    world.password = "new"
    world.rotate("new")
    assert [_read(client) for client in clients] == [200] * 3
    assert world.refused == {"old": 3}
    assert world.guard().standing().of("new").proved


def test_a_new_secret_with_the_other_user_costs_no_refusal_at_all(world: World) -> None:
    """RE-26: two users take turns, so that the old one still works while functions learn."""
    client = world.client()
    assert _read(client) == 200
    world.rotate("old")  # another version, of which SAP knows the password as well
    assert _read(client) == 200
    assert _read(world.client()) == 200
    assert world.refused == {}


def test_functions_that_start_cold_with_a_wrong_password_are_two_logons(world: World) -> None:
    """CO-T1, RE-26"""
    world.rotate("wrong")
    start = threading.Barrier(FUNCTIONS)

    def function(_: int) -> str:
        start.wait(10)
        try:
            return str(_read(world.client()))
        except LogonRefused as exc:
            return exc.reason

    with ThreadPoolExecutor(FUNCTIONS) as pool:
        ends = Counter(pool.map(function, range(FUNCTIONS)))
    assert world.refused == {"wrong": 2}
    assert ends["200"] == 0


def test_what_a_person_released_is_used_by_functions_that_are_warm(world: World) -> None:
    """The user was locked in SAP, and is unlocked: the secret was right all the time."""
    world.password = "locked"
    for client in (world.client(), world.client()):
        _refused(client)
    with pytest.raises(LogonRefused, match="sapmatch release s4"):
        _read(world.client())
    world.password = "old"
    world.guard().release()
    assert _read(world.client()) == 200


def _refused(client: ODataClient) -> None:
    with suppress(LogonRefused):
        assert _read(client) == 401


def _try(world: World, version: Secret) -> None:
    log_on("s4", world.connection, version, world, CLOCK, world.guard(), SERVICE)


def _pending(password: str) -> Secret:
    fields = {"user": "RFC_B", "password": password}
    return Secret(name="s4", version="pending", fields=fields)


def test_a_new_version_is_tried_with_one_request_and_is_proved_then(world: World) -> None:
    world.password = "next"
    _try(world, _pending("next"))
    assert world.server.methods() == ["GET"]
    assert world.guard().standing().of("pending").proved


def test_a_new_version_that_sap_refuses_is_one_refusal(world: World) -> None:
    """CO-T1"""
    with pytest.raises(LogonRefused):
        _try(world, _pending("wrong"))
    assert world.server.methods() == ["GET"]
    trial = world.guard().standing().of("pending")
    assert (trial.refusals, trial.is_stopped) == (1, False)


def test_a_new_user_who_may_not_read_the_service_does_not_take_over(world: World) -> None:
    world.password, world.answer = "next", refusal(403, "/IWFND/CM_CONSUMER/101")
    with pytest.raises(AuthorizationMissing):
        _try(world, _pending("next"))


def test_where_sap_is_busy_nothing_is_said_of_the_new_version(world: World) -> None:
    world.password, world.answer = "next", Reply(502)
    with pytest.raises(SapUnavailable):
        _try(world, _pending("next"))
    assert world.server.methods() == ["GET"]
    assert world.guard().standing().of("pending").refusals == 0


TURNS = [
    (
        {"user": "A", "password": "1", "next_user": "B", "next_password": "2"},
        {"user": "B", "password": "2", "next_user": "A"},
    ),
    ({"user": "A", "password": "1", "next_password": "2"}, {"user": "A", "password": "2"}),
    (
        {"client_id": "c", "p12": "x", "password": "1", "next_certificate": "C", "next_key": "K"},
        {"client_id": "c", "certificate": "C", "key": "K"},
    ),
    ({"certificate": "C", "key": "K", "key_password": "1", "next_p12": "x"}, {"p12": "x"}),
    ({"client_secret": "1", "next_client_secret": "2"}, {"client_secret": "2"}),
]


@pytest.mark.parametrize(("fields", "after"), TURNS)
def test_the_next_version_is_what_was_put_beside_the_one_of_now(
    fields: dict[str, str], after: dict[str, str]
) -> None:
    assert next_version(Secret(name="s4", version="v1", fields=fields)) == after
