"""Options that several commands share, and what is checked before any work begins."""

import argparse
import os
from collections.abc import Callable, Sequence
from glob import has_magic, iglob
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from sapmatch.model.errors import InputRejected
from sapmatch.model.user_names import is_readable
from sapmatch.settings import Environment, Settings, load

DEFAULT_SETTINGS = "sapmatch.toml"


def add_common(parser: argparse.ArgumentParser) -> None:
    """`--json` and `--settings`, which every command takes."""
    parser.add_argument("--json", action="store_true", help="JSON lines on stdout, nothing else")
    add_settings(parser)


def add_action(
    actions: Any, name: str, help_text: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    """`NAME CONNECTION` of a command with several actions."""
    found: argparse.ArgumentParser = actions.add_parser(name, help=help_text, description=help_text)
    found.add_argument("connection", metavar="CONNECTION", help="its name in the settings")
    add_common(found)
    found.set_defaults(run=run)
    return found


def add_settings(parser: argparse.ArgumentParser) -> None:
    """`--settings` alone."""
    parser.add_argument(
        "--settings",
        metavar="FILE",
        help=f"settings file (else ${Environment.SETTINGS}, else ./{DEFAULT_SETTINGS})",
    )


def add_ocr(parser: argparse.ArgumentParser) -> None:
    """`--ocr`: who reads pictures."""
    parser.add_argument(
        "--ocr",
        choices=("local", "aws", "none"),
        default="local",
        help="who reads scans: the embedded engine (default), Textract, or nobody",
    )


def settings_path(given: str | None) -> Path:
    """The settings file of this call."""
    return Path(given or os.environ.get(Environment.SETTINGS) or DEFAULT_SETTINGS)


def settings_of(arguments: argparse.Namespace) -> Settings:
    """The settings of this call; raises InputRejected with every mistake."""
    return load(settings_path(arguments.settings))


def settings_or_defaults(arguments: argparse.Namespace) -> Settings:
    """As settings_of, but a command that can do without takes the defaults where none are named."""
    path = settings_path(arguments.settings)
    named = arguments.settings or os.environ.get(Environment.SETTINGS)
    return load(path) if named or path.exists() else Settings()


def existing(names: Sequence[str]) -> None:
    """Raise InputRejected that names every file which is not there."""
    missing = [name for name in names if not _is_file(name)]
    if missing:
        raise InputRejected("\n".join(f"{name}: {_instead(name)}" for name in missing))


def _instead(name: str) -> str:
    return "is a folder; name a file in it" if Path(name).is_dir() else "there is no such file"


def files_of(given: Sequence[str]) -> list[str]:
    """The files that are named, and those that fit a pattern and were not taken before.

    `**` in a pattern stands for all folders below. A shell that expands no patterns leaves that
    to us. Raises InputRejected with every name and pattern that finds no file.
    """
    found: list[str] = []
    wrong = []
    for name in given:
        files = [name] if _is_file(name) else _matched(name)
        if not files:
            wrong.append(name)
        found += files if name in files else (file for file in files if file not in found)
    if wrong:
        raise InputRejected("\n".join(_nothing(name) for name in wrong))
    return found


def _matched(pattern: str) -> list[str]:
    if not has_magic(pattern):
        return []
    found = iglob(pattern, recursive=True)  # noqa: PTH207 - Path.glob takes no absolute pattern
    return sorted(name for name in found if _is_file(name))


def _is_file(name: str) -> bool:
    """Whether it may be opened as one; why it cannot be, who opens it says."""
    try:
        return Path(name).is_file()
    except OSError:
        return True


def _nothing(name: str) -> str:
    if not name:
        return "'': is no name of a file"
    if Path(name).exists() and not Path(name).is_dir():
        return f"{name}: is a pipe or a device; save what comes from it in a file"
    if Path(name).is_dir():
        return f"{name}: is a folder; name its files, such as '{name.rstrip('/')}/*.pdf'"
    return f"{name}: {'no file fits this' if has_magic(name) else 'there is no such file'}"


def add_connection(parser: argparse.ArgumentParser) -> None:
    """CONNECTION, ENTITY_SET and `--service`: where in which SAP system."""
    parser.add_argument("connection", metavar="CONNECTION", help="its name in the settings")
    parser.add_argument("entity_set", metavar="ENTITY_SET")
    parser.add_argument("--service", metavar="PATH", help="else the connection's own service")


def connection_of(arguments: argparse.Namespace, *, parallel: int | None = None) -> Settings:
    """Settings that hold the named connection; `parallel` overrides its limit."""
    settings = settings_of(arguments)
    connection = settings.connections.get(arguments.connection)
    if connection is None:
        known = ", ".join(sorted(settings.connections)) or "none"
        raise InputRejected(
            f"{settings_path(arguments.settings)}: connections.{arguments.connection}: "
            f"is not there; known are {known}"
        )
    if parallel is None:
        return settings
    limits = replace(connection.limits, parallel=parallel)
    changed = {arguments.connection: replace(connection, limits=limits)}
    return replace(settings, connections={**settings.connections, **changed})


def service_of(arguments: argparse.Namespace, settings: Settings) -> str:
    """The path of the OData service."""
    service = arguments.service or settings.connections[arguments.connection].service
    if not service:
        raise InputRejected(
            f"connection {arguments.connection}: names no service; "
            "give --service PATH, or set connections.*.service"
        )
    return str(service)


def up_to(most: int) -> Callable[[str], int]:
    """The type of an option that is a whole number from 1."""

    def number(text: str) -> int:
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise argparse.ArgumentTypeError(f"must be from 1 to {most}, not {text!r}")
        return int(text)

    return number


def filled(text: str) -> str:
    """The type of an option that is given only to say something: an unset variable says nothing."""
    if not text.strip():
        raise argparse.ArgumentTypeError("is empty; leave it out, or say what is wanted")
    return text


def user_name(text: str) -> str:
    """The type of an argument that names a user, before anything makes another name of it."""
    if not is_readable(filled(text)):
        raise argparse.ArgumentTypeError(
            "holds a sign that nobody sees, or that would be another one in upper case"
        )
    return text


def names(text: str) -> tuple[str, ...]:
    """The type of an option that is a list of names between commas."""
    found = (name.strip() for name in filled(text).split(","))
    return tuple(filled(name) for name in found)
