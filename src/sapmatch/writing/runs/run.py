"""One run: its update file is applied to SAP, and what became of each record is written down."""

from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from math import ceil
from zlib import crc32

from msgspec import Struct, field

from sapmatch.model.errors import AuthorizationMissing, SapUnavailable
from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import UNDECIDED, Intent, IntentState
from sapmatch.model.ports import Intents, Objects
from sapmatch.writing.desk import Desk, Work, read_back
from sapmatch.writing.protocol.due import due_at, may_send
from sapmatch.writing.response_file import status, store_responses, summary
from sapmatch.writing.runs.turn import Turn, backed_off, forbidden
from sapmatch.writing.update_file import UpdateFile, UpdateRecord, load, update_key

SOON = timedelta(minutes=15)  # what is held for longer is left to a later run
_NOT_YET = timedelta(minutes=1)  # until a gate that stayed shut is asked once more
_READERS = 8  # intents that are read at a time
_LEAST = 20  # records for which another function is worth its start


class RunResult(Struct, frozen=True, kw_only=True):
    """What became of a run, or of a part of it; `counts` by status as in the response file.

    `wait_seconds` until the first of `unknown` records may be read back, or of `held` ones sent:
    their time comes, or that of the dead worker's claim; None where nothing is waited for. `again`
    records need another write: not reached in time, never arrived, or waiting for SAP. What is
    held for longer than SOON is in neither, nor are `conflicts`: people decide about those.
    """

    flow: str
    run_id: str
    counts: dict[str, int] = field(default_factory=dict)
    wait_seconds: int | None = None
    oldest_unknown_seconds: int = 0
    unknown: int = 0
    conflicts: int = 0
    again: int = 0
    held: int = 0
    stopped: str | None = None


def write_update_file(
    flow_name: str,
    run_id: str,
    *,
    flow: WriteBack,
    desk: Desk,
    objects: Objects,
    until: datetime | None = None,
    part: int = 0,
    parts: int = 1,
) -> RunResult:
    """Write all records of a run, or of one part of it, then the response file.

    The response file of a whole run is written even where the run dies; that of a run in parts by
    whoever comes after. Nothing is begun from `until` on: `again` says how much is left for another
    call. Run again, it goes on: what is confirmed or unknown is not sent. What $metadata rules out
    is refused before anything is sent, and outside of the flow's window all is held. Raises
    SapUnavailable where SAP could not take a record now, AuthorizationMissing where the user may
    not write a record (the others are written, and lost answers are read back first), and what
    holds for the whole connection (LogonRefused, ServiceNotActivated).
    """
    run = _Run(load(flow_name, run_id, objects), desk, part, parts)
    turn = Turn(run.work, run.intents, flow, desk, until)
    try:
        turn.take()
    except BaseException:
        run.refresh()  # what was under way stands in the store only
        raise
    finally:
        if parts == 1:
            run.respond(objects)
    result = run.result(turn)
    _complain(result, run.intents)
    return result


def reconcile_update_file(
    flow_name: str,
    run_id: str,
    *,
    desk: Desk,
    objects: Objects,
    until: datetime | None = None,
) -> RunResult:
    """Read back the undecided records of a run until `until`, then write its response file anew."""
    run = _Run(load(flow_name, run_id, objects), desk)
    undecided = [n for n, intent in enumerate(run.intents) if intent.state in _OPEN]
    work = [run.work[n] for n in undecided]
    try:
        with closing(until_late(read_back(work, desk), desk, until)) as found:
            for n, intent in zip(undecided, found, strict=False):
                run.intents[n] = intent
    finally:
        run.respond(objects)
    return run.result()


def respond(flow_name: str, run_id: str, intents: Intents, objects: Objects) -> list[Intent]:
    """Write the response file of a run from its intents, after whatever killed the run.

    Returns them; none where the run has no update file, or its dropped file was refused as a whole.
    """
    if not objects.exists(update_key(flow_name, run_id)):
        return []
    file = load(flow_name, run_id, objects)
    if file.mistakes:
        return []
    found = _stored(file.records, intents)
    _respond(file, found, objects)
    return found


def parts_of(records: int, flow: WriteBack) -> int:
    """How many functions share a run; one where on_error is stop."""
    return max(1, min(flow.parallel, ceil(records / _LEAST)))


def until_late(
    found: Iterator[Intent], desk: Desk, until: datetime | None
) -> Generator[Intent, None, None]:
    """Intents as they come, none from `until` on."""
    if until is not None and desk.clock.now() >= until:
        return
    for intent in found:
        yield intent
        if until is not None and desk.clock.now() >= until:
            return


