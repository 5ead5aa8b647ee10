"""What runs left behind: looked at whichever run it was of, and counted by its age."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from itertools import islice

import msgspec
from msgspec import Struct

from sapmatch.model.intent import UNDECIDED, Cause, Intent, IntentState, Record
from sapmatch.model.ports import Clock, Intents, Objects
from sapmatch.writing.desk import Desk, read_back
from sapmatch.writing.protocol.due import may_look
from sapmatch.writing.runs.run import respond, until_late

MOST = 5_000  # intents of one flow that one call looks at
_READERS = 8  # objects that are read at a time
_UNDECIDED = tuple(sorted(UNDECIDED))


class Ages(Struct, frozen=True, kw_only=True):
    """Seconds since the oldest undecided write was sent, and the oldest held one planned."""

    unknown: int = 0
    held: int = 0


def reconcile_flow(
    flow_name: str, *, desk: Desk, objects: Objects, until: datetime | None = None
) -> int:
    """Read back what is due of a flow, whichever run it is of; returns how many went on.

    The response files of their runs are written anew. What dead workers claimed and never sent is
    taken up by the next run.
    """
    due = list(islice(_due(flow_name, desk), MOST))
    with ThreadPoolExecutor(_READERS) as pool:
        work = list(zip(due, pool.map(lambda one: _payload(one, objects), due), strict=True))
    with closing(until_late(read_back(work, desk), desk, until)) as found:
        moved = [i for i, before in zip(found, due, strict=False) if i.version != before.version]
    for run_id in sorted({intent.run_id for intent in moved if intent.run_id}):
        respond(flow_name, run_id, desk.intents, objects)
    return len(moved)


def ages(flow_name: str, intents: Intents, clock: Clock) -> Ages:
    """How long the oldest of a flow have been waiting; those out of hours since their opening."""
    now = clock.now()
    sent = [i.sent_at for i in intents.due(flow_name, _UNDECIDED) if i.sent_at]
    held = [_since(i) for i in intents.due(flow_name, (IntentState.HELD,))]
    return Ages(
        unknown=max((int((now - at).total_seconds()) for at in sent), default=0),
        held=max((int((now - at).total_seconds()) for at in held if at and at < now), default=0),
    )


def _since(intent: Intent) -> datetime | None:
    return intent.next_probe_at if intent.cause is Cause.OUT_OF_HOURS else intent.created_at


def _due(flow_name: str, desk: Desk) -> Iterator[Intent]:
    for intent in desk.intents.due(flow_name, (*_UNDECIDED, IntentState.ABSENT)):
        if may_look(intent, desk.clock.now(), desk.rules, desk.owner):
            yield intent


def _payload(intent: Intent, objects: Objects) -> Record:
    return msgspec.json.decode(objects.read(intent.payload_key), type=Record)
