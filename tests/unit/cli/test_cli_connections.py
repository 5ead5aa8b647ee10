import json
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from sapmatch.cli import main
from sapmatch.model.auth import ClientCredentials
from sapmatch.sap.setup.block import AUTH_TYPES, NETWORKS
from sapmatch.settings import load

INIT = ["connections", "init"]
URL = ["--url", "https://sap.example.com:44300"]


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SAPMATCH_SETTINGS", raising=False)


class Person(StringIO):
    """Types these lines at a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("auth", AUTH_TYPES)
@pytest.mark.parametrize(
    "profile", ["s4hana", "s4hana-cloud", "ecc", "c4c", "byd", "successfactors"]
)
def test_every_block_is_one_that_the_settings_take(auth: str, profile: str) -> None:
    assert main([*INIT, *URL, "--auth", auth, "--profile", profile]) == 0
    assert main(["settings", "check"]) == 0
    connection = load(Path("sapmatch.toml")).connections["s4"]
    assert connection.profile == profile
    assert connection.client == ("100" if connection.kind.client else "")


def test_a_communication_user_gets_fewer_calls_at_a_time_than_refusals_that_lock_it() -> None:
    """CO-T1: each call under way is refused once where the password changes (KBA 2806979)."""
    assert main([*INIT, *URL, "--profile", "s4hana-cloud"]) == 0
    text = Path("sapmatch.toml").read_text()
    assert load(Path("sapmatch.toml")).connections["s4"].limits.parallel == 2
    assert "three failures (KBA 2806979)" in text


def test_where_no_service_is_known_of_a_kind_of_system_its_line_is_a_comment() -> None:
    assert main([*INIT, *URL, "--profile", "byd"]) == 0
    assert '# service = "/..."' in Path("sapmatch.toml").read_text()
    assert load(Path("sapmatch.toml")).connections["s4"].service is None


@pytest.mark.parametrize("network", NETWORKS)
def test_a_network_is_a_comment_to_be_filled_in(network: str) -> None:
    assert main([*INIT, *URL, "--network", network]) == 0
    assert (f'# type = "{network}"' in Path("sapmatch.toml").read_text()) == (network != "none")
    assert load(Path("sapmatch.toml")).network.type == "none"


@pytest.mark.parametrize(("number", "port"), [("00", 44300), ("01", 44301), ("99", 44399)])
def test_the_port_follows_from_the_system_number(number: str, port: int) -> None:
    """CO-T68."""
    assert main([*INIT, "--host", "sap.example.com", "--system-number", number]) == 0
    connection = load(Path("sapmatch.toml")).connections["s4"]
    assert connection.url == f"https://sap.example.com:{port}"


def test_what_the_secret_holds_is_told_with_placeholders_only(
    capsys: pytest.CaptureFixture[str],
) -> None:
    given = ["--auth", "oauth2-saml-bearer", "--secret", "sapmatch/prod/s4", "--json"]
    assert main([*INIT, *URL, *given]) == 0
    told = json.loads(capsys.readouterr().out)
    stored = "\n".join(told["secret"])
    assert "aws secretsmanager create-secret --name sapmatch/prod/s4" in stored
    assert '"client_secret": "<client_secret>"' in stored
    assert "file://" in stored
    assert any("SAML2" in line and "sapmatch" in line for line in told["checklist"])


def test_a_laptop_is_told_which_variables(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*INIT, *URL, "--auth", "certificate", "--secret", "env:S4"]) == 0
    said = capsys.readouterr().out
    assert "export S4_P12_FILE=<path of the file>" in said
    assert "read -rs S4_PASSWORD" in said
    assert "sapmatch doctor s4" in said


def test_a_file_that_is_there_is_never_overwritten_without_being_told_to(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("sapmatch.toml").write_text("# mine")
    assert main([*INIT, *URL]) == 2
    assert "--force" in capsys.readouterr().err
    assert Path("sapmatch.toml").read_text() == "# mine"
    assert main([*INIT, *URL, "--force"]) == 0
    assert "[connections.s4]" in Path("sapmatch.toml").read_text()


def test_the_block_alone_goes_to_stdout_to_be_added_to_a_file(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main([*INIT, *URL, "--output", "-"]) == 0
    said = capsys.readouterr()
    Path("added.toml").write_text(said.out)
    assert main(["settings", "check", "added.toml"]) == 0
    assert "create-secret" in said.err
    assert not Path("sapmatch.toml").exists()


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ([], "--url"),
        (["--url", "http://sap.example.com"], "https://"),
        ([*URL, "--name", "S 4"], "--name"),
        ([*URL, "--client", "1"], "three digits"),
        ([*URL, "--secret", "my Password!"], "name of a secret"),
        (["--host", "sap.example.com", "--system-number", "1"], "two digits"),
        ([*URL, "--host", "x"], "not allowed with"),
        (["--host", "https://sap.example.com", "--system-number", "12"], "--host: must be"),
        (["--host", "sap.example.com:44300", "--system-number", "12"], "--host: must be"),
        ([*URL, "--auth", "kerberos"], "invalid choice"),
        ([*URL, "--auth", "certificate", "--proxy", "p:1"], "http://"),
        ([*URL, "--output", "no/such/folder.toml"], "cannot be written"),
    ],
)
def test_wrong_answers_write_nothing(
    options: list[str], word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*INIT, *options]) == 2
    said = capsys.readouterr().err
    assert word in said
    assert "my Password!" not in said
    assert not list(Path().iterdir())


def test_a_person_is_asked_and_enter_takes_what_is_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = ["erp", "ecc", "erp.example.com", "10", "200", "wrong", "basic", "", ""]
    monkeypatch.setattr(sys, "stdin", Person("\n".join(answers) + "\n"))
    assert main(INIT) == 0
    connection = load(Path("sapmatch.toml")).connections["erp"]
    assert (connection.url, connection.client) == ("https://erp.example.com:44310", "200")
    assert connection.secrets == ("sapmatch/erp",)


def test_what_nobody_said_is_told_as_a_guess(capsys: pytest.CaptureFixture[str]) -> None:
    saml = ["--auth", "oauth2-saml-bearer", "--network", "vpn"]
    assert main([*INIT, *URL, *saml, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert "connections.s4.auth.audience is a placeholder" in told["guessed"][0]
    assert "[network] is commented out" in told["guessed"][1]
    assert '# names = { "sap.example.com" =' in told["toml"]
    assert main([*INIT, *URL, "--force", "--auth", "oauth2-saml-bearer", "--audience", "S4H"]) == 0
    assert "Still to be looked at" not in capsys.readouterr().out


def test_tokens_of_the_cloud_are_guessed_where_its_documentation_has_them() -> None:
    cloud = ["--url", "https://my300000-api.s4hana.cloud.sap", "--profile", "s4hana-cloud"]
    assert main([*INIT, *cloud, "--auth", "oauth2-client-credentials"]) == 0
    auth = load(Path("sapmatch.toml")).connections["s4"].auth
    assert isinstance(auth, ClientCredentials)
    assert auth.token_url == "https://my300000.s4hana.cloud.sap/sap/bc/sec/oauth2/token"
    assert "# a guess" in Path("sapmatch.toml").read_text()


@pytest.mark.parametrize(("profile", "maps"), [("s4hana", True), ("c4c", False)])
def test_certrule_is_named_where_there_is_one(profile: str, maps: bool) -> None:
    assert main([*INIT, *URL, "--auth", "certificate", "--profile", profile]) == 0
    assert ("CERTRULE" in Path("sapmatch.toml").read_text()) == maps


def written(*options: str) -> None:
    given = ["--auth", "btp-destination", "--destination", "A4H@subaccount", "--force"]
    assert main([*INIT, "--url", "http://a4h:50001", "--proxy", "127.0.0.1", *given, *options]) == 0


def test_a_destination_to_import_is_json_and_nothing_else(
    capsys: pytest.CaptureFixture[str],
) -> None:
    written()
    capsys.readouterr()
    assert main(["connections", "destination", "s4"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert (found["Name"], found["URL"], found["ProxyType"]) == (
        "A4H",
        "http://a4h:50001",
        "OnPremise",
    )
    assert main(["connections", "destination", "s4", "--authentication", "Kerberos"]) == 2


@pytest.mark.parametrize(
    ("profile", "kind"),
    [("s4hana", "BasicAuthentication"), ("s4hana-cloud", "OAuth2ClientCredentials")],
)
def test_a_destination_is_the_technical_users_unless_it_is_asked_for_people(
    profile: str, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    written("--profile", profile, "--for-people", "A4H_PEOPLE")
    capsys.readouterr()
    assert main(["connections", "destination", "s4"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["Name"], found["Authentication"]) == ("A4H", kind)
    assert main(["connections", "destination", "s4", "--for-people"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["Name"] == "A4H_PEOPLE"
    assert found["Authentication"] == "OAuth2SAMLBearerAssertion"


def test_a_destination_that_nobody_would_use_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    written()
    capsys.readouterr()
    assert main(["connections", "destination", "s4", "--for-people"]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["Name"] == "A4H"
    assert "connections.s4.auth.for_people" in said.err
    assert main([*INIT, *URL, "--force"]) == 0
    capsys.readouterr()
    assert main(["connections", "destination", "s4"]) == 0
    assert "auth.type is basic" in capsys.readouterr().err


def test_the_connector_is_in_the_checklist_only_where_it_is_on_the_way(
    capsys: pytest.CaptureFixture[str],
) -> None:
    binding = ["--proxy-tenancy", "untrusted", "--proxy-secret", "sapmatch/connectivity"]
    written(*binding)
    said = capsys.readouterr().out
    assert "service key is the secret sapmatch/connectivity" in said
    assert "Virtual host protocol HTTP:" in said
    proxy = load(Path("sapmatch.toml")).connections["s4"].proxy
    assert proxy is not None
    assert (proxy.tenancy, proxy.secret) == ("untrusted", "sapmatch/connectivity")
    assert main([*INIT, *URL, "--force", "--auth", "btp-destination"]) == 0
    assert "Cloud Connector" not in capsys.readouterr().out


def test_the_checklist_names_the_host_that_the_cloud_connector_reaches(
    capsys: pytest.CaptureFixture[str],
) -> None:
    written("--location-id", "loc1")
    capsys.readouterr()
    assert main(["connections", "checklist", "s4", "--internal-host", "sapprd:44300"]) == 0
    said = capsys.readouterr().out
    assert "[ ] Internal host and port: sapprd:44300" in said
    assert "Location ID loc1" in said


def test_connections_are_listed_without_what_their_secrets_hold(
    capsys: pytest.CaptureFixture[str],
) -> None:
    written()
    capsys.readouterr()
    assert main(["connections", "list", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "connection": "s4",
        "url": "http://a4h:50001",
        "client": "100",
        "profile": "s4hana",
        "auth": "btp-destination",
        "secrets": ["sapmatch/s4"],
    }
