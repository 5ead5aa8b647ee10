"""Requests signed with access that is made elsewhere: whose it is, and what a 401 does to it."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta

import pytest
import requests

from sapmatch.model.access import Access, Principal
from sapmatch.model.auth import NoAuth
from sapmatch.model.connection import Connection, Limits
from sapmatch.model.errors import LogonRefused, SapmatchError, SapUnavailable
from sapmatch.sap.auth.access import AccessAuth
from sapmatch.sap.auth.tokens import AccessCache
from sapmatch.sap.auth.trust import Trust
from sapmatch.sap.session import SapSession
from tests.builders.memory import MemoryClock
from tests.builders.sap_server import Received, Reply, SapServer, data

FAST = Limits(requests_per_second=10_000, burst=1000, parallel=8)


class Source:
    """Port AccessSource: numbered tokens, or what a test says."""

    def __init__(self, *given: Access | SapmatchError, seconds: float | None = 3600) -> None:
        self.clock = MemoryClock()
        self.given = list(given)
        self.asked: list[Principal | None] = []
        self._seconds = seconds

    def access(self, principal: Principal | None) -> Access:
        self.asked.append(principal)
        found = self.given.pop(0) if self.given else self.numbered(principal)
        if isinstance(found, SapmatchError):
            raise found
        return found

    def numbered(self, principal: Principal | None) -> Access:
        who = (principal and principal.sap_user) or "technical"
        return self.of({"Authorization": f"Bearer {who}-{len(self.asked)}"})

    def of(self, headers: dict[str, str]) -> Access:
        until = self.clock.now() + timedelta(seconds=self._seconds) if self._seconds else None
        return Access(headers=headers, usable_until=until)

    def auth(
        self, principal: Principal | None = None, cache: AccessCache | None = None
    ) -> AccessAuth:
        user = principal.sap_user if principal else None
        return AccessAuth(self, self.clock, ("s4", user), f"s4 {user}", principal, cache)


@contextmanager
def session_of(server: SapServer, auth: AccessAuth) -> Iterator[SapSession]:
    connection = Connection(url=server.url, client="100", auth=NoAuth(), limits=FAST)
    session = SapSession("s4", connection, auth, MemoryClock(), Trust("[connections.s4]"))
    try:
        yield session
    finally:
        session.close()


def taking(*tokens: str) -> SapServer:
    """A SAP that lets these tokens in."""

    def script(request: Received) -> Reply:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        return data({"d": {}}) if token in tokens else Reply(401, b"<html/>", type="text/html")

    return SapServer(script)


def shown(server: SapServer) -> list[str]:
    return [each.headers["authorization"].removeprefix("Bearer ") for each in server.requests]


def test_a_token_that_sap_no_longer_takes_is_replaced_once() -> None:
    source = Source()
    with taking("technical-2") as server, session_of(server, source.auth()) as session:
        for _ in range(3):
            assert session.read("GET", session.url("/x")).status == 200
    assert shown(server) == ["technical-1", "technical-2", "technical-2", "technical-2"]


def test_a_write_that_was_not_let_in_is_sent_once_more_with_a_new_token() -> None:
    source = Source()
    with taking("technical-2") as server, session_of(server, source.auth()) as session:
        assert session.write("POST", session.url("/x"), {}, b'{"A": 1}').status == 200
    assert [each.body for each in server.requests] == [b'{"A": 1}'] * 2


def test_a_second_401_is_the_end() -> None:
    source = Source()
    with taking() as server, session_of(server, source.auth()) as session:
        assert session.read("GET", session.url("/x")).status == 401
        with pytest.raises(LogonRefused):
            session.read("GET", session.url("/x"))
    assert shown(server) == ["technical-1", "technical-2"]


def test_what_was_refused_is_not_kept() -> None:
    """Whoever tries again later has a token of then."""
    source = Source()
    auth = source.auth()
    with taking() as server, session_of(server, auth) as session:
        session.read("GET", session.url("/x"))
    assert len(source.asked) == 2
    assert auth.current().headers == {"Authorization": "Bearer technical-3"}


def test_a_revoked_token_costs_many_threads_one_new_one() -> None:
    source = Source()
    auth = source.auth()
    auth.current()
    with taking("technical-2") as server, session_of(server, auth) as session:
        with ThreadPoolExecutor(8) as pool:
            url = session.url("/x")
            answers = pool.map(lambda _: session.read("GET", url).status, range(40), timeout=30)
        assert set(answers) == {200}
    assert len(source.asked) == 2


def test_the_same_password_again_is_not_tried_a_second_time() -> None:
    """A destination may hold user and password: each try more is a failed logon more (CO-T1)."""
    source = Source()
    same = [source.of({"Authorization": "Basic dXNlcjpwdw=="}) for _ in range(2)]
    source.given = [*same]
    with taking() as server, session_of(server, source.auth()) as session:
        assert session.read("GET", session.url("/x")).status == 401
    assert len(server.requests) == 1


def test_access_for_one_request_is_fetched_for_each() -> None:
    """A SAML assertion as access is never kept, and what replaces a refused one is used."""
    source = Source(seconds=None)
    with (
        taking("technical-1", "technical-3") as server,
        session_of(server, source.auth()) as session,
    ):
        for _ in range(2):
            assert session.read("GET", session.url("/x")).status == 200
    assert shown(server) == ["technical-1", "technical-2", "technical-3"]
    assert len(source.asked) == 3


def test_two_users_never_share_a_token_even_in_one_cache() -> None:
    """CO-T6."""
    source = Source()
    cache = AccessCache(source.clock)
    seen = {}
    for user in ("MEIER", "WEBER", "MEIER"):
        auth = source.auth(Principal(sap_user=user), cache)
        seen[user] = auth.current().headers["Authorization"]
        assert auth.identity == f"s4 {user}"
    assert seen == {"MEIER": "Bearer MEIER-1", "WEBER": "Bearer WEBER-2"}
    assert len(source.asked) == 2


def test_what_the_request_says_itself_stays_but_its_authorization_is_ours() -> None:
    source = Source(
        Source().of({"authorization": "Bearer x", "ACCEPT": "text/xml", "X-Sap-Security": "1"})
    )
    request = requests.Request(
        "GET",
        "http://127.0.0.1/",
        headers={"Accept": "application/json", "Authorization": "Basic abc"},
        auth=source.auth(),
    ).prepare()
    assert request.headers["Accept"] == "application/json"
    assert request.headers["Authorization"] == "Bearer x"
    assert request.headers["X-Sap-Security"] == "1"


def test_queries_of_the_access_go_on_each_request() -> None:
    source = Source(
        Access(
            headers={"Authorization": "Bearer t"},
            queries={"sap-x": "a b&c"},
            usable_until=MemoryClock().now() + timedelta(hours=1),
        )
    )
    with taking("t") as server, session_of(server, source.auth()) as session:
        session.read("GET", session.url("/x", ["$top=1"]))
    (call,) = server.requests
    assert "sap-x=a%20b%26c" in call.target
    assert "$top=1" in call.target


@pytest.mark.parametrize(
    ("error", "calls"),
    [(LogonRefused("refused", "token"), 1), (SapUnavailable("no answer"), 4)],
)
def test_without_access_nothing_is_sent(error: SapmatchError, calls: int) -> None:
    source = Source(*[error] * 10)
    with taking() as server, session_of(server, source.auth()) as session:
        with pytest.raises(type(error)):
            session.read("GET", session.url("/x"))
        assert server.requests == []
    assert len(source.asked) == calls


def test_an_error_while_the_token_is_renewed_leaves_the_write_unsent() -> None:
    """The 401 says that it did not happen, so that it may be sent later."""
    source = Source(Source().numbered(None), SapUnavailable("no answer"))
    with (
        taking() as server,
        session_of(server, source.auth()) as session,
        pytest.raises(SapUnavailable),
    ):
        session.write("POST", session.url("/x"), {}, b"{}")
    assert len(server.requests) == 1


def test_nothing_of_the_access_is_shown() -> None:
    """CO-T16."""
    source = Source()
    auth = source.auth(Principal(sap_user="MEIER", token="jwt-canary"))
    token = auth.current().headers["Authorization"]
    assert token == "Bearer MEIER-1"
    assert token not in f"{auth!r} {auth.current()!r} {source.asked!r}"
    assert "jwt-canary" not in f"{auth!r} {source.asked!r}"
