"""The disk of a Lambda environment outlives the calls that it ends."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from functions._extractions import workspace


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_what_calls_left_that_lambda_ended_is_removed(disk: Path) -> None:
    """The next process may have the same id, or another one."""
    dead = subprocess.run(
        [sys.executable, "-c", "import os; print(os.getpid())"], stdout=subprocess.PIPE
    )
    for process in (os.getpid(), int(dead.stdout)):
        left = disk / f"sapmatch-call-{process}-left"
        left.mkdir()
        (left / "sorted.facts").write_bytes(b"x")
    with workspace() as folder:
        assert list(disk.iterdir()) == [folder]
    assert list(disk.iterdir()) == []


def test_the_folder_of_another_living_worker_stays(disk: Path) -> None:
    other = disk / f"sapmatch-call-{os.getppid()}-other"
    other.mkdir()
    with workspace() as folder:
        assert set(disk.iterdir()) == {folder, other}
