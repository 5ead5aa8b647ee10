"""One intended write, from PLANNED to its end: each at most once in SAP (RE-22).

    PLANNED -> CLAIMED -> SENT -> CONFIRMED   SAP answered, or already holds it
                            |---> REJECTED    SAP said no
                            |---> PLANNED     certain that nothing happened: later once more
                            '---> UNKNOWN     may have happened: see reconcile.py

SENT is stored before the first byte leaves. From SENT, UNKNOWN and RECONCILING nobody sends. Every
arrow is one write that is conditional on the version, so of two workers one loses and stops.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any, TypeVar

from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    LogonRefused,
    OutcomeUnknown,
    PreconditionFailed,
    SapmatchError,
    SapRejected,
    SapThrottled,
    ServiceNotActivated,
    TransientError,
)
from sapmatch.model.intent import Entity, Intent, IntentState, Record, Repeatability, Written
from sapmatch.model.ports import Clock, Intents, SapWriter
from sapmatch.model.query import ODataValue
from sapmatch.writing import readback
from sapmatch.writing.identity import request_id

T = TypeVar("T")
TRIES = 3  # reads and sends of one update before a moving record is given up
CLAIM = timedelta(seconds=60)  # a worker that reads longer has lost its claim
FIRST_BACK_OFF, LONGEST_BACK_OFF = 2.0, 600.0  # seconds; doubled with every attempt
# SAP says that it has this one already: its check for duplicate invoices, and the answers of its
# idempotency service to a repeated request (OD-P77). Never a refusal, always a reason to look.
EXISTS_ALREADY = frozenset({"F5/117", "M8/108", "M8/462", "/IWBEP/CM_COS/001", "/IWBEP/CM_COS/005"})
# The code of a refusal in which SAP names none: it may be the path of the service that is wrong.
NO_WORD_OF_ODATA = "HTTP 404"
# The whole connection is affected, not this record.
CONNECTION_ERRORS = (LogonRefused, ServiceNotActivated)


class _SapError(Exception):
    """What SAP raised, kept apart from what our own store may raise."""

    def __init__(self, error: SapmatchError) -> None:
        super().__init__()
        self.error = error


class _Overtaken(Exception):
    """Another worker moved the intent."""


def write_record(
    intent: Intent,
    payload: Record,
    *,
    sap: SapWriter,
    intents: Intents,
    clock: Clock,
    owner: str,
    quiet_seconds: int,
) -> Intent:
    """Send one intent if it may be sent; returns it in its new state.

    Untouched come back: those that are not PLANNED (or CLAIMED by a worker that died), and those
    whose back-off is not over. What the user may not do is backed off with the status 403: it may
    be this record alone, of another company code. Raises LogonRefused and ServiceNotActivated after
    putting the intent back to PLANNED: they hold for every record of the connection.
    """
    work = _Write(intent, payload, sap, intents, clock, owner, quiet_seconds)
    try:
        return work.run() if may_send(intent, clock.now()) else intent
    except _Overtaken:
        return intents.get(intent.id)


def may_send(intent: Intent, now: datetime) -> bool:
    """Whether a worker may claim the intent now."""
    if intent.state is IntentState.CLAIMED:
        return intent.lease_until is None or intent.lease_until <= now
    due = intent.next_probe_at is None or intent.next_probe_at <= now
    return intent.state is IntentState.PLANNED and due


def messages(error: SapmatchError) -> tuple[str, ...]:
    """What SAP said, for people: code and text, details, SAP's own id of the call (MA-P65)."""
    if not isinstance(error, SapRejected):
        return (str(error),)
    transaction = (f"SAP transaction id {error.transaction_id}",) if error.transaction_id else ()
    return (f"{error.code}: {error.text}", *map(str, error.details), *transaction)


