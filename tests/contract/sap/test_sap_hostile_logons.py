"""Servers, destinations and key stores that are broken or mean harm, met while we log on."""

import base64
import html
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.btp.server import Btp, serve
from sapmatch.bootstrap.secrets import from_environment
from sapmatch.limits.logons import SharedLogonGuard
from sapmatch.model.access import LogonGuard, Secret
from sapmatch.model.auth import Auth, Basic, ClientCredentials
from sapmatch.model.connection import Connection, Limits
from sapmatch.model.errors import (
    InputRejected,
    LogonRefused,
    SapmatchError,
    SapUnavailable,
    ServiceNotActivated,
)
from sapmatch.model.query import Query
from sapmatch.sap.auth.credentials import Given
from sapmatch.sap.auth.destination.reply import decoded
from sapmatch.sap.auth.keys import key_pair
from sapmatch.sap.auth.trust import Trust
from sapmatch.sap.connection import connect
from sapmatch.sap.odata.client import ODataClient
from tests.builders.btp import PASSWORD, SECRET, basic_destination, connection_of, destination
from tests.builders.certificates import Authority
from tests.builders.control import MemoryControl
from tests.builders.logons import LOGON, Checking, Vault, logged_on, password
from tests.builders.memory import MemoryClock
from tests.builders.raw_server import RawServer
from tests.builders.sap_server import SERVICE, Received, Reply, SapServer, refusal, rows
from tests.builders.token_server import CLIENT_SECRET, TOKEN_PATH, Versions, client_with, granted

FAST = Limits(requests_per_second=10_000, burst=1000, parallel=8)
BASIC = Basic(secret=LOGON)
MINUTE = 61.0


@contextmanager
def by_destination(
    reply: dict[str, Any], sap: SapServer, clock: MemoryClock, guard: LogonGuard | None = None
) -> Iterator[ODataClient]:
    with serve({"A4H": reply}, secret=SECRET) as btp, by_service(btp, sap, clock, guard) as client:
        yield client


def by_service(
    btp: Btp, sap: SapServer, clock: MemoryClock, guard: LogonGuard | None = None
) -> ODataClient:
    connection = connection_of(btp, sap.url, limits=FAST)
    return connect("s4", connection, Given(btp.binding), clock=clock, guard=guard)


def ask(client: ODataClient) -> None:
    with pytest.raises(LogonRefused):
        client.find(SERVICE, "A_Order", Query())


def test_the_wrong_password_of_a_destination_is_sent_once_by_one_process() -> None:
    """SAP locks its user as it does any other; minutes later the password is wrong still."""
    clock = MemoryClock(datetime.now(UTC))
    with SapServer(lambda request: Reply(401)) as sap:
        with by_destination(basic_destination(URL=sap.url), sap, clock) as client:
            with ThreadPoolExecutor(20) as threads:
                list(threads.map(lambda _: ask(client), range(20)))
            for _ in range(4):
                clock.sleep(MINUTE)
                ask(client)
        assert len(sap.requests) == 1


def test_the_wrong_password_of_a_destination_is_sent_twice_by_all_processes() -> None:
    clock = MemoryClock(datetime.now(UTC))
    control = MemoryControl()
    with SapServer(lambda request: Reply(401)) as sap:
        for _ in range(5):
            guard = SharedLogonGuard(control, clock, "s4")
            with by_destination(basic_destination(URL=sap.url), sap, clock, guard) as client:
                ask(client)
        assert len(sap.requests) == 2
        stored = control.read("logons/s4")
        assert stored is not None
        assert PASSWORD.encode() not in stored.value


def test_a_new_password_of_a_destination_opens_again() -> None:
    clock = MemoryClock(datetime.now(UTC))
    guard = SharedLogonGuard(MemoryControl(), clock, "s4")
    right = {"Password": "sap-Geheim-neu"}
    with SapServer(Checking(right["Password"])) as sap:
        reply = basic_destination(URL=sap.url)
        with by_destination(reply, sap, clock, guard) as client:
            for _ in range(3):
                ask(client)
                clock.sleep(MINUTE)
            reply["destinationConfiguration"] |= right
            clock.sleep(5 * MINUTE)
            assert client.find(SERVICE, "A_Order", Query())
        assert [request.headers["authorization"] for request in sap.requests].count(
            f"Basic {base64.b64encode(f'ROBOT:{PASSWORD}'.encode()).decode()}"
        ) == 2


