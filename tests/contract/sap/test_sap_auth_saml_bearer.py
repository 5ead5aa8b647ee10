"""Our own SAML assertion becomes a token of the user it names, at a SAP that checks (RFC 7522)."""

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from local.sap.server import Server, serve
from sapmatch.model.access import Access, Principal
from sapmatch.model.auth import SamlBearer
from sapmatch.model.connection import Connection, Limits
from sapmatch.model.errors import InputRejected, LogonRefused, SapmatchError, SapUnavailable
from sapmatch.model.ports import Clock
from sapmatch.model.query import EVERYTHING
from sapmatch.sap.auth.saml_bearer import SamlBearerSource, token_url
from sapmatch.sap.auth.tokens import AccessCache
from sapmatch.sap.auth.trust import Trust
from sapmatch.sap.connection import connect
from tests.builders.certificates import Authority, Leaf
from tests.builders.memory import MemoryClock
from tests.builders.sap_server import Received, Reply, SapServer, Script, in_turn, rows
from tests.builders.token_server import Versions, Witness, form_of, granted, refused
from tests.contract.local_sap.local_sap_world import ROOT, SALES, USERS, seed

SCOPE = f"{SALES}_0001"
AUTH = SamlBearer(
    secret="env:SAML", issuer="sapmatch", audience="S4H100", user="TECHNICAL", scope=(SCOPE,)
)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def running(authority: Authority) -> Iterator[Server]:
    logon = {
        "users": {
            "TECHNICAL": {},
            "MEIER": {"kind": "dialog", "email": "meier@example.com"},
            "WEBER": {"kind": "dialog"},
            "LOCKED": {"locked": True},
            "NOSCOPE": {"scopes": []},
        },
        "oauth_clients": {"ROBOT": {"scopes": [SCOPE]}},
        "trusted_providers": {"sapmatch": authority.signer.certificate},
        "local_provider": "S4H100",
    }
    with serve(seed(), users=USERS, logon=logon) as server:
        yield server


@pytest.fixture
def sap(running: Server) -> Server:
    running.gateway.reset()
    return running


@pytest.fixture
def secrets(authority: Authority) -> Versions:
    return of(authority.signer)


def of(leaf: Leaf) -> Versions:
    return Versions(client_id="ROBOT", client_secret=USERS["ROBOT"], **leaf.pem_fields)


def source_at(
    url: str, secrets: Versions, auth: SamlBearer = AUTH, clock: Clock | None = None
) -> SamlBearerSource:
    clock = clock or MemoryClock(datetime.now(UTC))
    connection = Connection(url=url, client="100", auth=auth)
    credentials = secrets.credentials(clock)
    trust = Trust("[connections.s4]")
    return SamlBearerSource("[connections.s4].auth", auth, connection, credentials, clock, trust)


def refusal(
    server: Server, secrets: Versions, auth: SamlBearer = AUTH, user: str | None = None
) -> LogonRefused:
    principal = Principal(sap_user=user) if user else None
    with pytest.raises(LogonRefused) as caught:
        source_at(server.url, secrets, auth).access(principal)
    return caught.value


def test_the_assertion_names_the_technical_user_unless_a_person_is_spoken_for(
    sap: Server, secrets: Versions
) -> None:
    """CO-T6, and row D7: SAP's own log names who read."""
    connection = Connection(url=sap.url, client="100", auth=AUTH)
    people = (None, Principal(sap_user="MEIER"), Principal(sap_user="WEBER"))
    for principal in people:
        with connect("s4", connection, secrets, principal=principal) as client:
            assert client.find(f"{ROOT}/{SALES}", "A_SalesOrder", EVERYTHING)
    reads = [each for each in sap.log.entries() if each["method"] == "GET"]
    assert [each["user"] for each in reads] == ["TECHNICAL", "MEIER", "WEBER"]


