"""`python -m benchmarks.connections`: the table, and one JSON line a figure in build/bench/."""

import json

from benchmarks.connections.figures import figures
from benchmarks.imports import ROOT
from benchmarks.shown import shown

_LEGEND = """\
A server of its own over TLS, which makes tokens in 200 ms; every way to log on asks for
the same rows. `none` is the same client and request without any logon.
"""
_WIDTH = 54


def main() -> None:
    """Print each figure as soon as it is there, and keep it."""
    target = ROOT / "build" / "bench" / "connections.jsonl"
    target.parent.mkdir(parents=True, exist_ok=True)
    print(_LEGEND)
    with target.open("w") as output:
        for figure in figures():
            print(shown(figure, _WIDTH), flush=True)
            output.write(json.dumps(figure) + "\n")


if __name__ == "__main__":
    main()
