"""`sapmatch doctor` by destinations of the embedded BTP, and through the connectivity proxy."""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from local.btp.proxy import serve_proxy
from local.btp.server import Btp
from local.btp.server import serve as serve_btp
from local.sap.server import Server, serve
from sapmatch.cli import main
from tests.builders import sap_home
from tests.builders.btp import SECRET, destination
from tests.builders.certificates import Authority
from tests.builders.sap_examined import Findings, examined, failed
from tests.builders.sap_home import Home
from tests.contract.local_sap.local_sap_world import USERS, seed

VIRTUAL = "http://a4h-virtual:50001"
BTP = 'type = "btp-destination", secret = "env:BTP", destination = "A4H"'


@pytest.fixture
def sap() -> Iterator[Server]:
    with serve(seed(), users=USERS) as server:
        yield server


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr("sapmatch.clock.SystemClock.sleep", lambda *_: None)
    return sap_home.at_home(tmp_path, monkeypatch, Authority(tmp_path))


def basic(url: str, **properties: Any) -> dict[str, Any]:
    user = {"User": "ROBOT", "Password": USERS["ROBOT"]}
    return destination("BasicAuthentication", **(user | {"URL": url} | properties))


Run = Callable[..., Findings]


@pytest.fixture
def run(sap: Server, home: Home, capsys: pytest.CaptureFixture[str]) -> Run:
    """Examines the connection where the service knows these destinations."""

    def examine(
        known: Mapping[str, Any],
        code: int,
        *,
        more: str = "",
        broken: Callable[[Btp], None] = lambda _: None,
        binding: Mapping[str, str] | None = None,
    ) -> Findings:
        with serve_btp(known, secret=SECRET) as btp:
            broken(btp)
            home.keep({**btp.binding, **(binding or {})}, "BTP")
            home.settings(sap.url, BTP + more, more='client = "100"')
            return examined(capsys, code, SECRET, USERS["ROBOT"])

    return examine


def test_a_destination_is_found_leads_to_sap_and_logs_on(run: Run, sap: Server) -> None:
    found = run({"A4H": basic(sap.url)}, 0)
    assert [name for name in found if name in ("secret", "token", "destination", "logon")] == [
        "secret",
        "token",
        "destination",
        "logon",
    ]
    assert "A4H (BasicAuthentication, Internet)" in found["destination"]["detail"]


def test_a_destination_that_is_not_there_leads_to_the_cockpit(run: Run, sap: Server) -> None:
    """CO-T10."""
    one = failed(run({}, 3))
    assert one["check"] == "destination"
    assert "no such destination" in one["detail"]
    assert "BTP cockpit" in one["remedy"]
    assert sap.log.entries() == []


def test_an_error_inside_a_token_is_shown_and_nothing_is_sent(run: Run, sap: Server) -> None:
    """CO-T7."""
    tokens = [{"type": "", "value": "", "error": "invalid_client: locked in XSUAA"}]
    one = failed(run({"A4H": {**basic(sap.url), "authTokens": tokens}}, 3))
    assert "invalid_client: locked in XSUAA" in one["detail"]
    assert sap.log.entries() == []


def test_a_system_user_is_told_what_came_in_its_place(run: Run, sap: Server) -> None:
    """CO-T12."""
    known = destination("OAuth2SAMLBearerAssertion", URL=sap.url, SystemUser="ROBOT")
    one = failed(run({"A4H": known}, 3))
    assert "September 2026" in one["detail"]


def test_a_destination_elsewhere_gets_nothing_of_ours(run: Run, sap: Server) -> None:
    one = failed(run({"A4H": basic("https://evil.example.com")}, 3))
    assert "evil.example.com" in one["detail"]
    assert sap.url in one["detail"]
    assert sap.log.entries() == []


