"""`sapmatch status`: every document of a stack, what was decided, and what SAP holds of it."""

import argparse
from typing import Any

from sapmatch.bootstrap import deployment
from sapmatch.cli import output
from sapmatch.cli.options import add_common
from sapmatch.model.document import DocumentRecord, pages_of
from sapmatch.model.intent import Intent, IntentState
from sapmatch.model.match import State
from sapmatch.model.ports import Intents
from sapmatch.model.review import Review
from sapmatch.reviewing.asked import SHORT_ID

COLUMNS = ("Document", "Read", "Decision", "Order", "Why", "SAP")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("--stage", metavar="NAME", help="name of the deployed stage")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument(
        "--extractions",
        action="store_true",
        help="the extractions instead: last good run, what is under way, what failed since then",
    )
    instead.add_argument(
        "--write-backs",
        action="store_true",
        help="the write-backs instead: what is open by state, what is unknown or held, and why",
    )
    add_common(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print one row per document, oldest first, or one per extraction or write-back flow."""
    if arguments.extractions:
        from sapmatch.cli import extraction_status

        extraction_status.show(arguments.stage, as_json=arguments.json)
        return 0
    if arguments.write_backs:
        from sapmatch.cli import write_back_status

        write_back_status.show(arguments.stage, as_json=arguments.json)
        return 0
    stack = deployment(arguments.stage)
    records = sorted(stack.documents.all(), key=oldest_first)
    waiting = {review.document_id: review for review in stack.reviews.open()}
    rows = [row(record, stack.intents, waiting.get(record.id)) for record in records]
    if arguments.json:
        for found in rows:
            output.json_line(found)
    else:
        output.table(COLUMNS, (_cells(found) for found in rows))
    return 0


def oldest_first(record: DocumentRecord) -> tuple[Any, ...]:
    """The order of documents: oldest first; the invoices of one file stand below it."""
    return record.received_at, record.parent or record.id, record.part or 0


def row(record: DocumentRecord, intents: Intents, review: Review | None = None) -> dict[str, Any]:
    """One document: `cause` is a tolerance key or reason code, `sap` what became of its writes.

    `review` is open where it waits: for a person, or for a receipt as long as nobody was told.
    """
    return {
        "document": record.key.rpartition("/")[2],
        "id": record.id,
        "received_at": record.received_at,
        "kind": record.kind,
        "method": record.method,
        "decision": record.state,
        "cause": record.cause or record.reason,
        "orders": record.orders,
        "why": _why(record),
        "duplicate_of": record.duplicate_of,
        "sap": [_written(intents.get(intent_id)) for intent_id in record.intents],
        "parent": record.parent,
        "part": record.part,
        "pages": record.pages,
        "parts": record.parts,
        "waiting": _waiting(review) if review else None,
    }


def _waiting(review: Review) -> dict[str, Any]:
    silent = review.state == State.WAITING_RECEIPT and not review.alerted
    return {"for": "receipt" if silent else "person", "since": review.opened_at}


def _why(record: DocumentRecord) -> str:
    if record.parts:
        return f"holds {len(record.parts)} invoices, each with a line of its own"
    return record.summary or "; ".join(problem.message for problem in record.problems)


def _written(intent: Intent) -> dict[str, Any]:
    return {
        "entity_set": intent.entity_set,
        "operation": intent.operation,
        "state": intent.state,
        "key": intent.key,
        "message": intent.sap_messages[-1] if intent.sap_messages else None,
    }


def place(found: dict[str, Any]) -> str:
    """The file of a row, and its pages there where the invoice is a part of it."""
    document: str = found["document"]
    return f"{document}, {pages_of(found['pages'])}" if found["pages"] else document


def _cells(found: dict[str, Any]) -> tuple[Any, ...]:
    read = ", ".join(part for part in (found["kind"], found["method"]) if part)
    why = [part for part in (found["cause"], found["why"]) if part]
    sap = [_sentence(written) for written in found["sap"]]
    state = [found["decision"]]
    if waiting := found["waiting"]:
        state.append(f"waits for a {waiting['for']} since {waiting['since']:%Y-%m-%d}")
    return (place(found), found["id"][:SHORT_ID]), read, state, found["orders"], why, sap


def _sentence(written: dict[str, Any]) -> str:
    key = "/".join(written["key"].values())
    if written["state"] is IntentState.CONFIRMED:
        return f"{written['entity_set']} {key}"
    return " ".join(
        part for part in (written["entity_set"], written["state"], written["message"]) if part
    )
