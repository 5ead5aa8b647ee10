"""Time and memory of reading, in processes of their own."""

import json
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks.alone import answer_of
from benchmarks.reading.corpus import Document

_LONGEST = 600  # seconds


class Cost(NamedTuple):
    """Seconds of each document, CPU seconds of each, the memory of the process at its highest."""

    seconds: tuple[float, ...]
    cpu: tuple[float, ...]
    peak_mb: float


def cost(documents: Sequence[Document], engine: str) -> Cost:
    """All documents in one process; `engine` is none, seen or local (see single.py)."""
    files = [str(document.path.resolve()) for document in documents]
    module = "benchmarks.reading.single"
    found = json.loads(answer_of(module, engine, seconds=_LONGEST, given=json.dumps(files)))
    return Cost(tuple(found["seconds"]), tuple(found["cpu"]), found["peak_mb"])


def worst(documents: Sequence[Document], engine: str) -> Cost:
    """Each document in a process of its own: none profits from another, or pays for it."""
    costs = [cost([document], engine) for document in documents]
    seconds = tuple(second for each in costs for second in each.seconds)
    cpu = tuple(second for each in costs for second in each.cpu)
    return Cost(seconds, cpu, max(each.peak_mb for each in costs))
