"""What goes over the wire: addresses as they came, bodies in time, nothing to anybody else."""

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from sapmatch.model.connection import ServiceOptions
from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    LogonRefused,
    OutcomeUnknown,
    SapRejected,
    ServiceNotActivated,
)
from sapmatch.model.query import Query
from sapmatch.sap import http
from tests.builders.sap_server import (
    SERVICE,
    Received,
    Reply,
    SapServer,
    client_at,
    client_of,
    data,
    in_turn,
    refusal,
    rows,
    with_token,
)

CREATED = data({"d": {"ID": "1"}}, 201)
LARGE = {"Text": "x" * 24_000_000}  # more than the buffers of a socket hold


@pytest.mark.parametrize(
    "target",
    ["?$skiptoken=a%2fb%c3%a4", "?$skiptoken=a%20b%", "?$skiptoken='A','1'", "?$skiptoken=A+B;*"],
)
def test_a_link_is_followed_byte_for_byte(target: str) -> None:
    """OD-P22."""
    link = f"{SERVICE}/A_Order{target}"
    with SapServer(in_turn(rows(__next=link), rows())) as server, client_of(server) as client:
        client.find(SERVICE, "A_Order", Query())
    assert server.requests[1].target == link


@contextmanager
def slow_to_read(seconds: float) -> Iterator[str]:
    """A server that lets a body wait before it takes it."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.settimeout(10)
                time.sleep(seconds)
                got = b""
                while len(got) < len(LARGE["Text"]) and (part := connection.recv(1 << 20)):
                    got += part
                connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        thread.join(20)


def write_slowly(url: str, **settings: Any) -> None:
    with client_at(url, csrf="never", **settings) as client:
        client.update(SERVICE, "A_Order", {"ID": "1"}, LARGE, etag=None)


def test_a_large_body_has_the_time_of_the_exchange_not_that_of_connecting() -> None:
    with slow_to_read(0.5) as url:
        write_slowly(url, connect_timeout=0.1)


def test_a_body_that_nobody_takes_ends_in_time_and_names_the_setting() -> None:
    with slow_to_read(1) as url, pytest.raises(OutcomeUnknown, match="total_timeout"):
        write_slowly(url, total_timeout=0.2)


def test_the_answer_to_a_write_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "MAX_BODY", 100_000)
    bomb = Reply(201, gzip.compress(bytes(1_000_000)), [("Content-Encoding", "gzip")])
    with (
        SapServer(in_turn(bomb)) as server,
        client_of(server, csrf="never") as client,
        pytest.raises(OutcomeUnknown, match="larger than"),
    ):
        client.create(SERVICE, "A_Order", {})


def test_an_etag_that_http_cannot_carry_is_refused_before_anything_is_sent() -> None:
    with (
        SapServer(in_turn()) as server,
        client_of(server, csrf="never") as client,
        pytest.raises(InputRejected, match="header"),
    ):
        client.update(SERVICE, "A_Order", {"ID": "1"}, {"N": "1"}, etag="W/\"'Łódź'\"")
    assert server.requests == []


@pytest.mark.parametrize(
    "reply",
    [
        refusal(400, "ZFI/017", "Document 4711 posted, then backend session timed out"),
        Reply(403, b"<html>session not found</html>", type="text/html"),
        Reply(404, b"<html>session not found</html>", type="text/html"),
    ],
)
def test_only_a_server_that_did_not_reach_the_service_has_lost_a_session(reply: Reply) -> None:
    """OD-P12: whatever the text of a business error says, the service has run."""
    with (
        SapServer(with_token(lambda _: reply)) as server,
        client_of(server) as client,
        pytest.raises((SapRejected, AuthorizationMissing, ServiceNotActivated)),
    ):
        client.create(SERVICE, "A_Order", {})
    assert len(server.written()) == 1


def test_a_proxy_that_drops_head_is_passed_by_get() -> None:
    """OD-P02."""

    def script(request: Received) -> Reply:
        return Reply(drop=True) if request.method == "HEAD" else guarded(request)

    guarded = with_token(lambda _: CREATED)
    with SapServer(script) as server, client_of(server) as client:
        client.create(SERVICE, "A_Order", {})
    assert server.methods() == ["HEAD", "GET", "POST"]


def test_a_root_that_refuses_the_token_names_the_settings_that_help() -> None:
    """OD-P03, OD-P08."""
    with (
        SapServer(lambda _: refusal(501)) as server,
        client_of(server) as client,
        pytest.raises(LogonRefused, match=r'csrf = "never".*csrf_path'),
    ):
        client.create(SERVICE, "A_Order", {})
    assert server.written() == []


def test_a_token_path_cannot_name_another_host() -> None:
    """The settings are checked as they are read; a caller may make his own."""
    with SapServer(in_turn()) as other, SapServer(in_turn()) as server:
        options = ServiceOptions(csrf_path=f"@{other.url.removeprefix('http://')}/x")
        with (
            client_of(server, services={SERVICE: options}) as client,
            pytest.raises(InputRejected, match="no path of this system"),
        ):
            client.create(SERVICE, "A_Order", {})
    assert other.requests == server.requests == []


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_sap_on_this_machine_is_called_past_the_proxy_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    """What is not encrypted stays here, reads and writes alike, whatever HTTP_PROXY says."""
    created = Reply(201, rows().body)
    with SapServer(lambda _: rows()) as proxy, SapServer(lambda _: created) as server:
        for name in ("NO_PROXY", "no_proxy"):
            monkeypatch.delenv(name, raising=False)
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        url = server.url.replace("127.0.0.1", host)
        with client_at(url, csrf="never") as client:
            client.find(SERVICE, "A_Order", Query())
            client.create(SERVICE, "A_Order", {"ID": "1"})
    assert (proxy.requests, server.methods()) == ([], ["GET", "POST"])
