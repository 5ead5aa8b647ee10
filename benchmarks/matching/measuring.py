"""Runs each contestant alone in its process, on the same world."""

import json
import subprocess
import sys
from collections.abc import Iterable
from typing import Any

from benchmarks.imports import ROOT, compiled

_LONGEST = 600  # seconds for one contestant

Result = dict[str, Any]


def measured(name: str, items: int, invoices: int) -> Result:
    """What the contestant found and used (see single.py)."""
    return _run("benchmarks.matching.single", name, str(items), str(invoices))


def growing(invoices: int, sizes: Iterable[int]) -> dict[int, Result]:
    """Our engine at every size, in turns (see growing.py)."""
    found = _run("benchmarks.matching.growing", str(invoices), *map(str, sizes))
    return {int(size): result for size, result in found.items()}


def large_invoices() -> Result:
    """CPU milliseconds of single large decisions (see large.py)."""
    return _run("benchmarks.matching.large")


def _run(module: str, *arguments: str) -> Result:
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env=compiled(),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=_LONGEST,
    )
    found: Result = json.loads(done.stdout.splitlines()[-1])
    return found
