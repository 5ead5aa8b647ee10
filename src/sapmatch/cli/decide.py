"""`sapmatch decide ID accept|reject|match ORDER|wait --reason TEXT`."""

import argparse
from typing import Any, cast

from sapmatch.bootstrap.deciding import ask
from sapmatch.cli import output
from sapmatch.cli.options import filled
from sapmatch.model.errors import InputRejected
from sapmatch.model.review import Action
from sapmatch.reviewing.asked import Asked, require

_REFUSED = 3
_WHY = "why, in 3 to 500 characters; always needed, and kept with the decision"
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
    parser.set_defaults(other_supplier=False, nothing_open=False)
    _options(parser)
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for name, help_text in ACTIONS.items():
        action = actions.add_parser(name, help=help_text, description=help_text)
        if name == "match":
            action.add_argument("order", metavar="ORDER")
        _options(action)
        if name in ("accept", "match"):
            _despite(action)


def run(arguments: argparse.Namespace) -> int:
    """Decide; 3 where it is refused, and then nothing has changed."""
    if arguments.reason is None:
        raise InputRejected("--reason TEXT: is missing; it is kept with the decision")
    asked = Asked(
        document=arguments.document.lower(),
        action=cast(Action, arguments.action),
        reason=arguments.reason,
        order=arguments.order,
        decision=arguments.decision,
        other_supplier=arguments.other_supplier,
        nothing_open=arguments.nothing_open,
    )
    require(asked)
    answer = ask(arguments.stage, asked)
    return show(answer, as_json=arguments.json)


def show(answer: dict[str, Any], *, as_json: bool) -> int:
    """Print what became of it; returns the exit code."""
    refused = answer["outcome"] == "refused"
    if as_json:
        output.json_line(answer)
    elif refused:
        output.complain(answer["message"])
    else:
        output.line(answer["message"])
        for sentence in answer.get("taken", ()):
            output.line(f"  {sentence}")
    return _REFUSED if refused else 0


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
