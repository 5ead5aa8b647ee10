"""CSRF tokens and sessions against servers that are hard to please."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from msgspec.structs import replace

from sapmatch.model.auth import Basic
from sapmatch.model.connection import Connection
from sapmatch.model.errors import (
    AuthorizationMissing,
    LogonRefused,
    SapmatchError,
    SapUnavailable,
    ServiceNotActivated,
)
from sapmatch.model.query import Query
from tests.builders import edmx
from tests.builders.memory import MemoryClock
from tests.builders.sap_server import (
    COOKIE,
    REQUIRED,
    SERVICE,
    TOKEN,
    Received,
    Reply,
    SapServer,
    Script,
    client_of,
    data,
    in_turn,
    rows,
    with_token,
)

TEXT_ONLY = Reply(403, b"<p>CSRF token validation failed</p>", type="text/html")
CREATED = data({"d": {"ID": "1"}}, 201)


def create(server: SapServer, **settings: Any) -> None:
    with client_of(server, **settings) as client:
        client.create(SERVICE, "A_Order", {"ID": "1"})


def test_a_token_comes_from_the_service_root_and_goes_with_its_cookies() -> None:
    """OD-P01, CO-T18, CO-T23: one fetch for all writes of a session."""
    with SapServer(with_token(in_turn(CREATED, CREATED))) as server, client_of(server) as client:
        client.create(SERVICE, "A_Order", {})
        client.create(SERVICE, "A_Order", {})
    assert server.methods() == ["HEAD", "POST", "POST"]
    assert server.requests[0].path == f"{SERVICE}/"
    for written in server.written():
        assert written.headers["x-csrf-token"] == TOKEN
        assert COOKIE in written.headers["cookie"]


@pytest.mark.parametrize("head", [403, 405, 501, 200, 404, 500])
def test_where_head_gives_no_token_get_is_asked(head: int) -> None:
    """OD-P02."""

    def script(request: Received) -> Reply:
        if request.method == "HEAD":
            return Reply(head)
        if request.method == "GET":
            return data({"d": {"EntitySets": []}}, x_csrf_token="T2")
        return CREATED if request.headers.get("x-csrf-token") == "T2" else REQUIRED

    with SapServer(script) as server:
        create(server)
    assert server.methods() == ["HEAD", "GET", "POST"]


def test_a_token_on_an_error_answer_is_good() -> None:
    """OD-P07."""

    def script(request: Received) -> Reply:
        if request.fetches_token:
            return Reply(500, headers=[("X-CSRF-Token", "T3")])
        return CREATED if request.headers.get("x-csrf-token") == "T3" else REQUIRED

    with SapServer(script) as server:
        create(server)
    assert server.methods() == ["HEAD", "POST"]


def test_an_expired_token_is_renewed_and_the_same_request_sent_once_more() -> None:
    """OD-P04, OD-P06, CO-T23: the session ended while a warm function slept."""
    tokens = iter(["old", "new"])

    def script(request: Received) -> Reply:
        if request.fetches_token:
            return Reply(headers=[("x-csrf-token", next(tokens))])
        return CREATED if request.headers.get("x-csrf-token") == "new" else REQUIRED

    with SapServer(script) as server:
        create(server)
    first, second = server.written()
    assert (first.target, first.body) == (second.target, second.body)


def test_a_token_that_is_never_taken_is_sent_twice_and_no_more() -> None:
    """OD-P04."""

    def script(request: Received) -> Reply:
        return Reply(headers=[("x-csrf-token", "T")]) if request.fetches_token else REQUIRED

    with SapServer(script) as server, pytest.raises(LogonRefused, match="cookies get lost"):
        create(server)
    assert len(server.written()) == 2


def test_a_refusal_without_the_header_is_an_authorisation_and_never_repeated() -> None:
    """OD-P04, CO-T19."""
    with SapServer(with_token(in_turn(Reply(403)))) as server, pytest.raises(AuthorizationMissing):
        create(server)
    assert len(server.written()) == 1


@pytest.mark.parametrize("status", [201, 400, 401, 500])
def test_no_other_answer_than_a_403_has_a_write_sent_again(status: int) -> None:
    """OD-P04, CO-T19: SAP may have run it, and a text field may hold any words."""
    body = b'{"d": {"ID": "1", "Note": "CSRF token validation failed"}}'
    answer = Reply(status, body, [("x-csrf-token", "Required")])
    with SapServer(with_token(in_turn(answer))) as server, suppress(SapmatchError):
        create(server)
    assert len(server.written()) == 1


def test_cookies_are_kept_whatever_their_names() -> None:
    """OD-P05, OD-P11: also for reads, so that SAP opens one session and not one per call."""
    seen: list[str] = []

    def script(request: Received) -> Reply:
        seen.append(request.headers.get("cookie", ""))
        number = len(seen)
        return Reply(
            200,
            b'{"d":{"results":[]}}',
            [("Set-Cookie", f"sap-XSRF_{number}=v{number}; path=/; HttpOnly")],
        )

    with SapServer(script) as server, client_of(server) as client:
        for _ in range(3):
            client.find(SERVICE, "A_Order", Query())
    assert seen[0] == ""
    assert "sap-XSRF_1=v1" in seen[1]
    assert {"sap-XSRF_1=v1", "sap-XSRF_2=v2"} <= set(seen[2].split("; "))


def test_many_writers_share_one_token() -> None:
    """OD-P10."""
    barrier = Barrier(8)

    def script(request: Received) -> Reply:
        return CREATED

    with SapServer(with_token(script)) as server, client_of(server) as client:

        def write(_: int) -> None:
            barrier.wait(10)
            client.create(SERVICE, "A_Order", {})

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(write, range(8)))
    assert sum(request.fetches_token for request in server.requests) == 1
    assert len(server.written()) == 8


def test_many_writers_renew_an_expired_token_once() -> None:
    """OD-P10."""
    barrier = Barrier(4)
    tokens = iter(["old", "new"])

    def script(request: Received) -> Reply:
        if request.fetches_token:
            return Reply(headers=[("x-csrf-token", next(tokens))])
        if request.headers.get("x-csrf-token") == "new":
            return CREATED
        barrier.wait(10)
        return REQUIRED

    with SapServer(script) as server, client_of(server) as client, ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: client.create(SERVICE, "A_Order", {}), range(4)))
    assert sum(request.fetches_token for request in server.requests) == 2


def test_a_system_without_tokens_gets_writes_without() -> None:
    with SapServer(lambda request: CREATED if request.method == "POST" else rows()) as server:
        create(server)
    assert server.methods() == ["HEAD", "GET", "POST"]
    assert "x-csrf-token" not in server.written()[0].headers


def test_never_fetches_no_token() -> None:
    """OD-P08, CO-T20: a fetch is an authorisation error for some technical users."""
    for settings in ({"csrf": "never"}, {"profile": "c4c"}, {"profile": "byd"}):
        with SapServer(in_turn(CREATED)) as server:
            create(server, **settings)
        assert server.methods() == ["POST"]


@pytest.mark.parametrize("said", ["Required", "required", "REQUIRED"])
def test_the_header_counts_in_any_case(said: str) -> None:
    """CO-T17: its name and its value."""

    def script(request: Received) -> Reply:
        if request.fetches_token:
            return Reply(headers=[("X-Csrf-Token", TOKEN)])
        good = request.headers.get("x-csrf-token") == TOKEN and len(server.written()) > 1
        return CREATED if good else Reply(403, headers=[("X-CSRF-TOKEN", said)])

    with SapServer(script) as server:
        create(server)
    assert server.methods() == ["HEAD", "POST", "HEAD", "POST"]


@pytest.mark.parametrize("said", [REQUIRED, TEXT_ONLY], ids=["header", "text"])
def test_never_fetches_one_where_a_write_is_refused_for_want_of_it(said: Reply) -> None:
    """CO-T22: it is kept for the next write, and reads go on without."""
    guarded = with_token(in_turn(CREATED, CREATED))

    def script(request: Received) -> Reply:
        answer = guarded(request)
        return said if answer is REQUIRED else answer

    with SapServer(script) as server, client_of(server, profile="c4c") as client:
        client.create(SERVICE, "A_Order", {})
        client.create(SERVICE, "A_Order", {})
    assert server.methods() == ["POST", "HEAD", "POST", "POST"]


def test_never_gives_up_where_the_fetched_token_is_refused_too() -> None:
    """CO-T22: once."""

    def script(request: Received) -> Reply:
        return Reply(headers=[("x-csrf-token", TOKEN)]) if request.fetches_token else TEXT_ONLY

    with SapServer(script) as server, pytest.raises(LogonRefused, match="cookies get lost"):
        create(server, csrf="never")
    assert server.methods() == ["POST", "HEAD", "POST"]


def test_a_lost_session_takes_the_token_of_a_system_that_needs_none_with_it() -> None:
    tokens = iter(["first", "second"])
    valid: list[str] = []
    lost = Reply(400, b"session not found", type="text/plain")
    broken = iter([lost])

    def script(request: Received) -> Reply:
        if request.fetches_token:
            valid[:] = [next(tokens)]
            return Reply(headers=[("x-csrf-token", valid[0])])
        if request.headers.get("x-csrf-token") != (valid or [""])[0]:
            return REQUIRED
        return next(broken, CREATED) if len(server.written()) == 3 else CREATED

    with SapServer(script) as server, client_of(server, csrf="never") as client:
        client.create(SERVICE, "A_Order", {})
        client.create(SERVICE, "A_Order", {})
    assert server.methods() == ["POST", "HEAD", "POST", "POST", "HEAD", "POST"]
    assert server.written()[-1].headers["x-csrf-token"] == "second"


def test_always_takes_a_new_token_for_every_write() -> None:
    script = with_token(in_turn(CREATED, CREATED))
    with SapServer(script) as server, client_of(server, csrf="always") as client:
        client.create(SERVICE, "A_Order", {})
        client.create(SERVICE, "A_Order", {})
    assert server.methods() == ["HEAD", "POST", "HEAD", "POST"]


@pytest.mark.parametrize(("mode", "fetches"), [("auto", 1), ("always", 2), ("never", 0)])
def test_a_prepared_write_waits_for_no_token(mode: str, fetches: int) -> None:
    """What comes between the write-ahead and the write eats up its quiet time."""

    def script(request: Received) -> Reply:
        return Reply(headers=[("x-csrf-token", "T")]) if request.fetches_token else CREATED

    known = edmx.v2(container=edmx.ORDERS.replace("Orders", "A_Order"))
    with SapServer(script) as server, client_of(server, csrf=mode) as client:
        for _ in range(2):
            client.service(SERVICE, metadata=known).prepare()
            before = len(server.requests)
            client.create(SERVICE, "A_Order", {})
            assert server.methods()[before:] == ["POST"]
    assert server.methods().count("HEAD") == fetches


def test_a_write_does_not_wait_for_a_token_longer_than_its_quiet_time_knows() -> None:
    """Six exchanges at most: a token by HEAD or GET, the write, a new token, the write again."""

    def script(request: Received) -> Reply:
        if len(server.requests) > 2:
            return Reply(503)
        return Reply(headers=[("x-csrf-token", TOKEN)]) if request.fetches_token else CREATED

    with SapServer(script) as server, client_of(server, csrf="always") as client:
        client.create(SERVICE, "A_Order", {})
        before = len(server.requests)
        with pytest.raises(SapUnavailable):
            client.create(SERVICE, "A_Order", {})
        assert server.methods()[before:] == ["HEAD", "GET"]
    given = Connection(url="https://sap", client="100", auth=Basic(secret="env:T"))
    longer = replace(given, csrf="always")
    one = given.connect_timeout + given.total_timeout
    assert longer.settle_seconds - given.settle_seconds == 2 * one


def test_always_sends_nothing_without_a_token() -> None:
    with SapServer(lambda request: rows()) as server, pytest.raises(LogonRefused, match="none"):
        create(server, csrf="always")
    assert server.written() == []


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (lambda request: Reply(401), LogonRefused),
        (lambda request: Reply(403), AuthorizationMissing),
        (lambda request: Reply(404), ServiceNotActivated),
        (lambda request: Reply(503), SapUnavailable),
        (lambda request: Reply(200, b"<html>Log on</html>", type="text/html"), LogonRefused),
        (lambda request: Reply(drop=True), SapUnavailable),
    ],
)
def test_without_a_token_nothing_was_written_and_the_error_says_so(
    script: Script, kind: type[SapmatchError]
) -> None:
    """OD-P13, OD-P14: nothing happened, so this is never an unknown outcome."""
    with SapServer(script) as server, pytest.raises(kind):
        create(server)
    assert server.written() == []


def test_a_wrong_password_is_sent_once() -> None:
    """OD-P14: every further try brings the user nearer to its lock."""
    with SapServer(lambda request: Reply(401)) as server, pytest.raises(LogonRefused):
        create(server)
    assert len(server.requests) == 1


def test_client_and_language_go_with_every_request() -> None:
    """OD-P15: as parameters where the address is ours, as headers where it is SAP's."""
    page = rows({"ID": "1"}, __next="A_Order?$skiptoken=2")
    script = with_token(in_turn(page, rows(), CREATED))
    with SapServer(script) as server, client_of(server, language="DE") as client:
        client.find(SERVICE, "A_Order", Query())
        client.create(SERVICE, "A_Order", {})
    for request in server.requests:
        assert request.headers["sap-client"] == "100"
        assert request.headers["sap-language"] == "DE"
        if "skiptoken" not in request.query:
            assert request.query.startswith("sap-client=100&sap-language=DE&saml2=disabled")


def test_a_connection_that_idled_is_not_used_again() -> None:
    """CO-T63: whoever stands between us may have dropped it without a word."""
    clock = MemoryClock()
    with SapServer(lambda request: rows()) as server, client_of(server, clock=clock) as client:
        client.find(SERVICE, "A_Order", Query())
        clock.sleep(timedelta(seconds=19).total_seconds())
        client.find(SERVICE, "A_Order", Query())
        assert server.connections == 1
        clock.sleep(21)
        client.find(SERVICE, "A_Order", Query())
    assert server.connections == 2
