"""TLS with SAP: whom we believe, by which name, and how often it is agreed on."""

import select
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from sapmatch.model.access import Access
from sapmatch.model.auth import Basic
from sapmatch.model.connection import Limits
from sapmatch.model.errors import InputRejected, LogonRefused, SapUnavailable
from sapmatch.model.query import Query
from sapmatch.sap.auth.trust import Trust
from sapmatch.sap.odata.client import ODataClient
from tests.builders.certificates import Authority
from tests.builders.logons import LOGON, Vault, logged_on, password
from tests.builders.memory import MemoryClock
from tests.builders.sap_server import SERVICE, Reply, SapServer, rows
from tests.contract.sap.test_sap_threads import at_once

BASIC = Basic(secret=LOGON)
FAST = Limits(requests_per_second=10_000, burst=100)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


def serving(tls: ssl.SSLContext) -> SapServer:
    return SapServer(lambda _: rows({"ID": "1"}), tls=tls)


def client_at(server: SapServer, authority: Authority, **settings: Any) -> ODataClient:
    vault = Vault(password("good"), sapmatch_ca={"bundle": authority.pem})
    return logged_on(server, BASIC, vault, ca="sapmatch_ca", limits=FAST, **settings)


def assert_nothing_sent(client: ODataClient, server: SapServer, match: str) -> None:
    """A read says that SAP was not reached, and so does a write: it certainly did not happen."""
    with pytest.raises(SapUnavailable, match=match):
        client.find(SERVICE, "A_Order", Query())
    with pytest.raises(SapUnavailable, match=match):
        client.create(SERVICE, "A_Order", {"ID": "1"})
    assert server.requests == []


def test_an_authority_of_the_company_comes_from_a_secret(authority: Authority) -> None:
    with serving(authority.server()) as server, client_at(server, authority) as client:
        assert len(client.find(SERVICE, "A_Order", Query())) == 1


def test_a_servers_own_certificate_may_be_named_instead_and_then_no_other_is_believed(
    authority: Authority, tmp_path: Path
) -> None:
    """Not even one that the same authority has issued."""
    pinned, other = authority.server_leaf(), authority.server_leaf()
    vault = Vault(password("good"), sapmatch_ca={"bundle": pinned.certificate})
    for leaf in (pinned, other):
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(*leaf.files(tmp_path, "server"))
        with (
            serving(tls) as server,
            logged_on(server, BASIC, vault, ca="sapmatch_ca", limits=FAST) as client,
        ):
            if leaf is pinned:
                assert len(client.find(SERVICE, "A_Order", Query())) == 1
            else:
                assert_nothing_sent(client, server, "not trusted")


def test_authorities_that_a_destination_no_longer_names_are_not_believed_any_more(
    authority: Authority, tmp_path: Path
) -> None:
    trust = Trust("[connections.s4]")
    first, other = Access(trust=authority.pem), Access(trust=Authority(tmp_path).pem)
    assert trust.context(first) is trust.context(Access(trust=authority.pem))
    assert trust.context(other) is not trust.context(first)


def test_authorities_of_the_machine_are_those_of_requests_ca_bundle(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(authority.bundle))
    with (
        serving(authority.server()) as server,
        logged_on(server, BASIC, Vault(password("good"))) as client,
    ):
        assert len(client.find(SERVICE, "A_Order", Query())) == 1


def test_a_server_of_an_unknown_authority_gets_nothing(
    authority: Authority, tmp_path: Path
) -> None:
    """RE-25."""
    stranger = Authority(tmp_path)
    with serving(stranger.server()) as server, client_at(server, authority) as client:
        assert_nothing_sent(client, server, "not trusted")


def test_a_server_of_another_name_gets_nothing(authority: Authority) -> None:
    """RE-25."""
    with (
        serving(authority.server("other.example.com")) as server,
        client_at(server, authority) as client,
    ):
        assert_nothing_sent(client, server, "another host")


def test_a_server_whose_certificate_is_over_gets_nothing(authority: Authority) -> None:
    with serving(authority.server(days=-1)) as server, client_at(server, authority) as client:
        assert_nothing_sent(client, server, "is over")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_server_that_knows_no_tls_1_2_gets_nothing(authority: Authority) -> None:
    old = authority.server()
    old.minimum_version = ssl.TLSVersion.TLSv1
    old.maximum_version = ssl.TLSVersion.TLSv1_1
    old.set_ciphers("DEFAULT:@SECLEVEL=0")
    with serving(old) as server, client_at(server, authority) as client:
        assert_nothing_sent(client, server, "TLS 1.2 or later")


def test_a_tunnel_that_is_down_is_no_unknown_outcome(authority: Authority) -> None:
    """RE-25: without a route nothing happened, and nothing goes another way."""
    with serving(authority.server()) as server:
        url = server.url
    vault = Vault(password("good"))
    with logged_on(server, BASIC, vault, url=url, limits=FAST) as client:
        assert_nothing_sent(client, server, "there was no connection")


