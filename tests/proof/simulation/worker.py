"""One worker of a simulated world: takes steps, one effect at a time, until it dies."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sapmatch.model.errors import (
    AuthorizationMissing,
    LogonRefused,
    PreconditionFailed,
    SapmatchError,
    SapRejected,
    SapUnavailable,
    ServiceNotActivated,
    Throttled,
)
from sapmatch.model.intent import Cause, Intent, IntentState
from sapmatch.writing.protocol.arrows import held, void
from sapmatch.writing.protocol.effects import Ask, Effect, Prepare, Save, Send, Step
from tests.builders.memory import START
from tests.proof.simulation.agenda import moment
from tests.proof.simulation.laws import is_read_back

if TYPE_CHECKING:
    from tests.proof.simulation.network import Outcome
    from tests.proof.simulation.world import World

AT_WORK = (IntentState.CLAIMED, IntentState.SENT, IntentState.RECONCILING)
PAUSES = (1.0, 20.0, 40.0, 400.0, 1300.0, 4000.0)  # of a frozen process


# What a step may end with: lost against another worker, or nothing goes at all just now.
ENDS = (
    PreconditionFailed,
    Throttled,
    LogonRefused,
    ServiceNotActivated,
    AuthorizationMissing,
)


def set_aside(intent: Intent, now: datetime) -> Step:
    """The gate lets nothing through for a while."""
    after = held(intent, Cause.SAP_DOWN, now + timedelta(seconds=60))
    yield Save(after)
    return after


def take_out(intent: Intent, now: datetime) -> Step:
    """A person does not want it any more."""
    after = void(intent, now, "not wanted")
    yield Save(after)
    return after


class Task:
    """A step that a worker is at, its next effect, and the intent as the worker believes it is."""

    __slots__ = ("effect", "intent", "step")

    def __init__(self, intent: Intent, step: Step) -> None:
        self.intent, self.step = intent, step
        self.effect: Effect | None = None

    def advance(self, outcome: Any) -> None:
        """Give the step what its effect brought; where it ends there is no next effect."""
        try:
            if isinstance(outcome, SapmatchError):
                self.effect = self.step.throw(outcome)
            else:
                self.effect = self.step.send(outcome)
        except (StopIteration, *ENDS):
            self.effect = None


class Worker:
    """Its clock is wrong by `skew` seconds."""

    def __init__(self, world: World, name: str, skew: float) -> None:
        self.world, self.name, self.skew = world, name, skew
        self.dead = False
        self._hand: list[Task] = []

    def now(self) -> datetime:
        return moment(self.world.agenda.time + self.skew)

    def wake(self) -> None:
        """Do the next thing: an effect that is not a Send, then all Sends at once, else pick."""
        if self.dead:
            return
        self._hand = [task for task in self._hand if task.effect is not None]
        ready = next((task for task in self._hand if not isinstance(task.effect, Send)), None)
        if ready:
            self._perform(ready)
        elif self._hand:
            self._send()
        else:
            self._pick()

    def _pick(self) -> None:
        """Take what is due; where nothing is, sleep until something is."""
        world, now = self.world, self.now()
        unsettled = world.unsettled()
        if not unsettled:
            return
        due = [intent for intent in unsettled if self._due_at(intent) <= now]
        if world.happens(world.weather.confusion):
            due = unsettled
        if not due:
            first = min(map(self._due_at, unsettled))
            wait = (first - now).total_seconds() + world.chance.choice((0.0, 0.0, 5.0))
            world.agenda.after(wait, self.wake)
            return
        for intent in world.chance.sample(due, min(len(due), world.weather.batch)):
            self._take(intent)
        world.agenda.after(0.0 if any(task.effect for task in self._hand) else 7.0, self.wake)

    def _take(self, intent: Intent) -> None:
        world = self.world
        if world.happens(world.weather.late_copies):
            intent = world.store.older.get(intent.id, intent)
        task = Task(intent, self._step(intent))
        task.advance(None)
        if task.effect is not None:
            self._hand.append(task)

    def _step(self, intent: Intent) -> Step:
        world = self.world
        back = is_read_back(intent)
        if world.happens(world.weather.confusion):
            back = not back
        if not back and world.agenda.time < world.held_until:
            back = True
        if not back and intent.state is IntentState.PLANNED:
            if world.happens(world.weather.holds):
                return set_aside(intent, self.now())
            if world.happens(world.weather.voids):
                world.laws.excused.add(intent.id)
                return take_out(intent, self.now())
        step = world.protocol.reconcile if back else world.protocol.write
        payload = world.cases[intent.id].payload
        return step(intent, payload, rules=world.weather.rules, owner=self.name, now=self.now)

    def _due_at(self, intent: Intent) -> datetime:
        if intent.state in AT_WORK:
            return (intent.lease_until or START) + self.world.weather.rules.skew
        times = [START, intent.next_probe_at or START, intent.quiet_until or START]
        if not is_read_back(intent) and self.world.agenda.time < self.world.held_until:
            times.append(moment(self.world.held_until + self.skew))
        return max(times)

    def _perform(self, task: Task) -> None:
        """One effect, before or after which the worker may die."""
        if self._dies("before", task):
            return
        outcome = self._outcome(task)
        if self._dies("after", task):
            return
        self.world.tell(self.name, task.intent.id, task.effect, outcome)
        self.world.agenda.after(self.world.chance.random(), self._answered, [task], [outcome])

    def _outcome(self, task: Task) -> Any:
        try:
            effect = task.effect
            if isinstance(effect, Save):
                return self._save(task, effect.after)
            if isinstance(effect, Ask):
                return self._ask(task, effect)
            assert isinstance(effect, Prepare)
            self._read_fails(task)
        except SapmatchError as exc:
            return exc

    def _save(self, task: Task, after: Intent) -> None:
        """The answer of the store may be lost; a client that repeats it is told of a conflict."""
        world = self.world
        bad = world.happens(world.weather.bad_saves)
        if bad and world.chance.random() < 0.4:
            raise Throttled("nothing was stored")
        world.store.save(after)
        task.intent = after
        if bad:
            raise world.chance.choice((Throttled, PreconditionFailed))("the answer was lost")

    def _ask(self, task: Task, effect: Ask) -> Any:
        self._read_fails(task)
        return self.world.sap.look(effect.look)

    def _read_fails(self, task: Task) -> None:
        world = self.world
        if not world.happens(world.weather.bad_reads):
            return
        if world.chance.random() >= world.weather.refused_reads:
            raise SapUnavailable("HTTP 503")
        world.laws.excused.add(task.intent.id)
        raise SapRejected("SY/530", "HTTP 400", http_status=400)

    def _send(self) -> None:
        """All Sends of the hand as one request; what is over its time stays here (rule a)."""
        if any(self._dies("before", task) for task in self._hand):
            return
        now, over = self.now(), SapUnavailable("the time is over")
        late = [task for task in self._hand if task.effect.until < now]  # type: ignore[union-attr]
        if late:
            self._answered(late, [over for _ in late])
            return
        sent = list(self._hand)
        for task in sent:
            self.world.laws.leaves(self.world.store.intents.get(task.intent.id), task.intent)
        requests = [(task.effect.change, task.intent.id) for task in sent]  # type: ignore[union-attr]
        fate = self.world.network.send(requests, lambda outcomes: self._heard(sent, outcomes))
        for task in sent:
            self.world.tell(self.name, task.intent.id, task.effect, fate)
        any(self._dies("after", task) for task in sent)

    def _heard(self, tasks: list[Task], outcomes: list[Outcome]) -> None:
        if not self.dead:
            self._answered(tasks, outcomes)

    def _answered(self, tasks: list[Task], outcomes: list[Any]) -> None:
        """Go on, perhaps after a pause that the process does not notice."""
        if self.dead:
            return
        for task, outcome in zip(tasks, outcomes, strict=True):
            task.advance(outcome)
        world = self.world
        frozen = world.happens(world.weather.pauses)
        world.agenda.after(world.chance.choice(PAUSES) if frozen else 0.0, self.wake)

    def _dies(self, when: str, task: Task) -> bool:
        if not self.world.dies(when):
            return False
        self.world.tell(self.name, task.intent.id, task.effect, f"dies {when}")
        self.dead = True
        self.world.hire(self.world.chance.choice((0.0, 30.0, 900.0)))
        return True
