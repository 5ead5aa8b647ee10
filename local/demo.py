"""`make demo`: the main job from SAP's orders to SAP's invoices, shown as a table."""

import json
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from local import extracts
from local.extracts import Found
from local.jobs import FLOWS, Jobs
from local.mailbox import Letter, Mailbox
from local.samples import world
from local.stage import ROOT, SAMPLES
from sapmatch.cli.status import place

RESULT = ROOT / "build" / "demo.jsonl"
Say = Callable[[str], None]


def play(jobs: Jobs, mailbox: Mailbox, say: Say, console: Console) -> bool:
    """Run the job and show it; False where a decision differs from local/samples/expected.json."""
    say("extracting orders from SAP")
    counts = jobs.extract("orders")
    say(f"  {counts['rows']} rows read and counted, {counts['orders_changed']} orders indexed")
    extract = extracts.last_good("orders", jobs.parts.control, jobs.parts.objects)
    console.print(extracts.table(extract))
    found = jobs.find_order(world.ELECTRONICS_ORDER.id)
    say(f"  the order index answers {_said(found)}")
    expected = json.loads((SAMPLES / "expected.json").read_text())
    for files in waves(expected):
        say(f"uploading {', '.join(file.name for file in files)}")
        jobs.upload(files)
    for flow in FLOWS:
        say(f"writing back to SAP: {flow}")
        jobs.write_back(flow)
    rows = jobs.rows()
    letters = mailbox.collect(sum(row["decision"] in MAILED for row in rows))
    RESULT.write_text("".join(json.dumps(line(row)) + "\n" for row in rows))
    console.print(table(rows))
    for letter in letters:
        console.print(panel(letter))
    return _compare(rows, expected, say)


# States that send a mail; a missing receipt sends one only when it is overdue.
MAILED = {
    "AMBIGUOUS",
    "DUPLICATE",
    "INVALID",
    "NEEDS_REVIEW",
    "NO_CANDIDATE",
    "NOT_INVOICEABLE",
    "OUT_OF_TOLERANCE",
    "REJECTED",
    "SUSPECTED_DUPLICATE",
}


def waves(expected: dict[str, Any]) -> list[list[Path]]:
    """Two at a time, as there are cores; what must come after another one comes last."""
    names = sorted(expected, key=lambda name: (expected[name]["after"] or "", name))
    files = [SAMPLES / "invoices" / name for name in names]
    return [files[n : n + 2] for n in range(0, len(files), 2)]


def line(row: dict[str, Any]) -> dict[str, Any]:
    """One line of build/demo.jsonl."""
    return {
        "document": row["document"],
        "kind": row["kind"],
        "method": row["method"],
        "decision": row["decision"],
        "cause": row["cause"],
        "orders": list(row["orders"]),
        "sap": row["sap_now"],
    }


def table(rows: Sequence[dict[str, Any]]) -> Table:
    """Documents as people read them."""
    result = Table(title="What became of the invoices", title_justify="left")
    for name in ("Document", "Read", "Decision", "Order", "Why", "SAP holds now"):
        result.add_column(name, overflow="fold")
    for row in rows:
        read = " ".join(part for part in (row["kind"], row["method"]) if part)
        held = "\n".join(", ".join(str(v) for v in one.values()) for one in row["sap_now"])
        why = f"{row['cause']}: {row['why']}" if row["cause"] else row["why"]
        orders = ", ".join(row["orders"])
        waits = f"\nwaits for a {row['waiting']['for']}" if row["waiting"] else ""
        result.add_row(place(row), read, row["decision"] + waits, orders, why, held)
    return result


def _said(found: Found) -> str:
    key = f"{found.key.type} {found.key.value}"
    return f"the key {key} with {', '.join(found.orders)} in {' + '.join(found.calls)}"


def panel(letter: Letter) -> Panel:
    """One mail as its reader sees it."""
    return Panel(
        escape(letter.body.rstrip()), title=escape(letter.subject), title_align="left", width=100
    )


def _compare(rows: Sequence[dict[str, Any]], expected: dict[str, Any], say: Say) -> bool:
    decided = {row["document"]: row["decision"] for row in rows}
    wrong = {
        name: (want["decision"], decided.get(name))
        for name, want in expected.items()
        if decided.get(name) != want["decision"]
    }
    for name, (want, got) in wrong.items():
        say(f"UNEXPECTED: {name} is {got}, expected {want}")
    return not wrong


def timed(console: Console) -> Say:
    """Say each step with the seconds since the start."""
    start = time.monotonic()

    def say(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - start:5.1f} s[/dim]  {text}", highlight=False)

    return say
