"""How a command ends that is interrupted, or whose output goes nowhere."""

import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sapmatch.cli import main, output
from sapmatch.model.errors import InputRejected

CALL = [sys.executable, "-m", "sapmatch.cli"]
FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="this system has no /dev/full")


@needs_full
@pytest.mark.parametrize("json", [["--json"], []])
def test_a_full_disk_behind_stdout_is_one_sentence(tmp_path: Path, json: list[str]) -> None:
    (tmp_path / "sapmatch.toml").write_text("")
    with FULL.open("w") as full:
        ended = subprocess.run(
            [*CALL, "settings", "check", *json],
            cwd=tmp_path,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    said = "sapmatch: stdout: cannot be written (No space left on device)\n"
    assert (ended.returncode, ended.stderr.decode()) == (2, said)


def test_an_interruption_while_modules_are_imported_is_one_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_name: str) -> Any:
        raise KeyboardInterrupt

    monkeypatch.setattr("sapmatch.cli.import_module", interrupted)
    assert main(["settings", "check"]) == 130
    assert capsys.readouterr().err == "sapmatch: interrupted\n"


def test_little_is_imported_before_an_interruption_can_be_told() -> None:
    code = "import sys, sapmatch.cli; print([n for n in sys.modules if n.startswith('sapmatch')])"
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, check=True, timeout=60
    )
    assert ended.stdout.decode().strip() == "['sapmatch', 'sapmatch.cli']"


def test_a_command_that_waits_ends_with_130_when_it_is_interrupted(tmp_path: Path) -> None:
    code = (
        # Shells let what they start in the background ignore the signal.
        "import signal, time; signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from sapmatch import cli\n"
        "def run(_):\n print('waits', flush=True); time.sleep(30)\n"
        "import argparse; cli._parsed = lambda argv: argparse.Namespace(run=run)\n"
        "raise SystemExit(cli.main())"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as waiting:
        assert waiting.stdout
        assert waiting.stderr
        assert waiting.stdout.readline() == b"waits\n"
        waiting.send_signal(signal.SIGINT)
        assert (waiting.wait(30), waiting.stderr.read()) == (130, b"sapmatch: interrupted\n")


def test_what_stdout_did_not_take_is_named_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_text: str) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sys.stdout, "write", full)
    monkeypatch.setattr(output, "silence", lambda: None)
    with pytest.raises(InputRejected, match=r"stdout: cannot be written \(No space left"):
        output.json_line({})
