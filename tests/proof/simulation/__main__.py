"""`python -m tests.proof.simulation`: the long proof, or one seed and what its world saw."""

import argparse
import sys
import time
from pathlib import Path

from tests.proof.simulation.figures import put_on_page, table
from tests.proof.simulation.run import story, try_in_parallel
from tests.proof.simulation.world import PER_WORLD


def main() -> None:
    given = _arguments()
    if given.seed is not None:
        print(story(given.seed, given.without))  # noqa: T201
        return
    begun = time.perf_counter()
    seeds = range(given.first, given.first + given.intents // PER_WORLD)
    for counts in try_in_parallel(seeds, given.processes):
        print(f"\r{counts['intents']:,} intents", end="", file=sys.stderr)  # noqa: T201
    print(file=sys.stderr)  # noqa: T201
    figures = table(counts, seeds, time.perf_counter() - begun)
    print(figures)  # noqa: T201
    if given.page:
        put_on_page(Path(given.page), figures)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.proof.simulation", description=__doc__)
    parser.add_argument("--intents", type=int, default=1_000_000, help=f"{PER_WORLD} a seed")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--page", help="the page that gets the figures between its markers")
    parser.add_argument("--seed", type=int, help="tell what happens in the world of one seed")
    parser.add_argument("--without", default="", help="a rule that is taken out of the protocol")
    return parser.parse_args()


if __name__ == "__main__":
    main()