def test_a_signing_key_that_was_rotated_costs_one_refused_assertion(
    sap: Server, authority: Authority, tmp_path: Path
) -> None:
    """RE-26: SAP trusts the new certificate only, and what was read is up to five minutes old."""
    secrets, guard = of(Authority(tmp_path).signer), Witness()
    secrets.guard = guard
    source = source_at(sap.url, secrets)
    with pytest.raises(LogonRefused, match="SAML2"):
        source.access(None)
    assert secrets.reads == 2
    secrets.rotate(**authority.signer.pem_fields)
    assert source.access(None).headers["Authorization"].startswith("Bearer ")
    assert secrets.reads == 3
    assert guard.told == ["accepted v1", "accepted v2"]


def test_clients_of_one_user_share_a_token_and_those_of_two_never(
    sap: Server, secrets: Versions
) -> None:
    """CO-T6: a session that is opened anew needs no new token."""
    connection = Connection(url=sap.url, client="100", auth=AUTH)
    cache = AccessCache(MemoryClock())
    users = ["MEIER", "WEBER", "MEIER", "WEBER", "MEIER"]
    for user in users:
        person = Principal(sap_user=user)
        with connect("s4", connection, secrets, principal=person, cache=cache) as client:
            assert client.find(f"{ROOT}/{SALES}", "A_SalesOrder", EVERYTHING)
    entries = sap.log.entries()
    assert [each["user"] for each in entries if each["method"] == "GET"] == users
    assert [each["user"] for each in entries if each["method"] == "POST"] == ["MEIER", "WEBER"]


@pytest.mark.parametrize("encoding", ["base64url", "base64"])
def test_sap_decides_how_the_assertion_is_encoded(
    sap: Server, secrets: Versions, encoding: str
) -> None:
    """CO-T14."""
    sap.configure(assertion_encoding=encoding)
    auth = replace(AUTH, encoding=encoding)
    assert source_at(sap.url, secrets, auth).access(None).headers


def test_what_is_sent_is_what_rfc_7522_says(secrets: Versions) -> None:
    with SapServer(in_turn(granted())) as server:
        source_at(server.url, secrets).access(Principal(sap_user="MEIER"))
    (call,) = server.requests
    form = form_of(call)
    assertion = form.pop("assertion")
    assert call.target == "/sap/bc/sec/oauth2/token?sap-client=100"
    assert call.headers["authorization"].startswith("Basic ")
    assert form == {
        "client_id": "ROBOT",
        "grant_type": "urn:ietf:params:oauth:grant-type:saml2-bearer",
        "scope": SCOPE,
    }
    assert re.fullmatch("[A-Za-z0-9_-]+", assertion)


def test_each_try_has_an_assertion_of_its_own(secrets: Versions) -> None:
    """SAP takes an assertion once, also where its answer was lost."""
    with SapServer(in_turn(Reply(503), Reply(drop=True), granted())) as server:
        source_at(server.url, secrets).access(None)
    assert len({form_of(each)["assertion"] for each in server.requests}) == 3


def test_an_email_address_finds_the_user_that_has_it(sap: Server, secrets: Versions) -> None:
    auth = replace(AUTH, name_id="email", user="meier@example.com")
    assert source_at(sap.url, secrets, auth).access(None).headers


@pytest.mark.parametrize(
    ("change", "reason", "words"),
    [
        ({"audience": "OTHER"}, "assertion", r"auth\.audience"),
        ({"issuer": "nobody"}, "assertion", r"auth\.issuer"),
        ({"user": "NOBODY"}, "unmapped", "SU01"),
        ({"user": "LOCKED"}, "locked", "unlock it in SU01"),
        ({"user": "NOSCOPE"}, "assertion", "S_SCOPE"),
        ({"scope": ("ZNONE_0001",)}, "assertion", "SOAUTH2"),
        ({"encoding": "base64"}, "assertion", r"auth\.encoding"),
    ],
)
def test_a_refused_assertion_is_explained(
    sap: Server, secrets: Versions, change: dict[str, object], reason: str, words: str
) -> None:
    """CO-T13: each refusal of SAP leads to the one who can mend it."""
    refused = refusal(sap, secrets, replace(AUTH, **change))
    assert refused.reason == reason
    assert re.search(words, str(refused))


