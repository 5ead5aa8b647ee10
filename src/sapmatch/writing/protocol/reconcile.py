"""Read back what became of a write whose answer was lost; sends nothing, ever."""

from collections.abc import Sequence
from typing import Any

from sapmatch.model.errors import OutcomeUnknown, SapmatchError, SapRejected, TransientError
from sapmatch.model.intent import Cause, Entity, Intent, IntentState, Record
from sapmatch.writing import readback
from sapmatch.writing.protocol import messages as say
from sapmatch.writing.protocol.arrows import moved
from sapmatch.writing.protocol.due import may_look
from sapmatch.writing.protocol.effects import Ask, Now, Rules, Save, Step

_KEPT = 5  # messages that a conflict carries along


def reconcile(intent: Intent, payload: Record, *, rules: Rules, owner: str, now: Now) -> Step:
    """Decide on one intent by reading SAP, at the earliest after its quiet time (MA-P62).

    Found as written: CONFIRMED. Found otherwise or several times: CONFLICTING, for a person. Not
    found in `rules.probes` spaced looks: ABSENT, and back to PLANNED for one more send. Untouched
    come back those that are not due. Raises LogonRefused, AuthorizationMissing and
    ServiceNotActivated, which hold for the whole connection, with the intent back at UNKNOWN, and
    PreconditionFailed where another worker moved it.
    """
    if not may_look(intent, now(), rules, owner):
        return intent
    return (yield from _Reading(intent, payload, rules, owner, now).run())


class _Reading:
    """One look of one worker at one intent."""

    def __init__(self, intent: Intent, payload: Record, rules: Rules, owner: str, now: Now) -> None:
        self.intent = intent
        self._payload = payload
        self._rules = rules
        self._owner = owner
        self._now = now

    def run(self) -> Step:
        if self.intent.state is IntentState.ABSENT:
            return (yield from self._move(IntentState.PLANNED, probes=0))
        if self.intent.state is not IntentState.UNKNOWN:  # its worker died
            yield from self._move(IntentState.UNKNOWN)
        lease = self._now() + self._rules.lease
        yield from self._move(IntentState.RECONCILING, owner=self._owner, lease_until=lease)
        look = readback.look(self.intent)
        assert look is not None, "nothing is sent that could not be searched for"
        try:
            entities = yield Ask(look)
            capitals = readback.in_capitals(look)
            if not entities and capitals:
                entities = yield Ask(capitals)
        except SapmatchError as exc:
            error = exc
        else:
            return (yield from self._judge(entities))
        return (yield from self._look_later(error))

    def _judge(self, entities: list[Entity]) -> Step:
        if self.intent.operation == "insert" or len(entities) > 1:
            return (yield from self._by_reference(entities))
        return (yield from self._by_key(entities[0] if entities else None))

    def _by_reference(self, entities: Sequence[Entity]) -> Step:
        found = readback.hits(self.intent, self._payload, entities)
        live = [hit for hit in found if not hit.reversed]
        if len(live) == 1 and not live[0].differing:
            return (yield from self._found(key=live[0].key))
        if found:
            said = say.not_the_same(self.intent, found)
            return (yield from self._conflict(Cause.DIFFERENT, said))
        return (yield from self._not_found())

    def _by_key(self, entity: Entity | None) -> Step:
        done = readback.is_done(self.intent, self._payload, entity)
        if done or self._is_kept_otherwise(entity):
            return (yield from self._found(**self._as_found(entity)))
        if self._is_changed(entity):
            return (yield from self._conflict(Cause.MOVED, say.CHANGED))
        return (yield from self._not_found())

    def _as_found(self, entity: Entity | None) -> dict[str, Any]:
        if entity is None:
            return {"etag": None}
        key = self.intent.key or readback.key_of(self.intent.entity_set, entity.row)
        return {"etag": entity.etag, "key": key}

    def _is_kept_otherwise(self, entity: Entity | None) -> bool:
        """Whether its fields held something else before, and what was sent now, in SAP's form."""
        before = self.intent.before
        nested = any(isinstance(value, dict | list) for value in self._payload.values())
        if entity is None or before is None or nested:
            return False
        moved_on = readback.fingerprint(self._payload, entity.row) != before
        return moved_on and not readback.unlike(self._payload, entity.row)

    def _is_changed(self, entity: Entity | None) -> bool:
        """Whether others changed it since it was sent; what was created then had nothing before."""
        intent = self.intent
        if entity is None:  # deleted, where it was there when it was sent
            return intent.before is not None
        if intent.etag and entity.etag != intent.etag:
            return True
        if intent.before is None:
            return intent.operation == "upsert"
        return readback.fingerprint(self._payload, entity.row) != intent.before

    def _found(self, **fields: Any) -> Step:
        ended = self._now()
        return (
            yield from self._move(
                IntentState.CONFIRMED,
                ended_at=ended,
                confirmed_by="read",
                sap_messages=(),
                http_status=None,
                **fields,
            )
        )

    def _not_found(self) -> Step:
        """Nothing there: look again, then send once more, but never for ever."""
        probes = self.intent.probes + 1
        if probes < self._rules.probes:
            due = self._now() + self._rules.spacing
            return (yield from self._move(IntentState.UNKNOWN, probes=probes, next_probe_at=due))
        if self.intent.cause is Cause.HIDDEN:
            return (yield from self._conflict(Cause.HIDDEN, say.HIDDEN))
        absences = self.intent.absences + 1
        if absences >= self._rules.most_attempts:
            said = say.NEVER_ARRIVES.format(absences)
            return (yield from self._conflict(Cause.NEVER_ARRIVES, said))
        yield from self._move(IntentState.ABSENT, probes=probes, absences=absences)
        return (yield from self._move(IntentState.PLANNED, probes=0))

    def _look_later(self, error: SapmatchError) -> Step:
        """SAP could not be read: that says nothing about the write."""
        said = (*self.intent.sap_messages[:1], *say.messages(error))
        due = self._now() + self._rules.spacing
        yield from self._move(IntentState.UNKNOWN, next_probe_at=due, sap_messages=said)
        if not isinstance(error, TransientError | OutcomeUnknown | SapRejected):
            raise error
        return self.intent

    def _conflict(self, cause: Cause, explanation: str) -> Step:
        said = (explanation, *self.intent.sap_messages[:_KEPT])
        return (yield from self._move(IntentState.CONFLICTING, cause=cause, sap_messages=said))

    def _move(self, state: IntentState, **fields: Any) -> Step:
        after = moved(self.intent, state, **fields)
        yield Save(after)
        self.intent = after
        return after
