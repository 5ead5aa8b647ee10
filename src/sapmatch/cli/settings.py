"""`sapmatch settings check [FILE]`."""

import argparse
from pathlib import Path

from sapmatch.bootstrap.mappings import mappings_of
from sapmatch.bootstrap.rfc import reject_rfc, rfc_problems, rfc_remarks
from sapmatch.cli import output
from sapmatch.cli.options import add_common, settings_path
from sapmatch.model.errors import InputRejected
from sapmatch.settings import Environment, Settings, load, remarks

WRONG = 2


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    help_text = "name every mistake in a settings file"
    check = actions.add_parser("check", help=help_text, description=help_text)
    check.add_argument("file", metavar="FILE", nargs="?")
    add_common(check)
    check.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """0 where the file has no mistake, else 2 and every mistake with its path."""
    path = settings_path(arguments.file or arguments.settings)
    try:
        settings = load(path)
        _require_whole(settings, path)
    except InputRejected as exc:
        if arguments.json:
            output.json_line({"file": str(path), "valid": False, "problems": exc.problems})
        if not arguments.json or not exc.problems:
            output.complain(str(exc))
        return WRONG
    noted = [*remarks(settings), *rfc_remarks(settings)]
    if arguments.json:
        line = {"file": str(path), "valid": True, "problems": (), "remarks": noted}
        output.json_line(line)
    else:
        output.heading(f"{path}: no mistake")
        for each in noted:
            output.note(f"{each.field}: {each.message}")
    return 0


def _require_whole(settings: Settings, path: Path) -> None:
    """What the file says beyond its own form; InputRejected with every mistake."""
    try:
        mappings_of(settings.write_backs, {Environment.SETTINGS: str(path)})
    except InputRejected as exc:
        reject_rfc([*exc.problems, *rfc_problems(settings)], str(path))
        raise
    reject_rfc(rfc_problems(settings), str(path))
