"""`sapmatch roles`."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from sapmatch.cli import main
from sapmatch.model.users import FOREVER, RoleAssignment
from tests.builders.user_commands import MILLER, Side, stand_in

Capture = pytest.CaptureFixture[str]
BUYER = MILLER.roles[0]


@pytest.fixture
def side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Side:
    found = stand_in(monkeypatch, tmp_path)
    columns = (("MANDT", 3), ("AGR_NAME", 30), ("PARENT_AGR", 30))
    rows = [{"MANDT": "100", "AGR_NAME": "Z_BUYER"}]
    found.transport.put("AGR_DEFINE", columns, rows)
    return found


def lines(capsys: Capture) -> list[Any]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def written(side: Side) -> Any:
    ((_, change),) = side.writer.asked
    assert not isinstance(change, str)
    return change.roles


def test_roles_of_a_user_are_listed_with_where_they_come_from(side: Side, capsys: Capture) -> None:
    assert main(["roles", "list", "s4", "miller", "--json"]) == 0
    assert [(row["AGR_NAME"], row["ORG_FLAG"]) for row in lines(capsys)] == [
        ("Z_BUYER", ""),
        ("Z_PART", "C"),
    ]
    assert main(["roles", "list", "s4", "miller"]) == 0
    assert "composite role" in capsys.readouterr().out


def test_roles_of_the_system_come_from_its_table(side: Side, capsys: Capture) -> None:
    assert main(["roles", "list", "s4", "--json"]) == 0
    assert lines(capsys) == [{"AGR_NAME": "Z_BUYER", "PARENT_AGR": ""}]
    assert main(["roles", "list", "s4"]) == 0
    assert "Z_BUYER" in capsys.readouterr().out


def test_settings_that_describe_no_roles_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    stand_in(monkeypatch, tmp_path, tables=("USGRP as GROUP=MANDT:3:IGNORE,USERGROUP:12:KEY",))
    assert main(["roles", "list", "s4"]) == 2
    assert "connections.s4.rfc.tables: describes no AGR_DEFINE" in capsys.readouterr().err


def test_assigning_adds_to_the_direct_roles_and_never_writes_indirect_ones(side: Side) -> None:
    """CO-T45."""
    days = ["--from", "2026-05-01", "--to", "2026-12-31"]
    assert main(["roles", "assign", "s4", "miller", "Z_NEW", *days]) == 0
    new = RoleAssignment(name="Z_NEW", valid_from=date(2026, 5, 1), valid_to=date(2026, 12, 31))
    assert written(side) == (BUYER, new)


def test_assigning_without_days_begins_today_and_keeps_what_is_valid(side: Side) -> None:
    """CO-T44."""
    assert main(["roles", "assign", "s4", "MILLER", "z_buyer", "z_new"]) == 0
    kept, again, new = written(side)
    assert kept is again
    assert (new.name, new.valid_to) == ("Z_NEW", FOREVER)
    assert abs(new.valid_from - date.today()) <= timedelta(days=1)  # noqa: DTZ011


def test_a_second_period_of_a_role_stands_beside_the_first(side: Side) -> None:
    """CO-T48."""
    days = ["--from", "2030-01-01"]
    assert main(["roles", "assign", "s4", "MILLER", "Z_BUYER", *days]) == 0
    assert [role.valid_from.year for role in written(side)] == [2026, 2030]


def test_removing_takes_all_periods_of_a_role_and_asks_first(side: Side, capsys: Capture) -> None:
    assert main(["roles", "remove", "s4", "MILLER", "Z_BUYER"]) == 2
    assert "Take Z_BUYER from MILLER? Nobody is there" in capsys.readouterr().err
    assert side.writer.asked == []
    assert main(["roles", "remove", "s4", "MILLER", "z_buyer", "--yes"]) == 0
    assert written(side) == ()


def test_a_role_that_cannot_be_taken_is_told(side: Side, capsys: Capture) -> None:
    assert main(["roles", "remove", "s4", "MILLER", "Z_PART", "Z_NONE", "--yes"]) == 0
    said = capsys.readouterr().err
    assert "Z_PART: comes through another role or an organisation" in said
    assert "Z_NONE: MILLER has no such role" in said
    assert written(side) == (BUYER,)


@pytest.mark.parametrize("action", ["assign", "remove"])
def test_a_user_who_is_not_there_is_told(side: Side, capsys: Capture, action: str) -> None:
    more = ["--yes"] if action == "remove" else []
    assert main(["roles", action, "s4", "NOBODY", "Z_X", *more]) == 3
    assert "01/124: user NOBODY does not exist" in capsys.readouterr().err


def test_days_the_wrong_way_round_are_refused(side: Side, capsys: Capture) -> None:
    days = ["--from", "2026-12-31", "--to", "2026-01-01"]
    assert main(["roles", "assign", "s4", "MILLER", "Z_X", *days]) == 2
    assert "--to 2026-01-01: is before 2026-12-31" in capsys.readouterr().err
