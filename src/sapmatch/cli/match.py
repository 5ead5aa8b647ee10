"""`sapmatch match FILE... --orders DIR|FILE`."""

import argparse
import hashlib
from pathlib import Path
from typing import Any

from sapmatch.cli import output
from sapmatch.cli.documents import read_file
from sapmatch.cli.matchbook import Matchbook
from sapmatch.cli.options import add_common, add_ocr, existing, settings_of
from sapmatch.model.errors import InputRejected
from sapmatch.model.flow import Intake
from sapmatch.model.invoice import ReadResult
from sapmatch.model.match import Decision, LineMatch, State

# An invoice whose sums are off still has an identity: the matching decides what it is worth.
DECIDED_LATER = frozenset({"TOTALS"})
REFUSED = 3


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("files", metavar="FILE", nargs="+")
    parser.add_argument(
        "--orders",
        metavar="DIR|FILE",
        required=True,
        type=Path,
        help="NDJSON files named after their entity sets, as `sapmatch extract` writes them",
    )
    parser.add_argument(
        "--ledger", metavar="FILE", type=Path, help="keeps what was matched, for the next call"
    )
    add_ocr(parser)
    add_common(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Decide on the documents in the order given; 3 where one of them could not be read."""
    existing(arguments.files)
    if not arguments.orders.exists():
        raise InputRejected(f"{arguments.orders}: there is no such file or folder")
    settings = settings_of(arguments)
    book = Matchbook(settings, arguments.orders, arguments.ledger)
    unreadable = 0
    for name in output.track(arguments.files, "matching"):
        read, decision = _decided(name, arguments.ocr, settings.intake, book)
        unreadable += not read
        if arguments.json:
            output.json_line(line(name, decision))
        else:
            _show(name, decision)
    return REFUSED if unreadable else 0


def line(name: str, decision: Decision) -> dict[str, Any]:
    """A decision as `match --json` prints it."""
    return {
        "document": name,
        "decision": decision.state,
        "cause": decision.cause,
        "orders": decision.orders,
        "score": decision.score,
        "runner_up": decision.runner_up,
        "lines": [_line_match(found) for found in decision.lines],
        "tolerances": decision.tolerances,
        "duplicate_of": decision.duplicate_of,
        "explanation": decision.explanation,
        "remedy": decision.remedy,
    }


def _line_match(found: LineMatch) -> dict[str, Any]:
    items = dict.fromkeys((share.order, share.item) for share in found.shares)
    return {
        "line": found.line,
        "items": list(items),
        "state": found.state,
        "score": found.score,
        "shares": found.shares,
    }


def _decided(name: str, ocr: Any, intake: Intake, book: Matchbook) -> tuple[bool, Decision]:
    """Whether the document could be read, and the decision on it."""
    with Path(name).open("rb") as file:
        content = hashlib.file_digest(file, "sha256").hexdigest()
    first = book.seen(content)
    if first is not None:
        return True, _copy(first)
    result = read_file(name, ocr=ocr, intake=intake)
    codes = {problem.code for problem in result.problems}
    if result.invoice is None or not codes <= DECIDED_LATER:
        return False, _unread(result)
    return True, book.decide(name, content, result.invoice)


def _copy(first: str) -> Decision:
    """The same bytes were here before (MA-P44)."""
    return Decision(
        state=State.DUPLICATE,
        policy_version="",
        cause="DUPLICATE",
        duplicate_of=first,
        explanation=(f"This file has the same bytes as {first}.",),
        remedy="Nothing, if the file was sent twice by mistake: it is posted only once.",
    )


def _unread(result: ReadResult) -> Decision:
    """Never decided on: the reason is that of the reading."""
    return Decision(
        state=State.INVALID,
        policy_version="",
        cause=result.problems[0].code if result.problems else "READ_FAILED",
        explanation=tuple(problem.message for problem in result.problems),
        remedy="Ask the sender for a readable file, or key the invoice in SAP (MIRO).",
    )


def _show(name: str, decision: Decision) -> None:
    cause = f" ({decision.cause})" if decision.cause else ""
    orders = f", order {', '.join(decision.orders)}" if decision.orders else ""
    output.heading(f"{name}: {decision.state}{cause}{orders}")
    for sentence in (*decision.explanation, decision.remedy):
        if sentence:
            output.line(f"  {sentence}")
