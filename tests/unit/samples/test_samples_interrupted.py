"""`make demo` and its companions that are interrupted."""

from typing import Any

import pytest

from local import __main__ as command


def test_an_interrupted_command_ends_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: Any) -> int:
        raise KeyboardInterrupt

    monkeypatch.setitem(command.COMMANDS, "status", interrupted)
    assert command.main(["status"]) == 130
    assert capsys.readouterr().out == "local stage: interrupted\n"
