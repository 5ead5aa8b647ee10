"""`sapmatch intents restore`: put back from the history what the table of intents lost."""

import argparse
from datetime import date

from sapmatch.bootstrap import Services, deployment, write_back_flows
from sapmatch.bootstrap.history import restored
from sapmatch.bootstrap.writing import gate
from sapmatch.cli import output
from sapmatch.cli.intent_store import SHORT
from sapmatch.model.errors import InputRejected


def day(text: str) -> date:
    """The type of `--since`."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"must be a day like 2026-11-20, not {text!r}") from None


def restore(arguments: argparse.Namespace) -> int:
    """Put back the last version of every intent planned since a day, and tell each (RE-33)."""
    if arguments.ledger:
        raise InputRejected("--ledger: a ledger file has no history; name a stage with --stage")
    parts = deployment(arguments.stage)
    _require_held(parts, arguments.stage)
    many = 0
    for intent in restored(parts, arguments.since):
        many += 1
        if arguments.json:
            output.json_line({"intent": intent.id, "flow": intent.flow, "state": intent.state})
        else:
            output.line(f"intent {intent.id[:SHORT]} of {intent.flow} is {intent.state} again")
    if not arguments.json:
        output.line(f"{many} put back; all others are as new as the history, or newer")
    return 0


def _require_held(parts: Services, stage: str | None) -> None:
    """Nobody may send from a table that is not whole."""
    now = parts.clock.now().timestamp()
    for name in sorted(set(write_back_flows(stage).values())):
        if gate(parts, name).standing().held_until <= now:
            raise InputRejected(
                f"connection {name}: may be written to while intents are missing; first "
                f'sapmatch hold {name} --for 4h --reason "restore of intents"'
            )
