"""`make demo`: the main job from SAP's orders to SAP's invoices, shown as tables."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table

from local import decision, extracts, provisioning, writes
from local.accounts import DESTINATION_USER
from local.extracts import Found
from local.jobs import FLOWS, Jobs
from local.mailbox import Letter, Mailbox
from local.samples import world
from local.stage import ROOT, SAMPLES, SAP_LOG, SETTINGS
from sapmatch.bootstrap import sap_client
from sapmatch.cli.status import place
from sapmatch.settings import load

RESULT = ROOT / "build" / "demo.jsonl"
WRITES = ROOT / "build" / "demo-writes.jsonl"
CHANGES = ROOT / "build" / "demo-changes.jsonl"
PROVISIONED = ROOT / "build" / "demo-users.jsonl"
DROPPED = SAMPLES / "updates" / "confirmations.csv"
INBOX = "order_confirmations"  # the flow whose inbox it is dropped into
Say = Callable[[str], None]


def play(jobs: Jobs, mailbox: Mailbox, say: Say, console: Console) -> bool:
    """Run the job and show it; False where anything ends otherwise than local/samples expects."""
    extract(jobs, say, console)
    expected = json.loads((SAMPLES / "expected.json").read_text())
    before = in_sap()
    match_and_write(jobs, expected, say)
    rows = jobs.rows()
    written, now = list(_writes(jobs, rows, before)), in_sap()
    letters = mailbox.collect(sum(row["decision"] in MAILED for row in rows) + 1)
    _store(RESULT, map(line, rows))
    _store(WRITES, map(msgspec.to_builtins, written))
    console.print(table(rows))
    for letter in letters:
        console.print(panel(letter))
    seen = _show_writes(jobs, written, say, console)
    wanted = json.loads((SAMPLES / "writes.json").read_text())
    wrong = [*compared(rows, expected), *writes.unexpected(written, seen, now, wanted)]
    wrong += _decide(jobs, say, console)
    wrong += _provision(jobs, mailbox, say, console)
    for text in wrong:
        say(f"UNEXPECTED: {text}")
    return not wrong


def extract(jobs: Jobs, say: Say, console: Console) -> None:
    """Read the orders, and ask the order index for one."""
    say("extracting orders from SAP")
    counts = jobs.extract("orders")
    say(f"  {counts['rows']} rows read and counted, {counts['orders_changed']} orders indexed")
    last = extracts.last_good("orders", jobs.parts.control, jobs.parts.objects)
    console.print(extracts.table(last))
    say(f"  the order index answers {_said(jobs.find_order(world.ELECTRONICS_ORDER.id))}")
    say("extracting sales orders by a destination of SAP BTP, which function broker_token asks")
    say(f"  {jobs.extract('sales_orders')['rows']} rows read as SAP user {DESTINATION_USER}")


def match_and_write(jobs: Jobs, expected: dict[str, Any], say: Say) -> None:
    """Upload, write back, drop a file; meanwhile the answer to the first write is waited for."""
    first, *others = waves(expected)
    _upload(jobs, first, say)
    say("writing back to SAP: supplier_invoice, where SAP's first answer gets lost")
    jobs.fault(writes.LOST)
    begun = jobs.begin_write_back("supplier_invoice")
    jobs.wait(lambda: _witness().lost)
    for files in others:
        _upload(jobs, files, say)
    say("writing back to SAP: sales_order")
    jobs.write_back("sales_order")
    say(f"dropping {DROPPED.name} into updates/{INBOX}/inbox/, and reading back the lost answer")
    jobs.drop(INBOX, DROPPED.name, DROPPED.read_bytes())
    jobs.finish(begun)
    say("writing back to SAP: supplier_invoice, the others")
    jobs.write_back("supplier_invoice")


def in_sap() -> writes.Rows:
    """What SAP holds now of all that the flows write."""
    settings = load(SETTINGS)
    services = {flow.entity_set: flow.service for flow in settings.write_backs.values()}
    with closing(sap_client(settings, "s4")) as sap:
        return writes.rows_of(sap, services)


def _upload(jobs: Jobs, files: Sequence[Path], say: Say) -> None:
    say(f"uploading {', '.join(file.name for file in files)}")
    jobs.upload(files)


def _writes(
    jobs: Jobs, rows: Sequence[dict[str, Any]], before: writes.Rows
) -> Iterator[writes.Write]:
    names = {row["id"]: row["document"] for row in rows}
    parts, now = jobs.parts, in_sap()
    for flow in (*FLOWS, INBOX):
        answers = [each for key in jobs.response_files(flow) for each in jobs.answers(key)]
        yield from writes.writes(flow, answers, parts.intents, parts.objects, before, now, names)


def _decide(jobs: Jobs, say: Say, console: Console) -> list[str]:
    """A person takes one of the exceptions; what is otherwise than it should be in SAP."""
    say(f"a person accepts {decision.DOCUMENT}, and it is written in their name")
    row = decision.decide(jobs)
    changes = jobs.sap("changes")
    _store(CHANGES, changes)
    console.print(decision.table(changes))
    return decision.unexpected(row, changes)


def _provision(jobs: Jobs, mailbox: Mailbox, say: Say, console: Console) -> list[str]:
    """A file of desired users, twice; what is otherwise than it should be in SAP."""
    place = f"provisioning/{provisioning.CONNECTION}/"
    provisioning.break_child(jobs, "Role Z_MM_BUYER is locked by another administrator")
    say(f"dropping {provisioning.FILE.name} into {place}; {provisioning.FAILING} will refuse")
    first = provisioning.dropped(jobs, provisioning.FILE)
    console.print(provisioning.table(first))
    say(provisioning.told(first))
    provisioning.break_child(jobs, "")
    say("dropping the same file again")
    again = provisioning.dropped(jobs, provisioning.FILE)
    say(provisioning.told(again))
    for letter in mailbox.collect(2)[:1]:
        console.print(panel(letter))
    _store(PROVISIONED, [*first.rows, *again.rows])
    return provisioning.unexpected(first, again)


def _witness() -> writes.Witness:
    return writes.witness(map(json.loads, SAP_LOG.read_text().splitlines()))


def _show_writes(
    jobs: Jobs, written: Sequence[writes.Write], say: Say, console: Console
) -> writes.Witness:
    seen = _witness()
    console.print(writes.table(written))
    say(writes.told(seen))
    key = jobs.response_files(INBOX)[-1].replace(".ndjson", ".csv")
    console.print(writes.responses(f"s3://{jobs.bucket}/{key}", jobs.stored(key)))
    return seen


def _store(file: Path, lines: Iterable[Any]) -> None:
    file.write_text("".join(json.dumps(each) + "\n" for each in lines))


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
    """One, then two at a time, as there are cores; what must come after another one comes last."""
    names = sorted(expected, key=lambda name: (expected[name]["after"] or "", name))
    first, *files = [SAMPLES / "invoices" / name for name in names]
    return [[first], *(files[n : n + 2] for n in range(0, len(files), 2))]


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


def compared(rows: Sequence[dict[str, Any]], expected: dict[str, Any]) -> list[str]:
    """Documents whose decision is another one."""
    decided = {row["document"]: row["decision"] for row in rows}
    return [
        f"{name} is {decided.get(name)}, expected {want['decision']}"
        for name, want in expected.items()
        if decided.get(name) != want["decision"]
    ]


def timed(console: Console) -> Say:
    """Say each step with the seconds since the start."""
    start = time.monotonic()

    def say(text: str) -> None:
        console.print(f"[dim]{time.monotonic() - start:5.1f} s[/dim]  {text}", highlight=False)

    return say
