"""What a refused logon costs: one request, and never a locked user."""

import threading
import time
from datetime import timedelta
from itertools import count

import pytest

from sapmatch.model.access import Principal
from sapmatch.model.auth import Basic, Certificate, ClientCredentials, NoAuth, SamlBearer
from sapmatch.model.connection import Connection, Limits
from sapmatch.model.errors import InputRejected, LogonReason, LogonRefused, SapUnavailable
from sapmatch.model.query import Query
from sapmatch.sap.connection import connect
from sapmatch.sap.odata.client import ODataClient
from sapmatch.sap.sources import access_source
from tests.builders.logons import LOGON, Checking, NotingGuard, Vault, logged_on, password
from tests.builders.memory import MemoryClock
from tests.builders.sap_server import SERVICE, Received, Reply, SapServer, rows, with_token
from tests.contract.sap.test_sap_threads import at_once

BASIC = Basic(secret=LOGON)
THREADS = 8
FAST = Limits(requests_per_second=10_000, burst=100, parallel=THREADS)


def find(client: ODataClient) -> int:
    return len(client.find(SERVICE, "A_Order", Query()))


def test_a_wrong_password_is_one_request_and_one_more_look_at_the_secret() -> None:
    """CO-T1: whoever calls again, reading or writing."""
    vault = Vault(password("wrong-canary"))
    with SapServer(Checking("good")) as server, logged_on(server, BASIC, vault) as client:
        reads = len(vault.reads)
        with pytest.raises(LogonRefused, match=r"\[connections\.s4\].*SU01") as caught:
            find(client)
        assert caught.value.reason == "password"
        assert len(vault.reads) == reads + 1
        for call in (find, lambda c: c.create(SERVICE, "A_Order", {"ID": "1"})):
            with pytest.raises(LogonRefused):
                call(client)
    assert len(server.requests) == 1
    assert "wrong-canary" not in str(caught.value)


def test_a_password_that_was_rotated_costs_one_failed_request() -> None:
    """CO-T2, RE-26: nobody notices, and the old one is never sent again."""
    vault = Vault(password("old"))
    sap = Checking("old")
    with SapServer(sap) as server, logged_on(server, BASIC, vault) as client:
        assert find(client) == 1
        sap.password = "new"
        vault.rotate(password("new"))
        assert find(client) == 1
        assert find(client) == 1
    assert sap.refused == {"old": 1}
    assert len(server.requests) == 4


def test_a_write_that_meets_a_rotated_password_is_sent_again_and_happens_once() -> None:
    """CO-T2, RE-26: SAP had not looked at the first one, and the token stays good."""
    vault = Vault(password("old"))
    sap = Checking("old")
    bodies = []

    def script(request: Received) -> Reply:
        answer = sap(request)
        if request.method == "POST" and answer.status == 201:
            bodies.append(request.body)
        return answer

    with (
        SapServer(with_token(script)) as server,
        logged_on(server, BASIC, vault, csrf="auto") as client,
    ):
        client.create(SERVICE, "A_Order", {"ID": "1"})
        sap.password = "new"
        vault.rotate(password("new"))
        client.create(SERVICE, "A_Order", {"ID": "2"})
    assert bodies == [b'{"ID":"1"}', b'{"ID":"2"}']
    assert sap.refused == {"old": 1}
    assert server.methods() == ["HEAD", "POST", "POST", "POST"]


class Together(Checking):
    """The next eight requests are on their way before one of them is answered."""

    def __init__(self, password: str) -> None:
        super().__init__(password)
        self._barrier = threading.Barrier(THREADS)
        self._numbers = count()

    def __call__(self, request: Received) -> Reply:
        if next(self._numbers) < THREADS:
            self._barrier.wait(10)
        elif self.password != "old":
            time.sleep(0.02)  # whoever is let through beside it is seen
        return super().__call__(request)


@pytest.mark.parametrize("stored", ["new", "wrong"])
def test_threads_that_meet_a_rotated_password_try_the_new_one_alone(stored: str) -> None:
    """RE-26, CO-T1: what is on its way when SAP changes fails; then one try with the new one."""
    vault = Vault(password("old"))
    with (
        SapServer(Checking("old")) as server,
        logged_on(server, BASIC, vault, limits=FAST) as client,
    ):
        find(client)
        reads = len(vault.reads)
        server.script = sap = Together("new")
        vault.rotate(password(stored))
        found = at_once(*[lambda: find(client)] * THREADS)
    expected = type(None) if stored == "new" else LogonRefused
    assert [type(each) for each in found] == [expected] * THREADS
    assert sap.refused == {"old": THREADS} | ({} if stored == "new" else {"wrong": 1})
    assert len(vault.reads) == reads + (1 if stored == "new" else 2)


