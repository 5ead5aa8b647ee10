"""`sapmatch release CONNECTION`: let a logon be tried again that SAP refused twice."""

import argparse

from sapmatch.bootstrap import deployment
from sapmatch.bootstrap.logons import logon_guard
from sapmatch.cli import output
from sapmatch.cli.options import add_common

_STOPPED = (
    "is released: the secret is tried again, by one caller first. Where SAP refuses it again, it "
    "stops again, and the user comes closer to its lock"
)
_FREE = (
    "was not stopped: SAP has refused no version of its secret twice; is the name right? "
    "Connections that log on as the same user go by the name of the first of them"
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("connection", metavar="CONNECTION", help="its name in the stage's settings")
    parser.add_argument("--stage", metavar="NAME", help="name of the deployed stage")
    add_common(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Release every version of the connection's logon secret; 0 also where none was stopped."""
    guard = logon_guard(deployment(arguments.stage), arguments.connection)
    versions = guard.standing().versions
    was_stopped = any(trial.is_stopped for trial in versions.values())
    if versions:
        guard.release()
    if arguments.json:
        output.json_line({"connection": arguments.connection, "was_stopped": was_stopped})
    else:
        message = _STOPPED if was_stopped else _FREE
        output.line(f"connection {arguments.connection} {message}")
    return 0
