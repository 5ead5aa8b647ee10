"""Runs the contestants side by side: each alone in its process, all against one byte server."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import NamedTuple

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


def measured(service: Service, names: Sequence[str], rounds: int) -> dict[str, Cost]:
    """Medians of the rounds; everybody runs once a round, so that noise meets all alike."""
    found: dict[str, list[Cost]] = {name: [] for name in names}
    with served(service) as address, TemporaryDirectory() as folder:
        for _ in range(rounds):
            for name in names:
                found[name].append(_run(name, service, address, Path(folder) / name))
    return {name: Cost(*map(median, zip(*costs, strict=True))) for name, costs in found.items()}


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
    arguments = [name, address, service.version, str(output)]
    command = [sys.executable, "-m", "benchmarks.odata.single", *arguments]
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, timeout=_LONGEST
    )
    cost = Cost(**json.loads(done.stdout))
    if name != "bytes" and cost.rows != service.rows:
        raise SystemExit(f"{name}: read {cost.rows} of {service.rows} rows: its figures are void")
    return cost