def test_a_late_answer_to_the_old_password_does_not_condemn_the_new_one() -> None:
    """RE-26: each thread's own request counts."""
    vault = Vault(password("old"))
    sap = Checking("old")
    late, go = threading.Event(), threading.Event()
    guard = NotingGuard()

    def script(request: Received) -> Reply:
        if "late" in request.query:
            late.set()
            assert go.wait(10)
            return Reply(401)
        return sap(request)

    with (
        SapServer(script) as server,
        logged_on(server, BASIC, vault, guard=guard, limits=FAST, clock=MemoryClock()) as client,
    ):
        find(client)
        query = Query(filter="late eq true")
        thread = threading.Thread(target=lambda: client.find(SERVICE, "A_Order", query))
        thread.start()
        assert late.wait(10)
        sap.password = "new"
        vault.rotate(password("new"))
        other = threading.Thread(target=lambda: find(client))
        other.start()
        server.script = sap
        go.set()
        thread.join(10)
        other.join(10)
        assert find(client) == 1
    assert "refused v2" not in guard.calls


def test_after_a_refusal_a_new_version_of_the_secret_opens_again() -> None:
    """Without a new start: a function may live for hours."""
    vault, clock = Vault(password("wrong")), MemoryClock()
    with (
        SapServer(Checking("good")) as server,
        logged_on(server, BASIC, vault, clock=clock) as client,
    ):
        with pytest.raises(LogonRefused):
            find(client)
        clock.time += timedelta(hours=1)
        with pytest.raises(LogonRefused, match="store a new version") as caught:
            find(client)
        assert caught.value.reason == "stopped"
        assert len(server.requests) == 1
        vault.rotate(password("good"))
        assert find(client) == 1


LOCKED_DE = "<html><title>Anmeldung</title><p>Benutzer ist gesperrt.</p></html>"
LOCKED_EN = "<html><p>User is locked. Please notify the person responsible</p></html>"
TOO_MANY = "<html><p>Password logon no longer possible - too many failed attempts</p></html>"
WRONG = "<html><h1>Logon failed</h1><p>Name or password is incorrect</p></html>"
SAML = '<html><form><input type="hidden" name="SAMLRequest" value="x"/></form></html>'


@pytest.mark.parametrize(
    ("page", "reason", "remedy"),
    [
        (LOCKED_DE, "locked", "SU01.*EWZ5"),
        (LOCKED_EN, "locked", "SU01.*EWZ5"),
        (TOO_MANY, "locked", "SU01.*EWZ5"),
        (WRONG, "password", "SU01"),
        ("", "password", "SU01"),
        (SAML, "sso", "saml2=disabled"),
    ],
)
def test_a_refusal_is_told_by_its_reason_and_never_tried_again(
    page: str, reason: LogonReason, remedy: str
) -> None:
    """CO-T3: whatever the page says, in whichever language."""
    realm = ("WWW-Authenticate", 'Basic realm="SAP NetWeaver Application Server [S4H/100]"')
    answer = Reply(401, page.encode(), [realm], "text/html; charset=utf-8")
    vault = Vault(password("any"))
    with SapServer(lambda _: answer) as server, logged_on(server, BASIC, vault) as client:
        with pytest.raises(LogonRefused, match=f"of system S4H, client 100.*{remedy}") as caught:
            find(client)
        assert caught.value.reason == reason
        with pytest.raises(LogonRefused):
            client.create(SERVICE, "A_Order", {"ID": "1"})
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "page",
    [
        Reply(200, SAML.encode(), type="text/html"),
        Reply(302, headers=[("Location", "https://login.example.com/saml2?SAMLRequest=x")]),
    ],
)
def test_a_logon_page_instead_of_data_is_single_sign_on_and_proves_no_password(
    page: Reply,
) -> None:
    vault, guard = Vault(password("any")), NotingGuard()
    with (
        SapServer(lambda _: page) as server,
        logged_on(server, BASIC, vault, guard=guard) as client,
        pytest.raises(LogonRefused) as caught,
    ):
        find(client)
    assert caught.value.reason == "sso"
    assert set(guard.calls) == {"admit v1"}


