"""What a central system's user has in each child system."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from sapmatch.cli import main
from sapmatch.model.users import RoleAssignment
from tests.builders.user_commands import Side, stand_in

Capture = pytest.CaptureFixture[str]
PART = RoleAssignment(
    system="S4HCLNT200", name="Z_PART", valid_from=date(2026, 1, 1), origin="C", text="Part"
)


@pytest.fixture
def side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Side:
    found = stand_in(monkeypatch, tmp_path)
    answers: Any = lambda name: {"S4HCLNT200": (PART,), "S4HCLNT300": None}  # noqa: E731
    monkeypatch.setattr(Side, "expanded", staticmethod(answers), raising=False)
    return found


def test_people_see_the_roles_of_composites_in_child_systems_and_who_did_not_answer(
    side: Side, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    assert main(["users", "show", "s4", "miller", "--children"]) == 0
    told = capsys.readouterr()
    shown = told.out.split("Child systems")[1]
    assert "S4HCLNT200" in shown
    assert "Z_PART" in shown
    assert "composite role" in shown
    assert "S4HCLNT300: has no connection in rfc.systems, or did not answer" in told.err


def test_scripts_get_them_by_system(side: Side, capsys: Capture) -> None:
    assert main(["users", "show", "s4", "miller", "--children", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)["CHILDREN"]
    assert [row["AGR_NAME"] for row in found["S4HCLNT200"]] == ["Z_PART"]
    assert found["S4HCLNT300"] is None


def test_children_are_not_asked_without_being_wanted(side: Side, capsys: Capture) -> None:
    assert main(["users", "show", "s4", "miller", "--json"]) == 0
    assert "CHILDREN" not in json.loads(capsys.readouterr().out)
