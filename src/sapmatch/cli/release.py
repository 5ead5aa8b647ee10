"""`sapmatch release CONNECTION`: let a logon be tried again that SAP refused twice."""

import argparse

from sapmatch.bootstrap import deployment
from sapmatch.bootstrap.laptop import LogonFile, logon_file
from sapmatch.bootstrap.logon import laptop_guard
from sapmatch.bootstrap.logons import logon_guard
from sapmatch.cli import output
from sapmatch.cli.options import add_common, connection_of
from sapmatch.clock import SystemClock
from sapmatch.limits.logons import SharedLogonGuard

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
    parser.add_argument("connection", metavar="CONNECTION", help="its name in the settings")
    parser.add_argument(
        "--stage", metavar="NAME", help="a deployed stage; else the commands of this machine"
    )
    add_common(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Release every version of the connection's logon secret; 0 also where none was stopped."""
    guard = _guard(arguments)
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


def _guard(arguments: argparse.Namespace) -> SharedLogonGuard:
    if arguments.stage:
        return logon_guard(deployment(arguments.stage), arguments.connection)
    control = LogonFile(logon_file())
    return laptop_guard(connection_of(arguments), arguments.connection, SystemClock(), control)
