"""What a token or a destination brings along: headers, queries, a certificate, an address."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sapmatch.model.access import Access, Principal
from sapmatch.model.auth import BtpDestination, SamlBearer
from sapmatch.model.connection import Connection
from sapmatch.model.errors import InputRejected, LogonRefused
from sapmatch.model.query import Query
from sapmatch.sap.connection import connect
from sapmatch.sap.odata.client import ODataClient
from tests.builders.certificates import Authority
from tests.builders.logons import LOGON, Vault
from tests.builders.memory import MemoryClock
from tests.builders.sap_server import SERVICE, Reply, SapServer, rows

DESTINATION = BtpDestination(secret=LOGON, destination="S4H")
UNTIL = datetime.now(UTC) + timedelta(hours=1)
BEARER = {"Authorization": "Bearer token-canary"}


class Opening:
    """An AccessSource that gives what it has, one after another, and notes for whom."""

    def __init__(self, *given: Access) -> None:
        self._given = list(given)
        self.asked: list[Principal | None] = []

    def access(self, principal: Principal | None) -> Access:
        self.asked.append(principal)
        return self._given.pop(0)


def client_of(
    server: SapServer, source: Opening, principal: Principal | None = None, ca: str = ""
) -> ODataClient:
    auth = SamlBearer(secret=LOGON, issuer="i", audience="a", user="ROBOT")
    vault = Vault({}, sapmatch_ca={"bundle": ca})
    connection = Connection(
        url=server.url,
        client="100",
        auth=auth if principal else DESTINATION,
        ca="sapmatch_ca" if ca else None,
    )
    clock = MemoryClock(datetime.now(UTC))
    return connect("s4", connection, vault, clock=clock, principal=principal, broker=source)


def find(client: ODataClient) -> int:
    return len(client.find(SERVICE, "A_Order", Query()))


def test_headers_and_queries_go_on_every_request() -> None:
    given = Access(headers=BEARER, queries={"sap-x": "a b&c"}, usable_until=UNTIL)
    with (
        SapServer(lambda _: rows({"ID": "1"})) as server,
        client_of(server, Opening(given)) as client,
    ):
        find(client)
        find(client)
    assert [r.headers["authorization"] for r in server.requests] == ["Bearer token-canary"] * 2
    assert all(request.target.endswith("&sap-x=a%20b%26c") for request in server.requests)


def test_a_destination_of_another_host_gets_nothing() -> None:
    """The settings say where SAP is: no answer of anybody sends a token elsewhere."""
    with SapServer(lambda _: rows()) as evil, SapServer(lambda _: rows()) as server:
        given = Access(headers=BEARER, url=evil.url, usable_until=UNTIL)
        with client_of(server, Opening(given)) as client:
            with pytest.raises(InputRejected, match="nothing was sent there") as caught:
                find(client)
            assert server.url in str(caught.value)
            assert evil.url in str(caught.value)
        assert evil.requests == server.requests == []


def test_a_certificate_of_a_destination_is_shown(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    robot = authority.client("BTP")
    given = Access(certificate=robot.chain, key=robot.key, usable_until=UNTIL)
    with (
        SapServer(lambda _: rows(), tls=authority.demanding()) as server,
        client_of(server, Opening(given), ca=authority.pem) as client,
    ):
        find(client)
    assert server.requests[0].headers["test-subject"] == "BTP"


def test_authorities_of_a_destination_are_trusted_beside_the_others(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    given = Access(headers=BEARER, trust=authority.pem, usable_until=UNTIL)
    with (
        SapServer(lambda _: rows({"ID": "1"}), tls=authority.server()) as server,
        client_of(server, Opening(given)) as client,
    ):
        assert find(client) == 1


def test_a_token_that_is_refused_twice_is_the_end_and_says_where_to_look() -> None:
    """One more token, one more try; SAP's own log knows the reason."""
    tokens = [Access(headers={"Authorization": f"Bearer {n}"}, usable_until=UNTIL) for n in "123"]
    source = Opening(*tokens)
    with SapServer(lambda _: Reply(401)) as server, client_of(server, source) as client:
        with pytest.raises(LogonRefused, match=r"SOAUTH2.*SEC_TRACE_ANALYZER") as caught:
            find(client)
        assert caught.value.reason == "token"
        with pytest.raises(LogonRefused):
            find(client)
    assert [r.headers["authorization"] for r in server.requests] == ["Bearer 1", "Bearer 2"]
    assert len(source.asked) == 2


def test_a_person_is_spoken_for_by_a_client_of_their_own() -> None:
    """Own session, own cookies, own CSRF token: nothing is shared with the technical user."""
    person = Principal(sap_user="MUELLER")
    given = Access(headers=BEARER, usable_until=UNTIL)
    source = Opening(given, given)
    reply = Reply(body=rows().body, headers=[("Set-Cookie", "SAP_SESSIONID=canary; path=/")])
    with (
        SapServer(lambda _: reply) as server,
        client_of(server, source) as technical,
        client_of(server, source, person) as client,
    ):
        find(technical)
        find(client)
        find(client)
    assert source.asked == [None, person]
    assert ["cookie" in request.headers for request in server.requests] == [False, False, True]
