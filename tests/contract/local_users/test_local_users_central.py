"""Commands against a central user administration: accepted is not arrived (CO-T51)."""

import json
from typing import Any

import pytest

from sapmatch.cli import main
from tests.builders.abap import AbapServer

Capture = pytest.CaptureFixture[str]
CHILD = "S4HCLNT200"


def run(capsys: Capture, *command: str, code: int = 0) -> list[Any]:
    done = main([*command, "--json"])
    shown = capsys.readouterr()
    assert done == code, shown.err
    return [json.loads(line) for line in shown.out.splitlines()]


def test_a_role_in_a_child_system_is_waited_for(landscape: AbapServer, capsys: Capture) -> None:
    """CO-T51."""
    landscape.order(idocs={CHILD: {"delay": 1.0}})
    command = ["roles", "assign", "s4", "JDOE", f"{CHILD}:Z_FI_AP", "--wait", "30"]
    (answer,) = run(capsys, *command)
    assert answer["status"] == "accepted_by_central"
    assert {child["system"]: child["status"] for child in answer["children"]}[CHILD] == "agrees"
    roles = run(capsys, "roles", "list", "s4", "JDOE")
    assert [(row["SUBSYSTEM"], row["AGR_NAME"]) for row in roles] == [(CHILD, "Z_FI_AP")]
    (user,) = run(capsys, "users", "show", "s4", "JDOE")
    assert user["ACTIVITYGROUPS.AGR_NAME"] == [f"{CHILD}:Z_FI_AP"]
    assert CHILD in user["SYSTEMS.SUBSYSTEM"]


def test_a_child_that_refuses_is_named_when_the_time_is_over(
    landscape: AbapServer, capsys: Capture
) -> None:
    """CO-T51."""
    landscape.order(idocs={CHILD: {"fails": "user group unknown"}})
    command = ["roles", "assign", "s4", "JDOE", f"{CHILD}:Z_FI_AP", "--wait", "1"]
    (answer,) = run(capsys, *command, code=3)
    (child,) = [each for each in answer["children"] if each["system"] == CHILD]
    assert child["status"] == "differs"


def test_without_waiting_it_is_accepted_and_nothing_is_claimed(
    landscape: AbapServer, capsys: Capture
) -> None:
    """CO-T51."""
    assert main(["roles", "assign", "s4", "JDOE", f"{CHILD}:Z_FI_AP"]) == 0
    shown = capsys.readouterr()
    assert "the central system took it and distributes it" in shown.out
    assert "--wait SECONDS asks" in shown.err


def test_a_role_whose_name_has_a_colon_belongs_to_the_central_system(
    landscape: AbapServer, capsys: Capture
) -> None:
    """CO-T50."""
    run(capsys, "roles", "assign", "s4", "JDOE", "Z:FI_CLERK")
    (row,) = run(capsys, "roles", "list", "s4", "JDOE")
    assert (row["SUBSYSTEM"], row["AGR_NAME"]) == ("S4HCLNT100", "Z:FI_CLERK")


def test_an_unknown_system_is_refused_before_anything_is_sent(
    landscape: AbapServer, capsys: Capture
) -> None:
    """CO-T50."""
    assert main(["roles", "assign", "s4", "JDOE", "S4HCLNT999:Z_FI_AP"]) == 2
    assert "S4HCLNT999" in capsys.readouterr().err


def test_a_system_that_is_taken_away_is_asked_for_with_its_roles(
    landscape: AbapServer, capsys: Capture
) -> None:
    run(capsys, "roles", "assign", "s4", "JDOE", f"{CHILD}:Z_FI_AP")
    command = ["users", "change", "s4", "JDOE", "--systems", "S4HCLNT100"]
    assert main(command) == 2
    assert f"Take system {CHILD} with all its roles from JDOE?" in capsys.readouterr().err
    run(capsys, *command, "--yes")
    (user,) = run(capsys, "users", "show", "s4", "JDOE")
    assert user["SYSTEMS.SUBSYSTEM"] == ["S4HCLNT100"]
