"""`python -m benchmarks.odata`: the table, and one JSON line a figure in build/bench/."""

import json

from benchmarks.imports import ROOT
from benchmarks.odata.figures import Figure, figures

_LEGEND = """\
bytes    floor: `requests`, the answers thrown away
decode   floor: the same, decoded by msgspec
json     `requests` and `json.loads`, written as NDJSON
pyodata  SAP's own client, V2 only
raw      sapmatch, rows as SAP sent them, written as NDJSON
typed    sapmatch, rows with Decimal, date and datetime
"""
_COLUMNS = {
    "rows_per_s": "rows/s",
    "cpu_s": "CPU s",
    "peak_mb": "peak MB",
    "cpu_to_decode": "x decode",
}


def main() -> None:
    """Print each figure as soon as it is there, and keep it."""
    target = ROOT / "build" / "bench" / "odata.jsonl"
    target.parent.mkdir(parents=True, exist_ok=True)
    print(_LEGEND)
    print(shown({"benchmark": "100,000 rows of 30 fields", **_COLUMNS}))
    with target.open("w") as output:
        for figure in figures():
            print(shown(figure), flush=True)
            output.write(json.dumps(figure) + "\n")


def shown(figure: Figure) -> str:
    """One line of the table; `x decode` is CPU time as a multiple of that of the decode floor."""
    cells = "".join(f"{figure.get(name, ''):>10}" for name in _COLUMNS)
    line = f"{figure['benchmark']:<34}{cells}"
    if "goal" not in figure:
        return line
    return f"{line}  {figure['goal']}: {figure['ratio']}, {'met' if figure['within'] else 'MISSED'}"


if __name__ == "__main__":
    main()
