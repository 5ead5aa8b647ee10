"""`python -m benchmarks.extraction.stage`: 100,000 rows through the state machine, end to end.

On the local stage, three times: the first load, the same again, and after 2 % of the orders
changed. The cost is that of the units which DynamoDB counted, at list prices of us-east-1.
"""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from local.jobs import Jobs
from local.stage import ROOT, SAMPLES, Stage, running

ORDERS, LINES = 5_000, 19  # with the heads: 100,000 rows
CHANGED = ORDERS // 50
BATCH = 5_000
SECONDS = 1_200
WRITE_USD, READ_USD = 0.625e-6, 0.125e-6  # a unit, on demand
FIRST_NUMBER = 4_600_000_000


def main() -> None:
    """Print a line a run, and keep it in build/bench/."""
    target = ROOT / "build" / "bench" / "extraction-stage.jsonl"
    target.parent.mkdir(parents=True, exist_ok=True)
    with running(print) as stage, target.open("w") as output:
        jobs = Jobs(stage)
        put(stage, "A_PurchaseOrder", heads(ORDERS))
        put(stage, "A_PurchaseOrderItem", lines(ORDERS))
        for name in ("first load", "unchanged"):
            output.write(shown(measured(name, jobs)))
        put(stage, "A_PurchaseOrderItem", lines(CHANGED, quantity="11"))
        output.write(shown(measured("2 % of the orders changed", jobs)))


def heads(count: int) -> Iterator[Mapping[str, Any]]:
    """Orders like the first one of the samples."""
    first = _first("A_PurchaseOrder")
    return ({**first, "PurchaseOrder": str(FIRST_NUMBER + n)} for n in range(count))


def lines(count: int, quantity: str = "10") -> Iterator[Mapping[str, Any]]:
    """The items of the first orders."""
    first = {**_first("A_PurchaseOrderItem"), "OrderQuantity": quantity}
    for n in range(count):
        for line in range(1, LINES + 1):
            yield {
                **first,
                "PurchaseOrder": str(FIRST_NUMBER + n),
                "PurchaseOrderItem": str(10 * line),
            }


def put(stage: Stage, entity_set: str, rows: Iterator[Mapping[str, Any]]) -> None:
    """Rows straight into the stand-in."""
    while some := list(islice(rows, BATCH)):
        stage.sap("rows", {"put": {entity_set: some}})


def measured(name: str, jobs: Jobs) -> dict[str, Any]:
    """One run of the extraction `orders`, with its own counters."""
    began = time.monotonic()
    counts = jobs.extract("orders", seconds=SECONDS)
    seconds = time.monotonic() - began
    cost = counts["order_writes"] * WRITE_USD + counts["order_reads"] * READ_USD
    names = ("rows", "pages", "orders_changed", "order_reads", "order_writes")
    return {
        "run": name,
        **{each: counts[each] for each in names},
        "rows_per_s": round(counts["rows"] / seconds),
        "usd_per_million_rows": round(cost / counts["rows"] * 1e6, 3),
    }


def shown(figure: Mapping[str, Any]) -> str:
    """The line that is printed and kept."""
    line = json.dumps(figure)
    print(line, flush=True)
    return f"{line}\n"


def _first(entity_set: str) -> Mapping[str, Any]:
    rows: Sequence[Mapping[str, Any]] = json.loads((SAMPLES / "sap.json").read_text())[entity_set]
    return rows[0]


if __name__ == "__main__":
    main()
