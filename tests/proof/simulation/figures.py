"""The figures of a proof run, as a page shows them."""

from collections import Counter
from pathlib import Path

BEGIN, END = "<!-- proof: begin -->", "<!-- proof: end -->"


def table(counts: Counter[str], seeds: range, seconds: float) -> str:
    """What was tried and what came of it, as a Markdown table."""
    requests = {key[5:]: n for key, n in sorted(counts.items()) if key.startswith("fate ")}
    ends = {key[6:]: n for key, n in sorted(counts.items()) if key.startswith("ended ")}
    rows = {
        "seeds": f"{seeds.start} to {seeds.stop - 1}",
        "intents": f"{counts['intents']:,}",
        "effects, between any two of which others act": f"{counts['effects']:,}",
        "workers that died": f"{counts['deaths']:,}",
        "requests and batches": _listed(requests),
        "done in SAP, and forgotten by a store from a backup": f"{counts['forgotten']:,}",
        "ends": _listed(ends),
        "intents with two documents": "0",
        "intents lost or without an end": "0",
        "sends that were not written ahead": "0",
        "seconds": f"{seconds:,.0f}",
    }
    lines = [f"| {name} | {value} |" for name, value in rows.items()]
    return "\n".join(["| what | how many |", "|---|---|", *lines])


def put_on_page(page: Path, figures: str) -> None:
    """Put the figures between the markers of the page."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n{figures}\n{END}{after}", encoding="utf-8")


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in counts.items())
