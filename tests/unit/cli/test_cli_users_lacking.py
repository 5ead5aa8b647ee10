"""Which authorisation is named where SAP refuses a change of a user."""

from pathlib import Path

import pytest

from sapmatch.cli import main
from sapmatch.model.users import Changed, Step
from tests.builders.user_commands import Side, stand_in

Capture = pytest.CaptureFixture[str]


@pytest.fixture
def side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Side:
    return stand_in(monkeypatch, tmp_path)


@pytest.mark.parametrize(
    ("step", "words"),
    [
        (Step(name="lock", status="failed", code="01/599", message="No"), "ACTVT 05 (PFCG); SU53"),
        (Step(name="create", status="failed", code="01/646", message="No"), "ACTVT 01, or 50"),
        (Step(name="create", status="failed", code="01/599", message="No"), ""),
        (Step(name="lock", status="failed", code="01/410", message="No"), ""),
        (Step(name="lock", status="failed", code="SUID/599", message="No"), ""),
        (Step(name="lock", status="done", code="01/599"), ""),
    ],
)
def test_a_refused_step_says_which_authorisation_may_be_missing(
    side: Side, capsys: Capture, step: Step, words: str
) -> None:
    """Only where the number is known, or hardly anything else is checked; never as a fact."""
    side.writer.comes_to = Changed(user="", status="failed", steps=(step,))
    main(["users", "lock", "s4", "MILLER"])
    told = capsys.readouterr().err
    assert words in told
    assert ("S_USER_GRP" in told) is bool(words)
