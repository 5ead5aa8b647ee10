"""Options that several commands share, and what is checked before any work begins."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from sapmatch.model.errors import InputRejected
from sapmatch.settings import Environment, Settings, load

DEFAULT_SETTINGS = "sapmatch.toml"


def add_common(parser: argparse.ArgumentParser) -> None:
    """`--json` and `--settings`, which every command takes."""
    parser.add_argument("--json", action="store_true", help="JSON lines on stdout, nothing else")
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
    missing = [name for name in names if not Path(name).is_file()]
    if missing:
        raise InputRejected("\n".join(f"{name}: there is no such file" for name in missing))
