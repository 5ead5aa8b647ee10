"""`python -m benchmarks.writing`: the table, and one JSON line a figure in build/bench/."""

import json

from benchmarks.imports import ROOT
from benchmarks.writing.figures import Figure, figures

_LEGEND = """\
bare     `requests`, one POST after the other, nothing kept: a lost answer may be a second document
single   `sapmatch write`, every record its own POST
batch-N  the same, up to N records in one $batch, each in a change set of its own
"""
_COLUMNS = {
    "intents_per_s": "intents/s",
    "x_bare": "x bare",
    "cpu_ms": "CPU ms",
    "store_writes": "store writes",
}


def main() -> None:
    """Print each figure as soon as it is there, and keep it."""
    target = ROOT / "build" / "bench" / "writing.jsonl"
    target.parent.mkdir(parents=True, exist_ok=True)
    print(_LEGEND)
    print(shown({"benchmark": "supplier invoices, SAP answers in 50 ms", **_COLUMNS}))
    with target.open("w") as output:
        for figure in figures():
            print(shown(figure), flush=True)
            output.write(json.dumps(figure) + "\n")


def shown(figure: Figure) -> str:
    """One line of the table; CPU and store writes are those of one intent."""
    cells = "".join(f"{figure.get(name, ''):>14}" for name in _COLUMNS)
    line = f"{figure['benchmark']:<40}{cells}"
    if "goal" not in figure:
        return line
    return f"{line}  {figure['goal']}: {figure['ratio']}, {'met' if figure['within'] else 'MISSED'}"


if __name__ == "__main__":
    main()
