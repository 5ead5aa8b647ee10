"""Reads in trouble: busy, broken, slow, too large, redirected, or no data at all."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from sapmatch.model.connection import Limits
from sapmatch.model.errors import (
    InputRejected,
    LogonRefused,
    SapmatchError,
    SapRejected,
    SapThrottled,
    SapUnavailable,
)
from sapmatch.model.ports import Page
from sapmatch.model.query import Query
from sapmatch.sap import http, session
from tests.builders.memory import START, MemoryClock
from tests.builders.sap_server import (
    SERVICE,
    Received,
    Reply,
    SapServer,
    Script,
    client_of,
    data,
    in_turn,
    refusal,
    rows,
)

ORDERS = "A_Order"


def read(server: SapServer) -> list[Page]:
    with client_of(server) as client:
        return list(client.pages(SERVICE, ORDERS))


def ids(pages: list[Page]) -> list[str]:
    return [msgspec.json.decode(raw)["ID"] for page in pages for raw in page.rows]


def failing(script: Script) -> SapmatchError:
    with SapServer(script) as server, pytest.raises(SapmatchError) as caught:
        read(server)
    return caught.value


@pytest.mark.parametrize(
    "trouble",
    [Reply(502), Reply(503), Reply(504), Reply(429), Reply(drop=True), Reply(body=b"{", cut=True)],
)
def test_a_read_survives_passing_trouble(trouble: Reply) -> None:
    """OD-P88."""
    with SapServer(in_turn(trouble, trouble, rows({"ID": "1"}))) as server:
        assert ids(read(server)) == ["1"]


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (Reply(502), SapUnavailable),
        (Reply(503), SapUnavailable),
        (Reply(503, headers=[("Retry-After", "1")]), SapThrottled),
        (Reply(429), SapThrottled),
        (Reply(drop=True), SapUnavailable),
        (Reply(body=b"{", cut=True), SapUnavailable),
    ],
)
def test_lasting_trouble_ends_after_four_tries(trouble: Reply, kind: type[SapmatchError]) -> None:
    with SapServer(lambda request: trouble) as server, pytest.raises(kind) as caught:
        read(server)
    assert type(caught.value) is kind
    assert len(server.requests) == session.TRIES


@pytest.mark.parametrize(
    ("header", "waited"), [("7", 7.0), ("Mon, 02 Nov 2026 08:00:12 GMT", 12.0)]
)
def test_sap_says_how_long_to_wait(header: str, waited: float) -> None:
    """OD-P88: seconds or a date."""
    clock = MemoryClock()
    busy = Reply(429, headers=[("Retry-After", header)])
    with SapServer(in_turn(busy, rows())) as server, client_of(server, clock=clock) as client:
        client.find(SERVICE, ORDERS, Query())
    assert (clock.now() - START).total_seconds() == pytest.approx(waited, abs=0.2)


def test_a_long_wait_is_left_to_the_caller() -> None:
    """OD-P88: a function does not sleep for minutes, a state machine does."""
    clock = MemoryClock()
    busy = Reply(429, headers=[("Retry-After", "600")])
    with (
        SapServer(in_turn(busy)) as server,
        client_of(server, clock=clock) as client,
        pytest.raises(SapThrottled) as caught,
    ):
        client.find(SERVICE, ORDERS, Query())
    assert caught.value.retry_after == 600
    assert clock.now() == START


def test_a_slow_answer_is_not_waited_for_without_end() -> None:
    with (
        SapServer(lambda request: Reply(delay=0.3)) as server,
        client_of(server, read_timeout=0.05) as client,
        pytest.raises(SapUnavailable, match=r"no answer within 0\.05 s"),
    ):
        client.count(SERVICE, ORDERS)


def test_nobody_listening_is_sap_unavailable() -> None:
    with SapServer(in_turn()) as server:
        pass
    with client_of(server) as client, pytest.raises(SapUnavailable, match="no connection"):
        client.count(SERVICE, ORDERS)


@pytest.mark.parametrize(
    "body",
    [
        b'{"d":{"results":[{"ID":"1"},{"ID"',
        b'{"d":{"results":[{"ID":"1"}]',
        b"",
        b"<feed/>",
        b'{"value":[]}',
        b'{"d":{}}',
        b'{"d":{"results":[],"__count":"many"}}',
        b'{"d":{"results":' + b"[" * 5000,
    ],
)
def test_half_an_answer_is_no_page(body: bytes) -> None:
    error = failing(in_turn(Reply(body=body)))
    assert type(error) is SapUnavailable
    assert "A_Order" in str(error)


def test_a_logon_page_is_a_refused_logon() -> None:
    """OD-P13."""
    page = Reply(200, b"<!DOCTYPE html><title>SAP NetWeaver logon</title>", type="text/html")
    error = failing(in_turn(page))
    assert type(error) is LogonRefused
    assert "SAP NetWeaver logon" in str(error)


def test_an_error_beside_rows_is_an_error() -> None:
    """OD-P86."""
    header = json.dumps({"code": "Z/1", "message": "Only some rows", "severity": "error"})
    error = failing(in_turn(data({"d": {"results": []}}, sap_message=header)))
    assert isinstance(error, SapRejected)
    assert error.code == "Z/1"


def test_an_error_of_sap_keeps_its_own_words() -> None:
    """OD-P85, and a 500 is no reason to ask again."""
    with (
        SapServer(in_turn(refusal(500, "ZX/9", "Dump"))) as server,
        pytest.raises(SapRejected) as e,
    ):
        read(server)
    assert (e.value.code, e.value.text, e.value.http_status) == ("ZX/9", "Dump", 500)


def test_an_answer_beyond_all_bounds_is_not_read_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(http, "MAX_BODY", 200_000)
    error = failing(in_turn(Reply(body=b" " * 300_000)))
    assert type(error) is InputRejected
    assert "smaller pages" in str(error)


def test_a_redirect_at_home_is_followed() -> None:
    """OD-P03: the service root without its slash."""
    there = Reply(301, headers=[("Location", f"{SERVICE}/other?x=1")])
    with SapServer(in_turn(there, rows({"ID": "1"}))) as server:
        assert ids(read(server)) == ["1"]
    assert server.requests[1].target == f"{SERVICE}/other?x=1"


def test_redirects_in_a_circle_end() -> None:
    there = Reply(302, headers=[("Location", f"{SERVICE}/again")])
    error = failing(lambda request: there)
    assert type(error) is LogonRefused


def test_requests_keep_their_pace() -> None:
    clock = MemoryClock()
    with (
        SapServer(lambda request: rows()) as server,
        client_of(server, clock=clock) as client,
    ):
        for _ in range(21):
            client.find(SERVICE, ORDERS, Query())
    assert (clock.now() - START).total_seconds() == pytest.approx(2.0)


def test_no_more_requests_run_at_once_than_the_system_may_be_asked_for() -> None:
    limits = Limits(parallel=2)
    running: list[int] = []
    most: list[int] = []

    def script(request: Received) -> Reply:
        running.append(1)
        most.append(len(running))
        time.sleep(0.02)
        running.pop()
        return rows()

    with (
        SapServer(script) as server,
        client_of(server, limits=limits) as client,
        ThreadPoolExecutor(6) as pool,
    ):
        list(pool.map(lambda _: client.find(SERVICE, ORDERS, Query()), range(12)))
    assert max(most) <= 2
    assert len(most) == 12
