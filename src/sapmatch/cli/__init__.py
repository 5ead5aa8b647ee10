"""The `sapmatch` command.

Exit codes: 0 all well, 1 a bug of ours, 2 wrong usage or settings, 3 some documents or records
were refused or failed, 4 SAP, AWS or the OCR asked for not reachable, 130 interrupted.
"""

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

# A command is imported only when it is called: `read` needs no SAP, `write` no PDF reader.
COMMANDS = {
    "read": "say what is in these documents",
    "match": "decide which orders these documents belong to, without any cloud",
    "extract": "read an entity set from SAP into a file",
    "write": "write the records of a file to SAP, each exactly once",
    "metadata": "say what an OData service of SAP offers, and what changed in it",
    "doctor": "say what is in the way between this machine and SAP; writes nothing",
    "status": "show documents, extractions or write-backs of a deployed or local stack",
    "exceptions": "list what waits for a person, or show one exception with its evidence",
    "decide": "decide on an exception, and let its workflow go on",
    "replay": "match a document anew, or send refused writes once more",
    "intents": "list intended writes that are open, show one, look at it again or take it out",
    "hold": "let nobody write to a SAP system for a while, and let go again",
    "release": "let a logon be tried again that SAP refused twice",
    "users": "list, show, create, change, lock, unlock and delete the users of a SAP system",
    "roles": "list, assign and take away the roles of a user of SAP",
    "tables": "read tables of SAP that the settings describe",
    "provision": "make the users of a SAP system what a file says, by a plan that is shown first",
    "connections": "write a connection block, and what SAP, BTP and AWS have to be told for it",
    "learn": "count weights of evidence in confirmed decisions, for the settings",
    "reload": "read an extraction of a deployed stage anew, once SAP or its fields ask for it",
    "call": "call a function module that the settings allow, by JSON",
    "settings": "check a settings file",
}
USAGE, UNREACHABLE, INTERRUPTED = 2, 4, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    try:
        return _run(list(sys.argv[1:] if argv is None else argv))
    except KeyboardInterrupt:  # while modules are imported, too
        sys.stderr.write("sapmatch: interrupted\n")
        return INTERRUPTED


def _run(argv: list[str]) -> int:
    from sapmatch.cli import output
    from sapmatch.model.errors import OutcomeUnknown, SapmatchError, TransientError

    try:
        arguments = _parsed(argv)
        return int(arguments.run(arguments))
    except SystemExit as exc:  # argparse has printed help or what is wrong
        return int(exc.code or 0)
    except BrokenPipeError:  # who read our output has seen enough, as `| head` does
        output.silence()
        return 0
    except (TransientError, OutcomeUnknown) as exc:
        output.complain(str(exc))
        return UNREACHABLE
    except SapmatchError as exc:
        output.complain(str(exc))
        return USAGE


def _parsed(argv: list[str]) -> "argparse.Namespace":
    import argparse

    parser = argparse.ArgumentParser(
        prog="sapmatch", description="The bridge between invoices in S3 and orders in SAP."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, help_text in COMMANDS.items():
        command = commands.add_parser(name, help=help_text, description=help_text)
        if argv[:1] == [name]:
            import_module(f"sapmatch.cli.{name}").arguments(command)
    return parser.parse_args(argv)
