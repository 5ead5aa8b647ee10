"""The figures of a proof run, as a page shows them."""

from collections import Counter
from itertools import accumulate
from pathlib import Path

BEGIN, END = "<!-- proof: begin -->", "<!-- proof: end -->"


def table(counts: Counter[str], seeds: range, seconds: float) -> str:
    """What was tried and what came of it, as a Markdown table."""
    minutes = {int(name): n for name, n in _of("minutes", counts).items()}
    rows = {
        "seeds": f"{seeds.start} to {seeds.stop - 1}",
        "intents": f"{counts['intents']:,}",
        "effects, between any two of which others act": f"{counts['effects']:,}",
        "workers that died": f"{counts['deaths']:,}",
        "requests and batches": _listed(_of("fate", counts)),
        "done in SAP, and forgotten by a store from a backup": f"{counts['forgotten']:,}",
        "ends": _listed(_of("ended", counts)),
        "outcomes unknown, simulated minutes each": _spread(minutes),
        "intents that SAP executed twice": f"{counts['twice']:,}",
        "intents lost or without an end": f"{counts['lost']:,}",
        "seconds": f"{seconds:,.0f}",
    }
    lines = [f"| {name} | {value} |" for name, value in rows.items()]
    return "\n".join(["| what | how many |", "|---|---|", *lines])


def put_on_page(page: Path, figures: str) -> None:
    """Put the figures between the markers of the page."""
    before, _, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    page.write_text(f"{before}{BEGIN}\n{figures}\n{END}{after}", encoding="utf-8")


def _of(kind: str, counts: Counter[str]) -> dict[str, int]:
    return {
        key.removeprefix(f"{kind} "): n
        for key, n in sorted(counts.items())
        if key.startswith(f"{kind} ")
    }


def _spread(minutes: dict[int, int]) -> str:
    """How many there were, their mean, and the time within which 99 of 100 ended."""
    total = sum(minutes.values())
    mean = sum(minute * n for minute, n in minutes.items()) / total
    so_far = accumulate(n for _, n in sorted(minutes.items()))
    most = next(m for m, seen in zip(sorted(minutes), so_far, strict=True) if seen >= 0.99 * total)
    return f"{total:,}; mean {mean:.0f}, 99 % within {most + 1}"


def _listed(counts: dict[str, int]) -> str:
    return ", ".join(f"{number:,} {name}" for name, number in counts.items())
