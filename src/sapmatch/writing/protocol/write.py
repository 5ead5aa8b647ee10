"""Send one intent, at most once."""

from collections.abc import Generator, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, TypeAlias

import msgspec

from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    LogonRefused,
    OutcomeUnknown,
    PreconditionFailed,
    RecordLocked,
    SapmatchError,
    SapRejected,
    SapThrottled,
    ServiceNotActivated,
    TransientError,
)
from sapmatch.model.intent import (
    TERMINAL,
    Cause,
    Change,
    Entity,
    Intent,
    IntentState,
    Record,
    Repeatability,
    Written,
)
from sapmatch.writing import readback
from sapmatch.writing.identity import request_id
from sapmatch.writing.protocol import messages as say
from sapmatch.writing.protocol.answers import (
    EXISTS_ALREADY,
    NO_WORD_OF_ODATA,
    NOT_REPEATABLE,
    codes_of,
    is_locked_for_long,
    is_unsuccessful,
    refuses_person,
    texts,
)
from sapmatch.writing.protocol.arrows import moved, released
from sapmatch.writing.protocol.due import may_send
from sapmatch.writing.protocol.effects import Ask, Effect, Now, Prepare, Rules, Save, Send, Step

TRIES = 3  # reads and sends of one change before a moving record is given up
FIRST_BACK_OFF, LONGEST_BACK_OFF = 2.0, 600.0  # seconds; doubled with every claim
# The whole connection is affected, not this record.
CONNECTION_ERRORS = (LogonRefused, ServiceNotActivated)

Answered: TypeAlias = Generator[Effect, Any, Any]


def write(intent: Intent, payload: Record, *, rules: Rules, owner: str, now: Now) -> Step:
    """Send one intent if it may be sent; returns it in its new state.

    SAP is always read first, so that a lost ledger or an old backup writes nothing twice (MA-P62).
    Untouched come back those whose turn it is not. What the user may not do is backed off with the
    status 403: it may be this record alone. REJECTED where SAP lets in all but the person in whose
    name it is. Raises LogonRefused otherwise and ServiceNotActivated after putting the intent back
    to PLANNED, and PreconditionFailed where another worker moved it.
    """
    if not may_send(intent, now(), rules, owner):
        return intent
    return (yield from _Write(intent, payload, rules, owner, now).run())


class _SapError(Exception):
    """What SAP raised, kept apart from what our own store may raise."""

    def __init__(self, error: SapmatchError) -> None:
        super().__init__()
        self.error = error


class _Refused(Exception):
    """It shall not be sent, and why."""

    def __init__(self, cause: Cause, said: str) -> None:
        super().__init__()
        self.cause = cause
        self.said = said


