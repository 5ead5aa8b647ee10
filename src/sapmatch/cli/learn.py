"""`sapmatch learn [FILE...] [--stage NAME]`."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import chain
from pathlib import Path

import msgspec

from sapmatch.bootstrap import deployment
from sapmatch.cli import output
from sapmatch.cli.options import add_common
from sapmatch.matching.learn import Confirmed, block, learn
from sapmatch.matching.stored import BY_HAND
from sapmatch.matching.weights import weights_of
from sapmatch.model.document import DocumentRecord
from sapmatch.model.errors import InputRejected
from sapmatch.model.match import State
from sapmatch.model.ports import Objects
from sapmatch.model.stored import decision_key, decision_of


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="*",
        type=Path,
        help='lines of `sapmatch match --json`, each with "confirmed": the orders that are right; '
        "- reads them from the pipe",
    )
    parser.add_argument(
        "--stage", metavar="NAME", help="the matches that people took on this stage, as well"
    )
    add_common(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print a [matching.weights] block; InputRejected where the cases are too few."""
    if not arguments.files and not arguments.stage:
        raise InputRejected("name files with confirmed decisions, or a --stage that holds some")
    given = (case for path in arguments.files for case in _confirmed(path))
    learned = learn(chain(given, _by_hand(arguments.stage)), weights_of({}))
    if arguments.json:
        output.json_line(msgspec.to_builtins(learned))
        return 0
    for line in block(learned):
        output.line(line)
    return 0


def _by_hand(stage: str | None) -> Iterator[Confirmed]:
    """What people matched, each with the candidates that they had before them."""
    if stage is None:
        return
    parts = deployment(stage)
    for record in parts.documents.all():
        if record.state == State.MANUAL_MATCHED:
            yield _shown(parts.objects, record)


def _shown(objects: Objects, record: DocumentRecord) -> Confirmed:
    numbers = range(record.decision, 0, -1)
    every = (decision_of(objects.read(decision_key(record.id, number))) for number in numbers)
    taken = next(every)
    before = next((one for one in every if one.state not in BY_HAND), taken)
    return Confirmed(document=record.id, ranked=before.ranked, confirmed=taken.orders)


def _confirmed(path: Path) -> Iterator[Confirmed]:
    """Decisions that somebody confirmed; blank lines and unconfirmed decisions say nothing."""
    try:
        with _opened(path) as file:
            for number, line in enumerate(file, start=1):
                if line.strip() and (case := _case(path, number, line)).confirmed is not None:
                    yield case
    except OSError as exc:
        raise InputRejected(f"{path}: cannot be read ({exc.strerror})") from exc


def _opened(path: Path) -> AbstractContextManager[Iterable[bytes]]:
    return nullcontext(sys.stdin.buffer) if str(path) == "-" else path.open("rb")


def _case(path: Path, number: int, line: bytes) -> Confirmed:
    try:
        return msgspec.json.decode(line, type=Confirmed)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise InputRejected(
            f"{path}: line {number} is no decision of `sapmatch match --json`: {exc}"
        ) from exc
