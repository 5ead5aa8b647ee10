"""`python -m benchmarks.rfc`: the table, and one JSON line a figure in build/bench/."""

import json

from benchmarks.imports import ROOT
from benchmarks.rfc.figures import figures
from benchmarks.shown import shown

_LEGEND = """\
Function modules over SOAP, beside zeep on the same server, WSDL and answers: how many times as
fast (CPU of the calling thread).
"""
_WIDTH = 40


def main() -> None:
    """Print each figure as soon as it is there, and keep it."""
    target = ROOT / "build" / "bench" / "rfc.jsonl"
    target.parent.mkdir(parents=True, exist_ok=True)
    print(_LEGEND)
    with target.open("w") as output:
        for figure in figures():
            print(shown(figure, _WIDTH), flush=True)
            output.write(json.dumps(figure) + "\n")


if __name__ == "__main__":
    main()