def test_an_answer_of_a_proxy_lets_nobody_in() -> None:
    """OD-P14: a 503 says nothing about the password, and the threads behind it still wait."""
    vault, guard = Vault(password("wrong")), NotingGuard()
    first = threading.Event()
    sap = Checking("good", Reply(401, delay=0.05))

    def script(request: Received) -> Reply:
        if not first.is_set():
            first.set()
            return Reply(503)
        return sap(request)

    with (
        SapServer(script) as server,
        logged_on(server, BASIC, vault, guard=guard, limits=FAST) as client,
    ):
        exchange = client.exchange(SERVICE)
        with pytest.raises(SapUnavailable):
            exchange.get(exchange.url(""), tries=1)
        at_once(*[lambda: find(client)] * THREADS)
    assert sap.refused == {"wrong": 1}
    assert "accepted v1" not in guard.calls


def test_the_guard_is_asked_before_the_first_logon_and_then_every_two_seconds() -> None:
    """Not with each request: its answer is a call to a table."""
    vault, guard, clock = Vault(password("good")), NotingGuard(), MemoryClock()
    still = Limits(requests_per_second=10_000, burst=10_000)
    with (
        SapServer(Checking("good")) as server,
        logged_on(server, BASIC, vault, guard=guard, clock=clock, limits=still) as client,
    ):
        assert guard.calls == []
        for _ in range(20):
            find(client)
        assert guard.calls == ["admit v1", "accepted v1"]
        clock.time += timedelta(seconds=3)
        find(client)
        find(client)
    assert guard.calls == ["admit v1", "accepted v1", "admit v1"]


def test_the_guard_learns_of_every_refusal_and_its_word_holds() -> None:
    vault, guard = Vault(password("wrong")), NotingGuard()
    with SapServer(Checking("good")) as server:
        for _ in range(2):
            with (
                logged_on(server, BASIC, vault, guard=guard) as client,
                pytest.raises(LogonRefused),
            ):
                find(client)
        with (
            logged_on(server, BASIC, vault, guard=guard) as client,
            pytest.raises(LogonRefused) as caught,
        ):
            find(client)
    assert caught.value.reason == "stopped"
    assert len(server.requests) == guard.calls.count("refused v1") == 2


def test_without_a_logon_of_ours_nothing_is_signed_and_a_401_says_what_is_missing() -> None:
    vault = Vault({})
    with (
        SapServer(lambda _: rows({"ID": "1"})) as server,
        logged_on(server, NoAuth(), vault) as client,
    ):
        assert find(client) == 1
        assert "authorization" not in server.requests[0].headers
        server.script = lambda _: Reply(401)
        with pytest.raises(LogonRefused, match=r'auth\.type is "none"'):
            find(client)
    assert vault.reads == []


TOKENS = ClientCredentials(secret=LOGON, token_url="https://sap.example.com/oauth/token")
SAML_BEARER = SamlBearer(secret=LOGON, issuer="sapmatch", audience="S4H", user="ROBOT")


@pytest.mark.parametrize("auth", [NoAuth(), BASIC, Certificate(secret=LOGON), TOKENS])
def test_who_cannot_speak_for_a_person_says_so_and_does_not_speak_for_itself(
    auth: NoAuth | Basic | Certificate | ClientCredentials,
) -> None:
    connection = Connection(url="https://sap.example.com", client="100", auth=auth)
    person = Principal(sap_user="MUELLER")
    with pytest.raises(InputRejected, match="oauth2-saml-bearer"):
        connect("s4", connection, Vault(password("good")), principal=person)


@pytest.mark.parametrize("nobody", [Principal(), Principal(sap_user=""), Principal(token="")])
def test_nobody_is_not_the_technical_user(nobody: Principal) -> None:
    """CO-T6: a name that is empty by mistake is not spoken for by somebody else."""
    connection = Connection(url="https://sap.example.com", client="100", auth=BASIC)
    with pytest.raises(InputRejected, match="on behalf of nobody"):
        connect("s4", connection, Vault(password("good")), principal=nobody)


def test_a_token_of_a_user_is_for_destinations_only() -> None:
    connection = Connection(url="https://sap.example.com", client="100", auth=SAML_BEARER)
    with pytest.raises(InputRejected, match="leave out --user-token"):
        connect("s4", connection, Vault({}), principal=Principal(token="token-canary"))


@pytest.mark.parametrize(
    ("auth", "outside"),
    [
        (BASIC, False),
        (TOKENS, False),
        (ClientCredentials(secret=LOGON, token_url="https://login.example.com/token"), True),
        (SAML_BEARER, False),
    ],
)
def test_tokens_of_another_host_than_saps_own_come_from_outside(
    auth: Basic | ClientCredentials | SamlBearer, outside: bool
) -> None:
    """Inside of a network without a way out these need the token broker."""
    connection = Connection(url="https://sap.example.com:44300", client="100", auth=auth)
    assert connection.tokens_from_outside is outside
    has_source = access_source("s4", connection, Vault({})) is not None
    assert has_source is not isinstance(auth, Basic)
