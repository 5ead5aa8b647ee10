"""`sapmatch hold CONNECTION`: let nobody write to a SAP system for a while, and let go again."""

import argparse
import re
from datetime import timedelta

from sapmatch.bootstrap import deployment, written_connections
from sapmatch.bootstrap.writing import gate
from sapmatch.cli import output
from sapmatch.cli.options import add_common, filled
from sapmatch.model.errors import InputRejected

LONGEST = timedelta(days=7)
_RELEASED = (
    "is released: new writes go at once; what is held goes with the first run after its time, ten "
    "minutes from now at most (sapmatch intents --state HELD names it)"
)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_DURATION = re.compile(r"(\d{1,6})([smhd])", re.ASCII)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("connection", metavar="CONNECTION", help="its name in the stage's settings")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--for", dest="duration", metavar="TIME", type=duration, help="30m, 4h, 1d")
    what.add_argument("--release", action="store_true", help="let writes through again")
    parser.add_argument("--reason", metavar="TEXT", type=filled, help="what people are told")
    parser.add_argument("--stage", metavar="NAME", help="name of the deployed stage")
    add_common(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Hold or release a connection; what was sent before goes on and is read back."""
    if arguments.duration and not arguments.reason:
        raise InputRejected("--for: say with --reason why, for those who will ask")
    parts = deployment(arguments.stage)
    known = written_connections(arguments.stage)
    if arguments.connection not in known:
        raise InputRejected(
            f"connection {arguments.connection}: nothing of this stage writes to it; known are "
            f"{', '.join(known) or 'none'}"
        )
    shared = gate(parts, arguments.connection)
    if arguments.release:
        shared.release()
        return _told(arguments, None, _RELEASED)
    until = parts.clock.now() + arguments.duration
    shared.hold(until, arguments.reason)
    return _told(
        arguments, until.isoformat(timespec="seconds"), f"is held until {until:%Y-%m-%d %H:%M} UTC"
    )


def duration(text: str) -> timedelta:
    """The type of an option such as 30m: seconds, minutes, hours or days, up to a week."""
    found = _DURATION.fullmatch(text)
    length = timedelta(**{_UNITS[found[2]]: int(found[1])}) if found else timedelta(0)
    if not timedelta(0) < length <= LONGEST:
        raise argparse.ArgumentTypeError(f"must be like 90s, 30m, 4h or 7d at most, not {text!r}")
    return length


def _told(arguments: argparse.Namespace, until: str | None, message: str) -> int:
    if arguments.json:
        output.json_line({"connection": arguments.connection, "held_until": until})
    else:
        output.line(f"connection {arguments.connection} {message}")
    return 0
