"""What became of a change is told, whatever happens to the questions that come after it."""

import json
from pathlib import Path

import pytest

from sapmatch.cli import main
from sapmatch.model.errors import SapUnavailable
from sapmatch.model.users import Changed, SapUser, Step
from tests.builders.user_commands import stand_in


@pytest.mark.parametrize("form", ["table", "json"])
def test_an_accepted_change_is_told_though_sap_is_away_when_the_children_are_asked(
    form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    side = stand_in(monkeypatch, tmp_path)
    step = Step(name="lock", status="accepted_by_central")
    side.writer.comes_to = Changed(user="", status="accepted_by_central", steps=(step,))

    def away(_: str) -> SapUser | None:
        raise SapUnavailable("SAP was not reached")

    monkeypatch.setattr(side.reader, "details", away)
    more = ["--json"] if form == "json" else []
    assert main(["users", "lock", "s4", "MILLER", "--wait", "1", *more]) == 4
    out, err = capsys.readouterr()
    if form == "json":
        assert json.loads(out)["status"] == "accepted_by_central"
    else:
        assert "the central system took it and distributes it" in out
    assert "SAP was not reached" in err
