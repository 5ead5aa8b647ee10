"""Rows that could be taken for what nobody meant: blank cells, names that become others."""

import json
from typing import Any

import pytest

from tests.builders.memory_users import MemoryUsers, ProvisioningHome, user

NAMES = "ACTIVITYGROUPS.AGR_NAME"


def plan(data: bytes) -> Any:
    home = ProvisioningHome(MemoryUsers(user("A", "Z_BUYER"), user("ADMIN"), user("STRASSE")))
    return home.runs().dry_run("s4", "users.file", data)


def problems(record: dict[str, Any]) -> list[tuple[str | None, str]]:
    refused = plan(json.dumps([record]).encode()).refused
    return [(each.field, each.message) for each in refused]


@pytest.mark.parametrize("cell", [" ", "   ", "\t", '" "'])
def test_a_blank_cell_is_an_empty_one(cell: str) -> None:
    """A spreadsheet that pads its cells takes no roles."""
    found = plan(f"USERNAME,{NAMES},ADDRESS.LASTNAME\nA,{cell},{cell}\n".encode())
    assert [each.action for each in found.users] == ["none"]


@pytest.mark.parametrize("cell", ["|", " | ", "||"])
def test_a_cell_of_separators_empties_no_list(cell: str) -> None:
    (problem,) = plan(f"USERNAME,{NAMES}\nA,{cell}\n".encode()).refused
    assert problem.field == f"row 1: {NAMES}"
    assert "write [] in JSON" in problem.message


@pytest.mark.parametrize(
    "name",
    [
        "ADM\u0131N",
        "\u017fTRASSE",
        "stra\u00dfe",
        "JD\u200bOE",
        "JD\u202eOE",
        "J\u2028DOE",
        "*",
        "A+",
        "' OR '1'='1",
        "J DOE",
        "A,B",
    ],
)
def test_what_can_be_no_name_or_would_become_another_is_none(name: str) -> None:
    ((field, _),) = problems({"USERNAME": name, "STATE": "absent"})
    assert field == "row 1: USERNAME"


@pytest.mark.parametrize("name", ["a", "J.DOE", "X_1-Y", "/ABC/BOT", "M\u00fcLLER"])
def test_names_of_users_are_taken_in_any_case(name: str) -> None:
    assert problems({"USERNAME": name, "STATE": "absent"}) == []


def test_a_field_beyond_ascii_is_no_other_field() -> None:
    ((field, message),) = problems({"USERNAME": "A", "\u017fTATE": "absent"})
    assert "beyond ASCII" in message
    assert field is not None


def test_a_state_of_null_is_no_state() -> None:
    assert problems({"USERNAME": "A", "STATE": None})[0][0] == "row 1: STATE"


@pytest.mark.parametrize("day", ["2026-W01-1", "20261231", "2026-02-31", "\u0662026-01-01"])
def test_a_day_is_written_in_one_way(day: str) -> None:
    assert problems({"USERNAME": "A", "VALID_TO": day}) == [
        ("row 1: VALID_TO", "must be a day as 2026-12-31")
    ]
