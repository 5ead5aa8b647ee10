"""docs/errors.md: it names every error and every reason of a refused logon, and no other."""

import inspect
import re
from pathlib import Path
from typing import get_args

from sapmatch.model import errors

PAGE = Path("docs/errors.md").read_text(encoding="utf-8")


def named_below(heading: str) -> list[str]:
    """The first columns of the table below it."""
    part = PAGE.partition(f"{heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([\w-]+)` \|", part, re.MULTILINE)


def test_every_reason_of_a_refused_logon_is_there() -> None:
    assert named_below("## Why a logon was refused") == list(get_args(errors.LogonReason))


def test_every_error_that_is_raised_is_there() -> None:
    """Two are only what others stem from."""
    classes = inspect.getmembers(errors, inspect.isclass)
    raised = {name for name, each in classes if issubclass(each, errors.SapmatchError)}
    named = named_below("# Errors")
    assert sorted(named) == sorted(raised - {"SapmatchError", "TransientError"})