def failing(sap: SapServer, said: str) -> dict[str, Any]:
    """A destination whose own logon at a token endpoint fails."""
    reply = destination("OAuth2Password", URL=sap.url, User="ROBOT", Password=PASSWORD)
    return reply | {"authTokens": [{"error": said}]}


def finds(btp: Btp) -> int:
    """How often the service was asked to log on."""
    paths = [path for _, path, _ in btp.requests if "/destinations/" in path]
    return sum("skipTokenRetrieval" not in path for path in paths)


def test_a_logon_that_the_destination_service_is_refused_is_tried_twice_by_all_processes() -> None:
    """KBA 2806979: the token endpoint counts its tries as those of anybody else."""
    clock = MemoryClock(datetime.now(UTC))
    control = MemoryControl()
    with SapServer(lambda request: rows()) as sap:
        reply = failing(sap, "401 Unauthorized: Bad credentials")
        with serve({"A4H": reply}, secret=SECRET) as btp:
            for _ in range(4):
                guard = SharedLogonGuard(control, clock, "s4")
                with by_service(btp, sap, clock, guard) as client:
                    ask(client)
                    clock.sleep(MINUTE)
                    ask(client)
            assert finds(btp) == 2
            reply["destinationConfiguration"]["Password"] = "sap-Geheim-neu"
            del reply["authTokens"]
            guard = SharedLogonGuard(control, clock, "s4")
            with by_service(btp, sap, clock, guard) as client:
                assert client.find(SERVICE, "A_Order", Query()) == []
        assert len(sap.requests) == 1


def test_a_token_endpoint_that_the_destination_service_cannot_reach_is_tried_again() -> None:
    clock = MemoryClock(datetime.now(UTC))
    with SapServer(lambda request: rows()) as sap:
        reply = failing(sap, "Connect timed out")
        with serve({"A4H": reply}, secret=SECRET) as btp:
            guard = SharedLogonGuard(MemoryControl(), clock, "s4")
            with by_service(btp, sap, clock, guard) as client:
                for _ in range(4):
                    ask(client)
                    clock.sleep(MINUTE)
            assert finds(btp) == 4


def test_a_path_that_nobody_knows_proves_no_password() -> None:
    """A web dispatcher says so before it asks who we are: the next call goes alone still."""
    checking = Checking("right")

    def script(request: Received) -> Reply:
        if "UNKNOWN" in request.path:
            return Reply(404, b"no such path", type="text/plain")
        return checking(request)

    with SapServer(script) as server:
        vault = Vault(password("wrong"))
        with logged_on(server, BASIC, vault, limits=FAST) as client:
            with pytest.raises(ServiceNotActivated):
                client.find("/sap/opu/odata/sap/UNKNOWN_SRV", "A_Order", Query())
            with ThreadPoolExecutor(20) as threads:
                list(threads.map(lambda _: ask(client), range(20)))
        assert checking.refused == {"wrong": 1}


@pytest.mark.parametrize("reply", [Reply(500), Reply(drop=True), Reply(200, b"x" * 2_000_000)])
def test_a_token_endpoint_that_fails_is_asked_three_times_and_no_more(reply: Reply) -> None:
    """Some fail over a wrong secret, too, and S/4HANA Cloud locks its user (KBA 2806979)."""
    with SapServer(lambda request: reply) as server:
        auth = ClientCredentials(secret="oauth", token_url=f"{server.url}{TOKEN_PATH}")
        with client_with(server, auth, Versions()) as client, pytest.raises(SapUnavailable):
            client.find(SERVICE, "A_Order", Query())
        assert len(server.requests) == 3


def _as_json(text: str, status: int) -> Reply:
    return refusal(status, text=f"you sent {text}")


def _as_page(text: str, status: int) -> Reply:
    page = f"<html><title>you sent {html.escape(text)}</title></html>"
    return Reply(status, page.encode(), type="text/html")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 500, 503])
