"""`sapmatch exceptions [list|show ID]`: what waits, and all that a person decides by."""

import argparse
import re
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sapmatch.bootstrap import deployment
from sapmatch.cli import output
from sapmatch.cli.casefile import beyond, casefile, money, print_casefile
from sapmatch.model.document import ExceptionRecord, pages_of
from sapmatch.model.errors import InputRejected
from sapmatch.model.match import State
from sapmatch.model.review import Review
from sapmatch.model.stored import decision_key, decision_of, invoice_key, result_of
from sapmatch.reviewing.asked import SHORT_ID

if TYPE_CHECKING:
    from sapmatch.bootstrap import Services

COLUMNS = (
    *("ID", "Age", "State", "Cause", "Amount", "Difference", "Owner", "Seller", "Invoice"),
    "Proposed by",
)
STATES = sorted({*State, "NEEDS_REVIEW", "READ_TIMED_OUT", "REJECTED"})
OWNERS = ("accounts_payable", "purchasing", "warehouse", "administrator")
_ID = re.compile(r"[0-9a-f]{8,64}")
_WHOLE = 64


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments; options may stand before the action and behind it."""
    parser.set_defaults(action="list", state=None, owner=None, stage=None, json=False, run=run)
    _common(parser)
    _filters(parser)
    actions = parser.add_subparsers(dest="action", metavar="[list|show]")
    listing = actions.add_parser("list", help="what waits, oldest first (the default)")
    _common(listing)
    _filters(listing)
    showing = actions.add_parser("show", help="one document with all its evidence")
    showing.add_argument("document", metavar="ID", help="at least the first 8 digits of its id")
    _common(showing)


def run(arguments: argparse.Namespace) -> int:
    """Print what waits, or one exception in full."""
    parts = deployment(arguments.stage)
    if arguments.action == "show":
        document_id = document_of(parts, arguments.document.lower(), anywhere=True)
        found = casefile(parts, document_id)
        output.json_line(found) if arguments.json else print_casefile(found, arguments.stage)
        return 0
    rows = (row for row in listed(parts) if _wanted(row, arguments))
    if arguments.json:
        for row in rows:
            output.json_line(row)
    else:
        output.table(COLUMNS, map(_cells, rows))
    return 0


def document_of(parts: "Services", prefix: str, *, anywhere: bool = False) -> str:
    """The id of a document that has or had a review; a whole id needs none.

    `anywhere` looks through all documents where no review begins so, which may take a while.
    Raises InputRejected where there is no such document, or more than one.
    """
    if not _ID.fullmatch(prefix):
        raise InputRejected("ID: must be a document id, or at least its first 8 digits")
    if len(prefix) == _WHOLE:
        return prefix
    found = parts.reviews.find(prefix)
    if anywhere and not found:
        found = tuple(one.id for one in parts.documents.all() if one.id.startswith(prefix))
    if len(found) != 1:
        many = f"{len(found)} documents begin so; give more digits" if found else "is not known"
        raise InputRejected(f"document {prefix}: {many}")
    return found[0]


def listed(parts: "Services") -> Iterator[dict[str, Any]]:
    """One row per document that waits, oldest first."""
    now = parts.clock.now()
    for review in parts.reviews.open():
        yield _row(parts, review, now)


def _row(parts: "Services", review: Review, now: datetime) -> dict[str, Any]:
    record = parts.documents.get(review.document_id)
    facts = _facts(parts, review)
    return {
        "id": record.id,
        "document": record.key.rpartition("/")[2],
        "pages": record.pages,
        "state": review.state,
        "cause": review.cause,
        "decision": review.decision,
        "opened_at": review.opened_at,
        "age_hours": int((now - review.opened_at).total_seconds()) // 3600,
        "company_code": record.company_code,
        **facts,
        "proposed_by": (review.proposed.sap_user or review.proposed.by)
        if review.proposed
        else None,
    }


def _facts(parts: "Services", review: Review) -> dict[str, Any]:
    """Number, amounts and owner: from the exception, else from what was read and decided."""
    raised = [e for e in parts.outbox.of(review.document_id) if e.state == review.state]
    if raised:
        return _told(raised[-1])
    key = invoice_key(review.document_id)
    result = result_of(parts.objects.read(key)) if parts.objects.exists(key) else None
    invoice = result.invoice if result else None
    decision = None
    if review.decision:
        stored = parts.objects.read(decision_key(review.document_id, review.decision))
        decision = decision_of(stored)
    return {
        "number": invoice.number if invoice else None,
        "seller": invoice.seller.name if invoice else None,
        "total": invoice.total if invoice else None,
        "currency": invoice.currency if invoice else None,
        "difference": beyond(decision),
        "owner": decision.owner if decision else None,
    }


def _told(exception: ExceptionRecord) -> dict[str, Any]:
    return {
        "number": exception.number,
        "seller": exception.seller,
        "total": exception.total,
        "currency": exception.currency,
        "difference": exception.difference,
        "owner": exception.owner,
    }


def _wanted(row: dict[str, Any], arguments: argparse.Namespace) -> bool:
    return arguments.state in (None, row["state"]) and arguments.owner in (None, row["owner"])


def _cells(row: dict[str, Any]) -> tuple[Any, ...]:
    place = f"{row['document']}, {pages_of(row['pages'])}" if row["pages"] else row["document"]
    return (
        (row["id"][:SHORT_ID], place),
        age(row["age_hours"]),
        row["state"],
        row["cause"],
        money(row["total"], row["currency"]),
        money(row["difference"], row["currency"]),
        (row["owner"] or "").replace("_", " "),
        row["seller"],
        row["number"],
        row["proposed_by"],
    )


def age(hours: int) -> str:
    """How long something waits, in the unit that people count in."""
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"


def _common(parser: argparse.ArgumentParser) -> None:
    unset: Any = argparse.SUPPRESS
    parser.add_argument("--stage", metavar="NAME", default=unset, help="name of the stage")
    parser.add_argument(
        "--json", action="store_true", default=unset, help="JSON lines on stdout, nothing else"
    )


def _filters(parser: argparse.ArgumentParser) -> None:
    unset: Any = argparse.SUPPRESS
    parser.add_argument("--state", metavar="STATE", type=str.upper, choices=STATES, default=unset)
    parser.add_argument("--owner", choices=OWNERS, default=unset, help="whose work it is")
