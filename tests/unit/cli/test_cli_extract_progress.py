"""What somebody at a terminal sees while rows are read."""

import io
from contextlib import redirect_stderr

import pytest

from sapmatch.cli.output import RowProgress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("total", [9000, None])
def test_a_terminal_shows_rows_pages_and_pace(
    total: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    terminal = Terminal()
    with redirect_stderr(terminal), RowProgress("A_SalesOrder") as progress:
        progress.read(1000, 1, total)
        progress.read(3000, 3, total)
        progress.say("goes on [bold]here[/bold]")
    shown = terminal.getvalue()
    assert "A_SalesOrder: goes on [bold]here[/bold]" in shown
    assert "3,000 rows  3 pages" in shown
    assert "rows/s" in shown


def test_a_script_sees_sentences_only(capsys: pytest.CaptureFixture[str]) -> None:
    with RowProgress("A_Sales\x1b[2JOrder") as progress:
        progress.read(1000, 1, None)
        progress.say("goes on")
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err == "A_Sales\ufffd[2JOrder: goes on\n"
