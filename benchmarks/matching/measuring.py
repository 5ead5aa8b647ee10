"""Runs each contestant alone in its process, on the same world."""

import json
from collections.abc import Iterable
from typing import Any

from benchmarks.alone import answer_of

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
    printed = answer_of(module, *arguments, seconds=_LONGEST)
    found: Result = json.loads(printed.splitlines()[-1])
    return found
