"""How often the best candidate is right, against how sure the engine says it is."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from benchmarks.matching.deciding import Decided
from benchmarks.matching.scoring import proposed
from sapmatch.model.match import Decision

BINS = 10
_HIGHEST = 200  # tenths of a bit: more is as good as sure


class Bin(NamedTuple):
    """Decisions of about the same probability: how many, what was said, what was right."""

    decisions: int
    said: float
    right: float


class Judged(NamedTuple):
    """What the engine says of its best candidate, and whether it is the right one."""

    probability: float
    right: bool


def judged(decided: Iterable[Decided]) -> list[Judged]:
    """All decisions that have a candidate."""
    return [
        Judged(probability(decision), proposed(decision) == set(sample.truth.orders))
        for sample, decision in decided
        if decision.candidates
    ]


def probability(decision: Decision) -> float:
    """Probability of the best candidate; of its score alone where the engine says none."""
    if decision.confidence:
        return decision.confidence / 1000
    tenths = max(-_HIGHEST, min(_HIGHEST, decision.score))
    return float(1 / (1 + 2 ** (-tenths / 10)))


def reliability(samples: Sequence[Judged]) -> list[Bin]:
    """One bin for every tenth of probability."""
    bins: list[list[Judged]] = [[] for _ in range(BINS)]
    for one in samples:
        bins[min(BINS - 1, int(one.probability * BINS))].append(one)
    return [_bin(found) for found in bins]


def calibration_error(bins: Sequence[Bin]) -> float:
    """Expected calibration error: mean distance of what was said from what was right."""
    every = sum(one.decisions for one in bins)
    return sum(one.decisions * abs(one.said - one.right) for one in bins) / every if every else 0.0


def table(bins: Sequence[Bin]) -> list[str]:
    """The bins as people read them."""
    lines = [f"{'sure':<12}{'decisions':>10}{'said':>8}{'right':>8}"]
    for n, one in enumerate(bins):
        if one.decisions:
            name = f"{n / BINS:.1f} to {(n + 1) / BINS:.1f}"
            lines.append(f"{name:<12}{one.decisions:>10}{one.said:>8.3f}{one.right:>8.3f}")
    return lines


def _bin(found: Sequence[Judged]) -> Bin:
    count = len(found)
    if not count:
        return Bin(0, 0.0, 0.0)
    said = sum(one.probability for one in found) / count
    return Bin(count, said, sum(one.right for one in found) / count)
