"""A person decides an exception of the demo, and SAP's own change log names them."""

import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from rich.table import Table

from local.accounts import DECIDER
from local.jobs import Jobs
from local.stage import ROOT

DOCUMENT = "07-price-out-of-tolerance.xml"
_SECONDS = 60
_REASON = "The new price was agreed by phone"
Changes = Sequence[dict[str, Any]]


def decide(jobs: Jobs) -> dict[str, Any]:
    """Accept the invoice as its reader would, and write it back; what is known of it then."""
    document = _row(jobs)["id"]
    command = ["decide", document[:12], "accept", "--reason", _REASON, "--stage", "local"]
    done = subprocess.run(
        [sys.executable, "-m", "sapmatch.cli", *command],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
    )
    if done.returncode != 0:
        raise RuntimeError(f"sapmatch decide: {done.stderr.strip()}")
    jobs.wait(lambda: jobs.parts.documents.get(document).is_matched)
    jobs.settle("InvoiceMatchingArn")
    jobs.write_back("supplier_invoice")
    return _row(jobs)


def _row(jobs: Jobs) -> dict[str, Any]:
    (row,) = [row for row in jobs.rows() if row["document"] == DOCUMENT]
    return row


def unexpected(row: dict[str, Any], changes: Changes) -> list[str]:
    """Where the decided invoice is not its decider's in SAP, or anything else is."""
    invoices = [held["SupplierInvoice"] for held in row["sap_now"]]
    theirs = [each["document"] for each in changes if each["user"] == DECIDER]
    if len(invoices) == len(theirs) == 1 and f"'{invoices[0]}'" in theirs[0]:
        return []
    return [f"{DOCUMENT} is {invoices or 'not in SAP'}; SAP names {DECIDER} for {theirs or 'none'}"]


def table(changes: Changes) -> Table:
    """The change log as SAP shows it."""
    result = Table(title="SAP's change log", title_justify="left")
    for name in ("Document", "Change", "By", "At (UTC)"):
        result.add_column(name, overflow="fold")
    for each in changes:
        style = "bold" if each["user"] == DECIDER else None
        at = each["at"][:19].replace("T", " ")
        result.add_row(each["document"], each["change"], each["user"], at, style=style)
    return result
