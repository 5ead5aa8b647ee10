"""`sapmatch doctor` on the embedded SAP, from the command line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local.sap.server import Server, serve
from sapmatch.cli import main
from tests.builders.sap_doctor import CHECKS
from tests.contract.local_sap.local_sap_world import USERS, seed

ROOT = "/sap/opu/odata/sap"
ORDERS = f"{ROOT}/API_PURCHASEORDER_PROCESS_SRV"
ODP = f"{ROOT}/ZSAPMATCH_ODP_SRV"
V4 = "/sap/opu/odata4/sap/api_purchaseorder_2/srvd_a2x/sap/purchaseorder/0001"


@pytest.fixture
def sap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The embedded SAP, and settings that name it."""
    with serve(seed(), users=USERS) as server:
        settings = tmp_path / "sapmatch.toml"
        settings.write_text(f"""
[connections.s4]
url = "{server.url}"
client = "100"
service = "{ORDERS}"
auth = {{ type = "basic", secret = "env:S4" }}
limits = {{ requests_per_second = 1000 }}
""")
        monkeypatch.setenv("SAPMATCH_SETTINGS", str(settings))
        monkeypatch.setenv("S4_USER", "ROBOT")
        monkeypatch.setenv("S4_PASSWORD", USERS["ROBOT"])
        yield server


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    """What was printed, by check."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["check"] for line in lines] == CHECKS
    return {line["check"]: line for line in lines}


@pytest.mark.parametrize("service", [ORDERS, ODP, V4])
def test_the_embedded_sap_is_well_and_is_only_read(
    sap: Server, service: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """OD-P15, OD-P36: no write, and no subscription."""
    assert main(["doctor", "s4", "--service", service, "--json"]) == 0
    found = said(capsys)
    assert {line["status"] for line in found.values()} == {"ok", "skipped"}
    assert found["client"]["detail"] == "SAP took client 100"
    assert found["metadata"]["detail"].startswith("OData V4" if service == V4 else "OData V2")
    assert ("are tracked" in found["delta"]["detail"]) == (service != ORDERS)
    entries = sap.log.entries()
    assert {entry["method"] for entry in entries} <= {"GET", "HEAD"}
    assert sap.log.created() == []


def test_a_wrong_password_ends_with_3_after_one_call(
    sap: Server, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """OD-P14."""
    monkeypatch.setenv("S4_PASSWORD", "password-canary")
    assert main(["doctor", "s4", "--json"]) == 3
    printed = capsys.readouterr()
    assert "password-canary" not in printed.out + printed.err
    assert len(sap.log.entries()) == 1


def test_an_unknown_service_ends_with_3_and_names_the_transaction(
    sap: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "s4", "--service", f"{ROOT}/NO_SUCH_SRV", "--json"]) == 3
    found = said(capsys)
    assert found["logon"]["status"] == "ok"
    assert found["service"]["status"] == "failed"
    assert "/IWFND/MAINT_SERVICE" in found["service"]["remedy"]


def test_people_read_one_line_a_check(sap: Server, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "s4"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[1] for line in lines if " " in line] == CHECKS
    assert [line for line in lines if " " not in line] == ["s4", ORDERS, "s4"]


def test_a_system_that_is_off_ends_with_4(
    sap: Server, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    settings = tmp_path / "sapmatch.toml"
    settings.write_text(settings.read_text().replace(sap.url, "http://127.0.0.1:1"))
    assert main(["doctor", "s4", "--json"]) == 4
    assert said(capsys)["route"]["unreachable"] is True
