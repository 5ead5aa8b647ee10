"""`sapmatch doctor` for every way to log on, from the command line: who must mend what."""

from pathlib import Path

import pytest

from sapmatch.bootstrap.logons import logon_guard
from sapmatch.bootstrap.secrets import NamedSecrets
from tests.builders import sap_home
from tests.builders.certificates import Authority
from tests.builders.sap_examined import examined, failed
from tests.builders.sap_home import AUTH, Home, sap, secrets
from tests.builders.written_stage import WrittenStage

CLIENT = 'client = "100"'


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, authority: Authority) -> Home:
    return sap_home.at_home(tmp_path, monkeypatch, authority)


@pytest.mark.parametrize("kind", AUTH)
def test_each_way_is_well_where_sap_is_set_up_for_it(
    kind: str,
    authority: Authority,
    tmp_path: Path,
    home: Home,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with sap(authority, tmp_path) as server:
        home(server, kind, more=CLIENT)
        found = examined(capsys, 0, *secrets(kind, authority).values())
        entries = server.log.entries()
    assert ("token" in found) == kind.startswith("oauth2")
    assert found["tls"]["status"] == found["logon"]["status"] == "ok"
    assert {entry["method"] for entry in entries} <= {"GET", "HEAD", "POST"}
    posts = [entry["path"] for entry in entries if entry["method"] == "POST"]
    assert posts == ["/sap/bc/sec/oauth2/token"] * kind.startswith("oauth2")


WRONG = {
    "password": ("basic", {"password": "Geheim-falsch"}, "logon", "SU01"),
    "client secret": (
        "oauth2-client-credentials",
        {"client_secret": "Geheim-falsch"},
        "token",
        "SU01",
    ),
    "client of an assertion": (
        "oauth2-saml-bearer",
        {"client_secret": "Geheim-falsch"},
        "token",
        "SOAUTH2",
    ),
    "password of a .p12": ("certificate", {"password": "Geheim-falsch"}, "certificate", "secret"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_secret_is_sent_once_at_most_and_locks_nobody(
    name: str,
    authority: Authority,
    tmp_path: Path,
    home: Home,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """CO-T1, CO-T15."""
    kind, fields, check, remedy = WRONG[name]
    with sap(authority, tmp_path) as server:
        home(server, kind, more=CLIENT)
        home.keep(fields)
        found = examined(capsys, 3, "Geheim-falsch")
        assert len(server.log.entries()) == (0 if kind == "certificate" else 1)
        users = server.gateway.users()
    one = failed(found)
    assert one["check"] == check
    assert remedy in one["remedy"]
    assert found["service"]["status"] == "skipped"
    assert not any(user["locked"] for user in users.values())


@pytest.mark.parametrize(
    ("auth", "word", "remedy"),
    [
        ('issuer = "nobody", audience = "S4H100", user = "OTHER"', "issuer", "SAML2"),
        ('issuer = "sapmatch", audience = "WRONG", user = "OTHER"', "audience", "SAML2"),
        ('issuer = "sapmatch", audience = "S4H100", user = "NOBODY"', "SU01", ""),
    ],
    ids=["issuer", "audience", "user"],
)
def test_what_sap_has_against_an_assertion_names_the_setting(
    auth: str,
    word: str,
    remedy: str,
    authority: Authority,
    tmp_path: Path,
    home: Home,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """CO-T13: from the words of the token endpoint."""
    with sap(authority, tmp_path) as server:
        home.keep(secrets("oauth2-saml-bearer", authority))
        kind = 'type = "oauth2-saml-bearer", secret = "env:S4"'
        home.settings(server.url, f"{kind}, {auth}", more=CLIENT)
        one = failed(examined(capsys, 3))
        assert len(server.log.entries()) == 1
    assert one["check"] == "token"
    assert word in one["detail"]
    assert remedy in one["remedy"]


def test_a_certificate_that_nobody_is_mapped_to_leads_to_certrule(
    authority: Authority, tmp_path: Path, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    with sap(authority, tmp_path, certificate_rules=[]) as server:
        home(server, "certificate", more=CLIENT)
        one = failed(examined(capsys, 3))
    assert one["check"] == "logon"
    assert "CERTRULE" in one["remedy"]


@pytest.mark.parametrize(
    ("days", "code", "status", "words"),
    [(-1, 3, "failed", "ended on"), (7, 0, "warning", "ends in 6 days")],
)
def test_a_certificate_of_ours_that_ends_is_told_in_time(
    days: float,
    code: int,
    status: str,
    words: str,
    authority: Authority,
    tmp_path: Path,
    home: Home,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """CO-T15; one that is over is never shown to SAP."""
    with sap(authority, tmp_path) as server:
        home(server, "certificate", more=CLIENT)
        home.keep(authority.client("ROBOT", days=days).p12_fields)
        found = examined(capsys, code)["certificate"]
        assert bool(server.log.entries()) == (days > 0)
    assert found["status"] == status
    assert words in found["detail"]
    assert "CERTRULE" in found["remedy"] or "STRUST" in found["remedy"]


def test_the_authority_of_a_company_comes_from_the_secret_that_ca_names(
    authority: Authority,
    tmp_path: Path,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    home.keep({"bundle": authority.pem}, "CA")
    with sap(authority, tmp_path) as server:
        home(server, "basic", more=f'{CLIENT}\nca = "env:CA"')
        found = examined(capsys, 0)
        assert "one authority" in found["authorities"]["detail"]
        home.keep({"bundle": "no certificate"}, "CA")
        found = examined(capsys, 3)
    assert "env:CA" in failed(found)["detail"]
    assert found["tls"]["status"] == found["logon"]["status"] == "skipped"


def test_a_name_that_only_the_certificate_knows_is_looked_for_in_it(
    authority: Authority, tmp_path: Path, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    with sap(authority, tmp_path) as server:
        home(server, "basic", more=f'{CLIENT}\nserver_name = "sap.example.com"')
        assert examined(capsys, 0)["tls"]["status"] == "ok"
        home(server, "basic", more=f'{CLIENT}\nserver_name = "other.example.com"')
        one = failed(examined(capsys, 3))
    assert "not of other.example.com" in one["detail"]


def test_a_token_endpoint_that_is_out_of_reach_ends_with_4(
    authority: Authority,
    tmp_path: Path,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("sapmatch.clock.SystemClock.sleep", lambda *_: None)
    with sap(authority, tmp_path) as server:
        home(server, "oauth2-client-credentials", more=CLIENT)
        auth = 'type = "oauth2-client-credentials", token_url = "http://127.0.0.1:9/token"'
        home.settings(server.url, f'{auth}, secret = "env:S4"', more=CLIENT)
        one = failed(examined(capsys, 4))
        assert server.log.entries() == []
    assert (one["check"], one["unreachable"]) == ("token", True)
    assert "broker_token" in one["remedy"]


def test_a_field_that_the_secret_lacks_is_named_and_nothing_is_sent(
    authority: Authority,
    tmp_path: Path,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with sap(authority, tmp_path) as server:
        home(server, "basic", more=CLIENT)
        monkeypatch.delenv("S4_PASSWORD")
        found = examined(capsys, 3, "ROBOT")
        assert server.log.entries() == []
    assert "S4_USER and S4_PASSWORD" in failed(found)["remedy"]
    assert found["tls"]["status"] == "ok"


def test_a_logon_that_a_stage_has_stopped_is_not_tried(
    authority: Authority,
    tmp_path: Path,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stage = WrittenStage()
    monkeypatch.setattr("sapmatch.cli.doctor.deployment", lambda _: stage)
    guard = logon_guard(stage, "s4")  # type: ignore[arg-type]
    with sap(authority, tmp_path) as server:
        home(server, "basic", more=CLIENT)
        found = examined(capsys, 0, stage="prod")
        assert found["guard"]["status"] == "ok"
        asked = len(server.log.entries())
        for _ in range(2):
            guard.refused(NamedSecrets().read("env:S4").version)
        one = failed(examined(capsys, 3, stage="prod"))
        assert len(server.log.entries()) == asked
    assert one["check"] == "guard"
    assert "sapmatch release s4" in one["remedy"]


def test_a_refusal_of_the_doctor_counts_on_the_stage(
    authority: Authority,
    tmp_path: Path,
    home: Home,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    stage = WrittenStage()
    monkeypatch.setattr("sapmatch.cli.doctor.deployment", lambda _: stage)
    with sap(authority, tmp_path) as server:
        home(server, "basic", more=CLIENT)
        home.keep({"password": "Geheim-falsch"})
        for _ in range(3):
            examined(capsys, 3, stage="prod")
        assert len(server.log.entries()) == 2
        assert not server.gateway.users()["ROBOT"]["locked"]


def test_a_sap_that_is_away_is_told_once_and_asked_for_no_token(
    authority: Authority, tmp_path: Path, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    with sap(authority, tmp_path) as server:
        home(server, "oauth2-saml-bearer", more=CLIENT)
    found = examined(capsys, 4)
    assert failed(found)["check"] == "route"
    assert found["token"]["detail"] == "says nothing as long as route fails"


def test_the_field_that_is_missing_is_named(
    authority: Authority, tmp_path: Path, home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    with sap(authority, tmp_path) as server:
        home.keep({"certificate": authority.client("ROBOT").chain})
        home.settings(server.url, 'type = "certificate", secret = "env:S4"', more=CLIENT)
        one = failed(examined(capsys, 3))
    assert "lacks `key`: it holds `certificate`" in one["detail"]


@pytest.mark.parametrize("fields", [{}, {"bundle": "company-ca.pem"}])
def test_authorities_are_asked_for_by_the_variable_that_holds_them(
    fields: dict[str, str],
    authority: Authority,
    tmp_path: Path,
    home: Home,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with sap(authority, tmp_path) as server:
        home.keep(fields, "CA")
        home(server, "basic", more=f'{CLIENT}\nca = "env:CA"')
        one = failed(examined(capsys, 3))
        assert server.log.entries() == []
    assert one["check"] == "authorities"
    assert "CA_BUNDLE_FILE" in str(one)
