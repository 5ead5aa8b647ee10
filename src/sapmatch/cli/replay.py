"""`sapmatch replay`: match a document anew, or send refused writes once more."""

import argparse
from pathlib import Path

from sapmatch.bootstrap import Services, deployment
from sapmatch.cli import output
from sapmatch.cli.exceptions import document_of
from sapmatch.cli.intent_store import stage_store
from sapmatch.cli.options import add_common, filled
from sapmatch.cli.replay_intents import replay_one, replay_run
from sapmatch.model.document import DocumentRecord
from sapmatch.model.errors import InputRejected
from sapmatch.model.intent import Intent
from sapmatch.model.review import Review
from sapmatch.reviewing.asked import SHORT_ID

_REFUSED = 3
_BY_HAND = ("MANUAL_MATCHED", "MANUAL_REJECTED")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "id",
        metavar="ID",
        nargs="?",
        help="of a document, or of an intended write that was refused; its first 8 digits do",
    )
    parser.add_argument(
        "--payload",
        metavar="FILE",
        type=Path,
        help="the write as corrected: one JSON object with all its fields, named as in SAP",
    )
    parser.add_argument("--flow", metavar="NAME", type=filled, help="with --run")
    parser.add_argument(
        "--run", dest="run_id", metavar="RUN", type=filled, help="all refused writes of this run"
    )
    parser.add_argument("--stage", metavar="NAME", help="name of the deployed stage")
    add_common(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Start the workflow of the document again, or plan writes again; 3 where nothing is left."""
    _require(arguments)
    parts = deployment(arguments.stage)
    if arguments.run_id:
        return replay_run(arguments, parts)
    found = _found(arguments, parts)
    if isinstance(found, Intent):
        return replay_one(arguments, parts, found)
    if arguments.payload:
        raise InputRejected("--payload: belongs to an intended write; this is a document")
    return _match_anew(arguments, parts, found)


def _require(arguments: argparse.Namespace) -> None:
    if bool(arguments.id) == bool(arguments.run_id):
        raise InputRejected("name an ID, or a run with --run and --flow")
    if bool(arguments.flow) != bool(arguments.run_id):
        raise InputRejected("--run and --flow belong together")
    if arguments.payload and arguments.run_id:
        raise InputRejected("--payload: corrects one write; name its ID")


def _found(arguments: argparse.Namespace, parts: Services) -> DocumentRecord | Intent:
    """The document, else the write; InputRejected where it is neither."""
    prefix = arguments.id.lower()
    try:
        return parts.documents.get(document_of(parts, prefix, anywhere=True))
    except InputRejected as no_document:
        try:
            return stage_store(arguments.stage).find(prefix)
        except InputRejected as no_write:
            raise InputRejected(f"{no_document}; {no_write}") from no_write


def _match_anew(arguments: argparse.Namespace, parts: Services, record: DocumentRecord) -> int:
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
