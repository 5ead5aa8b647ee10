"""How a destination is found: tokens, addresses, refusals, and what is kept where it fails."""

import hashlib
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local.btp.server import CLIENT, serve
from sapmatch.model.access import Principal
from sapmatch.model.errors import InputRejected, LogonRefused, SapUnavailable
from sapmatch.sap.auth.trust import Trust
from tests.builders.btp import (
    PASSWORD,
    SECRET,
    access_of,
    basic_destination,
    connection_of,
    destination,
    source_of,
)
from tests.builders.certificates import Authority
from tests.builders.memory import MemoryClock

FIND = "/destination-configuration"


def test_a_service_token_opens_the_destination_service_and_is_kept_d1_d2_d3() -> None:
    with serve({"A4H": basic_destination()}, secret=SECRET) as btp:
        source = source_of(btp)
        first, second = source.access(None), source.access(None)
    assert first.headers["Authorization"].startswith("Basic ")
    assert first.headers == second.headers
    assert (btp.count("/oauth/token"), btp.count(FIND)) == (1, 2)
    method, path, headers = btp.requests[1]
    assert (method, path) == ("GET", "/destination-configuration/v1/destinations/A4H")
    assert headers["authorization"].startswith("Bearer ")


def test_a_binding_with_a_certificate_gets_its_token_over_mutual_tls_d1(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    client = authority.client()
    context = authority.server()
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(authority.bundle)
    with serve({"A4H": destination()}, secret=SECRET, tls=context) as btp:
        der = ssl.PEM_cert_to_DER_cert(client.certificate)
        btp.xsuaa.certificates[CLIENT] = hashlib.sha256(der).hexdigest()
        binding = {"clientid": CLIENT, "certurl": btp.url, "uri": btp.url, **client.pem_fields}
        trust = Trust("[connections.s4]", authority.pem)
        access = source_of(btp, binding=binding, trust=trust).access(None)
    assert access.url == "https://sap.example.com:44300"
    assert "authorization" not in btp.requests[0][2]  # the certificate says who we are


def test_the_name_of_a_destination_is_percent_encoded_co_t8() -> None:
    """CO-T8."""
    with serve({"A/B C": destination()}, secret=SECRET) as btp:
        access_of(btp, destination="A/B C")
    assert btp.requests[-1][1] == "/destination-configuration/v1/destinations/A%2FB%20C"


@pytest.mark.parametrize("level", ["instance", "subaccount"])
def test_a_level_asks_version_2_d5(level: str) -> None:
    with serve({"A4H": destination() | {"level": level}}, secret=SECRET) as btp:
        access_of(btp, destination=f"A4H@{level}")
        assert btp.requests[-1][1] == f"/destination-configuration/v2/destinations/A4H@{level}"
        btp.destinations.known["A4H"]["level"] = "other"
        with pytest.raises(LogonRefused, match="level"):
            access_of(btp, destination=f"A4H@{level}")


def test_tenant_fragment_and_refresh_token_go_as_headers_d3_d8() -> None:
    known = {"A4H": destination("OAuth2RefreshToken")}
    fragments = {"prod": {"sap-client": "100"}}
    with serve(known, secret=SECRET, fragments=fragments) as btp:
        connection = connection_of(btp, tenant="acme", fragment="prod")
        binding = btp.binding | {"refresh_token": "refresh-Geheim"}
        access = source_of(btp, connection, binding=binding).access(None)
    headers = btp.requests[-1][2]
    assert (headers["x-tenant"], headers["x-fragment-name"]) == ("acme", "prod")
    assert headers["x-refresh-token"] == "refresh-Geheim"
    assert access.queries == {"sap-client": "100"}


def test_a_refresh_token_that_is_renewed_counts_until_the_secret_has_another_d8(
    caplog: pytest.LogCaptureFixture,
) -> None:
    header = {"key": "Authorization", "value": "Bearer t"}
    token = {"http_header": header, "expires_in": "3600", "refresh_token": "second-Geheim"}
    known = {"A4H": destination("OAuth2RefreshToken") | {"authTokens": [token]}}
    with serve(known, secret=SECRET) as btp:
        source = source_of(btp, binding=btp.binding | {"refresh_token": "first-Geheim"})
        source.access(None)
        source.access(None)
    sent = [headers.get("x-refresh-token") for _, _, headers in btp.requests[1:]]
    assert sent == ["first-Geheim", "second-Geheim"]
    assert "issue tokens that stay" in caplog.text
    assert "Geheim" not in caplog.text


def test_its_properties_can_be_read_without_its_logon_d3() -> None:
    with serve({"A4H": basic_destination()}, secret=SECRET) as btp:
        found = source_of(btp).configuration()
    assert found.property("Authentication") == "BasicAuthentication"
    assert found.tokens == ()
    assert btp.requests[-1][1].endswith("/A4H?$skipTokenRetrieval=true")
    assert PASSWORD not in repr(found)


def test_missing_refused_and_failing_are_three_errors_co_t10() -> None:
    """CO-T10."""
    with serve({"A4H": destination()}, secret=SECRET) as btp:
        with pytest.raises(LogonRefused, match="no such destination") as missing:
            access_of(btp, destination="B4H")
        btp.fail(FIND, 401, times=2)
        with pytest.raises(LogonRefused, match="401 to a new service token") as refused:
            access_of(btp)
        btp.fail(FIND, 500, times=3)
        with pytest.raises(SapUnavailable, match="answered 500"):
            access_of(btp)
    assert missing.value.reason == refused.value.reason == "destination"
    assert btp.count("/oauth/token") == 1 + 2 + 1  # 401: one new service token


def test_a_service_that_fails_is_asked_three_times_and_then_what_it_last_said_counts_co_t10() -> (
    None
):
    """CO-T10."""
    clock = MemoryClock(datetime.now(UTC))
    with serve({"A4H": destination()}, secret=SECRET) as btp:
        source = source_of(btp, clock=clock)
        before = source.access(None)
        btp.fail(FIND, 500, times=3)
        stale = source.access(None)
        assert btp.count(FIND) == 4
    assert stale.url == before.url
    assert stale.usable_until is not None
    assert stale.usable_until <= clock.now() + timedelta(minutes=1)


def test_a_token_that_is_over_is_not_used_however_the_service_fails_co_t10() -> None:
    """CO-T10."""
    clock = MemoryClock(datetime.now(UTC))
    with serve({"A4H": destination("OAuth2ClientCredentials")}, secret=SECRET) as btp:
        btp.destinations.expires_in = "600"
        source = source_of(btp, clock=clock)
        source.access(None)
        btp.fail(FIND, 500, times=3)
        clock.sleep(541)  # 600 s less 60 s
        with pytest.raises(SapUnavailable):
            source.access(None)


@pytest.mark.parametrize(("expires_in", "seconds"), [("3600", 300), ("200", 140), (None, 240)])
def test_properties_and_token_are_kept_for_the_shorter_of_both_co_t4(
    expires_in: str | None, seconds: int
) -> None:
    """CO-T4."""
    clock = MemoryClock(datetime.now(UTC))
    token = {"http_header": {"key": "Authorization", "value": "Bearer t"}, "expires_in": expires_in}
    known = {"A4H": destination("OAuth2ClientCredentials") | {"authTokens": [token]}}
    with serve(known, secret=SECRET) as btp:
        access = source_of(btp, clock=clock).access(None)
    assert access.usable_until is not None
    assert access.usable_until - clock.now() == pytest.approx(
        timedelta(seconds=seconds), abs=timedelta(seconds=5)
    )


class CountingGuard:
    """Port LogonGuard that lets everybody in and remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def admit(self, version: str) -> None:
        self.told.append("admit")

    def accepted(self, version: str) -> None:
        self.told.append("accepted")

    def refused(self, version: str) -> None:
        self.told.append("refused")


def test_the_guard_is_asked_for_a_logon_and_not_for_what_follows_from_it() -> None:
    guard = CountingGuard()
    with serve({"A4H": destination()}, secret=SECRET) as btp:
        source = source_of(btp, guard=guard)
        source.access(None)
        source.access(None)
    assert guard.told == ["admit", "accepted"]


def test_a_wrong_client_secret_is_sent_once_co_t1() -> None:
    """CO-T1."""
    guard = CountingGuard()
    with serve({"A4H": destination()}, secret=SECRET) as btp:
        source = source_of(btp, guard=guard, binding=btp.binding | {"clientsecret": "wrong-one"})
        for _ in range(2):
            with pytest.raises(LogonRefused) as refused:
                source.access(None)
        assert btp.count("/oauth/token") == 1
        assert btp.count(FIND) == 0
    assert guard.told == ["admit", "refused"]
    assert refused.value.reason == "token"
    assert "service binding" in str(refused.value)
    assert "wrong-one" not in str(refused.value)


def test_no_redirect_is_followed_with_a_service_token() -> None:
    with serve({"A4H": destination()}, secret=SECRET) as btp:
        btp.fail(FIND, 302, f"{btp.url}/elsewhere")
        with pytest.raises(LogonRefused):
            access_of(btp)
    assert btp.count("/elsewhere") == 0


@pytest.mark.parametrize("name", ["url", "uri"])
def test_a_binding_leads_to_https_only(name: str) -> None:
    with serve({"A4H": destination()}, secret=SECRET) as btp:
        binding = btp.binding | {name: "http://btp.example.com"}
        with pytest.raises(InputRejected, match="https"):
            source_of(btp, binding=binding).access(None)


def test_two_users_of_one_destination_never_share_a_token_co_t6() -> None:
    """CO-T6."""
    with serve({"A4H": destination("OAuth2SAMLBearerAssertion")}, secret=SECRET) as btp:
        source = source_of(btp)
        people = [Principal(token=btp.issuer.user_token(name)) for name in ("ANNA", "BERT")]
        anna, bert = (source.access(each) for each in people)
        btp.fail(FIND, 500, times=3)
        stale = source.access(people[0])
    assert "btp-ANNA-" in anna.headers["Authorization"]
    assert "btp-BERT-" in bert.headers["Authorization"]
    assert stale.headers == anna.headers


def test_nothing_secret_is_in_an_error_or_a_repr_co_t16(caplog: pytest.LogCaptureFixture) -> None:
    """CO-T16."""
    with serve({"A4H": basic_destination()}, secret=SECRET) as btp:
        source = source_of(btp)
        access = source.access(None)
        token = btp.requests[-1][2]["authorization"].removeprefix("Bearer ")
        error = {"error": f"password {PASSWORD} of token {token} is wrong"}
        btp.destinations.known["A4H"] = basic_destination() | {"authTokens": [error]}
        with pytest.raises(LogonRefused, match="is wrong") as wrong:
            source.access(None)
        btp.fail(FIND, 400, f"token {token} and secret {SECRET}")
        with pytest.raises(LogonRefused, match="answered 400") as refused:
            source.access(None)
    shown = f"{wrong.value} {refused.value} {access} {source} {caplog.text}"
    for each in (SECRET, PASSWORD, token):
        assert each not in shown
