"""Read back what became of a write whose answer was lost; sends nothing, ever."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from sapmatch.model.errors import (
    OutcomeUnknown,
    PreconditionFailed,
    SapmatchError,
    SapRejected,
    TransientError,
)
from sapmatch.model.intent import Entity, Intent, IntentState, Record
from sapmatch.model.ports import Clock, Intents, SapReader
from sapmatch.writing import readback
from sapmatch.writing.protocol import exists_already, messages, not_the_same

T = TypeVar("T")
PROBES = 2  # spaced looks that find nothing before a write counts as never arrived
MOST_ATTEMPTS = 5  # sends of one intent before a person has to look
LEASE = timedelta(seconds=300)
# Within this time SAP may still recognise a request id, so a repetition keeps it (OD-P78).
REPEATABLE = timedelta(hours=6)


class _Unreadable(Exception):
    """SAP could not be read now."""

    def __init__(self, error: SapmatchError) -> None:
        super().__init__()
        self.error = error


def reconcile(
    intent: Intent,
    payload: Record,
    *,
    sap: SapReader,
    intents: Intents,
    clock: Clock,
    probe_spacing_seconds: int,
) -> Intent:
    """Decide on one intent by reading SAP, at the earliest after its quiet time (MA-P62).

    Found as written: CONFIRMED. Found otherwise or several times: CONFLICTING, for a person. Not
    found in two spaced looks: ABSENT, and back to PLANNED for one more send. Untouched come back
    those that are not due and those that another worker took. Raises LogonRefused,
    AuthorizationMissing and ServiceNotActivated: they hold for the whole connection.
    """
    work = _Reading(intent, payload, sap, intents, clock, timedelta(seconds=probe_spacing_seconds))
    try:
        return work.run()
    except PreconditionFailed:
        return intents.get(intent.id)


class _Reading:
    """One look of one worker at one intent."""

    def __init__(
        self,
        intent: Intent,
        payload: Record,
        sap: SapReader,
        intents: Intents,
        clock: Clock,
        spacing: timedelta,
    ) -> None:
        self.intent = intent
        self._payload = payload
        self._sap = sap
        self._intents = intents
        self._clock = clock
        self._spacing = spacing

    def run(self) -> Intent:
        if self.intent.state is IntentState.ABSENT:
            return self._plan_again()
        if self._abandoned():
            self._move(IntentState.UNKNOWN)
        if not self._due():
            return self.intent
        self._move(IntentState.RECONCILING, lease_until=self._clock.now() + LEASE)
        try:
            return self._by_reference() if self.intent.operation == "insert" else self._by_key()
        except _Unreadable as exc:
            return self._look_again(exc.error)

    def _abandoned(self) -> bool:
        """Being sent or being read by a worker that died."""
        at_work = self.intent.state in (IntentState.SENT, IntentState.RECONCILING)
        lease = self.intent.lease_until
        return at_work and (lease is None or lease <= self._clock.now())

    def _due(self) -> bool:
        times = (self.intent.quiet_until, self.intent.next_probe_at)
        waiting = any(time is not None and time > self._clock.now() for time in times)
        return self.intent.state is IntentState.UNKNOWN and not waiting

    def _by_reference(self) -> Intent:
        hits = self._ask(lambda: readback.find(self._sap, self.intent, self._payload))
        live = [hit for hit in hits if not hit.reversed]
        if len(live) == 1 and not live[0].differing:
            return self._found(key=live[0].key)
        if hits:
            return self._conflict(not_the_same(self.intent, hits))
        return self._not_found()

    def _by_key(self) -> Intent:
        entity = self._ask(self._read)
        if self._as_written(entity):
            return self._found(etag=entity.etag if entity else None)
        moved = entity is not None and self.intent.etag and entity.etag != self.intent.etag
        return self._conflict(_CHANGED) if moved else self._not_found()

    def _read(self) -> Entity | None:
        return self._sap.get(self.intent.service, self.intent.entity_set, self.intent.key)

    def _as_written(self, entity: Entity | None) -> bool:
        if self.intent.operation == "delete":
            return entity is None
        return entity is not None and not readback.differences(self._payload, entity.row)

    def _found(self, **fields: Any) -> Intent:
        return self._move(
            IntentState.CONFIRMED,
            confirmed_by="read",
            next_probe_at=None,
            sap_messages=(),
            **fields,
        )

    def _not_found(self) -> Intent:
        """Nothing there: look once more, then send once more, but never for ever."""
        if any(exists_already(said.partition(": ")[0]) for said in self.intent.sap_messages):
            return self._conflict(_HIDDEN)
        probes = self.intent.probes + 1
        if probes < PROBES:
            due = self._clock.now() + self._spacing
            return self._move(IntentState.UNKNOWN, probes=probes, next_probe_at=due)
        if self.intent.attempts >= MOST_ATTEMPTS:
            return self._conflict(_NEVER_ARRIVES.format(self.intent.attempts))
        self._move(IntentState.ABSENT, probes=probes)
        return self._plan_again()

    def _plan_again(self) -> Intent:
        """A late original and its repetition shall be one for SAP, while it may remember the id."""
        first = self.intent.first_sent
        forgotten = first is None or self._clock.now() - first >= REPEATABLE
        anew: dict[str, Any] = {"request_id": None, "first_sent": None} if forgotten else {}
        return self._move(
            IntentState.PLANNED, probes=0, quiet_until=None, next_probe_at=None, **anew
        )

    def _look_again(self, error: SapmatchError) -> Intent:
        """SAP could not be read: that says nothing about the write."""
        said = (*self.intent.sap_messages[:1], *messages(error))
        due = self._clock.now() + self._spacing
        self._move(IntentState.UNKNOWN, next_probe_at=due, sap_messages=said)
        if not isinstance(error, TransientError | OutcomeUnknown | SapRejected):
            raise error
        return self.intent

    def _conflict(self, explanation: str) -> Intent:
        said = (explanation, *self.intent.sap_messages)
        return self._move(IntentState.CONFLICTING, sap_messages=said, next_probe_at=None)

    def _move(self, state: IntentState, **fields: Any) -> Intent:
        fields = {"owner": None, "lease_until": None, **fields}
        self.intent = self._intents.change(self.intent, state=state, **fields)
        return self.intent

    def _ask(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except SapmatchError as exc:
            raise _Unreadable(exc) from exc


_CHANGED = (
    "the record changed in SAP since it was sent and does not show what was written: "
    "look and decide"
)
_HIDDEN = "SAP says that it holds this record, but shows none under its reference: look and decide"
_NEVER_ARRIVES = "was sent {} times and never arrived: look into SAP's error log (/IWFND/ERROR_LOG)"
