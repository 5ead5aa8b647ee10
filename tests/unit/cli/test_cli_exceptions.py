import json
from typing import Any

import pytest

from sapmatch.cli import main
from tests.builders.waiting_stage import DOUBT, PRICE, RECEIPT, Stage


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    built = Stage()
    monkeypatch.setattr("sapmatch.cli.exceptions.deployment", lambda _: built)
    return built


def rows(capsys: pytest.CaptureFixture[str], *words: str) -> list[dict[str, Any]]:
    assert main(["exceptions", *words, "--json"]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_what_waits_is_listed_oldest_first_with_all_that_people_sort_by(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second, third = rows(capsys)
    assert [row["id"] for row in (first, second, third)] == [PRICE, DOUBT, RECEIPT]
    assert first == {
        "id": PRICE,
        "document": "a.pdf",
        "pages": [],
        "state": "OUT_OF_TOLERANCE",
        "cause": "PP",
        "decision": 1,
        "opened_at": "2026-11-02T08:00:00Z",
        "age_hours": 72,
        "company_code": "1010",
        "number": "R-1",
        "seller": "Nordlicht",
        "total": "119.00",
        "currency": "EUR",
        "difference": "12.50",
        "owner": "purchasing",
        "proposed_by": "ANNA",
    }


def test_what_nobody_was_told_is_listed_too(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    *_, receipt = rows(capsys, "list")
    assert (receipt["number"], receipt["total"], receipt["owner"]) == ("R-1", "119.00", "warehouse")
    assert receipt["difference"] is None  # goods are missing, no amount is too much


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["--state", "waiting_receipt"], [RECEIPT]),
        (["list", "--owner", "purchasing"], [PRICE]),
        (["--owner", "warehouse", "list"], [RECEIPT]),
        (["--state", "INVALID"], []),
    ],
)
def test_the_list_is_cut_down_by_state_and_owner(
    stage: Stage, words: list[str], found: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert [row["id"] for row in rows(capsys, *words)] == found


def test_people_see_ages_amounts_and_short_ids(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["exceptions"]) == 0
    shown = capsys.readouterr().out
    for word in ("a" * 12, "3 days", "1 h", "119.00 EUR", "12.50 EUR", "purchasing", "ANNA"):
        assert word in shown
    assert "a" * 13 not in shown
    assert "c.pdf, pages 3-4" in shown


def test_a_state_that_there_is_not_is_wrong_usage(
    stage: Stage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["exceptions", "--state", "FOO"]) == 2
    assert "OUT_OF_TOLERANCE" in capsys.readouterr().err
