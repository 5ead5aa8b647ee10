"""Tokens by client credentials: asked for once, never again once refused, and kept until their end.

RFC 6749 4.4; RFC 8705 for those that a certificate opens.
"""

import base64
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import pytest

from sapmatch.model.access import Principal
from sapmatch.model.auth import ClientCredentials
from sapmatch.model.connection import Connection, Limits
from sapmatch.model.errors import InputRejected, LogonRefused, SapThrottled, SapUnavailable
from sapmatch.model.profiles import ProfileName
from sapmatch.model.query import EVERYTHING
from sapmatch.sap.auth.client_credentials import ClientCredentialsSource
from sapmatch.sap.auth.credentials import Given
from sapmatch.sap.auth.token_http import MAX_BODY
from sapmatch.sap.auth.trust import Trust
from sapmatch.sap.odata.client import ODataClient
from sapmatch.sap.sources import access_source
from tests.builders.memory import MemoryClock
from tests.builders.sap_server import SERVICE, Received, Reply, SapServer, in_turn
from tests.builders.token_server import (
    CLIENT,
    CLIENT_SECRET,
    TOKEN_PATH,
    TokenWorld,
    Versions,
    Witness,
    asked,
    client_with,
    form_of,
    granted,
    refused,
)

FAST = Limits(requests_per_second=10_000, burst=1000, parallel=8)


def auth_at(server: SapServer, *scope: str) -> ClientCredentials:
    return ClientCredentials(secret="env:OAUTH", token_url=f"{server.url}{TOKEN_PATH}", scope=scope)


def source_at(
    server: SapServer, secrets: Versions, *scope: str, clock: MemoryClock | None = None
) -> ClientCredentialsSource:
    clock = clock or MemoryClock()
    credentials = secrets.credentials(clock)
    trust = Trust("[connections.s4]")
    setting = "[connections.s4].auth"
    return ClientCredentialsSource(setting, auth_at(server, *scope), credentials, clock, trust)


def read(client: ODataClient) -> None:
    """One request to SAP."""
    assert [each.row for each in client.find(SERVICE, "A_Test", EVERYTHING)] == [{"ID": "1"}]


def test_the_client_names_itself_by_basic_auth_and_asks_for_its_scopes() -> None:
    """As SAP decodes it: ABAP and XSUAA take client ids and secrets without percent-encoding."""
    with SapServer(lambda _: granted()) as server:
        access = source_at(server, Versions(), "ZSERVICE_0001", "ZOTHER_0001").access(None)
    (call,) = server.requests
    assert (call.method, call.target) == ("POST", TOKEN_PATH)
    assert call.headers["content-type"] == "application/x-www-form-urlencoded"
    sent = base64.b64decode(call.headers["authorization"].removeprefix("Basic ")).decode()
    assert sent == f"{CLIENT}:{CLIENT_SECRET}"
    assert form_of(call) == {
        "grant_type": "client_credentials",
        "scope": "ZSERVICE_0001 ZOTHER_0001",
    }
    assert access.headers == {"Authorization": "Bearer token-1"}


@pytest.mark.parametrize("error", ["unauthorized_client", "invalid_request", "invalid_scope", ""])
def test_a_401_refuses_the_secret_whatever_its_error_is_called(error: str) -> None:
    """CO-T1: some token endpoints call a wrong client secret `unauthorized_client`."""
    secrets, guard = Versions(), Witness()
    secrets.guard = guard
    with SapServer(lambda _: refused(401, error)) as server:
        source = source_at(server, secrets)
        with pytest.raises(LogonRefused, match="check") as caught:
            source.access(None)
    assert "grant type" not in str(caught.value)
    assert len(server.requests) == 1
    assert guard.told == ["refused v1"]


def test_a_newer_secret_that_is_refused_too_is_counted_as_well() -> None:
    """RE-26: one call with each version, and what is said of it is short."""
    secrets, guard = Versions(), Witness()
    secrets.guard = guard

    def rotated_meanwhile(_: Received) -> Reply:
        if secrets.version == 1:
            secrets.rotate(client_secret="another")
        return refused(401, "invalid_client", "no " * 500)

    with SapServer(rotated_meanwhile) as server:
        source = source_at(server, secrets)
        with pytest.raises(LogonRefused) as caught:
            source.access(None)
    assert len(server.requests) == 2
    assert guard.told == ["refused v1", "refused v2"]
    assert len(str(caught.value)) < 1_000


def test_one_token_serves_all_requests_until_it_is_nearly_over() -> None:
    """CO-T5: none is used in its last tenth."""
    clock = MemoryClock()
    world = TokenWorld(in_turn(granted("one"), granted("two")))
    with (
        SapServer(world.script) as server,
        client_with(server, auth_at(server), Versions(), clock, limits=FAST) as client,
    ):
        for _ in range(5):
            read(client)
        clock.sleep(3241)
        read(client)
    assert world.seen == ["one"] * 5 + ["two"]


