"""The user that a connection logs on as is not locked out by that connection's own commands."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from sapmatch.cli import main
from sapmatch.model.users import ProfileAssignment
from tests.builders.user_commands import Side, stand_in

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Side:
    found = stand_in(monkeypatch, tmp_path)
    found.reader.own_user = "MILLER"
    return found


@pytest.mark.parametrize(
    "action", [["lock"], ["delete", "--yes"], ["reset-password", "--password-env", "NEW"]]
)
def test_the_own_user_is_neither_locked_nor_deleted_nor_given_another_password(
    side: Side, capsys: Capture, monkeypatch: pytest.MonkeyPatch, action: list[str]
) -> None:
    monkeypatch.setenv("NEW", "Neu-Geheim-1")
    name, *more = action
    assert main(["users", name, "s4", "miller", *more]) == 2
    assert "user MILLER: is who connection s4 logs on as" in capsys.readouterr().err
    assert side.writer.asked == []
    assert main(["users", name, "s4", "JONES", *more]) == 0


@pytest.mark.parametrize(
    "options",
    [
        ["--no-roles"],
        ["--no-profiles"],
        ["--valid-to", "2026-12-31"],
        ["LOGONDATA.USTYP=L"],
        ["REF_USER.REF_USER="],
    ],
)
def test_what_may_end_the_logon_of_the_own_user_is_asked_for_with_a_warning(
    side: Side, capsys: Capture, options: list[str]
) -> None:
    assert main(["users", "change", "s4", "miller", *options]) == 2
    assert "Connection s4 itself logs on as this user" in capsys.readouterr().err
    assert side.writer.asked == []
    assert main(["users", "change", "s4", "miller", *options, "--yes"]) == 0


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--no-profiles"], "profile SAP_ALL"),
        (["--profiles", "Z_LESS"], "profile SAP_ALL"),
        (["--no-groups"], "group STAFF"),
        (["--parameter", "WRK=9"], "parameter BUK"),
        (["--valid-to", "2026-06-30"], "the days after 2026-06-30"),
    ],
)
def test_whatever_anybody_would_lose_is_asked_for_first(
    side: Side, capsys: Capture, options: list[str], word: str
) -> None:
    side.reader.own_user = None
    miller = side.reader.there["MILLER"]
    profiles = (ProfileAssignment(name="SAP_ALL"), ProfileAssignment(name="T-1", generated=True))
    side.reader.there["MILLER"] = replace(miller, profiles=profiles)
    assert main(["users", "change", "s4", "miller", *options]) == 2
    assert f"Take {word} from MILLER?" in capsys.readouterr().err
    assert side.writer.asked == []
    assert main(["users", "change", "s4", "miller", *options, "--yes"]) == 0


@pytest.mark.parametrize(
    "options", [["--groups", "staff,MORE"], ["--valid-to", "2027-01-31"], ["--profiles", "Z_NEW"]]
)
def test_what_only_comes_is_not_asked_for(side: Side, options: list[str]) -> None:
    side.reader.own_user = None
    assert main(["users", "change", "s4", "miller", *options]) == 0


def test_other_changes_of_the_own_user_are_plain_changes(side: Side) -> None:
    assert main(["users", "change", "s4", "MILLER", "ADDRESS.CITY=Bonn"]) == 0
    assert main(["users", "unlock", "s4", "MILLER"]) == 0


def test_roles_of_the_own_user_are_asked_for_with_the_same_warning(
    side: Side, capsys: Capture
) -> None:
    assert main(["roles", "remove", "s4", "miller", "Z_BUYER"]) == 2
    said = capsys.readouterr().err
    assert "Connection s4 itself logs on as this user" in said
    assert "Take Z_BUYER from MILLER?" in said
    assert side.writer.asked == []
    assert main(["roles", "remove", "s4", "miller", "Z_BUYER", "--yes"]) == 0