def test_the_name_in_the_certificate_may_be_another_than_the_address(authority: Authority) -> None:
    """An address or an alias in url: SAP is asked for, and has to prove, server_name."""
    asked: list[str | None] = []
    context = authority.server("sap.intern.example.com")
    context.sni_callback = lambda _socket, name, _context: asked.append(name)
    with (
        serving(context) as server,
        client_at(server, authority, server_name="sap.intern.example.com") as client,
    ):
        assert len(client.find(SERVICE, "A_Order", Query())) == 1
    assert asked == ["sap.intern.example.com"]


def test_server_name_is_that_of_sap_and_of_nobody_who_makes_its_tokens() -> None:
    trust = Trust("[connections.s4]", host="10.0.0.7", server_name="sap.intern.example.com")
    assert trust.server_name("10.0.0.7") == "sap.intern.example.com"
    assert trust.server_name("tokens.example.com") is None


def test_server_name_takes_the_place_of_the_address_and_no_check_away(authority: Authority) -> None:
    with (
        serving(authority.server("127.0.0.1")) as server,
        client_at(server, authority, server_name="sap.intern.example.com") as client,
    ):
        assert_nothing_sent(client, server, "another host")


@pytest.mark.parametrize("bundle", ["nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_an_authority_that_is_none_is_told_with_its_setting(
    authority: Authority, bundle: str
) -> None:
    vault = Vault(password("good"), sapmatch_ca={"bundle": bundle})
    with (
        serving(authority.server()) as server,
        logged_on(server, BASIC, vault, ca="sapmatch_ca") as client,
        pytest.raises(InputRejected, match=r"\[connections\.s4\]\.ca: must hold certificates"),
    ):
        client.find(SERVICE, "A_Order", Query())


def test_no_redirect_leads_out_of_tls(authority: Authority) -> None:
    """RE-25: not even to the same host and port."""
    with SapServer(lambda _: rows()) as plain:
        ways = [plain.url]
        script = lambda _: Reply(307, headers=[("Location", ways[-1])])  # noqa: E731
        secured = SapServer(script, tls=authority.server())
        ways.append(secured.url.replace("https:", "http:"))
        with secured, client_at(secured, authority) as client:
            while ways:
                with pytest.raises(LogonRefused, match="single sign-on") as caught:
                    client.find(SERVICE, "A_Order", Query())
                assert caught.value.reason == "sso"
                ways.pop()
        assert plain.requests == []


class _Tunnel(socketserver.StreamRequestHandler):
    """A proxy that knows CONNECT, and passes on whatever comes after it."""

    def handle(self) -> None:
        target = self.rfile.readline().split()[1].decode().rpartition(":")
        while self.rfile.readline().strip():
            pass
        with socket.create_connection((target[0], int(target[2])), 10) as there:
            self.wfile.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            ends = {self.connection: there, there: self.connection}
            while readable := select.select(list(ends), [], [], 10)[0]:
                for each in readable:
                    if not (data := each.recv(65536)):
                        return
                    ends[each].sendall(data)


class _Tunnels(socketserver.ThreadingTCPServer):
    daemon_threads = True


@contextmanager
def tunnel() -> Iterator[int]:
    """The port of such a proxy."""
    with _Tunnels(("127.0.0.1", 0), _Tunnel) as proxy:
        thread = threading.Thread(target=proxy.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield proxy.server_address[1]
        finally:
            proxy.shutdown()
            thread.join(5)


def test_a_tunnel_through_a_proxy_begins_anew_after_a_long_pause(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CO-T63: the time limit of the exchange before has nothing to say about it."""
    clock = MemoryClock()
    with tunnel() as port, serving(authority.server()) as server:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{port}")
        with client_at(server, authority, clock=clock, total_timeout=0.5) as client:
            sap = client.exchange(SERVICE)
            sap.get(sap.url("A_Order"), tries=1)
            clock.time += timedelta(seconds=21)
            time.sleep(0.6)
            sap.get(sap.url("A_Order"), tries=1)
    assert (len(server.requests), server.handshakes) == (2, 2)


def test_tls_is_agreed_on_once_for_each_connection_and_not_for_each_request(
    authority: Authority,
) -> None:
    with serving(authority.server()) as server, client_at(server, authority) as client:
        for _ in range(20):
            client.find(SERVICE, "A_Order", Query())
        assert (server.handshakes, len(server.requests)) == (1, 20)
        at_once(*[lambda: [client.find(SERVICE, "A_Order", Query()) for _ in range(10)]] * 4)
    assert len(server.requests) == 60
    assert server.handshakes == server.connections <= 4
