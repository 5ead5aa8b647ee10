"""`sapmatch` logs on to the embedded SAP in every way of its own, from the settings to the rows."""

import json
from pathlib import Path

import pytest

from sapmatch.cli import main
from sapmatch.model.access import Principal
from sapmatch.model.auth import Basic, SamlBearer
from sapmatch.model.connection import Connection
from sapmatch.model.intent import Change
from sapmatch.model.query import EVERYTHING
from sapmatch.sap.connection import connect
from tests.builders import sap_home
from tests.builders.certificates import Authority
from tests.builders.logons import LOGON, Vault
from tests.builders.sap_home import AUTH, Home, sap, secrets
from tests.contract.local_sap.local_sap_world import INVOICES, ROOT, SALES, USERS, invoice


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, authority: Authority) -> Home:
    return sap_home.at_home(tmp_path, monkeypatch, authority)


@pytest.mark.parametrize("kind", AUTH)
def test_an_extraction_logs_on_in_every_way(
    kind: str,
    authority: Authority,
    tmp_path: Path,
    at_home: Home,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Every page on one TLS connection (and one for the token); no secret is shown."""
    with sap(authority, tmp_path) as server:
        at_home(server, kind, more='client = "100"')
        given = ["extract", "s4", "A_SalesOrder", "--to", "out", "--json", "--parallel", "1"]
        done = main(given)
        shown = capsys.readouterr()
        assert done == 0, shown.err
        assert json.loads(shown.out)["rows"] == 12
        user = "OTHER" if kind == "oauth2-saml-bearer" else "ROBOT"
        entries = server.log.entries()
        assert {entry["user"] for entry in entries} == {user}
        tokens = [entry for entry in entries if entry["path"].endswith("/oauth2/token")]
        assert len(tokens) == kind.startswith("oauth2")
        assert server.connections.as_json()["handshakes"] <= 2
    assert not any(value in shown.out + shown.err for value in secrets(kind, authority).values())


def test_a_technical_user_of_c4c_writes_without_asking_for_a_token(
    authority: Authority, tmp_path: Path, at_home: Home
) -> None:
    """CO-T20: profile c4c; a fetch would be answered by Inconsistent Authorization."""
    root = "/sap/c4c/odata/v1"
    with sap(authority, tmp_path, profile="c4c") as server:
        at_home(server, "basic", root, 'profile = "c4c"')
        Path("invoice.json").write_text(json.dumps([invoice()]))
        given = ["write", "s4", "A_SupplierInvoice", "invoice.json", "--operation", "insert"]
        assert main([*given, "--service", f"{root}/{INVOICES}"]) == 0
        assert len(server.log.created()) == 1
        assert "HEAD" not in [entry["method"] for entry in server.log.entries()]


def test_a_wrong_password_is_one_request_and_locks_nobody(
    authority: Authority,
    tmp_path: Path,
    at_home: Home,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """CO-T1."""
    with sap(authority, tmp_path) as server:
        at_home(server, "basic", more='client = "100"')
        monkeypatch.setenv("S4_PASSWORD", "wrong")
        assert main(["extract", "s4", "A_SalesOrder", "--to", "out"]) not in (0, 1)
        assert server.gateway.users()["ROBOT"] == {"failed_logons": 1, "locked": False}


def test_sap_names_the_person_on_whose_behalf_was_written(
    authority: Authority, tmp_path: Path
) -> None:
    """Principal propagation: our assertion names MEIER, who is who SAP says it was."""
    auth = SamlBearer(secret=LOGON, issuer="sapmatch", audience="S4H100", user="OTHER")
    vault = Vault(secrets("oauth2-saml-bearer", authority), ca={"bundle": authority.pem})
    with sap(authority, tmp_path) as server:
        connection = Connection(url=server.url, client="100", auth=auth, ca="ca")
        change = Change(
            kind="create",
            service=f"{ROOT}/{INVOICES}",
            entity_set="A_SupplierInvoice",
            record=invoice(),
            on_behalf_of="MEIER",
        )
        with connect("s4", connection, vault, principal=Principal(sap_user="MEIER")) as client:
            client.write(change)
        assert [each["user"] for each in server.log.changes()] == ["MEIER"]


def test_a_password_that_is_changed_mid_run_costs_one_refused_request(
    authority: Authority, tmp_path: Path
) -> None:
    """CO-T2, RE-26: the secret is read again, and the run goes on."""
    vault = Vault({"user": "ROBOT", "password": USERS["ROBOT"]}, ca={"bundle": authority.pem})
    with sap(authority, tmp_path) as server:
        auth = Basic(secret=LOGON)
        connection = Connection(url=server.url, client="100", auth=auth, ca="ca")
        with connect("s4", connection, vault) as client:
            assert len(client.find(f"{ROOT}/{SALES}", "A_SalesOrder", EVERYTHING)) == 12
            server.configure(users={"ROBOT": {"password": "Neu-1"}})
            vault.rotate({"user": "ROBOT", "password": "Neu-1"})
            assert len(client.find(f"{ROOT}/{SALES}", "A_SalesOrder", EVERYTHING)) == 12
        assert [entry["status"] for entry in server.log.entries()].count(401) == 1
        assert server.gateway.users()["ROBOT"]["failed_logons"] == 0


def test_a_revoked_token_costs_one_refused_request_and_one_new_token(
    authority: Authority, tmp_path: Path
) -> None:
    auth = SamlBearer(secret=LOGON, issuer="sapmatch", audience="S4H100", user="OTHER")
    vault = Vault(secrets("oauth2-saml-bearer", authority), ca={"bundle": authority.pem})
    with sap(authority, tmp_path) as server:
        connection = Connection(url=server.url, client="100", auth=auth, ca="ca")
        with connect("s4", connection, vault) as client:
            client.find(f"{ROOT}/{SALES}", "A_SalesOrder", EVERYTHING)
            server.forget("access-tokens")
            assert len(client.find(f"{ROOT}/{SALES}", "A_SalesOrder", EVERYTHING)) == 12
        entries = server.log.entries()
    assert [entry["status"] for entry in entries].count(401) == 1
    assert [entry["path"] for entry in entries].count("/sap/bc/sec/oauth2/token") == 2
