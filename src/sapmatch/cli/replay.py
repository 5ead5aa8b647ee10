"""`sapmatch replay DOCUMENT`: match a document anew that expired, failed or was left behind."""

import argparse

from sapmatch.bootstrap import deployment
from sapmatch.cli import output
from sapmatch.cli.exceptions import document_of
from sapmatch.cli.options import add_common
from sapmatch.model.document import DocumentRecord
from sapmatch.model.review import Review
from sapmatch.reviewing.asked import SHORT_ID

_REFUSED = 3
_BY_HAND = ("MANUAL_MATCHED", "MANUAL_REJECTED")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("document", metavar="DOCUMENT", help="its id, or the first 8 digits of it")
    parser.add_argument("--stage", metavar="NAME", help="name of the deployed stage")
    add_common(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Start the workflow of the document again; 3 where nothing is left to do."""
    parts = deployment(arguments.stage)
    record = parts.documents.get(document_of(parts, arguments.document.lower(), anywhere=True))
    review = parts.reviews.get(record.id)
    refused = _settled(record)
    answer = {"document": record.id, "state": record.state}
    if refused:
        return _told(arguments, {**answer, "outcome": "refused", "message": refused}, _REFUSED)
    short, waits = record.id[:SHORT_ID], review and review.token
    if review and waits and parts.workflows.resume(waits, {"action": _action(review)}):
        told = f"document {short}: its workflow was waiting, and decides anew now"
        return _told(arguments, {**answer, "outcome": "resumed", "message": told})
    execution = f"replay-{record.id[:SHORT_ID]}-{parts.clock.now():%Y%m%dT%H%M%S}"
    parts.workflows.start(parts.invoice_matching, execution, {"document_id": record.id})
    told = f"document {short}: started {execution}"
    return _told(
        arguments, {**answer, "outcome": "started", "execution": execution, "message": told}
    )


def _settled(record: DocumentRecord) -> str | None:
    """Why there is nothing to do again, None where there is."""
    short = record.id[:SHORT_ID]
    if record.state in _BY_HAND:
        return f"document {short}: is {record.state}: what a person decided stays"
    if record.is_matched:
        return f"document {short}: is {record.state}, and its writes are recorded"
    if record.parts:
        return f"document {short}: holds {len(record.parts)} invoices; replay the one you mean"
    return None


def _action(review: Review) -> str:
    return "decided" if review.status == "decided" else "again"


def _told(arguments: argparse.Namespace, answer: dict[str, str], code: int = 0) -> int:
    if arguments.json:
        output.json_line(answer)
    elif code:
        output.complain(answer["message"])
    else:
        output.line(answer["message"])
    return code