@pytest.mark.parametrize("echo", [_as_json, _as_page])
@pytest.mark.parametrize("kind", ["basic", "bearer"])
def test_what_comes_back_of_a_logon_in_an_error_is_not_shown(
    status: int, echo: Callable[[str, int], Reply], kind: str
) -> None:
    """CO-T16: a server on the way may answer with the very request that it refuses."""
    secret = 'geheim/"<ä>+canary'
    encoded = base64.b64encode(f"TESTER:{secret}".encode()).decode()

    def script(request: Received) -> Reply:
        if request.path == TOKEN_PATH:
            return granted("token/canary+1234567890")
        return echo(f"{request.headers['authorization']} {secret}", status)

    with SapServer(script) as server:
        auth: Auth = BASIC
        if kind == "bearer":
            auth = ClientCredentials(secret="oauth", token_url=f"{server.url}{TOKEN_PATH}")
        vault = Vault(password(secret), oauth={"client_id": "x", "client_secret": CLIENT_SECRET})
        with logged_on(server, auth, vault) as client, pytest.raises(SapmatchError) as raised:
            client.find(SERVICE, "A_Order", Query())
    shown = f"{raised.value} {raised.value!r}"
    assert encoded not in shown
    assert "token/canary" not in shown
    if kind == "basic":
        assert "canary" not in shown


@pytest.mark.parametrize(
    "name", ["Host", "Content-Length", "Transfer-Encoding", "Cookie", "Proxy-Authorization", "TE"]
)
def test_a_destination_does_not_say_where_a_request_ends_or_whom_it_is_for(name: str) -> None:
    clock = MemoryClock(datetime.now(UTC))
    with SapServer(lambda request: rows()) as sap:
        reply = destination("OAuth2ClientCredentials", URL=sap.url)
        reply["authTokens"] = [{"http_header": {"key": name, "value": "50"}, "expires_in": "600"}]
        with (
            by_destination(reply, sap, clock) as client,
            pytest.raises(InputRejected, match="cannot be sent over HTTP"),
        ):
            client.find(SERVICE, "A_Order", Query())
        assert sap.requests == []


def test_no_header_of_a_destination_turns_a_post_into_something_else() -> None:
    clock = MemoryClock(datetime.now(UTC))
    properties = {"URL.headers.X-HTTP-Method": "DELETE", "URL.headers.Expect": "100-continue"}
    with SapServer(lambda request: rows()) as sap:
        reply = destination("NoAuthentication", URL=sap.url)
        reply["destinationConfiguration"] |= properties
        with by_destination(reply, sap, clock) as client:
            client.find(SERVICE, "A_Order", Query())
        (request,) = sap.requests
        assert not {"x-http-method", "expect"} & request.headers.keys()


@pytest.mark.parametrize(
    "body",
    [
        b'{"destinationConfiguration":{"Name":"\xff"}}',
        b'{"destinationConfiguration":{"a":' + b"[" * 200_000,
    ],
)
def test_a_reply_that_nobody_can_read_is_no_destination(body: bytes) -> None:
    with pytest.raises(SapUnavailable, match="is no destination"):
        decoded("[connections.s4].auth: destination A4H", body)


@pytest.mark.parametrize("broken", ["a\0b", "\udcff"])
@pytest.mark.parametrize("field", ["password", "p12"])
def test_a_key_store_with_letters_of_no_text_is_named_and_not_shown(
    broken: str, field: str, tmp_path: Path
) -> None:
    fields = dict(Authority(tmp_path).client().p12_fields) | {field: broken}
    secret = Secret(name="sap", version="1", fields=fields)
    with pytest.raises(InputRejected, match=f"`{field}`") as raised:
        key_pair(secret, datetime.now(UTC))
    assert broken not in str(raised.value)


def test_a_file_without_an_end_is_read_no_further_than_a_secret_is_long() -> None:
    with pytest.raises(InputRejected, match=r"S4_PASSWORD_FILE.*larger"):
        from_environment("env:S4", {"S4_USER": "ROBOT", "S4_PASSWORD_FILE": "/dev/zero"})


def test_a_proxy_that_drips_its_answer_ends_with_the_time_of_the_exchange(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else each byte would have all of connect_timeout, and a write would wait for hours."""

    def dripping(_: str) -> Iterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nX-Name: "
        while proxy.pause(0.1):
            yield b"a"

    with RawServer(dripping) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        connection = Connection(
            url="https://sap.example.com",
            auth=BASIC,
            client="100",
            csrf="never",
            connect_timeout=1,
            read_timeout=0.5,
            total_timeout=0.5,
        )
        with (
            connect("s4", connection, Given(password("right"))) as client,
            pytest.raises(SapUnavailable, match="total_timeout"),
        ):
            client.create(SERVICE, "A_Order", {})
        assert proxy.connections == 1


def test_a_bundle_may_have_comments_in_any_language(tmp_path: Path) -> None:
    bundle = f"# Zertifizierungsstelle Müller\n{Authority(tmp_path).pem}"
    assert Trust("[connections.s4]", bundle).context().cert_store_stats()["x509"]