_OPEN = UNDECIDED | {IntentState.ABSENT}


class _Run:
    """The records of a run, or of one part, with their intents as they stand."""

    def __init__(self, file: UpdateFile, desk: Desk, part: int = 0, parts: int = 1) -> None:
        self._file = file
        self._desk = desk
        self._part = part
        self._records = [r for r in file.records if _belongs(r) % parts == part]
        self.intents = _stored(self._records, desk.intents)

    @property
    def work(self) -> list[Work]:
        payloads = (record.payload for record in self._records)
        return list(zip(self.intents, payloads, strict=True))

    def refresh(self) -> None:
        self.intents[:] = _stored(self._records, self._desk.intents)

    def respond(self, objects: Objects) -> None:
        """Also in the response files of dropped files whose records were left to this run."""
        _respond(self._file, self.intents, objects)
        flow, run_id = self._file.flow, self._file.run_id
        for earlier in sorted({i.run_id for i in self.intents if i.run_id} - {run_id}):
            respond(flow, earlier, self._desk.intents, objects)

    def result(self, turn: Turn | None = None) -> RunResult:
        now = self._desk.clock.now()
        unknown = self._those(lambda i: i.state in UNDECIDED)
        planned = self._those(lambda i: i.state is IntentState.PLANNED and not forbidden(i))
        later = self._those(lambda i: i.state in (IntentState.HELD, IntentState.CLAIMED))
        due = [i for i in later if self._may_go_on(i)]
        soon = [i for i in later if i not in due and self._time_of(i) <= now + SOON]
        kept = due if turn and turn.shut else []
        waits = [self._time_of(intent) - now for intent in [*unknown, *soon]]
        waits += [_NOT_YET for _ in kept]
        sent = [intent.sent_at for intent in unknown if intent.sent_at]
        return RunResult(
            flow=self._file.flow,
            run_id=self._file.run_id,
            counts=self._counts(),
            wait_seconds=_seconds(min(waits)) if waits else None,
            oldest_unknown_seconds=_seconds(now - min(sent)) if sent else 0,
            unknown=len(unknown),
            conflicts=len(self._those(lambda i: i.state is IntentState.CONFLICTING)),
            again=0 if turn and turn.shut else len(planned) + len(due),
            held=len(soon) + len(kept),
            stopped=turn.stopped if turn else None,
        )

    def _may_go_on(self, intent: Intent) -> bool:
        """Whoever comes next: a claim ends with its lease."""
        return may_send(intent, self._desk.clock.now(), self._desk.rules, owner="")

    def _time_of(self, intent: Intent) -> datetime:
        """When its next step may be taken, by the clocks of both workers (RE-27)."""
        time = due_at(intent) or self._desk.clock.now()
        return time + self._desk.rules.skew if intent.state is IntentState.CLAIMED else time

    def _counts(self) -> dict[str, int]:
        refused = () if self._part else self._file.refused
        return summary([*map(status, self.intents), *("rejected" for _ in refused)])["summary"]

    def _those(self, are: Callable[[Intent], bool]) -> list[Intent]:
        return [intent for intent in self.intents if are(intent)]


def _complain(result: RunResult, intents: list[Intent]) -> None:
    """Raise what keeps records from being written: the state machine waits, or tells people."""
    place = f"flow {result.flow}, run {result.run_id}"
    denied = [intent.sap_messages[0] for intent in intents if forbidden(intent)]
    if denied and (result.stopped or result.wait_seconds is None):
        raise AuthorizationMissing(
            f"{place}: {len(denied)} record(s) may not be written: {denied[0]}"
        )
    waiting = [i.sap_messages[0] for i in intents if backed_off(i) and not forbidden(i)]
    if waiting and not result.held:
        raise SapUnavailable(f"{place}: {len(waiting)} wait: {waiting[0]}")


def _belongs(record: UpdateRecord) -> int:
    """The same number for writes of the same record: they go one after the other."""
    name = sorted(record.key.items()) or record.intent
    return crc32(repr((record.service, record.entity_set, name)).encode())


def _stored(records: Sequence[UpdateRecord], intents: Intents) -> list[Intent]:
    with ThreadPoolExecutor(_READERS) as pool:
        return list(pool.map(lambda record: intents.get(record.intent), records))


def _respond(file: UpdateFile, intents: list[Intent], objects: Objects) -> None:
    names = [record.record for record in file.records]
    outcomes = zip(names, intents, strict=True)
    store_responses(file.flow, file.run_id, outcomes, objects, file.refused)


def _seconds(wait: timedelta) -> int:
    return max(0, ceil(wait.total_seconds()))
