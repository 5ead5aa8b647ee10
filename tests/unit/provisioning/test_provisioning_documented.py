"""docs/provisioning.md: its examples are read, planned and shown as it says."""

import json
import re
import tomllib
from pathlib import Path

import pytest
from msgspec import convert

from sapmatch.cli.provision_show import show_plan
from sapmatch.model.provisioning import Plan, Provisioning
from sapmatch.provisioning.apply import NOT_ARRIVED, PLAN_OUTDATED
from sapmatch.provisioning.response import STATUSES
from sapmatch.provisioning.rows import MOST_BYTES
from tests.builders.memory_users import MemoryUsers, ProvisioningHome, user

PAGE = Path("docs/provisioning.md").read_text(encoding="utf-8")
BLOCKS: list[tuple[str, str]] = re.findall(r"^```(\w*)\n(.+?)^```", PAGE, re.M | re.S)


def block(kind: str, begins: str) -> str:
    return next(text for name, text in BLOCKS if name == kind and text.startswith(begins))


def plan(data: bytes) -> Plan:
    huber = user("MHUBER", "Z_BUYER", "Z_CLERK", fields={"ADDRESS.DEPARTMENT": "Accounting"})
    home = ProvisioningHome(MemoryUsers(huber, user("LVOGEL"), user("PWOLF")))
    return home.runs().dry_run("s4", "users.json", data)


def test_the_example_is_planned_as_the_page_shows(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    show_plan(plan(block("json", "[").encode()))
    shown = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert shown == [line.rstrip() for line in block("", "┏").splitlines()]


def test_the_same_file_as_csv_has_the_same_plan() -> None:
    rows, table = block("json", "["), block("", "USERNAME")
    assert plan(rows.encode()).digest == plan(table.encode()).digest
    assert not plan(table.encode()).refused


def test_the_statuses_are_those_of_the_response_file() -> None:
    named = re.findall(r"^\| `(\w+)` \| ", PAGE.split("| `status` | means |")[1], re.M)
    assert named == list(STATUSES)


def test_the_fields_of_a_row_are_those_of_the_response_file() -> None:
    home = ProvisioningHome(MemoryUsers(user("A"), central=True))
    row = home.carry(home.drop({"USERNAME": "A", "STATE": "locked"}))["rows"][0]
    told = PAGE.split("## The answer")[1].split("| `status`")[0]
    for name in re.findall(r"`(\w+)`", told):
        assert name in row
    assert {"verified", "distribution_failed"} < set(row)


def test_the_settings_codes_and_limits_are_real() -> None:
    settings = tomllib.loads(block("toml", "[provisioning"))["provisioning"]["s4"]
    assert convert(settings, Provisioning).roles_removed_at_most == 20
    assert f"`{PLAN_OUTDATED}`" in PAGE
    assert f"`{NOT_ARRIVED}`" in PAGE
    assert f"{MOST_BYTES:,} bytes" in PAGE
    assert json.loads(block("json", "["))
