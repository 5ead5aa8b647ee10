"""Where intended writes are looked for: the table of a deployed stage, or a ledger file."""

import argparse
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from sapmatch.bootstrap import deployment, write_back_flows
from sapmatch.bootstrap.history import history_of
from sapmatch.cli.ledger import LedgerFile
from sapmatch.clock import SystemClock
from sapmatch.model.errors import InputRejected
from sapmatch.model.intent import TERMINAL, Intent, IntentState
from sapmatch.model.ports import Clock, Intents

if TYPE_CHECKING:
    from sapmatch.bootstrap import Services

OPEN = tuple(state for state in IntentState if state not in TERMINAL)
SHORT = 12  # digits of an id in a table
_DAYS = 7  # for which what has ended is looked through
_ID = re.compile(r"[0-9a-f]{8,64}")
_WHOLE = 64


class IntentStore(Struct, frozen=True, kw_only=True):
    """Intents with the flows that they are in; `parts` where it is a stage."""

    intents: Intents
    flows: Sequence[str]
    clock: Clock
    parts: "Services | None" = None

    def listed(self, states: Sequence[IntentState], flow: str | None = None) -> Iterator[Intent]:
        """Intents in these states, flow by flow; of ended ones those of the last days."""
        for name in self._named(flow):
            yield from self.intents.due(name, [s for s in states if s not in TERMINAL])
            if TERMINAL.intersection(states):
                yield from (i for i in self._ended(name) if i.state in states)

    def find(self, prefix: str) -> Intent:
        """The intent whose id begins so; a whole id may have ended any time ago.

        Raises InputRejected where there is none, or more than one.
        """
        if not _ID.fullmatch(prefix):
            raise InputRejected("ID: must be the id of an intended write, or its first 8 digits")
        if len(prefix) == _WHOLE:
            return self.intents.get(prefix)
        found = [i for i in self.listed(tuple(IntentState)) if i.id.startswith(prefix)]
        if len(found) != 1:
            many = f"{len(found)} begin so; give more digits" if found else "is not known"
            raise InputRejected(f"intent {prefix}: {many}")
        return found[0]

    def versions(self, intent: Intent) -> Sequence[Intent]:
        """All that the intent was until now."""
        if isinstance(self.intents, LedgerFile):
            return self.intents.versions(intent.id)
        found = history_of(self.parts).versions(intent) if self.parts else []
        # What is stored now may not have reached the history yet.
        return found if intent in found else [*found, intent]

    def _named(self, flow: str | None) -> Sequence[str]:
        if flow is None:
            return self.flows
        if flow not in self.flows:
            known = ", ".join(sorted(self.flows)) or "none"
            raise InputRejected(f"flow {flow}: is not here; known are {known}")
        return (flow,)

    def _ended(self, flow: str) -> Iterator[Intent]:
        today = self.clock.now().date()
        for days in range(_DAYS):
            yield from self.intents.ended(flow, today - timedelta(days=days))


def add_store(parser: argparse.ArgumentParser) -> None:
    """`--stage` and `--ledger`: whose intents; unset where an action stands behind them."""
    unset: Any = argparse.SUPPRESS
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--stage", metavar="NAME", default=unset, help="name of the deployed stage")
    where.add_argument(
        "--ledger", metavar="FILE", type=Path, default=unset, help="a ledger of sapmatch write"
    )


@contextmanager
def intent_store(arguments: argparse.Namespace) -> Iterator[IntentStore]:
    """The intents of this call; InputRejected where the ledger is not there or in use."""
    if arguments.ledger is None:
        yield stage_store(arguments.stage)
        return
    if not arguments.ledger.is_file():
        raise InputRejected(f"{arguments.ledger}: there is no such file")
    with LedgerFile(arguments.ledger) as ledger:
        flows = dict.fromkeys(intent.flow for intent in ledger.all())
        yield IntentStore(intents=ledger, flows=tuple(flows), clock=SystemClock())


def stage_store(stage: str | None) -> IntentStore:
    """The intents of a deployed stage."""
    parts = deployment(stage)
    flows = tuple(write_back_flows(stage))
    return IntentStore(intents=parts.intents, flows=flows, clock=parts.clock, parts=parts)