def test_a_key_that_sap_does_not_trust_is_explained(sap: Server, authority: Authority) -> None:
    """CO-T13: signed by somebody else."""
    refused = refusal(sap, of(authority.signer_until(30)))
    assert refused.reason == "assertion"
    assert "1688545" in str(refused)
    assert "SEC_TRACE_ANALYZER" in str(refused)


@pytest.mark.parametrize(("minutes", "words"), [(-20, "has expired"), (20, "not yet valid")])
def test_a_clock_that_is_wrong_is_explained(
    sap: Server, secrets: Versions, minutes: int, words: str
) -> None:
    """CO-T13: expired, or not valid yet."""
    clock = MemoryClock(datetime.now(UTC) + timedelta(minutes=minutes))
    with pytest.raises(LogonRefused) as caught:
        source_at(sap.url, secrets, clock=clock).access(None)
    assert caught.value.reason == "assertion"
    assert words in str(caught.value)
    assert "NTP" in str(caught.value)


def giving(token: str) -> Script:
    """A SAP that gives this token to everybody."""
    return lambda request: granted(token) if request.method == "POST" else rows()


def test_a_token_of_one_system_is_never_shown_to_another(secrets: Versions) -> None:
    """CO-T6: two connections of one stage, the same user and issuer, one store of tokens."""
    cache = AccessCache(MemoryClock())
    shown = []
    for name, token in (("quality", "one"), ("production", "two")):
        with SapServer(giving(token)) as server:
            connection = Connection(url=server.url, client="100", auth=AUTH)
            with connect(name, connection, secrets, cache=cache) as client:
                client.find(f"{ROOT}/{SALES}", "A_SalesOrder", EVERYTHING)
        shown.append(server.requests[-1].headers["authorization"])
    assert shown == ["Bearer one", "Bearer two"]


def test_a_wrong_client_secret_is_told_from_a_wrong_assertion(
    sap: Server, secrets: Versions
) -> None:
    secrets.fields["client_secret"] = "wrong"
    refused = refusal(sap, secrets)
    assert refused.reason == "token"
    assert "SOAUTH2" in str(refused)


def test_a_wrong_client_secret_is_sent_once_whoever_is_spoken_for(secrets: Versions) -> None:
    """CO-T1 for the OAuth client: it is a user of SAP and can be locked."""
    with SapServer(lambda _: refused(401, "invalid_client")) as server:
        source = source_at(server.url, secrets)
        for user in ("MEIER", "WEBER", "SCHULZ"):
            with pytest.raises(LogonRefused):
                source.access(Principal(sap_user=user))
    assert len(server.requests) == 1


def test_a_token_that_sap_does_not_take_is_a_matter_of_who_it_speaks_for(
    secrets: Versions,
) -> None:
    """Its user may have been locked since; client and secret are good."""
    with SapServer(lambda r: granted() if r.method == "POST" else Reply(401)) as server:
        connection = Connection(url=server.url, client="100", auth=AUTH)
        meier = Principal(sap_user="MEIER")
        with (
            connect("s4", connection, secrets, principal=meier) as client,
            pytest.raises(LogonRefused, match="S_SCOPE") as caught,
        ):
            client.find(f"{ROOT}/{SALES}", "A_SalesOrder", EVERYTHING)
    assert caught.value.reason == "assertion"


def test_one_persons_refusal_does_not_stop_the_others(sap: Server, secrets: Versions) -> None:
    secrets.guard = witness = Witness()
    source = source_at(sap.url, secrets)
    for _ in range(4):
        with pytest.raises(LogonRefused):
            source.access(Principal(sap_user="NOBODY"))
    assert source.access(Principal(sap_user="MEIER")).headers
    assert witness.told == ["accepted v1"]  # the OAuth client logged on each time


def test_a_certificate_that_is_over_is_found_before_anything_is_sent(authority: Authority) -> None:
    secrets = of(authority.signer_until(-1))
    with SapServer(in_turn()) as server, pytest.raises(LogonRefused) as caught:
        source_at(server.url, secrets).access(None)
    assert caught.value.reason == "certificate"
    assert server.requests == []


def test_a_key_that_is_no_rsa_key_is_found_before_anything_is_sent(authority: Authority) -> None:
    secrets = of(authority.client("ROBOT"))  # elliptic curve
    with SapServer(in_turn()) as server, pytest.raises(InputRejected, match="RSA"):
        source_at(server.url, secrets).access(None)
    assert server.requests == []