@pytest.mark.parametrize("expires_in", ["3600", 3600, None])
def test_fifty_requests_at_once_cost_one_token_call(expires_in: object) -> None:
    """CO-T4."""

    def slow(request: Received) -> Reply:
        return Reply(200, granted(expires_in=expires_in).body, delay=0.3)

    world = TokenWorld(slow)
    with SapServer(world.script) as server:
        client = client_with(server, auth_at(server), Versions(), limits=FAST)
        with client, ThreadPoolExecutor(50) as pool:
            for _ in pool.map(lambda _: read(client), range(50), timeout=30):
                pass
    assert len(asked(server)) == 1
    assert world.seen == ["token-1"] * 50


def test_a_wrong_secret_is_sent_once() -> None:
    """CO-T1 for tokens: three wrong ones would lock a communication user."""
    world = TokenWorld(lambda _: refused(401, "invalid_client", "Bad credentials"))
    secrets = Versions()
    with (
        SapServer(world.script) as server,
        client_with(server, auth_at(server), secrets, limits=FAST) as client,
    ):
        for _ in range(3):
            with pytest.raises(LogonRefused):
                read(client)
    assert len(server.requests) == 1
    assert world.seen == []


def test_a_wrong_secret_is_sent_once_however_many_threads_want_to_log_on() -> None:
    world = TokenWorld(lambda _: Reply(401, refused(401, "invalid_client").body, delay=0.2))

    def refusal(client: ODataClient) -> type[BaseException]:
        with pytest.raises(LogonRefused) as caught:
            read(client)
        return caught.type

    with SapServer(world.script) as server:
        client = client_with(server, auth_at(server), Versions(), limits=FAST)
        with client, ThreadPoolExecutor(20) as pool:
            kinds = set(pool.map(refusal, [client] * 20, timeout=30))
    assert kinds == {LogonRefused}
    assert len(asked(server)) == 1


def test_a_secret_that_was_rotated_meanwhile_costs_one_refusal() -> None:
    """CO-T2, RE-26: one failed and one good token call."""
    secrets, valid = Versions(), ["old"]
    secrets.fields["client_secret"] = "old"

    def script(request: Received) -> Reply:
        given = base64.b64decode(request.headers["authorization"][6:]).decode()
        is_good = given.rpartition(":")[2] == valid[0]
        return granted() if is_good else refused(401, "invalid_client")

    with SapServer(script) as server:
        source = source_at(server, secrets)
        source.access(None)
        valid[0] = "new"
        secrets.rotate(client_secret="new")
        assert source.access(None).headers == {"Authorization": "Bearer token-1"}
    assert len(server.requests) == 3


def test_the_refusal_says_what_the_server_said_and_who_mends_it() -> None:
    words = "Bad credentials\r\nfor client"
    with (
        SapServer(lambda _: refused(401, "invalid_client", words)) as server,
        pytest.raises(LogonRefused) as caught,
    ):
        source_at(server, Versions()).access(None)
    said = str(caught.value)
    assert caught.value.reason == "token"
    assert "[connections.s4].auth.token_url: answered 401: invalid_client" in said
    assert "Bad credentials for client" in said
    assert "store a new version of the secret" in said
    assert "Maintain Communication Users" not in said  # who gives tokens elsewhere is not SAP


@pytest.mark.parametrize(
    ("profile", "host", "named", "not_named"),
    [
        ("s4hana", "127.0.0.1", "SOAUTH2", "Communication Users"),
        ("s4hana", "sap.example.com", "whoever gives the tokens", "SOAUTH2"),
        ("s4hana-cloud", "my300000-api.s4hana.cloud.sap", "Communication Users", "SU01"),
        ("c4c", "127.0.0.1", "whoever gives the tokens", "SU01"),
    ],
)
def test_a_client_is_mended_where_this_kind_of_system_keeps_it(
    profile: ProfileName, host: str, named: str, not_named: str
) -> None:
    with SapServer(lambda _: refused(401, "invalid_client")) as server:
        auth = auth_at(server)
        given = Given({"client_id": CLIENT, "client_secret": CLIENT_SECRET})
        connection = Connection(url=f"https://{host}", auth=auth, profile=profile)
        source = access_source("s4", connection, given)
        assert source is not None
        with pytest.raises(LogonRefused) as caught:
            source.access(None)
    assert named in str(caught.value)
    assert not_named not in str(caught.value)


