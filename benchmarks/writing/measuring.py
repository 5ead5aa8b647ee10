"""Runs the contestants in turns: each alone in its process, all against one embedded SAP."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.alone import answer_of
from benchmarks.imports import ROOT
from benchmarks.writing.invoices import PASSWORD, USER, invoices, seed

_LONGEST = 300  # seconds for one contestant
_DELAY = 50  # milliseconds of every answer of SAP


class Cost(NamedTuple):
    """What one invoice took; `versions` are writes to the ledger, its planning included."""

    seconds: float
    cpu_s: float  # user and system, without the imports
    versions: float


Costs = Mapping[str, Sequence[Cost]]  # by contestant, one a round


def middle(costs: Sequence[Cost]) -> Cost:
    """The medians of the rounds."""
    return Cost(*map(median, zip(*costs, strict=True)))


def faster(costs: Sequence[Cost], others: Sequence[Cost]) -> float:
    """How many times as fast as others: the median of the rounds, each with its own noise."""
    return median(other.seconds / one.seconds for one, other in zip(costs, others, strict=True))


def measured(counts: Mapping[str, int], rounds: int) -> Costs:
    """Everybody writes so many invoices once a round, to a SAP that begins empty."""
    found: dict[str, list[Cost]] = {name: [] for name in counts}
    for turn in range(rounds):
        for name, count in counts.items():
            with TemporaryDirectory() as folder, served(Path(folder)) as url:
                file = Path(folder) / "invoices.json"
                file.write_text(json.dumps(invoices(f"{name}-{turn}"[:10], count)))
                found[name].append(_run(name, url, file, count))
    return found


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The embedded SAP in a process of its own; yields its address.

    It does not look for duplicates, so that it does the same for everybody.
    """
    given = folder / "seed.json"
    given.write_text(json.dumps(seed()))
    options = ["--seed", str(given), "--answer-delay", str(_DELAY), "--no-duplicate-check"]
    with subprocess.Popen(
        [sys.executable, "-m", "local.sap", *options],
        cwd=ROOT,
        env={**os.environ, "SAP_USER": USER, "SAP_PASSWORD": PASSWORD},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def _run(name: str, url: str, file: Path, count: int) -> Cost:
    given = (name, url, str(file))
    cost = Cost(**json.loads(answer_of("benchmarks.writing.single", *given, seconds=_LONGEST)))
    return Cost(*(figure / count for figure in cost))
