"""`sapmatch provision plan|apply CONNECTION FILE`, `status|approve|reject|stop|resume RUN`."""

import argparse
from collections.abc import Callable
from typing import Any

from sapmatch.cli.options import add_common, filled
from sapmatch.cli.provision_file import apply_file, plan_file
from sapmatch.cli.provision_run import answer, status

_WHY = "why, in at most 500 characters; kept with the run, and told in its mail"
_ANSWERS = {
    "approve": "let a run go on that waits, with exactly the plan of this digest",
    "reject": "end a run that waits; no user is changed by it",
    "stop": "let a run end behind the user that it is at",
    "resume": "let a run go on that was stopped or failed; what is done stays done",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    _file(actions.add_parser("plan", help="say what a file would change; changes nothing"), _plan)
    applying = actions.add_parser("apply", help="change the users of SAP from this machine")
    _file(applying, _apply)
    applying.add_argument("--yes", action="store_true", help="ask nothing")
    applying.add_argument(
        "--approve-removals",
        action="store_true",
        help="with --yes: also where a stage would wait for a person",
    )
    showing = actions.add_parser("status", help="where a run of a stage stands, and its plan")
    _run(showing, status, needs_run=False)
    for name, text in _ANSWERS.items():
        action = actions.add_parser(name, help=text, description=text)
        _run(action, answer)
        if name == "approve":
            action.add_argument(
                "--digest",
                metavar="DIGEST",
                type=filled,
                required=True,
                help="of the plan that you saw: at least 12 digits, from the mail or the status",
            )
        if name in ("approve", "reject"):
            action.add_argument("--reason", metavar="TEXT", type=filled, required=True, help=_WHY)


def _file(parser: argparse.ArgumentParser, run: Callable[[argparse.Namespace], int]) -> None:
    parser.add_argument("connection", metavar="CONNECTION", help="its name in the settings")
    parser.add_argument("file", metavar="FILE", help="desired users, as JSON or CSV")
    add_common(parser)
    parser.set_defaults(run=run)


def _run(
    parser: argparse.ArgumentParser,
    run: Callable[[argparse.Namespace], int],
    *,
    needs_run: bool = True,
) -> None:
    more: dict[str, Any] = {} if needs_run else {"nargs": "?", "default": None}
    parser.add_argument("run_id", metavar="RUN", help="its id, as the mail names it", **more)
    parser.add_argument(
        "--connection", metavar="NAME", type=filled, required=True, help="whose users it is about"
    )
    parser.add_argument("--stage", metavar="NAME", help="name of the deployed stage")
    parser.add_argument("--json", action="store_true", help="JSON lines on stdout, nothing else")
    parser.set_defaults(run=run)


def _plan(arguments: argparse.Namespace) -> int:
    return plan_file(arguments)


def _apply(arguments: argparse.Namespace) -> int:
    return apply_file(arguments)
