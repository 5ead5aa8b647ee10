"""What `sapmatch doctor` says where SAP is not reached, or is not who it should be."""

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sapmatch.sap.auth.credentials import Given
from sapmatch.sap.doctor import Entry, Finding, Target, network
from sapmatch.sap.doctor.system import System
from sapmatch.sap.doctor.tls import tls
from tests.builders.certificates import Authority
from tests.builders.memory import MemoryClock
from tests.builders.raw_server import RawServer
from tests.builders.sap_doctor import (
    CHECKS,
    by_check,
    connection_to,
    findings,
    healthy,
    statuses,
)
from tests.builders.sap_server import SERVICE, SapServer

HOST = "https://sap.example.com:44300"


@pytest.fixture
def authority(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> Authority:
    """An authority that the client of this test trusts."""
    found = Authority(tmp_path_factory.mktemp("authority"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(found.bundle))
    return found


@pytest.fixture(autouse=True)
def _own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


def resolve_to(monkeypatch: pytest.MonkeyPatch, *hosts: str) -> None:
    """Let every name have these addresses."""

    def resolved(_: str, port: int, *__: Any, **___: Any) -> list[Any]:
        families = {True: socket.AF_INET6, False: socket.AF_INET}
        return [(families[":" in each], socket.SOCK_STREAM, 6, "", (each, port)) for each in hosts]

    monkeypatch.setattr(socket, "getaddrinfo", resolved)


def unreached(found: list[Finding], check: str) -> Finding:
    """The one finding that failed; whatever stands on it says so and sent nothing."""
    assert statuses(found, "failed") == [check]
    later = CHECKS[CHECKS.index(check) + 1 :]
    assert statuses(found, "skipped") == later
    failed = by_check(found)[check]
    assert all(each.detail.endswith(f"{check} fails") for each in found if each.check in later)
    return failed


@pytest.mark.parametrize(
    ("error", "remedy"),
    [(socket.EAI_NONAME, "private hosted zone"), (socket.EAI_AGAIN, "no name server answers")],
)
def test_a_name_without_an_address_points_to_its_zone_or_to_the_name_servers(
    error: int, remedy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(error, "no")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    failed = unreached(findings(HOST), "dns")
    assert failed.unreachable
    assert failed.detail.startswith("sap.example.com: has no address")
    assert remedy in failed.remedy


def test_a_name_that_is_no_name_is_a_finding_not_a_crash() -> None:
    failed = unreached(findings(f"https://{'x' * 64}.example.com"), "dns")
    assert "has no address" in failed.detail


def test_name_servers_that_say_nothing_are_waited_for_as_long_as_a_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    over = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(20))
    failed = unreached(findings(HOST, connect_timeout=0.1), "dns")
    over.set()
    assert "within 0.1 s" in failed.detail
    assert "port 53" in failed.remedy


def test_a_port_where_nobody_listens_points_to_sap_and_the_load_balancer() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    failed = unreached(findings(f"https://127.0.0.1:{port}"), "route")
    assert failed.unreachable
    assert f"127.0.0.1 port {port}" in failed.detail
    assert "SMICM" in failed.remedy
    assert "PrivateLink" in failed.remedy


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port whose queue is full: what knocks gets no answer, as behind a security group."""
    with ExitStack() as stack:
        listener = stack.enter_context(closing(socket.socket()))
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(4):
            knocking = stack.enter_context(closing(socket.socket()))
            knocking.setblocking(False)
            knocking.connect_ex(listener.getsockname())
        yield listener.getsockname()[1]


def test_silence_points_to_security_groups_and_routes(silent_port: int) -> None:
    failed = unreached(findings(f"https://127.0.0.1:{silent_port}", connect_timeout=0.2), "route")
    assert "no connection within 0.2 s" in failed.detail
    for part in ("security groups", "route table", "network ACL", "VPN", "endpoint"):
        assert part in failed.remedy


def test_one_address_of_two_that_is_silent_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    with SapServer(healthy()) as server:
        resolve_to(monkeypatch, "::1", "127.0.0.1")
        found = by_check(findings(server.url))
    assert found["route"].status == "warning"
    assert found["route"].detail.startswith("127.0.0.1 port")
    assert "zone" in found["route"].remedy
    assert found["authorisation"].status == "ok"


def test_a_certificate_of_a_private_authority_is_trusted_by_the_same_bundle(
    authority: Authority,
) -> None:
    with SapServer(healthy(), tls=authority.server("127.0.0.1")) as server:
        found = findings(server.url, clock=MemoryClock())
    tls = by_check(found)["tls"]
    assert statuses(found, "failed") == []
    assert tls.status == "ok"
    assert "certificate of 127.0.0.1 by Test Authority" in tls.detail
    assert "days left" in tls.detail


def test_a_certificate_that_soon_ends_is_a_warning(authority: Authority) -> None:
    with SapServer(healthy(), tls=authority.server(days=20)) as server:
        tls = by_check(
            findings(server.url, clock=MemoryClock(datetime.now(UTC) + timedelta(minutes=1)))
        )["tls"]
    assert (tls.status, tls.detail.rpartition("ends in ")[2]) == ("warning", "19 days")
    assert "STRUST" in tls.remedy


def refused(server: SapServer) -> Finding:
    """The finding about TLS; nothing of ours arrived."""
    failed = unreached(findings(server.url), "tls")
    assert server.requests == []
    return failed


def test_an_authority_that_we_do_not_know_points_to_the_bundle(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RE-25: found before the first byte of a request."""
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with SapServer(healthy(), tls=authority.server()) as server:
        failed = refused(server)
    assert "REQUESTS_CA_BUNDLE" in failed.remedy
    assert "STRUST" in failed.remedy


def test_a_certificate_of_another_host_names_the_hosts_it_is_for(authority: Authority) -> None:
    with SapServer(healthy(), tls=authority.server("sap.example.com")) as server:
        failed = refused(server)
    assert failed.detail == "the certificate is of sap.example.com, not of 127.0.0.1"
    assert "connections.s4.url" in failed.remedy
    assert "hosted zone" in failed.remedy


def test_looking_at_the_names_of_another_host_takes_no_check_away(authority: Authority) -> None:
    """RE-25: tokens are fetched after it, by the same trust."""
    with SapServer(healthy(), tls=authority.server("other.example.com")) as server:
        given = Given({"user": "U", "password": "P"})
        entry = Entry(secrets=given, connect=lambda _: pytest.fail("nothing goes there"))
        target = Target(SERVICE)
        system = System("s4", connection_to(server.url), target, entry, MemoryClock())
        assert network.dns(system).status == network.route(system).status == "ok"
        assert "other.example.com" in tls(system).detail
    assert system.trust.context(system.shown).check_hostname


def test_a_certificate_that_is_over_is_to_be_renewed(authority: Authority) -> None:
    with SapServer(healthy(), tls=authority.server(days=-1)) as server:
        failed = refused(server)
    assert "is over" in failed.detail
    assert "STRUST" in failed.remedy


def test_a_bundle_that_is_not_there_is_named(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", f"{authority.bundle}.missing")
    with SapServer(healthy(), tls=authority.server()) as server:
        failed = refused(server)
    assert "authority.pem.missing" in failed.detail
    assert "REQUESTS_CA_BUNDLE" in failed.remedy


def test_a_port_of_plain_http_is_told_from_one_of_https() -> None:
    with RawServer(lambda _: [b"HTTP/1.1 400 Bad Request\r\n\r\n"]) as server:
        failed = unreached(findings(f"https://127.0.0.1:{server.port}"), "tls")
    assert "speaks no TLS" in failed.detail
    assert "443NN" in failed.remedy


def test_a_port_that_takes_connections_and_says_nothing_is_not_waited_for_long() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        failed = unreached(findings(url, connect_timeout=0.2), "tls")
    assert "says nothing for 0.2 s" in failed.detail


def test_a_handshake_that_is_hung_up_on_points_to_what_stands_between() -> None:
    with RawServer(lambda _: []) as server:
        failed = unreached(findings(f"https://127.0.0.1:{server.port}"), "tls")
    assert "ended the handshake" in failed.detail
    assert "firewall" in failed.remedy


def test_with_a_proxy_its_own_address_and_port_are_examined(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("HTTPS_PROXY", f"http://user:password-canary@127.0.0.1:{port}")
    found = by_check(findings(HOST))
    assert "proxy" in found["dns"].detail
    assert found["route"].status == "failed"
    assert f"127.0.0.1 port {port}" in found["route"].detail
