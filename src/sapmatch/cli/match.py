"""`sapmatch match FILE... --orders DIR|FILE`."""

import argparse
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct

from sapmatch.cli import output
from sapmatch.cli.documents import Reader, invoices, place
from sapmatch.cli.match_ledger import MatchLedger
from sapmatch.cli.matchbook import Matchbook
from sapmatch.cli.options import add_common, add_ocr, files_of, settings_of
from sapmatch.matching.explanation import details
from sapmatch.matching.waterfall import page
from sapmatch.model.document import part_id
from sapmatch.model.errors import InputRejected
from sapmatch.model.invoice import ReadResult
from sapmatch.model.match import Decision, LineMatch, State
from sapmatch.reviewing.fields import problem_line

# An invoice whose sums are off still has an identity: the matching decides what it is worth.
DECIDED_LATER = frozenset({"TOTALS"})
# Fields of a decision that are printed under their own names.
_MORE = (
    "confidence",
    "owner",
    "difference",
    "payment_block",
    "keys",
    "dropped",
    "ranked",
    "ledger",
    "rate",
)
_OURS = frozenset({"OCR_NEEDED", "OCR_UNAVAILABLE", "NOT_READABLE", "BUG"})  # not the sender's
_UNREADABLE = "Ask the sender for a readable file, or key the invoice in SAP (MIRO)."
_WRONG_FIELD = "Ask the sender for a corrected invoice, or key the invoice in SAP (MIRO)."


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
    parser.add_argument(
        "--explain", metavar="FILE.html", type=Path, help="writes a page that shows each decision"
    )
    add_ocr(parser)
    add_common(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Decide on the documents in the order given; 3 where one of them got no decision."""
    files = files_of(arguments.files)
    if not arguments.orders.exists():
        raise InputRejected(f"{arguments.orders}: there is no such file or folder")
    if arguments.explain and not arguments.explain.parent.is_dir():
        raise InputRejected(f"{arguments.explain.parent}: there is no such folder")
    with MatchLedger(arguments.ledger) as ledger:
        return _run(arguments, files, ledger)


def _run(arguments: argparse.Namespace, files: Sequence[str], ledger: MatchLedger) -> int:
    settings = settings_of(arguments)
    book = Matchbook(settings, arguments.orders, ledger)
    reader = Reader(arguments.ocr, settings)
    unreadable = 0
    explained: list[tuple[str, Decision]] = []
    for name in output.track(files, "matching"):
        for found in _decided(name, reader, book):
            unreadable += not found.read
            if arguments.explain:
                explained.append((found.place, found.decision))
            if arguments.json:
                output.json_line(line(name, found.decision, found.part, found.pages))
            else:
                _show(found.place, found.decision)
    if arguments.explain:
        _write(arguments.explain, page(explained))
    return reader.ended(unreadable)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise InputRejected(f"{path}: cannot be written ({exc.strerror})") from exc


class Decided(Struct, frozen=True, kw_only=True):
    """One invoice of a file and the decision on it; `read` is False where it had none to decide."""

    place: str
    read: bool
    decision: Decision
    part: int | None = None  # where the file holds several
    pages: tuple[int, ...] = ()


def line(
    name: str, decision: Decision, part: int | None = None, pages: tuple[int, ...] = ()
) -> dict[str, Any]:
    """A decision as `match --json` prints it; `part` and `pages` where a file holds several."""
    found: dict[str, Any] = {
        "document": name,
        "decision": decision.state,
        "cause": decision.cause,
        "orders": decision.orders,
        "score": decision.score,
        "runner_up": decision.runner_up,
        "lines": [_line_match(found) for found in decision.lines],
        "tolerances": decision.tolerances,
        "duplicate_of": decision.duplicate_of,
        "explanation": (*decision.explanation, *details(decision)),
        "remedy": decision.remedy,
        **{name: getattr(decision, name) for name in _MORE},
    }
    return found | ({"part": part, "pages": pages} if part else {})


def _line_match(found: LineMatch) -> dict[str, Any]:
    items = dict.fromkeys((share.order, share.item) for share in found.shares)
    return {
        "line": found.line,
        "items": list(items),
        "state": found.state,
        "score": found.score,
        "shares": found.shares,
    }


def _decided(name: str, reader: Reader, book: Matchbook) -> Iterator[Decided]:
    """The decisions on the invoices of a file, one after the other."""
    content = _content(name)
    first = book.seen(content) if content else None
    if first is not None:
        yield Decided(place=name, read=True, decision=_copy(name, first))
        return
    whole = reader.read(name)
    for part, result in enumerate(invoices(whole), start=1):
        at = place(name, result)
        identity = part_id(content, part) if whole.parts else content
        read, decision = _decide(at, identity, result, book)
        number = part if whole.parts else None
        yield Decided(place=at, read=read, decision=decision, part=number, pages=result.pages)


def _content(name: str) -> str:
    """SHA-256 of the file; empty where it cannot be read, which the reader then says."""
    try:
        with Path(name).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _decide(at: str, identity: str, result: ReadResult, book: Matchbook) -> tuple[bool, Decision]:
    """Whether there was an invoice to decide on, and the decision."""
    first = book.seen(identity)
    if first is not None:
        return True, _copy(at, first)
    codes = {problem.code for problem in result.problems}
    if result.invoice is None or not codes <= DECIDED_LATER:
        return False, _unread(result)
    return True, book.decide(at, identity, result.invoice, result.problems)


def _copy(name: str, first: str) -> Decision:
    """The same bytes were here before (MA-P44)."""
    same = f"has the same bytes as {first}" if first != name else "was matched before"
    return Decision(
        state=State.DUPLICATE,
        policy_version="",
        cause="DUPLICATE",
        duplicate_of=first,
        explanation=(f"This file {same}.",),
        remedy="Nothing, if the file was sent twice by mistake: it is posted only once.",
    )


def _unread(result: ReadResult) -> Decision:
    """Never decided on: the reason is that of the reading."""
    codes = {problem.code for problem in result.problems}
    return Decision(
        state=State.INVALID,
        policy_version="",
        cause=result.problems[0].code if result.problems else "READ_FAILED",
        explanation=tuple(problem_line(problem, result) for problem in result.problems),
        remedy=None if codes & _OURS else _remedy(result),
    )


def _remedy(result: ReadResult) -> str:
    """A file of which only fields are wrong could be read."""
    read = result.invoice is not None and all(problem.field for problem in result.problems)
    return _WRONG_FIELD if read else _UNREADABLE


def _show(name: str, decision: Decision) -> None:
    cause = f" ({decision.cause})" if decision.cause else ""
    orders = f", order {', '.join(decision.orders)}" if decision.orders else ""
    output.heading(f"{name}: {decision.state}{cause}{orders}")
    for sentence in (*decision.explanation, *details(decision), decision.remedy):
        if sentence:
            output.line(f"  {sentence}")
