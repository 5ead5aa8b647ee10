"""Many seeds, one after the other or side by side."""

from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from tests.proof.simulation.laws import Violation
from tests.proof.simulation.mutants import MUTANTS
from tests.proof.simulation.world import WHOLE, seeded, tally

AT_ONCE = 500  # seeds of one task of a process
SHOWN = 80  # lines of the log of a world that failed


def try_seeds(seeds: Iterable[int]) -> Counter[str]:
    """What happened in their worlds; a Violation comes with the log and how to repeat it."""
    counts: Counter[str] = Counter()
    for seed in seeds:
        world = seeded(seed)
        try:
            world.run()
        except Exception as exc:
            exc.add_note(story(seed))
            raise
        counts += tally(world)
    return counts


def try_in_parallel(seeds: range, processes: int) -> Iterator[Counter[str]]:
    """What happened so far, again and again."""
    counts: Counter[str] = Counter()
    parts = [seeds[start : start + AT_ONCE] for start in range(0, len(seeds), AT_ONCE)]
    with ProcessPoolExecutor(processes) as pool:
        for part in pool.map(try_seeds, parts):
            counts += part
            yield counts


def first_violation(seeds: Iterable[int], **options: Any) -> tuple[int, Violation] | None:
    """The first seed that notices something."""
    for seed in seeds:
        try:
            seeded(seed, **options).run()
        except Violation as exc:
            return seed, exc
    return None


def story(seed: int, without: str = "") -> str:
    """What happened in the world of a seed, up to its end or to what went wrong."""
    protocol = MUTANTS[without] if without else WHOLE
    world = seeded(seed, protocol=protocol, logged=True)
    end = "every intent is at its end"
    try:
        world.run()
    except Violation as exc:
        end = str(exc)
    again = f"again: python -m tests.proof.simulation --seed {seed}"
    again += f' --without "{without}"' if without else ""
    return "\n".join([f"weather: {world.weather}", *(world.log or [])[-SHOWN:], end, again])
