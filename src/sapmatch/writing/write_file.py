"""One file of records into SAP from this machine, for `sapmatch write`."""

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any, Literal

import msgspec

from sapmatch.model.errors import AuthorizationMissing, SapmatchError, SapUnavailable
from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import TERMINAL, Intent, IntentState, Record
from sapmatch.model.ports import Clock, Intents, SapWriter
from sapmatch.writing.inbox import parse_inbox
from sapmatch.writing.plan import placed, stored
from sapmatch.writing.protocol import write_record
from sapmatch.writing.readback import differences
from sapmatch.writing.reconcile import reconcile
from sapmatch.writing.response_file import response, summary
from sapmatch.writing.run import FINE, UNREACHABLE, backed_off, due_at, forbidden

OWNER = "sapmatch write"
PATIENCE = timedelta(seconds=90)  # waiting in one run, for lost answers and for a busy SAP
STEPS = 8  # protocol steps of one record in one run: send, two looks, send, two looks
_SINCE = (
    "was written by an earlier run, and SAP holds something else since; "
    "name another file with --ledger to write it again"
)
_FOR_PEOPLE = (IntentState.CONFLICTING, IntentState.HELD)


def write_file(
    sap: SapWriter,
    data: bytes,
    *,
    flow: WriteBack,
    flow_name: str,
    connection: str,
    client: str,
    ledger: Intents,
    clock: Clock,
    on_error: Literal["stop", "continue"],
    dry_run: bool,
    quiet_seconds: int,
    probe_spacing_seconds: int,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[dict[str, Any]]:
    """Write the records of a file in their order; yields one response each, then the summary.

    The ledger makes the same call go on where it stopped. A lost answer is read back within this
    run where the quiet time allows, else by the next one. Raises InputRejected before anything is
    sent where the file has mistakes; after the summary, what kept the rest from being written
    (SapUnavailable, LogonRefused, AuthorizationMissing, ServiceNotActivated).
    """
    source = hashlib.sha256(data).hexdigest()
    planned = parse_inbox(data, flow_name, flow, connection, client, source=source, now=clock.now())
    if dry_run:
        yield from _unsent(planned)
        return
    planned = placed(planned, ledger)
    intents = stored(planned, ledger)
    desk = _Desk(sap, ledger, clock, quiet_seconds, probe_spacing_seconds)
    statuses: list[str] = []
    stopped = False
    for (drafted, payload), intent in zip(planned, intents, strict=True):
        after = intent if stopped else desk.settled(intent, msgspec.json.decode(payload))
        line = response(drafted.record, after)
        stopped = stopped or desk.failure is not None
        stopped = stopped or (on_error == "stop" and line["status"] not in FINE)
        statuses.append(line["status"])
        if progress:
            progress(len(statuses), len(planned))
        yield line
    yield summary(statuses)
    failure = desk.failure or desk.denied
    if failure:
        raise failure


def _unsent(planned: list[tuple[Intent, bytes]]) -> Iterator[dict[str, Any]]:
    lines = [response(intent.record, intent) for intent, _ in planned]
    yield from lines
    yield summary(line["status"] for line in lines)


class _Desk:
    """Takes one record as far as it goes in this run."""

    def __init__(
        self,
        sap: SapWriter,
        ledger: Intents,
        clock: Clock,
        quiet_seconds: int,
        probe_spacing_seconds: int,
    ) -> None:
        self._sap = sap
        self._ledger = ledger
        self._clock = clock
        self._quiet_seconds = quiet_seconds
        self._spacing = probe_spacing_seconds
        self._patience = PATIENCE
        self._denials = 0  # in a row
        self.denied: SapmatchError | None = None
        self.failure: SapmatchError | None = None  # ends the run

    def settled(self, intent: Intent, payload: Record) -> Intent:
        """The record after sending, waiting and reading back, as far as patience reaches."""
        if intent.state is IntentState.CONFIRMED and intent.operation != "insert":
            return self._looked_at(intent, payload)
        refused = 0
        for _ in range(STEPS):
            if not self._ready(intent):
                break
            try:
                after = self._step(intent, payload)
            except SapmatchError as exc:
                self.failure = exc
                return self._ledger.get(intent.id)
            if forbidden(after):
                return self._deny(after)
            self._denials = 0
            refused += backed_off(after)
            if after.version == intent.version or refused == UNREACHABLE:
                intent = after
                break
            intent = after
        if backed_off(intent):
            self.failure = SapUnavailable(f"{intent.sap_messages[0]}; run the same command again")
        return intent

    def _deny(self, intent: Intent) -> Intent:
        """Other records may be allowed, but not after several refusals in a row."""
        self._denials += 1
        self.denied = AuthorizationMissing(intent.sap_messages[0])
        if self._denials == UNREACHABLE:
            self.failure = self.denied
        return intent

    def _looked_at(self, intent: Intent, payload: Record) -> Intent:
        """Done by an earlier run; held for a person where SAP no longer has it as written."""
        try:
            entity = self._sap.get(intent.service, intent.entity_set, intent.key)
        except SapmatchError as exc:
            self.failure = exc
            return intent
        if intent.operation == "delete":
            as_written = entity is None
        else:
            as_written = entity is not None and not differences(payload, entity.row)
        if as_written:
            return intent
        return msgspec.structs.replace(intent, state=IntentState.HELD, sap_messages=(_SINCE,))

    def _ready(self, intent: Intent) -> bool:
        """Wait for the next step of the record; False where there is none in this run."""
        if intent.state in TERMINAL or intent.state in _FOR_PEOPLE:
            return False
        now = self._clock.now()
        wait = (due_at(intent) or now) - now
        if wait > self._patience:
            return False
        if wait > timedelta(0):
            self._patience -= wait
            self._clock.sleep(wait.total_seconds())
        return True

    def _step(self, intent: Intent, payload: Record) -> Intent:
        if intent.state in (IntentState.PLANNED, IntentState.CLAIMED):
            return write_record(
                intent,
                payload,
                sap=self._sap,
                intents=self._ledger,
                clock=self._clock,
                owner=OWNER,
                quiet_seconds=self._quiet_seconds,
            )
        return reconcile(
            intent,
            payload,
            sap=self._sap,
            intents=self._ledger,
            clock=self._clock,
            probe_spacing_seconds=self._spacing,
        )