class _Write:
    """One try of one worker at one intent."""

    def __init__(
        self,
        intent: Intent,
        payload: Record,
        sap: SapWriter,
        intents: Intents,
        clock: Clock,
        owner: str,
        quiet_seconds: int,
    ) -> None:
        self.intent = intent
        self._payload = payload
        self._sap = sap
        self._intents = intents
        self._clock = clock
        self._owner = owner
        self._quiet = timedelta(seconds=quiet_seconds)

    def run(self) -> Intent:
        self._move(
            IntentState.CLAIMED,
            owner=self._owner,
            lease_until=self._clock.now() + min(CLAIM, self._quiet),
            attempts=self.intent.attempts + 1,
        )
        try:
            return self._insert() if self.intent.operation == "insert" else self._by_key()
        except _SapError as exc:
            return self._settle(exc.error)

    def _insert(self) -> Intent:
        """Look first, then create: a lost ledger or a busy colleague posts nothing twice."""
        if not self.intent.reference:
            return self._end(IntentState.REJECTED, (_UNSEARCHABLE,))
        hits = self._ask(lambda: readback.find(self._sap, self.intent, self._payload))
        live = [hit for hit in hits if not hit.reversed]
        if live:
            return self._already_there(live)
        return self._confirm(self._send(partial(self._create, self._payload)))

    def _already_there(self, hits: list[readback.Hit]) -> Intent:
        if len(hits) == 1 and not hits[0].differing:
            return self._end(IntentState.CONFIRMED, (), key=hits[0].key, confirmed_by="read")
        return self._end(IntentState.REJECTED, (not_the_same(self.intent, hits),))

    def _by_key(self) -> Intent:
        """Read, then change what was read; a record that moves in between is read again."""
        before: Record | None = None
        for _ in range(TRIES):
            entity = self._ask(self._read)
            ended = self._without_sending(entity)
            if ended:
                return ended
            now = {name: entity.row.get(name) for name in self._payload} if entity else {}
            if before is not None and now != before:
                return self._end(IntentState.REJECTED, (_MOVED,))
            before = now
            try:
                return self._confirm(self._send(partial(self._change, entity), entity))
            except _SapError as exc:
                if not isinstance(exc.error, PreconditionFailed):
                    raise
                self._move(IntentState.CLAIMED)  # 412, 428: SAP did nothing
        return self._end(IntentState.REJECTED, (_RESTLESS,))

    def _without_sending(self, entity: Entity | None) -> Intent | None:
        """The end of what needs no request: it is so already, or there is nothing to change."""
        operation = self.intent.operation
        if entity is None and operation == "update":
            return self._end(IntentState.REJECTED, ("SAP has no record with this key",))
        if entity is None:
            return self._found() if operation == "delete" else None
        if operation == "delete" or readback.differences(self._payload, entity.row):
            return None
        return self._found(etag=entity.etag)

    def _found(self, **fields: Any) -> Intent:
        return self._end(IntentState.CONFIRMED, (), confirmed_by="read", **fields)

    def _read(self) -> Entity | None:
        return self._sap.get(self.intent.service, self.intent.entity_set, self.intent.key)

    def _change(self, entity: Entity | None) -> Written:
        service, name, key = self.intent.service, self.intent.entity_set, self.intent.key
        if entity is None:
            return self._create({**key, **self._payload})
        if self.intent.operation == "delete":
            return self._sap.delete(service, name, key, etag=entity.etag)
        return self._sap.update(service, name, key, self._payload, etag=entity.etag)

    def _create(self, record: Record) -> Written:
        assert self.intent.request_id
        assert self.intent.first_sent
        same = Repeatability(request_id=self.intent.request_id, first_sent=self.intent.first_sent)
        return self._sap.create(
            self.intent.service, self.intent.entity_set, record, repeatability=same
        )

    def _send(self, call: Callable[[], Written], entity: Entity | None = None) -> Written:
        """Write ahead, then send: `first_sent` and the request id stay for every repetition."""
        self._ask(lambda: self._sap.prepare(self.intent.service))
        now = self._clock.now()
        self._move(
            IntentState.SENT,
            request_id=self.intent.request_id or request_id(self.intent.id, self.intent.attempts),
            first_sent=self.intent.first_sent or now,
            sent_at=now,
            quiet_until=now + self._quiet,
            lease_until=now + self._quiet,
            probes=0,
            etag=entity.etag if entity else None,
        )
        return self._ask(call)

    def _confirm(self, written: Written) -> Intent:
        if self.intent.operation == "insert" and not written.key:
            return self._unknown(("SAP answered without the number of the new record",))
        return self._end(
            IntentState.CONFIRMED,
            written.messages,
            key=_texts(written.key) or self.intent.key,
            etag=written.etag,
            http_status=written.http_status,
            confirmed_by="answer",
        )

    def _settle(self, error: SapmatchError) -> Intent:
        """The arrow that belongs to SAP's error."""
        sent = self.intent.state is IntentState.SENT
        if isinstance(error, OutcomeUnknown) and sent:
            return self._unknown(messages(error))
        if isinstance(error, TransientError | OutcomeUnknown):
            return self._back_off(error)
        if isinstance(error, AuthorizationMissing):
            return self._back_off(error, http_status=HTTPStatus.FORBIDDEN.value)
        if isinstance(error, CONNECTION_ERRORS):
            self._end(IntentState.PLANNED, messages(error))
            raise error
        if not isinstance(error, SapRejected | PreconditionFailed | InputRejected):
            raise error
        status = getattr(error, "http_status", None)
        if isinstance(error, SapRejected) and error.code == NO_WORD_OF_ODATA:
            return self._back_off(error, http_status=status)
        if sent and isinstance(error, SapRejected) and exists_already(error.code):
            return self._unknown(messages(error), quiet=timedelta(0), http_status=status)
        return self._end(IntentState.REJECTED, messages(error), http_status=status)

    def _back_off(self, error: SapmatchError, http_status: int | None = None) -> Intent:
        """Nothing happened: later once more, and not before SAP asked for it."""
        seconds = min(FIRST_BACK_OFF * 2 ** min(self.intent.attempts, 9), LONGEST_BACK_OFF)
        if isinstance(error, SapThrottled) and error.retry_after:
            seconds = max(seconds, error.retry_after)
        due = self._clock.now() + timedelta(seconds=seconds)
        return self._end(
            IntentState.PLANNED, messages(error), next_probe_at=due, http_status=http_status
        )

    def _unknown(
        self, said: tuple[str, ...], quiet: timedelta | None = None, **fields: Any
    ) -> Intent:
        until = self.intent.quiet_until
        if quiet is not None:  # SAP did answer: nothing of ours is still under way
            until = self._clock.now() + quiet
        return self._end(
            IntentState.UNKNOWN, said, quiet_until=until, next_probe_at=until, **fields
        )

    def _end(self, state: IntentState, said: tuple[str, ...], **fields: Any) -> Intent:
        cleared = ("next_probe_at", "quiet_until", "owner", "lease_until")
        fields = dict.fromkeys(cleared) | fields
        return self._move(state, sap_messages=said, **fields)

    def _move(self, state: IntentState, **fields: Any) -> Intent:
        try:
            self.intent = self._intents.change(self.intent, state=state, **fields)
        except PreconditionFailed as exc:
            raise _Overtaken from exc
        return self.intent

    def _ask(self, call: Callable[[], T]) -> T:
        try:
            return call()
        except SapmatchError as exc:
            raise _SapError(exc) from exc


_UNSEARCHABLE = "an insert needs a field by which SAP can be searched for it: name its reference"
_MOVED = "somebody else changed these fields in SAP meanwhile; nothing was written: look and decide"
_RESTLESS = f"the record changed in SAP during each of {TRIES} tries; nothing was written"


def _texts(key: Mapping[str, ODataValue]) -> dict[str, str]:
    """A key as intents keep it, in JSON; booleans as OData writes them."""
    return {
        name: str(value).lower() if isinstance(value, bool) else str(value)
        for name, value in key.items()
    }


def exists_already(code: str) -> bool:
    """Whether SAP's message code says that it holds this record already."""
    return code.strip().replace(" ", "/") in EXISTS_ALREADY


def not_the_same(intent: Intent, hits: list[readback.Hit]) -> str:
    """What a person has to know about documents that SAP holds under the same reference."""
    numbers = ", ".join("/".join(hit.key.values()) for hit in hits[:5])
    fields = ", ".join(sorted({name for hit in hits for name in hit.differing})[:5])
    other = f" with another {fields}" if fields else ""
    names = " and ".join(intent.reference)
    return f"SAP holds {intent.entity_set} {numbers} under the same {names}{other}: compare them"