def test_a_scope_that_is_not_allowed_does_not_count_as_a_wrong_secret() -> None:
    secrets = Versions()
    with SapServer(lambda _: refused(400, "invalid_scope")) as server:
        source = source_at(server, secrets, "ZNONE")
        for _ in range(2):
            with pytest.raises(LogonRefused, match=r"check \[connections\.s4\]\.auth\.scope"):
                source.access(None)
    assert len(server.requests) == 2  # the secret is good, so it was not stopped
    assert secrets.reads == 1


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (granted(), ["accepted v1"]),
        (refused(401, "invalid_client"), ["refused v1"]),
        (refused(400, "invalid_grant"), ["refused v1"]),
        (refused(400, ""), ["refused v1"]),
        (refused(400, "invalid_scope"), ["accepted v1"]),
        (refused(400, "invalid_request"), []),
        (Reply(404, b"<html/>", type="text/html"), []),
        (Reply(200, b"<html>Please log on</html>", type="text/html"), []),
        (Reply(302, headers=[("Location", "/logon")]), []),
    ],
)
def test_the_guard_learns_what_the_answer_says_of_the_secret(
    answer: Reply, told: list[str]
) -> None:
    """A refusal counts towards a lock; a page or a wrong scope says nothing against the secret."""
    secrets, witness = Versions(), Witness()
    secrets.guard = witness
    with SapServer(lambda _: answer) as server, suppress(LogonRefused):
        source_at(server, secrets).access(None)
    assert witness.told == told


@pytest.mark.parametrize("form", ["plain", "quoted", "base64", "long"])
def test_what_the_server_echoes_of_our_secrets_is_masked(form: str) -> None:
    """CO-T16."""
    basic = base64.b64encode(f"{CLIENT}:{CLIENT_SECRET}".encode()).decode()
    echo = {
        "plain": CLIENT_SECRET,
        "quoted": "client-secret-canary%2F%2B%C3%A4",
        "base64": basic,
        "long": "eyJ" + "a1B2" * 30,
    }[form]
    with (
        SapServer(lambda _: refused(401, "invalid_client", f"wrong: {echo} !")) as server,
        pytest.raises(LogonRefused) as caught,
    ):
        source_at(server, Versions()).access(None)
    assert "wrong: *** !" in str(caught.value)
    assert echo not in repr(caught.value)


@pytest.mark.parametrize("failure", [Reply(503), Reply(500), Reply(drop=True), Reply(cut=True)])
def test_where_nobody_answers_it_is_tried_three_times(failure: Reply) -> None:
    with SapServer(lambda _: failure) as server, pytest.raises(SapUnavailable):
        source_at(server, Versions()).access(None)
    assert len(server.requests) == 3


def test_a_failure_that_passes_is_not_noticed() -> None:
    with SapServer(in_turn(Reply(503), Reply(drop=True), granted())) as server:
        assert source_at(server, Versions()).access(None).headers


def test_too_many_calls_are_not_repeated_at_once() -> None:
    reply = Reply(429, headers=[("Retry-After", "17")])
    with SapServer(lambda _: reply) as server, pytest.raises(SapThrottled) as caught:
        source_at(server, Versions()).access(None)
    assert caught.value.retry_after == 17
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Reply(302, headers=[("Location", "/elsewhere")]),
        Reply(307, headers=[("Location", "https://evil.example.com/")]),
        Reply(404, b"<html>not found</html>", type="text/html"),
        Reply(200, b"<html>Please log on</html>", type="text/html"),
        Reply(200, b'{"access_token": "", "token_type": "bearer"}'),
        Reply(200, b'{"access_token": "a\\r\\nX-Evil: 1", "token_type": "bearer"}'),
        Reply(200, b'{"access_token": 17}'),
        Reply(200, b"[" * 100_000),
        granted(token_type="mac"),
        granted(token_type=None, access_token=None),
    ],
)
def test_what_is_no_token_is_refused_at_once(answer: Reply) -> None:
    with SapServer(lambda _: answer) as server, pytest.raises(LogonRefused) as caught:
        source_at(server, Versions()).access(None)
    assert caught.value.reason == "token"
    assert len(server.requests) == 1


def test_an_endless_answer_is_cut_off() -> None:
    big = Reply(200, b" " * (MAX_BODY + 1))
    with SapServer(lambda _: big) as server, pytest.raises(SapUnavailable):
        source_at(server, Versions()).access(None)


@pytest.mark.parametrize(
    "url", ["http://sap.example.com/token", "ftp://127.0.0.1/", "https://u:p@sap.example.com/t"]
)
def test_a_secret_goes_to_https_addresses_only(url: str) -> None:
    clock = MemoryClock()
    auth = ClientCredentials(secret="env:OAUTH", token_url=url)
    with pytest.raises(InputRejected, match=r"\.auth\.token_url: must be"):
        ClientCredentialsSource(
            "[connections.s4].auth", auth, Versions().credentials(clock), clock, Trust("x")
        )


def test_nobody_is_spoken_for_by_the_technical_user() -> None:
    with SapServer(in_turn()) as server, pytest.raises(InputRejected, match="saml-bearer"):
        source_at(server, Versions()).access(Principal(sap_user="MEIER"))
    assert server.requests == []
