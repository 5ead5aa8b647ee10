import json
from typing import Any

import pytest

from sapmatch.cli import main
from sapmatch.model.errors import LogonRefused, OutcomeUnknown
from sapmatch.reviewing.asked import Asked

DECIDED = {"document": "3f9a1c2b" + 56 * "0", "outcome": "decided", "message": "accepted"}
ID = "3f9a1c2b4d5e"


class Function:
    """The deployed function: what it was asked, and what it answers."""

    def __init__(self) -> None:
        self.asked: list[tuple[str | None, Asked]] = []
        self.answer: Any = DECIDED

    def __call__(self, stage: str | None, asked: Asked) -> Any:
        self.asked.append((stage, asked))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> Function:
    called = Function()
    monkeypatch.setattr("sapmatch.cli.decide.ask", called)
    return called


@pytest.mark.parametrize(
    "words",
    [
        [ID, "match", "4500000012", "--reason", "named by mail", "--decision", "2"],
        [ID, "match", "--reason", "named by mail", "4500000012", "--decision", "2"],
        [ID, "--reason", "named by mail", "--decision", "2", "match", "4500000012"],
        ["--decision", "2", ID.upper(), "match", "4500000012", "--reason", "named by mail"],
    ],
)
def test_options_stand_anywhere_behind_the_command(function: Function, words: list[str]) -> None:
    assert main(["decide", *words, "--stage", "test"]) == 0
    wish = Asked(
        document=ID, action="match", order="4500000012", reason="named by mail", decision=2
    )
    assert function.asked == [("test", wish)]


@pytest.mark.parametrize("action", ["accept", "reject", "wait"])
def test_every_action_is_asked_for(
    function: Function, action: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["decide", ID, action, "--reason", "is right"]) == 0
    ((stage, asked),) = function.asked
    assert (stage, asked.action, asked.order, asked.decision) == (None, action, None, None)
    assert capsys.readouterr().out == "accepted\n"


def test_what_is_taken_stands_below_the_answer(
    function: Function, capsys: pytest.CaptureFixture[str]
) -> None:
    function.answer = {**DECIDED, "taken": ["Order 4500000012 is of supplier 10100001."]}
    words = [ID, "match", "4500000012", "--other-supplier", "--nothing-open", "--reason", "meant"]
    assert main(["decide", *words]) == 0
    ((_, asked),) = function.asked
    assert (asked.other_supplier, asked.nothing_open) == (True, True)
    told = capsys.readouterr().out
    assert told == "accepted\n  Order 4500000012 is of supplier 10100001.\n"


def test_json_is_one_line(function: Function, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decide", "--json", ID, "accept", "--reason", "is right"]) == 0
    assert json.loads(capsys.readouterr().out) == DECIDED


def test_a_refusal_ends_with_three_and_in_friendly_words(
    function: Function, capsys: pytest.CaptureFixture[str]
) -> None:
    """RE-30"""
    function.answer = {"outcome": "refused", "message": "ANNA rejected it on 2026-11-02 08:00 UTC"}
    assert main(["decide", ID, "accept", "--reason", "is right"]) == 3
    assert capsys.readouterr().err == "sapmatch: ANNA rejected it on 2026-11-02 08:00 UTC\n"
    assert main(["decide", ID, "accept", "--reason", "is right", "--json"]) == 3
    assert json.loads(capsys.readouterr().out) == function.answer


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ([ID, "accept"], "--reason TEXT: is missing"),
        ([ID, "accept", "--reason", "no"], "3 to 500"),
        ([ID, "accept", "--reason", ""], "is empty"),
        (["12", "accept", "--reason", "is right"], "first 8 digits"),
        ([ID, "match", "--reason", "is right"], "ORDER"),
        ([ID, "match", "no order", "--reason", "is right"], "number of an order"),
        ([ID, "approve", "--reason", "is right"], "approve"),
        ([ID, "accept", "4500000012", "--reason", "is right"], "4500000012"),
    ],
)
def test_a_malformed_wish_is_wrong_usage_and_reaches_nobody(
    function: Function, words: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["decide", *words]) == 2
    assert told in capsys.readouterr().err
    assert function.asked == []


@pytest.mark.parametrize(
    ("error", "code"), [(OutcomeUnknown("no answer came"), 4), (LogonRefused("log on"), 2)]
)
def test_a_function_out_of_reach_is_told(
    function: Function, error: Exception, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    function.answer = error
    assert main(["decide", ID, "accept", "--reason", "is right"]) == code
    assert str(error) in capsys.readouterr().err


def test_the_help_tells_of_the_options_that_only_some_actions_take(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["decide", "--help"]) == 0
    assert "--now --user-token FILE" in " ".join(capsys.readouterr().out.split())
