"""`sapmatch doctor` and function modules: TLS, logon, SICF and S_RFC told apart (B21)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local.sap.server import Server
from tests.builders import sap_home
from tests.builders.certificates import Authority
from tests.builders.sap_examined import examined, failed
from tests.builders.sap_home import Home, sap

RFC = '[connections.s4.rfc]\nsystemId = "S4H"\n'
CLIENT = 'client = "100"'
READ = "BAPI_USER_GET_DETAIL"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, authority: Authority
) -> Iterator[Server]:
    home: Home = sap_home.at_home(tmp_path, monkeypatch, authority)
    with sap(authority, tmp_path) as server:
        home(server, "basic", more=f"{CLIENT}\n{RFC}")
        yield server


def alone() -> None:
    """Leave the OData service out of the settings."""
    file = Path("sapmatch.toml")
    lines = file.read_text().splitlines()
    file.write_text("\n".join(line for line in lines if not line.startswith("service")))


def test_what_may_be_called_is_named(server: Server, capsys: pytest.CaptureFixture[str]) -> None:
    found = examined(capsys, 0)
    assert found["rfc"]["status"] == "ok"
    assert READ in found["rfc"]["detail"]
    assert "changes were not tried" in found["rfc"]["detail"]
    called = {each["function"] for each in server.gateway.abap.called()}
    assert not [name for name in called if "CHANGE" in name or "CREATE" in name]


def test_a_missing_s_rfc_names_the_modules(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.abap(permissions={"ROBOT": {"functions": ["RFC_PING", "BAPI_USER_GETLIST"]}})
    one = failed(examined(capsys, 3))
    assert one["check"] == "rfc"
    assert READ in one["detail"]
    assert "S_RFC" in one["remedy"]
    assert "SU53" in one["remedy"]


def test_a_missing_s_user_grp_is_found_and_named(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """SAP lets the user call the module, and says only in RETURN that he is shown nobody."""
    server.abap(permissions={"ROBOT": {"without": ["S_USER_GRP"]}})
    one = failed(examined(capsys, 3))
    assert one["check"] == "rfc"
    assert "BAPI_USER_GETLIST answers 01/491" in one["detail"]
    for word in ("S_USER_GRP", "ACTVT 03", "PFCG", "SU53"):
        assert word in one["remedy"]


def test_a_table_of_users_that_sap_does_not_have_is_named_with_its_setting(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    file = Path("sapmatch.toml")
    file.write_text(file.read_text().replace(RFC, f'{RFC}tableParameterNames = ["ADDTEL"]\n'))
    assert examined(capsys, 0)["rfc"]["status"] == "ok"
    file.write_text(file.read_text().replace("ADDTEL", "FOO"))
    found = examined(capsys, 0)["rfc"]
    assert found["status"] == "warning"
    assert "rfc.tableParameterNames: " in found["detail"]
    assert "FOO is no parameter" in found["detail"]


def test_where_the_logon_proves_nothing_the_client_is_not_called_well(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    alone()
    server.configure(inactive_services=["/sap/bc/soap/rfc"])
    found = examined(capsys, 3)
    assert found["logon"]["status"] == "warning"
    assert found["client"]["status"] == "skipped"


def test_a_node_that_is_not_active_is_named(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    server.configure(inactive_services=["/sap/bc/soap/rfc"])
    found = examined(capsys, 3)
    one = failed(found)
    assert one["check"] == "rfc"
    assert "/sap/bc/soap/rfc answers 403" in one["detail"]
    assert "SICF" in one["remedy"]
    assert "IWFND" not in one["remedy"]
    assert found["authorisation"]["status"] == "ok"


def test_a_connection_for_function_modules_alone_needs_no_odata_service(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    alone()
    found = examined(capsys, 0)
    assert found["tls"]["status"] == found["logon"]["status"] == found["rfc"]["status"] == "ok"
    assert "metadata" not in found
    paths = {entry["path"] for entry in server.log.entries()}
    assert all(path.startswith("/sap/bc/soap/") for path in paths)
    for check in ("clock", "answer_time"):
        assert found[check]["status"] == "skipped"
        assert "OData service only" in found[check]["detail"]


def test_a_wrong_password_is_a_matter_of_the_logon(
    server: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    alone()
    monkeypatch.setenv("S4_PASSWORD", "Geheim-falsch")
    found = examined(capsys, 3, "Geheim-falsch")
    assert failed(found)["check"] == "logon"
    assert found["rfc"]["status"] == "skipped"
    assert len(server.log.entries()) == 1


def test_without_pyrfc_the_sdk_is_named_and_all_else_is_looked_at(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """CO-T66."""
    file = Path("sapmatch.toml")
    file.write_text(file.read_text().replace(RFC, f'{RFC}transport = "pyrfc"\n'))
    found = examined(capsys, 3)
    assert "SAP NetWeaver RFC SDK" in failed(found)["detail"]
    assert found["rfc"]["remedy"]
    assert found["authorisation"]["status"] == "ok"


def test_without_an_odata_service_the_logon_names_what_pyrfc_needs(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """CO-T66."""
    alone()
    file = Path("sapmatch.toml")
    file.write_text(file.read_text().replace(RFC, f'{RFC}transport = "pyrfc"\n'))
    one = failed(examined(capsys, 3))
    assert one["check"] == "logon"
    assert "SAP NetWeaver RFC SDK" in one["detail"]
    assert 'rfc.transport = "soap"' in one["remedy"]
