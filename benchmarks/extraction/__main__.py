"""`python -m benchmarks.extraction`: the table, and one JSON line a figure in build/bench/."""

import json

from benchmarks.extraction.figures import Figure, figures
from benchmarks.imports import ROOT

_LEGEND = """\
decode   floor: `requests`, decoded by msgspec, thrown away
plain    the same, written as NDJSON: what a script does that checks nothing
others   `sapmatch extract` into a file of that format: planned, read, counted, keys compared
growth   CPU microseconds a row for 10,000, 100,000 and 1,000,000 rows
readers  seconds of one reader and of several
"""
_COLUMNS = {
    "rows_per_s": "rows/s",
    "cpu_s": "CPU s",
    "peak_mb": "peak MB",
    "cpu_to_decode": "x decode",
}
_LISTS = ("cpu_us_a_row", "seconds")


def main() -> None:
    """Print each figure as soon as it is there, and keep it."""
    target = ROOT / "build" / "bench" / "extraction.jsonl"
    target.parent.mkdir(parents=True, exist_ok=True)
    print(_LEGEND)
    print(shown({"benchmark": "pages of 1,000 rows of 30 fields", **_COLUMNS}))
    with target.open("w") as output:
        for figure in figures():
            print(shown(figure), flush=True)
            output.write(json.dumps(figure) + "\n")


def shown(figure: Figure) -> str:
    """One line of the table; `x decode` is CPU time as a multiple of that of the decode floor."""
    cells = "".join(f"{figure.get(name, ''):>10}" for name in _COLUMNS)
    line = f"{figure['benchmark']:<38}{cells}"
    for name in _LISTS:
        if name in figure:
            line += f"  {' '.join(map(str, figure[name]))}"
    if "goal" not in figure:
        return line
    return f"{line}  {figure['goal']}: {figure['ratio']}, {'met' if figure['within'] else 'MISSED'}"


if __name__ == "__main__":
    main()