def test_a_binding_that_is_not_taken_is_sent_once(run: Run, sap: Server) -> None:
    one = failed(run({"A4H": basic(sap.url)}, 3, binding={"clientsecret": "Geheim-falsch"}))
    assert one["check"] == "token"
    assert "[connections.s4].auth: service binding: answered 401" in one["detail"]
    assert "new service key" in one["remedy"]
    assert "BTP cockpit" in one["remedy"]
    assert not re.search("SU01|SOAUTH2|Communication Users|token_url", str(one))


def test_a_service_that_fails_ends_with_4(run: Run, sap: Server) -> None:
    """CO-T10."""
    found = run(
        {"A4H": basic(sap.url)},
        4,
        broken=lambda btp: btp.fail("/destination-configuration", 500, times=9),
    )
    assert failed(found)["unreachable"] is True


def test_a_destination_for_people_is_looked_at_without_a_token_of_one(
    run: Run, sap: Server
) -> None:
    known = {
        "A4H": basic(sap.url),
        "PEOPLE": destination("OAuth2SAMLBearerAssertion", URL=sap.url),
        "OTHER": basic(sap.url),
    }
    found = run(known, 0, more=', for_people = "PEOPLE"')
    assert "OAuth2SAMLBearerAssertion" in found["for_people"]["detail"]
    foreign = ', issuers = { "https://idp.example.com" = "https://idp.example.com/keys" }'
    found = run(known, 0, more=f', for_people = "PEOPLE"{foreign}')
    assert found["for_people"]["status"] == "warning"
    assert "x_user_token.jwks_uri" in found["for_people"]["remedy"]  # CO-T11
    assert failed(run(known, 3, more=', for_people = "OTHER"'))["check"] == "for_people"


def test_a_destination_of_persons_is_no_technical_users(run: Run, sap: Server) -> None:
    one = failed(run({"A4H": destination("OAuth2SAMLBearerAssertion", URL=sap.url)}, 3))
    assert "speaks for persons only" in one["detail"]
    assert 'connections.s4.auth.for_people = "A4H"' in one["remedy"]
    assert sap.log.entries() == []


@pytest.mark.parametrize(
    ("failure", "code", "word"),
    [
        ((407, "Proxy Authentication Required"), 3, "407"),
        (
            (503, "There is no SAP Cloud Connector (SCC) connected to your subaccount"),
            4,
            "location",
        ),
        ((403, "Access denied to resource. Expose it in your Cloud Connector"), 3, "expose"),
        (None, 0, ""),
    ],
    ids=["407", "503", "403", "well"],
)
def test_the_connectivity_proxy_and_the_cloud_connector_are_told_apart(
    failure: tuple[int, str] | None,
    code: int,
    word: str,
    sap: Server,
    home: Home,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """CO-T24, CO-T26."""
    targets = {"a4h-virtual:50001": sap.url}
    with (
        serve_btp({"A4H": basic(VIRTUAL, ProxyType="OnPremise")}, secret=SECRET) as btp,
        serve_proxy(targets, failure=failure) as proxy,
    ):
        home.keep(btp.binding, "BTP")
        way = f'[connections.s4.proxy]\nhost = "127.0.0.1"\nport = {proxy.port}'
        home.settings(VIRTUAL, BTP, more=f'client = "100"\n{way}')
        found = examined(capsys, code, SECRET)
    assert "the connectivity proxy" in found["dns"]["detail"]
    assert found["tls"]["status"] == "skipped"
    if failure:
        assert failed(found)["check"] == "logon"
        assert word in found["logon"]["detail"]
        assert "Cloud Connector" in found["logon"]["remedy"] or code == 3
        assert not re.search("SM50|load balancer", found["logon"]["remedy"])


def test_an_https_virtual_host_behind_the_proxy_is_a_mistake_in_the_settings(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    """CO-T25."""
    home.settings("https://a4h-virtual:50001", BTP, more="[connections.s4.proxy]")
    assert main(["doctor", "s4"]) == 2
    said = capsys.readouterr().err
    assert "connections.s4.url" in said
    assert "http://" in said
