"""`python -m benchmarks.matching`: right decisions, how sure, and how fast, with peers beside us.

`--items 100000` stops at that many order items (the default goes to a million). One JSON line a
figure lies in build/bench/matching.jsonl, every wrong automatic posting in matching-wrong.txt.
"""

import argparse
import json
from collections.abc import Iterator

from benchmarks.imports import ROOT
from benchmarks.matching import calibration, figures
from benchmarks.matching.figures import Figure
from benchmarks.matching.measuring import Result
from benchmarks.matching.single import WRONG
from benchmarks.shown import shown

_SHARES = {
    "right_state": "state",
    "right_order": "order",
    "right_item": "item",
    "precision": "precision",
    "recall": "recall",
    "review": "review",
}
_WIDTH = 64  # of the name of a figure


def main() -> None:
    """Print the tables and keep the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.matching")
    parser.add_argument("--items", type=int, default=max(figures.SIZES))
    largest = parser.parse_known_args()[0].items
    target = ROOT / "build" / "bench" / "matching.jsonl"
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("w") as output:
        for figure in _figures(largest):
            print(shown(figure, _WIDTH), flush=True)
            output.write(json.dumps(figure) + "\n")


def _figures(largest: int) -> Iterator[Figure]:
    results: dict[str, Result] = {}
    print(_row("", [*_SHARES.values(), "inv/s", "peak MB"]))
    for name, result in figures.contestants():
        results[name] = result
        print(_contestant(name, result), flush=True)
    print(*_kinds(results["sapmatch"]), sep="\n")
    bins = [calibration.Bin(*one) for one in results["sapmatch"]["bins"]]
    print("", *calibration.table(bins), "", sep="\n")
    yield from figures.quality(results)
    yield from figures.speeds(figures.sizes(largest))
    yield from figures.large()
    print(f"\n{results['sapmatch']['wrong']} wrong automatic postings: {WRONG.relative_to(ROOT)}")


def _contestant(name: str, result: Result) -> str:
    shares = [f"{result[share]:.4f}" if share in result else "" for share in _SHARES]
    return _row(name, [*shares, f"{figures.rate(result):.0f}", f"{result['peak_mb']:.0f}"])


def _kinds(result: Result) -> Iterator[str]:
    yield "\n" + _row("kind", ["invoices", "state", "order", "item", "wrong"])
    for kind, score in result["kinds"].items():
        shares = [f"{score[name]:.3f}" for name in ("right_state", "right_order", "right_item")]
        yield _row(kind, [str(score["decided"]), *shares, str(score["wrong"])])


def _row(name: str, cells: list[str]) -> str:
    return f"{name:<42}" + "".join(f"{cell:>10}" for cell in cells)


if __name__ == "__main__":
    main()
