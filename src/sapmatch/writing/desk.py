"""Drives the protocol with real ports: one intent, or many side by side."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from sapmatch.model.intent import Intent, Record
from sapmatch.model.ports import Clock, Gate, Intents, SapWriter
from sapmatch.writing.protocol.effects import Rules

Work = tuple[Intent, Record]


class Desk(Struct, frozen=True, kw_only=True):
    """What a worker has at hand; `owner` is its name in the records that it claims."""

    sap: SapWriter
    intents: Intents
    clock: Clock
    rules: Rules
    owner: str
    gate: Gate | None = None


def write(work: Sequence[Work], desk: Desk, *, batch: int = 1) -> Iterator[Intent]:
    """Send what may be sent, in its order; yields every intent in its new state, in order.

    What SAP is asked first is asked for many at once. With `batch` above 1 as many records travel
    in one $batch, at most, and fewer where SAP takes long for them. What the gate does not let
    through becomes HELD. Raises LogonRefused and ServiceNotActivated once what was begun is back
    at PLANNED.
    """
    raise NotImplementedError


def read_back(work: Sequence[Work], desk: Desk) -> Iterator[Intent]:
    """Read back what is due, and let claims and looks of the dead go; yields every intent."""
    raise NotImplementedError
