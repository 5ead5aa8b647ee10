"""`sapmatch learn FILE...`."""

import argparse
import sys
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import msgspec

from sapmatch.cli import output
from sapmatch.cli.options import add_common
from sapmatch.matching.learn import Confirmed, block, learn
from sapmatch.matching.weights import weights_of
from sapmatch.model.errors import InputRejected


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "files",
        metavar="FILE",
        nargs="+",
        type=Path,
        help='lines of `sapmatch match --json`, each with "confirmed": the orders that are right; '
        "- reads them from the pipe",
    )
    add_common(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print a [matching.weights] block; InputRejected where the cases are too few."""
    cases = (case for path in arguments.files for case in _confirmed(path))
    learned = learn(cases, weights_of({}))
    if arguments.json:
        output.json_line(msgspec.to_builtins(learned))
        return 0
    for line in block(learned):
        output.line(line)
    return 0


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
