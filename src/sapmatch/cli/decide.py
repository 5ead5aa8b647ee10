"""`sapmatch decide ID accept|reject|match ORDER|wait --reason TEXT [--now --user-token FILE]`."""

import argparse
from typing import Any, cast

from sapmatch.bootstrap.at_once import digest, write_now
from sapmatch.bootstrap.deciding import ask
from sapmatch.cli import output
from sapmatch.cli.options import filled
from sapmatch.cli.user_token import read_token
from sapmatch.clock import SystemClock
from sapmatch.model.errors import InputRejected, SapmatchError
from sapmatch.model.review import Action
from sapmatch.reviewing.asked import Asked, require

_REFUSED = 3
_WHY = "why, in 3 to 500 characters; always needed, and kept with the decision"
_MORE = (
    "accept and match take --other-supplier, --nothing-open and, to write at once in your own "
    "name, --now --user-token FILE: see `sapmatch decide ID accept --help`."
)
ACTIONS = {
    "accept": "take the best candidate as it was shown, or the values as they were read",
    "reject": "post nothing, for good",
    "match": "take this order of the company code instead",
    "wait": "leave it open; what it lacks may still come",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments; options may stand before the action and behind it."""
    parser.add_argument("document", metavar="ID", help="at least the first 8 digits of its id")
    parser.set_defaults(reason=None, decision=None, stage=None, json=False, order=None, run=run)
    parser.set_defaults(other_supplier=False, nothing_open=False, now=False, user_token=None)
    _options(parser)
    parser.epilog = _MORE
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, help_text in ACTIONS.items():
        action = actions.add_parser(name, help=help_text, description=help_text)
        if name == "match":
            action.add_argument("order", metavar="ORDER")
        _options(action)
        if name in ("accept", "match"):
            _despite(action)
            _at_once(action)


def run(arguments: argparse.Namespace) -> int:
    """Decide; 3 where it is refused, and then nothing has changed."""
    if arguments.reason is None:
        raise InputRejected("--reason TEXT: is missing; it is kept with the decision")
    token = _token(arguments)
    asked = Asked(
        document=arguments.document.lower(),
        action=cast(Action, arguments.action),
        reason=arguments.reason,
        order=arguments.order,
        decision=arguments.decision,
        other_supplier=arguments.other_supplier,
        nothing_open=arguments.nothing_open,
        token_sha256=digest(token) if token else None,
    )
    require(asked)
    answer = ask(arguments.stage, asked)
    if token and answer["outcome"] == "decided":
        answer["written"] = _written(arguments.stage, answer["document"], token)
    return show(answer, as_json=arguments.json)


def show(answer: dict[str, Any], *, as_json: bool) -> int:
    """Print what became of it; returns the exit code."""
    refused = answer["outcome"] == "refused"
    written = answer.get("written", {"outcome": "later"})
    if as_json:
        output.json_line(answer)
    elif refused:
        output.complain(answer["message"])
    else:
        output.line(answer["message"])
        for sentence in answer.get("taken", ()):
            output.line(f"  {sentence}")
    if "written" in answer and not as_json:
        tell = output.complain if written["outcome"] == "refused" else output.line
        tell(written["message"])
    return _REFUSED if refused or written["outcome"] == "refused" else 0


def _token(arguments: argparse.Namespace) -> str | None:
    if arguments.now != (arguments.user_token is not None):
        raise InputRejected("--now and --user-token FILE: go together; give both, or none")
    return read_token(arguments.user_token, SystemClock().now()) if arguments.now else None


def _written(stage: str | None, document_id: str, token: str) -> dict[str, Any]:
    """The decision stands whatever becomes of this."""
    try:
        return write_now(stage, document_id, token, SystemClock())
    except SapmatchError as exc:
        return {
            "outcome": "later",
            "message": f"the decision is recorded, and its write is left to the schedule: {exc}",
        }


def _despite(parser: argparse.ArgumentParser) -> None:
    unset: Any = argparse.SUPPRESS
    parser.add_argument(
        "--other-supplier",
        action="store_true",
        default=unset,
        help="the order is meant although it is with another party than the one on the invoice",
    )
    parser.add_argument(
        "--nothing-open",
        action="store_true",
        default=unset,
        help="the order is meant although nothing is left of it to invoice",
    )


def _at_once(parser: argparse.ArgumentParser) -> None:
    unset: Any = argparse.SUPPRESS
    parser.add_argument(
        "--now",
        action="store_true",
        default=unset,
        help="write it at once, in your own name, with --user-token",
    )
    parser.add_argument(
        "--user-token",
        metavar="FILE",
        type=filled,
        default=unset,
        help="your own token (JWT) for the destination of the connection; - reads it from stdin",
    )


def _options(parser: argparse.ArgumentParser) -> None:
    unset: Any = argparse.SUPPRESS
    parser.add_argument("--reason", metavar="TEXT", type=filled, default=unset, help=_WHY)
    parser.add_argument(
        "--decision",
        metavar="N",
        type=int,
        default=unset,
        help="number of the decision that you saw; refused where there is another one by now",
    )
    parser.add_argument("--stage", metavar="NAME", default=unset, help="name of the stage")
    parser.add_argument(
        "--json", action="store_true", default=unset, help="JSON lines on stdout, nothing else"
    )
