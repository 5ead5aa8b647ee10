"""Passwords of `sapmatch users`: where they come from, and that nobody else sees them."""

import io
import sys
from pathlib import Path
from typing import Any

import pytest

from sapmatch.cli import main
from sapmatch.model.users import Changed
from tests.builders.user_commands import Side, stand_in

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Side:
    return stand_in(monkeypatch, tmp_path)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def asked(side: Side) -> Any:
    assert side.closed
    ((_, change),) = side.writer.asked
    return change


def test_a_password_comes_from_the_environment(
    side: Side, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    monkeypatch.setenv("NEW_ONE", "Hidden-42")
    options = ["ADDRESS.LASTNAME=Doe", "--password-env", "NEW_ONE", "--json"]
    assert main(["users", "create", "s4", "doe", *options]) == 0
    assert asked(side).password == "Hidden-42"
    shown = capsys.readouterr()
    assert "Hidden-42" not in shown.out + shown.err


def test_a_missing_variable_is_named(side: Side, capsys: Capture) -> None:
    assert main(["users", "reset-password", "s4", "MILLER", "--password-env", "NO_SUCH"]) == 2
    assert "--password-env NO_SUCH: there is no such variable" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("typed", "words"), [(["A-1", "A-1"], ""), (["A-1", "A-2"], "differ"), ([""], "is empty")]
)
def test_a_password_is_typed_twice(
    side: Side,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Capture,
    typed: list[str],
    words: str,
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal())
    monkeypatch.setattr("getpass.getpass", lambda *_args, **_more: typed.pop(0))
    assert main(["users", "reset-password", "s4", "MILLER"]) == (2 if words else 0)
    assert words in capsys.readouterr().err
    assert len(side.writer.asked) == (0 if words else 1)


def test_without_a_terminal_nobody_can_type_one(side: Side, capsys: Capture) -> None:
    assert main(["users", "create", "s4", "DOE", "ADDRESS.LASTNAME=Doe"]) == 2
    assert "--password-env, or let one be made by --generate" in capsys.readouterr().err
    assert side.writer.asked == []


def test_a_made_password_is_shown_once_and_never_on_stdout(
    side: Side, monkeypatch: pytest.MonkeyPatch, capsys: Capture
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    assert main(["users", "reset-password", "s4", "MILLER", "--generate", "--json"]) == 0
    password = asked(side).password
    assert terminal.getvalue().count(password) == 1
    assert password not in capsys.readouterr().out


def test_a_made_password_that_was_not_set_is_not_shown(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    side.writer.comes_to = Changed(user="", status="failed")
    assert main(["users", "reset-password", "s4", "MILLER", "--generate"]) == 3
    assert asked(side).password not in terminal.getvalue()


def test_nothing_is_said_of_a_password_where_the_user_was_not_created(
    side: Side, capsys: Capture
) -> None:
    side.writer.comes_to = Changed(user="", status="failed")
    assert main(["users", "create", "s4", "DOE", "--generate"]) == 3
    assert "told to nobody" not in capsys.readouterr().err


def test_a_made_password_that_nobody_sees_is_good_for_a_new_user_only(
    side: Side, capsys: Capture
) -> None:
    assert main(["users", "reset-password", "s4", "MILLER", "--generate"]) == 2
    assert side.writer.asked == []
    assert main(["users", "create", "s4", "DOE", "--generate"]) == 0
    password = asked(side).password
    shown = capsys.readouterr()
    assert "told to nobody" in shown.err
    assert password not in shown.out + shown.err
