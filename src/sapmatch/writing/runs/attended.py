"""A run that somebody waits for: it sends, waits and reads back within one call."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from sapmatch.model.errors import AuthorizationMissing, SapmatchError, SapUnavailable
from sapmatch.model.intent import TERMINAL, UNDECIDED, Entity, Intent, IntentState, Look, Record
from sapmatch.writing import readback
from sapmatch.writing.desk import Desk, Work, read_back, write
from sapmatch.writing.identity import record_names, subjects
from sapmatch.writing.protocol.due import due_at, may_look, may_send
from sapmatch.writing.runs.turn import UNREACHABLE, backed_off, forbidden

PATIENCE = timedelta(seconds=90)  # waiting in one run, for lost answers and for a busy SAP
ROUNDS = 8  # of some records: send, two looks, send, two looks
TRIES = 3  # of a record that SAP cannot take now
_SINCE = (
    "was written by an earlier run, and SAP holds something else since; "
    "name another file with --ledger to write it again"
)
_OVERTAKEN = (
    "a later file wrote this record since; name another file with --ledger to write it all the same"
)
_WAITS = "what an earlier run sent for this record is not decided yet; run this command later"
_NOT_SENT = (IntentState.PLANNED, IntentState.CLAIMED, IntentState.HELD, IntentState.ABSENT)

Step = Callable[[Sequence[Work]], list[Intent]]


class AttendedRun:
    """Takes records as far as they go, until the connection fails or it is told to stop."""

    def __init__(self, desk: Desk, batch: int = 1) -> None:
        self._failure: SapmatchError | None = None  # of the connection
        self._left: SapmatchError | None = None  # why a record was not written
        self._stopped = False
        self._desk = desk
        self._batch = batch
        self._patience = PATIENCE
        self._undecided: frozenset[tuple[str, ...]] = frozenset()
        self._last: dict[tuple[str, ...], datetime] = {}  # when what was sent was planned
        self._in_a_row: Counter[type[SapmatchError]] = Counter()

    def read_back(self, earlier: Iterable[Work]) -> list[Intent]:
        """Settle what other runs sent; returns what stays undecided.

        Later writes of the same records wait for it: it could still undo them, or come twice.
        """
        found = self._settled(list(earlier), self._look)
        left = [intent for intent in found if intent.state in UNDECIDED]
        self._undecided = frozenset(name for intent in left for name in subjects(intent))
        return left

    def note_sent(self, sent: Iterable[Intent]) -> None:
        """What was sent: earlier ones of the same records may not come behind it."""
        for intent in sent:
            if planned := intent.created_at:
                for name in record_names(intent):
                    self._last[name] = max(planned, self._last.get(name, planned))

    def write(self, work: Sequence[Work]) -> Iterator[Intent]:
        """The records after sending, waiting and reading back, as far as patience reaches."""
        told = {} if self._is_over else {intent.id: intent for intent in self._unsent(work)}
        free = self._sent([each for each in work if each[0].id not in told])
        for intent, _ in work:
            after = told[intent.id] if intent.id in told else next(free)
            self._count(after, SapUnavailable)
            yield after

    def stop(self) -> None:
        """Leave alone what comes from now on."""
        self._stopped = True

    def fail(self, error: SapmatchError) -> None:
        """Leave alone what comes from now on, because of an error."""
        self._failure = self._failure or error

    def complain(self) -> None:
        """Raise what kept records from being written."""
        error = self._failure or self._left
        if error:
            raise error

    def _unsent(self, work: Sequence[Work]) -> Iterator[Intent]:
        """What an earlier run wrote, has to wait for what one sent, or comes too late."""
        yield from self._seen_again([each for each in work if _was_written(each[0])])
        for intent, _ in work:
            if intent.state not in TERMINAL and self._undecided & subjects(intent):
                yield replace(intent, sap_messages=(_WAITS,))
            elif intent.state in _NOT_SENT and self._is_overtaken(intent):
                yield replace(intent, state=IntentState.HELD, sap_messages=(_OVERTAKEN,))

    def _is_overtaken(self, intent: Intent) -> bool:
        mine = intent.created_at
        return mine is not None and any(
            self._last.get(name, mine) > mine for name in record_names(intent)
        )

    def _seen_again(self, work: Sequence[Work]) -> Iterator[Intent]:
        """Held for a person where SAP no longer has it as written."""
        looks = [look for intent, _ in work if (look := readback.look(intent))]
        for (intent, payload), answer in zip(work, self._answers(looks), strict=True):
            if isinstance(answer, SapmatchError):
                self.fail(answer)
                yield intent
            elif _is_still_so(intent, payload, next(iter(answer), None)):
                yield intent
            else:
                yield replace(intent, state=IntentState.HELD, sap_messages=(_SINCE,))

    def _answers(self, looks: Sequence[Look]) -> Sequence[list[Entity] | SapmatchError]:
        try:
            return self._desk.sap.look(looks) if looks else []
        except SapmatchError as exc:
            return [exc] * len(looks)

    def _sent(self, work: Sequence[Work]) -> Iterator[Intent]:
        """Each as soon as it and all before it are done."""
        rest: list[Work] = []
        for after, (_, payload) in zip(self._written(work), work, strict=True):
            if rest or _goes_on(after):
                rest.append((after, payload))
            else:
                yield after
        yield from self._settled(rest, self._send)

    def _written(self, work: Sequence[Work]) -> Iterator[Intent]:
        done = 0
        try:
            for after in [] if self._is_over else write(work, self._desk, batch=self._batch):
                done += 1
                self._count(after, AuthorizationMissing)
                yield after
                if self._is_over:
                    break
        except SapmatchError as exc:
            self.fail(exc)
        yield from (self._desk.intents.get(intent.id) for intent, _ in work[done:])

    def _settled(self, work: Sequence[Work], step: Step) -> list[Intent]:
        """The newest versions, once nothing is left to do, or to wait for."""
        payloads = {intent.id: payload for intent, payload in work}
        newest = {intent.id: intent for intent, _ in work}
        tries = Counter({intent.id: _cost(intent) for intent, _ in work})
        for _ in range(ROUNDS):
            going = [i for i in newest.values() if _goes_on(i) and tries[i.id] < TRIES]
            if self._is_over or not self._waited(going):
                break
            for after in step([(i, payloads[i.id]) for i in going]):
                newest[after.id] = after
                tries[after.id] += _cost(after)
        return list(newest.values())

    def _waited(self, going: Sequence[Intent]) -> bool:
        """Wait until the next step of all of them, as far as patience reaches."""
        now = self._desk.clock.now()
        if any(self._ready(intent) for intent in going):
            return True
        due = [due_at(intent) or now for intent in going]
        waits = [at - now for at in due if now < at <= now + self._patience]
        if waits:
            self._patience -= max(waits)
            self._desk.clock.sleep(max(waits).total_seconds())
        return bool(waits)

    def _ready(self, intent: Intent) -> bool:
        given = (intent, self._desk.clock.now(), self._desk.rules, self._desk.owner)
        return may_send(*given) or may_look(*given)

    def _send(self, work: Sequence[Work]) -> list[Intent]:
        after = self._written(work)
        return self._look([(i, payload) for i, (_, payload) in zip(after, work, strict=True)])

    def _look(self, work: Sequence[Work]) -> list[Intent]:
        try:
            return list(read_back(work, self._desk))
        except SapmatchError as exc:
            self.fail(exc)
            return [self._desk.intents.get(intent.id) for intent, _ in work]

    @property
    def _is_over(self) -> bool:
        return self._failure is not None or self._stopped

    def _count(self, intent: Intent, kind: type[SapmatchError]) -> None:
        """One record may be not allowed, or locked; several in a row are the connection."""
        error = _left(intent)
        if not isinstance(error, kind):
            self._in_a_row[kind] = 0
            return
        self._left = error
        self._in_a_row[kind] += 1
        if self._in_a_row[kind] == UNREACHABLE:
            self.fail(error)


def _left(intent: Intent) -> SapmatchError | None:
    """Why SAP did not take it, None where it did."""
    if forbidden(intent):
        return AuthorizationMissing(intent.sap_messages[0])
    if backed_off(intent):
        return SapUnavailable(f"{intent.sap_messages[0]}; run the same command again")
    return None


def _cost(intent: Intent) -> int:
    """How many of its tries are used up: what is not allowed stays so."""
    return TRIES if forbidden(intent) else int(backed_off(intent))


def _goes_on(intent: Intent) -> bool:
    for_people = (IntentState.CONFLICTING, IntentState.HELD)
    return intent.state not in TERMINAL and intent.state not in for_people


def _was_written(intent: Intent) -> bool:
    return intent.state is IntentState.CONFIRMED and intent.operation != "insert"


def _is_still_so(intent: Intent, payload: Record, entity: Entity | None) -> bool:
    """Whether SAP shows what was written; it may keep texts in capitals, and numbers with zeros."""
    if entity and intent.operation in ("update", "upsert"):
        return not readback.unlike(payload, entity.row)
    return readback.happened(intent, payload, entity)
