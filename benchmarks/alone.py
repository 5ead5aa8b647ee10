"""A contestant in a process of its own."""

import subprocess
import sys

from benchmarks.imports import ROOT, compiled


def answer_of(module: str, *arguments: str, seconds: int, given: str | None = None) -> str:
    """What the module prints, called with these arguments and `given` on stdin.

    Raises CalledProcessError where it fails, TimeoutExpired where it takes longer than `seconds`.
    """
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=compiled(),
        input=given,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=seconds,
    )
    return done.stdout
