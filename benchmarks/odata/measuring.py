"""Runs the contestants side by side: each alone in its process, all against one byte server."""

import json
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
from benchmarks.odata.schema import Version

_LONGEST = 300  # seconds for one contestant


class Service(NamedTuple):
    """What one byte server holds."""

    version: Version
    page_size: int
    rows: int


class Cost(NamedTuple):
    """What reading everything once took; `bytes` counts pages, as it knows no rows."""

    rows: int
    seconds: float
    cpu_s: float  # user and system, without the imports
    peak_mb: float


Costs = Mapping[str, Sequence[Cost]]  # by contestant, one a round


def middle(costs: Sequence[Cost]) -> Cost:
    """The medians of the rounds."""
    return Cost(*map(median, zip(*costs, strict=True)))


def ratio(costs: Sequence[Cost], others: Sequence[Cost]) -> float:
    """CPU time as a multiple of another's, the median of the rounds.

    Within a round both met the same noise: machines change their pace from minute to minute.
    """
    return median(one.cpu_s / other.cpu_s for one, other in zip(costs, others, strict=True))


def measured(service: Service, names: Sequence[str], rounds: int) -> Costs:
    """Everybody runs once a round."""
    found: dict[str, list[Cost]] = {name: [] for name in names}
    with served(service) as address, TemporaryDirectory() as folder:
        for _ in range(rounds):
            for name in names:
                found[name].append(_run(name, service, address, Path(folder) / name))
    return found


@contextmanager
def served(service: Service) -> Iterator[str]:
    """A byte server in a process of its own; yields its address."""
    arguments = [service.version, str(service.page_size), str(service.rows)]
    command = [sys.executable, "-m", "benchmarks.odata.server", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


def _run(name: str, service: Service, address: str, output: Path) -> Cost:
    given = (name, address, service.version, str(output))
    cost = Cost(**json.loads(answer_of("benchmarks.odata.single", *given, seconds=_LONGEST)))
    if name != "bytes" and cost.rows != service.rows:
        raise SystemExit(f"{name}: read {cost.rows} of {service.rows} rows: its figures are void")
    return cost