class _Write:
    """One try of one worker at one intent."""

    def __init__(self, intent: Intent, payload: Record, rules: Rules, owner: str, now: Now) -> None:
        self.intent = intent
        self._payload = payload
        self._rules = rules
        self._owner = owner
        self._now = now
        self._asked: Effect | None = None

    def run(self) -> Step:
        yield from self._claim()
        try:
            if self.intent.operation == "insert":
                return (yield from self._insert())
            return (yield from self._by_key())
        except _Refused as exc:
            return (yield from self._end(IntentState.REJECTED, (exc.said,), cause=exc.cause))
        except _SapError as exc:
            return (yield from self._settle(exc.error))

    def _claim(self) -> Step:
        if self.intent.state is IntentState.HELD:
            yield from self._save(released(self.intent))
        return (
            yield from self._move(
                IntentState.CLAIMED,
                owner=self._owner,
                lease_until=self._now() + self._rules.lease,
                claims=self.intent.claims + 1,
            )
        )

    def _insert(self) -> Step:
        """Look first, then create: a lost ledger or a busy colleague posts nothing twice."""
        found = readback.hits(self.intent, self._payload, (yield from self._look()))
        live = [hit for hit in found if not hit.reversed]
        if len(live) == 1 and not live[0].differing:
            return (yield from self._there_already(key=live[0].key))
        if live:
            raise _Refused(Cause.DIFFERENT, say.not_the_same(self.intent, live))
        change = self._change("create", self._payload)
        return (yield from self._confirm((yield from self._send(change))))

    def _by_key(self) -> Step:
        """Read, then change what was read; a record that moves in between is read again."""
        for _ in range(TRIES):
            entity = self._only((yield from self._look()))
            if self._nothing_to_do(entity):
                return (yield from self._there_already(**self._seen(entity)))
            change, before = self._wanted(entity)
            try:
                written = yield from self._send(change, before)
            except _SapError as exc:
                if not isinstance(exc.error, PreconditionFailed):
                    raise
                # 412, 428: SAP did nothing (OD-P65, OD-P67, MA-P63)
                lease = self._now() + self._rules.lease
                yield from self._move(IntentState.CLAIMED, lease_until=lease)
            else:
                return (yield from self._verify(written, entity))
        raise _Refused(Cause.RESTLESS, say.RESTLESS.format(TRIES))

    def _only(self, entities: list[Entity]) -> Entity | None:
        """The one record that is meant; SAP may have several under a reference."""
        if len(entities) > 1:
            found = readback.hits(self.intent, self._payload, entities)
            raise _Refused(Cause.DIFFERENT, say.not_the_same(self.intent, found))
        return entities[0] if entities else None

    def _seen(self, entity: Entity | None) -> dict[str, Any]:
        """Key and ETag of what was read: of an upsert by reference SAP alone knows the key."""
        if entity is None:
            return {}
        key = self.intent.key or readback.key_of(self.intent.entity_set, entity.row)
        return {"key": key, "etag": entity.etag}

    def _nothing_to_do(self, entity: Entity | None) -> bool:
        """Whether it is so already, or raises _Refused where it cannot be done."""
        operation = self.intent.operation
        if operation == "call" and not self.intent.effect:
            raise _Refused(Cause.UNSEARCHABLE, say.UNSEARCHABLE)
        if entity is None and operation in ("update", "call"):
            raise _Refused(Cause.MISSING, say.missing(self.intent))
        return readback.is_done(self.intent, self._payload, entity)

    def _wanted(self, entity: Entity | None) -> tuple[Change, str | None]:
        """What is sent for the record that was read, and a hash of the fields it changes."""
        operation = self.intent.operation
        if entity is None and self.intent.before is not None:  # deleted since it was first sent
            raise _Refused(Cause.MOVED, say.MOVED)
        if entity is None:
            whole = {**self.intent.reference, **self.intent.key, **self._payload}
            return self._change("create", whole), None
        key = self.intent.key or readback.key_of(self.intent.entity_set, entity.row)
        if not key:
            raise _Refused(Cause.UNSEARCHABLE, say.UNSEARCHABLE)
        if operation == "call" or operation == "delete":
            return self._change(operation, self._payload, key, entity.etag), None
        before = readback.fingerprint(self._payload, entity.row)
        if self.intent.before not in (None, before):
            raise _Refused(Cause.MOVED, say.MOVED)
        return self._change("update", self._payload, key, entity.etag), before

    def _change(
        self,
        kind: Any,
        record: Record,
        key: Mapping[str, str] | None = None,
        etag: str | None = None,
    ) -> Change:
        return Change(
            kind=kind,
            service=self.intent.service,
            entity_set=self.intent.entity_set,
            key=dict(key or {}),
            record=record,
            etag=etag,
            function=self.intent.function,
            on_behalf_of=self.intent.on_behalf_of,
        )

    def _send(self, change: Change, before: str | None = None) -> Answered:
        """Write ahead, then send: nothing leaves that is not stored as SENT."""
        yield from self._ask(Prepare(self.intent.service, self.intent.on_behalf_of))
        now, rules = self._now(), self._rules
        until = now + rules.slack
        quiet_until = until + rules.settle + rules.skew
        yield from self._move(
            IntentState.SENT,
            **self._identity(now),
            attempts=self.intent.attempts + 1,
            key=texts(change.key) or self.intent.key,
            sent_at=now,
            quiet_until=quiet_until,
            lease_until=quiet_until,
            probes=0,
            etag=change.etag,
            before=before,
        )
        return (yield from self._ask(Send(self._repeatable(change), until)))

    def _identity(self, now: datetime) -> dict[str, Any]:
        """The request id stays for every repetition while SAP may remember it (OD-P78)."""
        first = self.intent.first_sent
        if first is not None and now - first < self._rules.repeatable:
            return {}
        generation = self.intent.generation + 1
        same = request_id(self.intent.id, generation)
        return {"generation": generation, "request_id": same, "first_sent": now}

    def _repeatable(self, change: Change) -> Change:
        """A late original and its repetition shall be one for SAP; a change has its ETag."""
        if change.kind not in ("create", "call"):
            return change
        assert self.intent.request_id
        assert self.intent.first_sent
        same = Repeatability(request_id=self.intent.request_id, first_sent=self.intent.first_sent)
        return msgspec.structs.replace(change, repeatability=same)

    def _verify(self, written: Written, former: Entity | None) -> Step:
        """Read again: Gateway compares ETags without a lock, and skips fields (OD-P70)."""
        if former is None or self.intent.before is None:
            return (yield from self._confirm(written))
        try:
            entity = self._only((yield from self._look()))
        except _SapError as exc:
            return (yield from self._unknown(say.messages(exc.error), quiet_until=self._now()))
        differing = readback.not_taken(self._payload, former.row, entity.row if entity else {})
        if not differing:
            return (yield from self._confirm(written))
        if entity and readback.fingerprint(self._payload, entity.row) == self.intent.before:
            raise _Refused(Cause.INVALID, say.IGNORED.format(", ".join(differing)))
        said = say.ALTERED.format(", ".join(differing))
        return (yield from self._unknown((said,), quiet_until=self._now()))

    def _confirm(self, written: Written) -> Step:
        key = texts(written.key) or self.intent.key
        if not key:
            return (yield from self._unknown((say.NUMBERLESS,)))
        if self.intent.operation == "insert" and readback.unlike(
            self.intent.reference, written.row
        ):
            return (yield from self._unknown((say.ANOTHER,), cause=Cause.HIDDEN))
        if self.intent.operation == "call" and is_unsuccessful(written.row):
            said = (say.UNSUCCESSFUL.format(self.intent.function), *written.messages)
            return (
                yield from self._end(IntentState.REJECTED, said, http_status=written.http_status)
            )
        return (
            yield from self._end(
                IntentState.CONFIRMED,
                written.messages,
                key=key,
                etag=written.etag,
                http_status=written.http_status,
                confirmed_by="answer",
            )
        )

    def _there_already(self, **fields: Any) -> Step:
        found = {"confirmed_by": "read", "http_status": None, **fields}
        return (yield from self._end(IntentState.CONFIRMED, (), **found))

    def _settle(self, error: SapmatchError) -> Step:
        """The arrow that belongs to SAP's error."""
        sent = self.intent.state is IntentState.SENT
        if isinstance(error, OutcomeUnknown) and sent:
            return (yield from self._unknown(say.messages(error)))
        if isinstance(error, RecordLocked) and is_locked_for_long(self.intent):
            said = (say.LOCKED.format(self.intent.attempts), *say.messages(error))
            locked = {"http_status": HTTPStatus.LOCKED.value}
            return (yield from self._end(IntentState.REJECTED, said, **locked))
        if isinstance(error, TransientError | OutcomeUnknown | AuthorizationMissing):
            return (yield from self._back_off(error))
        if refuses_person(error, self._asked):
            said = say.messages(error)
            return (yield from self._end(IntentState.REJECTED, said, cause=Cause.LOGON))
        if isinstance(error, CONNECTION_ERRORS):
            yield from self._end(IntentState.PLANNED, say.messages(error))
            raise error
        if not sent and self.intent.first_sent:  # a refused look says nothing about earlier sends
            return (yield from self._back_off(error))
        if isinstance(error, SapRejected):
            return (yield from self._refused(error, sent))
        if isinstance(error, PreconditionFailed | InputRejected):
            cause = Cause.INVALID if isinstance(error, InputRejected) else None
            return (yield from self._end(IntentState.REJECTED, say.messages(error), cause=cause))
        raise error

    def _refused(self, error: SapRejected, sent: bool) -> Step:
        """SAP said no, or that it has it already."""
        status, said = error.http_status, say.messages(error)
        codes = codes_of(error)
        failed = not sent and (status or 0) >= HTTPStatus.INTERNAL_SERVER_ERROR
        if failed or error.code == NO_WORD_OF_ODATA:
            return (yield from self._back_off(error))
        exists = bool(codes & EXISTS_ALREADY)
        # Something on the way may have sent the deletion twice: whether it is gone is read back.
        gone = self.intent.operation == "delete" and status == HTTPStatus.NOT_FOUND
        if sent and (exists or gone or NOT_REPEATABLE in codes):
            now = self._now()  # SAP did answer: nothing of ours is still under way
            cause = Cause.HIDDEN if exists else None
            return (
                yield from self._unknown(said, quiet_until=now, cause=cause, http_status=status)
            )
        if sent and self.intent.operation in ("call", "upsert"):
            return (yield from self._refused_again(said, status))
        return (yield from self._end(IntentState.REJECTED, said, http_status=status))

    def _refused_again(self, said: tuple[str, ...], status: int | None) -> Step:
        """Something on the way may have sent it twice, and SAP refused what it had just done."""
        try:
            entities = yield from self._look()
        except _SapError as exc:
            also = (*said, *say.messages(exc.error))
            return (yield from self._unknown(also, quiet_until=self._now(), http_status=status))
        entity = entities[0] if len(entities) == 1 else None
        if readback.is_done(self.intent, self._payload, entity):
            return (yield from self._there_already(**self._seen(entity)))
        return (yield from self._end(IntentState.REJECTED, said, http_status=status))

    def _back_off(self, error: SapmatchError) -> Step:
        """Nothing happened: later once more, and not before SAP asked for it."""
        seconds = min(FIRST_BACK_OFF * 2 ** min(self.intent.claims, 9), LONGEST_BACK_OFF)
        if isinstance(error, SapThrottled) and error.retry_after:
            seconds = max(seconds, error.retry_after)
        due = self._now() + timedelta(seconds=seconds)
        status = error.http_status if isinstance(error, SapRejected) else None
        if isinstance(error, AuthorizationMissing):
            status = HTTPStatus.FORBIDDEN.value
        told = {"next_probe_at": due, "http_status": status}
        return (yield from self._end(IntentState.PLANNED, say.messages(error), **told))

    def _unknown(self, said: tuple[str, ...], **fields: Any) -> Step:
        quiet_until = fields.pop("quiet_until", self.intent.quiet_until)
        times = {"quiet_until": quiet_until, "next_probe_at": quiet_until}
        return (yield from self._end(IntentState.UNKNOWN, said, **times, **fields))

    def _end(self, state: IntentState, said: tuple[str, ...], **fields: Any) -> Step:
        """The end of this try."""
        if state in TERMINAL:
            fields["ended_at"] = self._now()
        return (yield from self._move(state, sap_messages=said, **fields))

    def _move(self, state: IntentState, **fields: Any) -> Step:
        return (yield from self._save(moved(self.intent, state, **fields)))

    def _save(self, after: Intent) -> Step:
        yield Save(after)
        self.intent = after
        return after

    def _look(self) -> Answered:
        look = readback.look(self.intent)
        if look is None:
            raise _Refused(Cause.UNSEARCHABLE, say.UNSEARCHABLE)
        found = yield from self._ask(Ask(look))
        capitals = readback.in_capitals(look)
        if found or capitals is None:
            return found
        return (yield from self._ask(Ask(capitals)))

    def _ask(self, effect: Effect) -> Answered:
        self._asked = effect
        try:
            return (yield effect)
        except SapmatchError as exc:
            raise _SapError(exc) from exc
