"""CPU time of single large decisions: `python -m benchmarks.matching.large`, one JSON line."""

import json
import random
import time
from collections.abc import Callable
from statistics import median

from benchmarks.matching.deciding import Engine
from benchmarks.matching.kinds import Scene, truth
from benchmarks.matching.paper import Sample, rows
from benchmarks.matching.purchasing import Purchasing
from benchmarks.matching.world import World
from sapmatch.matching.assignment import best_pairs

_ROUNDS = 7


def main() -> None:
    """The invoice of 50 lines, the one of 200, and 200 x 200 pairs alone."""
    figures = {"lines_50_ms": _decision(50), "lines_200_ms": _decision(200), "pairs_ms": _pairs()}
    print(json.dumps(figures))


def _decision(lines: int) -> float:
    """An invoice that names its order and none of its items."""
    purchasing = Purchasing(1, 6000)
    scene, supplier = Scene(purchasing), purchasing.supplier()
    articles = [article for one in purchasing.everybody for article in one.articles][:lines]
    items = [purchasing.item(n, article) for n, article in enumerate(articles, start=1)]
    billed = rows(purchasing.placed(supplier, items))
    purchasing.fill(6000)
    sample = Sample(id="large", kind="large", invoice=scene.billed(billed), truth=truth(billed))
    made = World(orders=tuple(purchasing.orders), posted=(), samples=(sample,))
    engine = Engine(made)
    decision = engine.decide(sample)
    if decision.state not in sample.truth.states:
        raise SystemExit(f"{lines} lines: {decision.state} {decision.cause}: the figure is void")
    return _milliseconds(lambda: engine.decide(sample))


def _pairs() -> float:
    """Every line may take every item, with scores as close as they come."""
    chance = random.Random(1)
    scores = {(r, c): chance.randrange(40, 300) for r in range(200) for c in range(200)}
    return _milliseconds(lambda: best_pairs(scores))


def _milliseconds(work: Callable[[], object]) -> float:
    work()
    times = []
    for _ in range(_ROUNDS):
        began = time.process_time()
        work()
        times.append(1000 * (time.process_time() - began))
    return median(times)


if __name__ == "__main__":
    main()
