"""Whether child systems have what the commands changed, and users that no command asks for."""

import json
from pathlib import Path
from typing import Any

import pytest

from sapmatch.cli import main
from sapmatch.model.rfc import Rfc
from sapmatch.model.users import Changed, ChildSystem, Step
from tests.builders.user_commands import Side, stand_in

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def side(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Side:
    return stand_in(monkeypatch, tmp_path)


def child(status: Any, *differs: str) -> ChildSystem:
    return ChildSystem(system="S4HCLNT200", status=status, differs=differs)


@pytest.mark.parametrize(
    ("looks", "code", "words"),
    [
        ([(child("agrees"),)], 0, "agrees"),
        ([(child("differs", "roles"),), (child("agrees"),)], 0, "agrees"),
        ([(child("differs", "roles"),)], 3, "differs"),
        ([(child("unreachable"),)], 3, "unreachable"),
        ([(child("not_asked"),)], 0, "not_asked"),
    ],
)
def test_children_are_asked_until_they_agree_or_the_time_is_over(
    side: Side,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
    looks: list[tuple[ChildSystem, ...]],
    code: int,
    words: str,
) -> None:
    """CO-T51."""
    monkeypatch.setattr("sapmatch.cli.user_outcome._POLL", 0.01)
    side.writer.comes_to = Changed(user="", status="accepted_by_central")
    side.looks = looks
    assert main(["users", "lock", "s4", "MILLER", "--wait", "1"]) == code
    assert words in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "was_in"),
    [
        (Changed(user="", status="accepted_by_central", was_in=frozenset({"A"})), {"A"}),
        (Changed(user="", status="unchanged", was_in=frozenset({"A"})), None),
    ],
)
def test_children_are_asked_too_where_the_central_system_holds_it_already(
    side: Side,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
    changed: Changed,
    was_in: set[str] | None,
) -> None:
    """CO-T51: an earlier change may not have arrived, and nobody knows what it took."""
    monkeypatch.setattr("sapmatch.cli.user_outcome._POLL", 1.0)
    side.reader.is_central = True
    side.writer.comes_to = changed
    side.looks = [(child("differs", "roles"),)]
    assert main(["users", "lock", "s4", "MILLER", "--wait", "1", "--json"]) == 3
    assert side.was_in == was_in
    told = json.loads(capsys.readouterr().out)
    assert told["children"][0]["status"] == "differs"
    assert "was_in" not in told


def test_nobody_is_asked_for_children_of_a_system_that_has_none(side: Side) -> None:
    side.writer.comes_to = Changed(user="", status="unchanged")
    assert main(["users", "lock", "s4", "MILLER", "--wait", "1"]) == 0
    assert side.was_in == ()


def test_without_waiting_it_is_said_that_nobody_asked_the_children(
    side: Side, capsys: Capture
) -> None:
    side.writer.comes_to = Changed(user="", status="accepted_by_central")
    assert main(["users", "lock", "s4", "MILLER"]) == 0
    assert "--wait SECONDS asks" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command", [["users", "show"], ["users", "delete"], ["users", "lock"], ["roles", "list"]]
)
@pytest.mark.parametrize("name", ["M\u0131LLER", "MIL\u200bLER"])
def test_a_name_that_would_become_that_of_another_is_asked_of_nobody(
    side: Side, capsys: Capture, command: list[str], name: str
) -> None:
    assert main([*command, "s4", name]) == 2
    assert "nobody sees, or that would be another" in capsys.readouterr().err
    assert side.writer.asked == []


@pytest.mark.parametrize("command", [["users", "show"], ["roles", "list"]])
@pytest.mark.parametrize(("query", "said"), [("", False), ("EQ,LOGONDATA.USTYP,A", True)])
def test_who_is_not_shown_may_be_left_out_by_the_base_query(
    side: Side, capsys: Capture, command: list[str], query: str, said: bool
) -> None:
    side.rfc = Rfc(base_account_query=query)
    assert main([*command, "s4", "nobody"]) == 3
    told = capsys.readouterr().err
    assert "user NOBODY: there is none in this system" in told
    assert ("rfc.baseAccountQuery leaves it out" in told) is said


@pytest.mark.parametrize(
    ("code", "said"),
    [("OutcomeUnknown", "no answer"), ("01/174", "01/174: no answer"), ("NOT_DELETED", "NOT_")],
)
def test_a_note_begins_with_a_code_and_not_with_a_name_of_ours(
    side: Side, capsys: Capture, code: str, said: str
) -> None:
    step = Step(name="lock", status="unknown", code=code, message="no answer")
    side.writer.comes_to = Changed(user="", status="unknown", steps=(step,))
    main(["users", "lock", "s4", "MILLER"])
    told = capsys.readouterr().out
    assert said in told
    assert "OutcomeUnknown" not in told
