"""What a cold start of a function pays: CPU time of its import, size of its layer.

The floor is `import requests`, the one package that a caller of SAP cannot do without.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.imports import cpu
from infra.bundle import BASE_LIMIT, ROOT, layer_folder, size
from infra.functions import TASKS

CPU_BUDGET = 250  # milliseconds


def run() -> Iterator[dict[str, Any]]:
    """One line per function that calls SAP, one for the layer they stand on."""
    floor = cpu("requests")
    yield {"benchmark": "import requests", "cpu_ms": floor, "ratio": 1.0}
    for name, spec in TASKS.items():
        if spec.calls_sap:
            cost = cpu(f"functions.{name}")
            yield {
                "benchmark": f"import functions.{name}",
                "cpu_ms": cost,
                "ratio": round(cost / floor, 2),
                "budget_ms": CPU_BUDGET,
                "within": cost <= CPU_BUDGET,
            }
    first_call = cpu("functions.write_records, sapmatch.sap.connection, boto3")
    yield {"benchmark": "the same with SAP client and boto3", "cpu_ms": first_call}
    layer = layer_folder(ROOT / "build" / "cloud", "base")
    if layer.is_dir():
        taken = size(layer)
        yield {"benchmark": "base layer", "bytes": taken, "within": taken <= BASE_LIMIT}


def shown(line: dict[str, Any]) -> str:
    """A line for people."""
    if "bytes" in line:
        return f"{line['benchmark']:<44}{line['bytes'] / 1e6:>8.1f} MB"
    ratio = f"{line['ratio']:>8} x" if "ratio" in line else ""
    return f"{line['benchmark']:<44}{line['cpu_ms']:>8} ms{ratio}"


def main() -> None:
    """Print the lines and keep them in build/bench/."""
    target = Path(ROOT / "build" / "bench" / "cold_start.jsonl")
    target.parent.mkdir(parents=True, exist_ok=True)
    print("\nCold starts: CPU of an import, as a multiple of that of `import requests`")
    with target.open("w") as output:
        for line in run():
            print(shown(line), flush=True)
            output.write(json.dumps(line) + "\n")


if __name__ == "__main__":
    main()
