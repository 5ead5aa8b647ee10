"""What `sapmatch doctor s4` says, run as a command."""

import json
from typing import Any

import pytest

from sapmatch.cli import main

Findings = dict[str, dict[str, Any]]


def examined(
    capsys: pytest.CaptureFixture[str], code: int, *hidden: str, stage: str | None = None
) -> Findings:
    """The findings by check, where the command ends so; nothing of `hidden` is shown."""
    ended = main(["doctor", "s4", "--json", *(["--stage", stage] if stage else [])])
    shown = capsys.readouterr()
    assert ended == code, shown
    assert not [value for value in hidden if value in shown.out + shown.err]
    return {line["check"]: line for line in map(json.loads, shown.out.splitlines())}


def failed(found: Findings) -> dict[str, Any]:
    """The one check that failed; what needs it is left out."""
    names = [name for name, each in found.items() if each["status"] == "failed"]
    assert len(names) == 1, found
    return found[names[0]]