def test_an_assertion_that_comes_back_in_an_error_is_masked(secrets: Versions) -> None:
    """CO-T16."""

    def echo(request: Received) -> Reply:
        return refused(400, "invalid_grant", f"bad: {form_of(request)['assertion'][:200]} end")

    with SapServer(echo) as server, pytest.raises(LogonRefused) as caught:
        source_at(server.url, secrets).access(None)
    assert "bad: *** end" in str(caught.value)


def test_nothing_secret_stands_in_errors_or_reprs(sap: Server, secrets: Versions) -> None:
    """CO-T16: password, key, assertion and token."""
    source = source_at(sap.url, secrets)
    access = source.access(None)
    shown = [repr(access), repr(source), repr(secrets.read("x"))]
    shown.append(str(refusal(sap, secrets, replace(AUTH, user="NOBODY"))))
    token = access.headers["Authorization"].removeprefix("Bearer ")
    for hidden in (token, USERS["ROBOT"], secrets.fields["key"].splitlines()[1]):
        assert all(hidden not in each for each in shown)
        for encode in (b64encode, urlsafe_b64encode):
            assert all(encode(hidden.encode()).decode() not in each for each in shown)


def test_a_revoked_token_is_replaced_by_one_new_one(sap: Server, secrets: Versions) -> None:
    """connectivity.md 3.2: after a 401 drop, fetch once, repeat once."""
    connection = Connection(
        url=sap.url, client="100", auth=AUTH, limits=Limits(requests_per_second=1000)
    )
    with connect("s4", connection, secrets) as client:
        for _ in range(2):
            assert client.find(f"{ROOT}/{SALES}", "A_SalesOrder", EVERYTHING)
            sap.forget("access-tokens")


@pytest.mark.parametrize("lifetime", [0, -1, 301])
def test_an_assertion_lives_five_minutes_at_most(secrets: Versions, lifetime: int) -> None:
    auth = replace(AUTH, lifetime_seconds=lifetime)
    with pytest.raises(InputRejected, match=r"auth\.lifetime_seconds: must be 1 to 300"):
        source_at("https://sap.example.com", secrets, auth)


@pytest.mark.parametrize("user", ["", "A\x00B"])
def test_a_user_that_no_assertion_can_name_is_refused(secrets: Versions, user: str) -> None:
    with SapServer(in_turn()) as server, pytest.raises(InputRejected):
        source_at(server.url, secrets).access(Principal(sap_user=user))
    assert server.requests == []


@pytest.mark.parametrize(
    ("status", "error"),
    [(500, SapUnavailable), (404, LogonRefused), (403, LogonRefused), (302, LogonRefused)],
)
def test_an_endpoint_that_is_not_there_is_explained(
    secrets: Versions, status: int, error: type[SapmatchError]
) -> None:
    with (
        SapServer(lambda _: Reply(status, b"<html/>", type="text/html")) as server,
        pytest.raises(error, match=r"auth: http://127\.0\.0\.1:\d+/sap/bc/sec/oauth2/token: "),
    ):
        source_at(server.url, secrets).access(None)


def test_the_token_endpoint_is_saps_own_unless_the_settings_say_so() -> None:
    connection = Connection(url="https://sap.example.com:44300/", client="100", auth=AUTH)
    path = "https://sap.example.com:44300/sap/bc/sec/oauth2/token"
    assert token_url(connection) == f"{path}?sap-client=100"
    assert token_url(replace(connection, client="")) == path


def test_access_is_kept_as_long_as_sap_says(sap: Server, secrets: Versions) -> None:
    """CO-T4: a number, a text, nothing."""
    for said, seconds in (("number", 3240), ("text", 3240), ("absent", 240)):
        sap.configure(expires_in=said)
        access: Access = source_at(sap.url, secrets).access(None)
        assert access.usable_until is not None
        left = access.usable_until - datetime.now(UTC)
        assert timedelta(seconds=seconds - 20) < left <= timedelta(seconds=seconds)
