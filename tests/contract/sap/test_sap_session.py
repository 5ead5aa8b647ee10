"""One logon session: what it survives, what it never repeats, whom it leaves in peace."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests

from sapmatch.model.auth import Basic
from sapmatch.model.connection import Connection, Limits, ServiceOptions
from sapmatch.model.errors import LogonRefused, SapmatchError, SapRejected, SapUnavailable
from sapmatch.model.query import Query
from sapmatch.sap.auth.trust import Trust
from sapmatch.sap.session import SapSession
from tests.builders.memory import MemoryClock
from tests.builders.sap_server import (
    COOKIE,
    SERVICE,
    Received,
    Reply,
    SapServer,
    client_of,
    data,
    in_turn,
    rows,
    with_token,
)

CREATED = data({"d": {"ID": "1"}}, 201)
LOST = Reply(400, b"<html><h1>400 Session not found</h1></html>", type="text/html")
DOWN = Reply(503, b"")


class Sessions:
    """SAP that gives a new session and token with each fetch, and forgets the first one."""

    def __init__(self, *, csrf: bool = True) -> None:
        self.csrf = csrf
        self.fetched = 0
        self.created = 0

    def __call__(self, request: Received) -> Reply:
        cookie = request.headers.get("cookie", "")
        if self.csrf and request.fetches_token:
            self.fetched += 1
            name = f"S={self.fetched}; path=/"
            return Reply(headers=[("x-csrf-token", f"T{self.fetched}"), ("Set-Cookie", name)])
        if "S=1" in cookie:
            return LOST
        if request.method == "GET":
            return rows({"ID": "1"})
        if self.csrf and request.headers.get("x-csrf-token") != "T2":
            return Reply(500, b"the token of another session")
        self.created += 1
        return CREATED


def test_a_read_in_a_lost_session_is_repeated_once_without_its_cookies() -> None:
    """OD-P12."""
    server_side = Sessions()
    with SapServer(server_side) as server, client_of(server) as client:
        client.exchange(SERVICE).prepare()
        assert len(client.find(SERVICE, "A_Order", Query())) == 1
    assert [r.method for r in server.requests] == ["HEAD", "GET", "GET"]
    assert "cookie" not in server.requests[-1].headers


def test_a_session_that_stays_lost_is_an_error_not_a_loop() -> None:
    """OD-P12."""
    with (
        SapServer(lambda _: LOST) as server,
        client_of(server) as client,
        pytest.raises(SapRejected, match="Session not found"),
    ):
        client.find(SERVICE, "A_Order", Query())
    assert len(server.requests) == 2


def test_a_write_in_a_lost_session_gets_a_new_one_with_its_token_and_happens_once() -> None:
    """OD-P12."""
    server_side = Sessions()
    with SapServer(server_side) as server, client_of(server) as client:
        client.create(SERVICE, "A_Order", {"ID": "1"})
    assert server_side.created == 1
    assert server.methods() == ["HEAD", "POST", "HEAD", "POST"]


def test_without_tokens_a_lost_session_is_simply_left() -> None:
    """OD-P08, OD-P12."""
    replies = in_turn(
        Reply(200, rows({"ID": "1"}).body, [("Set-Cookie", "S=1; path=/")]), LOST, CREATED
    )
    with SapServer(replies) as server, client_of(server, csrf="never") as client:
        client.find(SERVICE, "A_Order", Query())
        client.create(SERVICE, "A_Order", {"ID": "1"})
    assert [r.headers.get("cookie") for r in server.requests] == [None, "S=1", None]


def test_a_refused_logon_is_never_tried_again_with_the_same_secret() -> None:
    """OD-P14: further tries would lock the user."""
    with SapServer(lambda _: Reply(401)) as server, client_of(server) as client:
        for _ in range(3):
            with pytest.raises(LogonRefused):
                client.find(SERVICE, "A_Order", Query())
        with pytest.raises(LogonRefused, match="locked"):
            client.create(SERVICE, "A_Order", {})
    assert len(server.requests) == 1


class Renewable:
    """A logon that has something newer to offer, a given number of times."""

    def __init__(self, renewals: int) -> None:
        self.renewals = renewals
        self.used = 0

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.used}"
        return request

    identity = "R"
    signed = None

    def accepted(self) -> None:
        """Nothing to do."""

    def refused(self) -> bool:
        self.used += 1
        return self.used <= self.renewals

    def refused_again(self) -> None:
        """Nothing to do."""


@pytest.fixture
def takes_bearer_1() -> Iterator[SapServer]:
    def script(request: Received) -> Reply:
        good = request.headers.get("authorization") == "Bearer 1"
        return rows() if good else Reply(401)

    with SapServer(script) as server:
        yield server


def session_of(server: SapServer, auth: Renewable) -> SapSession:
    connection = Connection(url=server.url, client="100", auth=Basic(secret="env:T"))
    return SapSession("s4", connection, auth, MemoryClock(), Trust("[connections.s4]"))


def test_a_logon_that_can_renew_itself_gets_one_second_try(takes_bearer_1: SapServer) -> None:
    """OD-P14."""
    session = session_of(takes_bearer_1, Renewable(1))
    assert session.read("GET", session.url("/x")).status == 200
    assert len(takes_bearer_1.requests) == 2


def test_a_renewed_logon_that_is_refused_too_is_the_end() -> None:
    """OD-P14."""
    with SapServer(lambda _: Reply(401)) as server:
        session = session_of(server, Renewable(9))
        assert session.write("POST", session.url("/x"), {}, b"{}").status == 401
        with pytest.raises(LogonRefused):
            session.read("GET", session.url("/x"))
    assert len(server.requests) == 2


def failing(server: SapServer, clock: MemoryClock, times: int) -> None:
    limits = Limits(failures=times, open_seconds=30)
    with client_of(server, clock=clock, limits=limits) as client:
        with pytest.raises(SapUnavailable):
            client.count(SERVICE, "A_Order")  # four tries
        before = len(server.requests)
        with pytest.raises(SapUnavailable, match="in a row"):
            client.count(SERVICE, "A_Order")
        assert len(server.requests) == before
        clock.time += timedelta(seconds=31)
        assert client.count(SERVICE, "A_Order") == 7
        assert client.count(SERVICE, "A_Order") == 7


def test_a_system_that_does_not_answer_is_left_in_peace_for_a_while() -> None:
    clock = MemoryClock()
    seven = Reply(body=b"7", type="text/plain")
    with SapServer(in_turn(DOWN, DOWN, DOWN, DOWN, seven, seven)) as server:
        failing(server, clock, times=4)
    assert len(server.requests) == 6


def test_refusals_are_answers_and_open_nothing() -> None:
    limits = Limits(failures=1)
    with SapServer(lambda _: Reply(404, b"{}")) as server, client_of(server, limits=limits) as c:
        for _ in range(3):
            with pytest.raises(SapmatchError):
                c.count(SERVICE, "A_Order")
    assert len(server.requests) == 3


def test_the_token_comes_from_where_the_settings_say() -> None:
    """OD-P03: a root that redirects or refuses is not asked."""
    special = ServiceOptions(csrf_path=f"{SERVICE}/A_Small", csrf_method="GET")
    with (
        SapServer(with_token(in_turn(CREATED))) as server,
        client_of(server, services={SERVICE: special}) as client,
    ):
        client.create(SERVICE, "A_Order", {})
    assert [(r.method, r.path) for r in server.requests] == [
        ("GET", f"{SERVICE}/A_Small"),
        ("POST", f"{SERVICE}/A_Order"),
    ]


def test_a_link_to_an_alias_is_followed_at_the_configured_address() -> None:
    """OD-P21: another name of the same system, told so by the settings."""
    there = "https://other-name.example.com:44300"
    first = rows({"ID": "1"}, __next=f"{there}{SERVICE}/A_Order?$skiptoken=2")
    with (
        SapServer(in_turn(first, rows({"ID": "2"}))) as server,
        client_of(server, aliases=(there,)) as client,
    ):
        assert len(client.find(SERVICE, "A_Order", Query())) == 2
    assert server.requests[1].target == f"{SERVICE}/A_Order?$skiptoken=2"


def test_client_language_and_saml_stand_on_every_call() -> None:
    """OD-P15: metadata, token, data, count and write alike."""
    edmx = b'<?xml version="1.0"?><Edmx Version="1.0"/>'
    with (
        SapServer(with_token(lambda r: CREATED if r.method == "POST" else rows())) as server,
        client_of(server, language="DE") as client,
    ):
        client.create(SERVICE, "A_Order", {})
        client.find(SERVICE, "A_Order", Query())
        client.get(SERVICE, "A_Order", {"ID": "1"})
        server.script = lambda _: Reply(body=edmx, type="application/xml")
        with pytest.raises(SapmatchError):
            client.service(SERVICE).metadata()
    assert len(server.requests) == 5
    for request in server.requests:
        assert {"sap-client=100", "sap-language=DE", "saml2=disabled"} <= set(
            request.query.split("&")
        )
        assert COOKIE in request.headers.get("cookie", COOKIE)
