"""Drives the protocol with real ports: one intent, or many side by side."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import partial

from msgspec import Struct

from sapmatch.model.errors import InputRejected, PreconditionFailed
from sapmatch.model.intent import TERMINAL, Cause, Intent, IntentState, Record
from sapmatch.model.limits import Admission, Gate
from sapmatch.model.ports import Clock, Intents, SapWriter
from sapmatch.writing.earlier import Earlier, asked_again, waits_for
from sapmatch.writing.identity import subject
from sapmatch.writing.lockstep import Lockstep, Size
from sapmatch.writing.protocol.arrows import held, released
from sapmatch.writing.protocol.due import may_look, may_send
from sapmatch.writing.protocol.effects import Rules, Step
from sapmatch.writing.protocol.reconcile import reconcile
from sapmatch.writing.protocol.write import write as send
from sapmatch.writing.running import Running

Work = tuple[Intent, Record]
SLICE = 20  # records whose looks go out together
FIRST_BATCH = 10  # records in the first $batch, before it is known how long SAP takes for one


class Desk(Struct, frozen=True, kw_only=True):
    """What a worker has at hand; `owner` is its name in the records that it claims.

    `savers` records are stored at a time. `answer_seconds`: how long SAP's answer is waited for.
    `system`: connection and client that `sap` is; what was planned for another one is refused.
    """

    sap: SapWriter
    intents: Intents
    clock: Clock
    rules: Rules
    owner: str
    gate: Gate | None = None
    savers: int = 1
    answer_seconds: float = 60.0
    system: tuple[str, str] | None = None


def write(
    work: Sequence[Work], desk: Desk, *, batch: int = 1, earlier: Earlier | None = None
) -> Iterator[Intent]:
    """Send what may be sent, in its order; yields every intent in its new state, in order.

    What SAP is asked first is asked for many at once. With `batch` above 1 as many records travel
    in one $batch, at most, and fewer where SAP takes long for them. What the gate does not let
    through becomes HELD, and so does what has to wait for one of `earlier`, which is told what
    became of each. Raises LogonRefused and ServiceNotActivated once what was begun is back at
    PLANNED, and Throttled where the store could not take a state: what was sent is read back.
    A caller that stops early gives back what was claimed. InputRejected: see Desk.system.
    """
    _require_own(work, desk)
    yield from _Writing(desk, batch, earlier).write(work)


def read_back(work: Sequence[Work], desk: Desk) -> Iterator[Intent]:
    """Read back what is due, and let claims and looks of the dead go; yields every intent.

    InputRejected: see Desk.system.
    """
    _require_own(work, desk)

    def due(intent: Intent) -> bool:
        return may_look(intent, desk.clock.now(), desk.rules, desk.owner)

    lockstep = Lockstep(desk.sap, desk.clock, Size(1, 1, desk.answer_seconds), desk.savers)
    for part in _parts(work, due, lambda intent: intent.id, lambda: SLICE):
        runs = [_running(desk, reconcile, intent, payload) for intent, payload in part]
        lockstep.start(runs)
        lockstep.finish(runs)
        yield from _ended(runs)


def _require_own(work: Sequence[Work], desk: Desk) -> None:
    """What another system holds would be absent in this one, and be sent to it."""
    for intent, _ in work:
        others = desk.system not in (None, (intent.connection, intent.client))
        if others and intent.state not in TERMINAL:
            raise InputRejected(
                f"intent {intent.id} of flow {intent.flow} is for connection {intent.connection}, "
                f"client {intent.client}, and the flow has another one now: set it back until its "
                "writes have ended, or take out what was never sent: `sapmatch intents void`"
            )


def saved(intents: Intents, after: Intent) -> Intent:
    """The intent as it is stored now: another worker may have been faster."""
    try:
        intents.save(after)
    except PreconditionFailed:
        return intents.get(after.id)
    return after


class _Writing:
    """One worker's writes to one SAP system."""

    def __init__(self, desk: Desk, batch: int, earlier: Earlier | None) -> None:
        self._desk = desk
        self._earlier = earlier
        self._batch = Size(FIRST_BATCH, batch, desk.answer_seconds / 2)
        self._lockstep = Lockstep(desk.sap, desk.clock, self._batch, desk.savers)
        # A claim shall not end while its slice is under way.
        quarter = desk.rules.lease.total_seconds() / 4
        self._slice = Size(SLICE, max(SLICE, batch), quarter)
        self._troubled = False  # SAP did not answer lately

    def write(self, work: Sequence[Work]) -> Iterator[Intent]:
        for part in _parts(work, self._may_send, subject, lambda: self._slice.now):
            in_turn = [(self._in_turn(intent), payload) for intent, payload in part]
            for admitted, closed in self._admitted(in_turn):
                taken = self._held(admitted, closed) if closed else self._written(admitted)
                for after in taken:
                    if self._earlier:
                        self._earlier.note(after)
                    yield after

    def _in_turn(self, intent: Intent) -> Intent:
        """Held where another write has to go first."""
        first = self._earlier and self._may_send(intent) and self._earlier.of(intent)
        if not first:
            return intent
        until = asked_again(first, self._desk.clock.now(), self._desk.rules.spacing)
        planned = (
            saved(self._desk.intents, released(intent))
            if intent.state is IntentState.HELD
            else intent
        )
        if not self._may_send(planned):  # another worker has it
            return planned
        return saved(self._desk.intents, held(planned, Cause.EARLIER, until, waits_for(first)))

    def _may_send(self, intent: Intent) -> bool:
        return may_send(intent, self._desk.clock.now(), self._desk.rules, self._desk.owner)

    def _admitted(self, part: list[Work]) -> Iterator[tuple[list[Work], Admission | None]]:
        """The part in pieces as the gate lets them through, or does not."""
        while part:
            wanted = [n for n, (intent, _) in enumerate(part) if self._may_send(intent)]
            admission = self._admit(len(wanted))
            if admission.writes >= len(wanted):
                yield part, None
                return
            if admission.writes == 0:
                yield part, admission
                return
            cut = wanted[admission.writes]
            yield part[:cut], None
            part = part[cut:]

    def _admit(self, wanted: int) -> Admission:
        gate = self._desk.gate
        return gate.admit(wanted) if gate and wanted else Admission(writes=wanted)

    def _held(self, part: list[Work], closed: Admission) -> Iterator[Intent]:
        for intent, _ in part:
            waits = intent.state is IntentState.HELD or not self._may_send(intent)
            yield (
                intent
                if waits
                else saved(self._desk.intents, held(intent, closed.cause, closed.until))
            )

    def _written(self, part: list[Work]) -> Iterator[Intent]:
        started = self._desk.clock.now()
        runs = [_running(self._desk, send, intent, payload) for intent, payload in part]
        try:
            self._lockstep.start(runs)
            self._tell([run for run in runs if not run.is_open])
            for group in self._groups(runs):
                going = self._still_admitted(group)
                self._lockstep.finish(going)
                self._tell(going)
                yield from _ended(group)
        finally:  # stopped early; where even this cannot be stored, the claim ends by itself
            for run in runs:
                run.leave()
        seconds = (self._desk.clock.now() - started).total_seconds()
        self._slice.took(sum(run.begun for run in runs), seconds)

    def _groups(self, runs: list[Running]) -> Iterator[list[Running]]:
        """As many as go into one batch, and those that are done beside them."""
        group: list[Running] = []
        many = 0
        for run in runs:
            group.append(run)
            many += run.is_open
            if many >= self._batch.now:
                yield group
                group, many = [], 0
        if group:
            yield group

    def _still_admitted(self, group: list[Running]) -> list[Running]:
        """After trouble the gate is asked once more, before the next one leaves."""
        going = [run for run in group if run.is_open]
        if not (self._troubled and going):
            return going
        admission = self._admit(len(going))
        for run in going[admission.writes :]:
            run.leave(partial(held, cause=admission.cause, until=admission.until))
        return going[: admission.writes]

    def _tell(self, runs: list[Running]) -> None:
        """Every admitted write counts, whether SAP was slow to a look or to a change."""
        failures = [run.trouble is not None for run in runs if run.begun]
        if not failures:
            return
        self._troubled = any(failures)
        if self._desk.gate:
            self._desk.gate.note(failures)


def _parts(
    work: Sequence[Work],
    is_due: Callable[[Intent], bool],
    name: Callable[[Intent], Hashable],
    most: Callable[[], int],
) -> Iterator[list[Work]]:
    """Slices of the work: of records of one name only the first, the next one waits (MA-P64)."""
    part: list[Work] = []
    names: set[Hashable] = set()
    for intent, payload in work:
        if is_due(intent):
            if name(intent) in names or len(names) >= most():
                yield part
                part, names = [], set()
            names.add(name(intent))
        part.append((intent, payload))
    if part:
        yield part


def _running(desk: Desk, step: Callable[..., Step], intent: Intent, payload: Record) -> Running:
    begun = step(intent, payload, rules=desk.rules, owner=desk.owner, now=desk.clock.now)
    return Running(intent, begun, desk.intents)


def _ended(runs: list[Running]) -> Iterator[Intent]:
    """Each in its new state; then what ended one of them before its time is raised."""
    yield from (run.intent for run in runs)
    for run in runs:
        if run.failure:
            raise run.failure
