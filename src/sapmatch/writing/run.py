"""Apply an update file to SAP, record by record, and say what became of each."""

from collections.abc import Callable
from datetime import datetime, timedelta
from http import HTTPStatus
from math import ceil
from typing import Literal

from msgspec import Struct, field

from sapmatch.model.errors import AuthorizationMissing, SapUnavailable
from sapmatch.model.intent import UNDECIDED, Intent, IntentState
from sapmatch.model.ports import Clock, Intents, Objects, SapReader, SapWriter
from sapmatch.writing.protocol import write_record
from sapmatch.writing.reconcile import reconcile
from sapmatch.writing.response_file import status, store_responses, summary
from sapmatch.writing.update_file import UpdateFile, UpdateRecord, load

UNREACHABLE = 3  # records in a row that SAP could not take: the rest waits for the next run
FINE = ("created", "updated", "already_there")


class RunResult(Struct, frozen=True, kw_only=True):
    """What became of a run; `counts` by status as in the response file.

    `wait_seconds` until the first undecided record may be read back, None where none is undecided;
    `again` records need another write: not reached in time, never arrived, or waiting for SAP.
    """

    flow: str
    run_id: str
    response_key: str
    counts: dict[str, int] = field(default_factory=dict)
    wait_seconds: int | None = None
    oldest_unknown_seconds: int = 0
    again: int = 0
    stopped: str | None = None


def write_update_file(
    flow_name: str,
    run_id: str,
    *,
    sap: SapWriter,
    intents: Intents,
    objects: Objects,
    clock: Clock,
    owner: str,
    quiet_seconds: int,
    on_error: Literal["stop", "continue"],
    until: datetime | None = None,
) -> RunResult:
    """Write all records of a run in their order, then the response file, even where the run dies.

    No record is begun from `until` on; `again` says how many are left for another call.
    Run again, it goes on: what is confirmed is not sent, what is unknown is not sent. `stop` ends
    at the first record that is not fine. Raises SapUnavailable where SAP could not take a record
    now, AuthorizationMissing where the user may not write a record (the others are written, and
    lost answers are read back first), and what holds for the whole connection (LogonRefused,
    ServiceNotActivated); the response file is written before.
    """

    def write(record: UpdateRecord, intent: Intent) -> Intent:
        return write_record(
            intent,
            record.payload,
            sap=sap,
            intents=intents,
            clock=clock,
            owner=owner,
            quiet_seconds=quiet_seconds,
        )

    file = load(flow_name, run_id, objects)
    work = _Run(file, intents, objects, clock)
    result = work.each(write, _Streak(on_error).ended, until)
    denied = [intent.sap_messages[0] for intent in work.intents if forbidden(intent)]
    if denied and (result.stopped or result.wait_seconds is None):
        raise AuthorizationMissing(
            f"flow {flow_name}, run {run_id}: {len(denied)} record(s) may not be written: "
            f"{denied[0]}"
        )
    backed = [intent for intent in work.intents if backed_off(intent) and not forbidden(intent)]
    waiting = [intent.sap_messages[0] for intent in backed]
    if waiting:
        raise SapUnavailable(f"flow {flow_name}, run {run_id}: {len(waiting)} wait: {waiting[0]}")
    return result


def reconcile_update_file(
    flow_name: str,
    run_id: str,
    *,
    sap: SapReader,
    intents: Intents,
    objects: Objects,
    clock: Clock,
    probe_spacing_seconds: int,
    until: datetime | None = None,
) -> RunResult:
    """Read back the undecided records of a run until `until`, then write its response file anew."""

    def read_back(record: UpdateRecord, intent: Intent) -> Intent:
        return reconcile(
            intent,
            record.payload,
            sap=sap,
            intents=intents,
            clock=clock,
            probe_spacing_seconds=probe_spacing_seconds,
        )

    file = load(flow_name, run_id, objects)
    return _Run(file, intents, objects, clock).each(read_back, lambda _: None, until)


class _Streak:
    """Says when a run shall not go on, and why."""

    def __init__(self, on_error: Literal["stop", "continue"]) -> None:
        self._on_error = on_error
        self._refused = 0

    def ended(self, intent: Intent) -> str | None:
        """The reason to stop after this record."""
        self._refused = self._refused + 1 if backed_off(intent) else 0
        if self._refused >= UNREACHABLE:
            return f"SAP took none of {UNREACHABLE} records in a row: {intent.sap_messages[0]}"
        if self._on_error == "stop" and status(intent) not in FINE:
            return f"record is {status(intent)}, and on_error is stop"
        return None


def backed_off(intent: Intent) -> bool:
    """Whether SAP was tried, did nothing, and shall be tried later."""
    return intent.state is IntentState.PLANNED and intent.next_probe_at is not None


def forbidden(intent: Intent) -> bool:
    """Whether it waits for an authorisation: another try soon is of no use."""
    return backed_off(intent) and intent.http_status == HTTPStatus.FORBIDDEN


def due_at(intent: Intent) -> datetime | None:
    """When the next step of an open intent may be taken; None: at once."""
    times = (intent.lease_until, intent.quiet_until, intent.next_probe_at)
    return max((time for time in times if time is not None), default=None)


def _seconds(wait: timedelta) -> int:
    return max(0, ceil(wait.total_seconds()))


class _Run:
    def __init__(self, file: UpdateFile, intents: Intents, objects: Objects, clock: Clock) -> None:
        self._file = file
        self._objects = objects
        self._clock = clock
        self.intents = [intents.get(record.intent) for record in file.records]

    def each(
        self,
        work: Callable[[UpdateRecord, Intent], Intent],
        ended: Callable[[Intent], str | None],
        until: datetime | None,
    ) -> RunResult:
        stopped: str | None = None
        try:
            for n, record in enumerate(self._file.records):
                if until is not None and self._clock.now() >= until:
                    break
                self.intents[n] = work(record, self.intents[n])
                stopped = ended(self.intents[n])
                if stopped:
                    break
        finally:
            key = self._respond()
        return self._result(key, stopped)

    def _respond(self) -> str:
        records = [record.record for record in self._file.records]
        outcomes = zip(records, self.intents, strict=True)
        return store_responses(self._file.flow, self._file.run_id, outcomes, self._objects)

    def _result(self, key: str, stopped: str | None) -> RunResult:
        now = self._clock.now()
        unknown = [intent for intent in self.intents if intent.state in UNDECIDED]
        due = [due_at(intent) or now for intent in unknown]
        sent = [intent.sent_at for intent in unknown if intent.sent_at]
        return RunResult(
            flow=self._file.flow,
            run_id=self._file.run_id,
            response_key=key,
            counts=summary(map(status, self.intents))["summary"],
            wait_seconds=_seconds(min(due) - now) if due else None,
            oldest_unknown_seconds=_seconds(now - min(sent)) if sent else 0,
            again=sum(
                intent.state is IntentState.PLANNED and not forbidden(intent)
                for intent in self.intents
            ),
            stopped=stopped,
        )
