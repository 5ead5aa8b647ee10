"""Runs the contestants: each alone in its process, those of one table against one byte server."""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from benchmarks.imports import ROOT, compiled
from benchmarks.odata.measuring import Cost, Costs

_LONGEST = 600  # seconds for one contestant


class Service(NamedTuple):
    """What one byte server holds; `delay` in seconds before each page."""

    rows: int
    page_size: int = 1000
    delay: float = 0.0


class Contestant(NamedTuple):
    """`decode` or a format, and how many parts it reads at a time."""

    name: str
    parallel: int = 1


def in_turns(service: Service, names: Sequence[str], rounds: int = 1) -> Costs:
    """Everybody runs once a round, one after the other."""
    found: dict[str, list[Cost]] = {name: [] for name in names}
    with served(service) as address:
        for _ in range(rounds):
            for name in names:
                (cost,) = _together(service, address, [Contestant(name)])
                found[name].append(cost)
    return found


def at_once(service: Service, contestants: Sequence[Contestant]) -> list[Cost]:
    """Everybody runs at the same time: only for those that wait far more than they work."""
    with served(service) as address:
        return _together(service, address, contestants)


@contextmanager
def served(service: Service) -> Iterator[str]:
    """A byte server in a process of its own; yields its address."""
    arguments = [str(service.page_size), str(service.rows), str(service.delay)]
    command = [sys.executable, "-m", "benchmarks.extraction.server", *arguments]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


def _together(service: Service, address: str, contestants: Sequence[Contestant]) -> list[Cost]:
    with TemporaryDirectory() as folder:
        running = [
            _started(service, address, contestant, Path(folder) / str(number))
            for number, contestant in enumerate(contestants)
        ]
        return [
            _cost(service, contestant, process)
            for contestant, process in zip(contestants, running, strict=True)
        ]


def _started(
    service: Service, address: str, contestant: Contestant, folder: Path
) -> "subprocess.Popen[str]":
    arguments = [contestant.name, address, str(folder), contestant.parallel, service.page_size]
    command = [sys.executable, "-m", "benchmarks.extraction.single", *map(str, arguments)]
    return subprocess.Popen(command, cwd=ROOT, env=compiled(), stdout=subprocess.PIPE, text=True)


def _cost(service: Service, contestant: Contestant, process: "subprocess.Popen[str]") -> Cost:
    output, _ = process.communicate(timeout=_LONGEST)
    if process.returncode:
        raise SystemExit(f"{contestant.name}: failed, see above")
    cost = Cost(**json.loads(output))
    if cost.rows != service.rows:
        found = f"read {cost.rows} of {service.rows} rows"
        raise SystemExit(f"{contestant.name}: {found}: its figures are void")
    return cost
