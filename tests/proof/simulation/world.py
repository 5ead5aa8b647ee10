"""One world: its intents, its workers, and what becomes of both."""

from collections import Counter
from collections.abc import Callable, Container, Iterable
from random import Random
from typing import Any

from msgspec import Struct

from sapmatch.model.intent import Intent
from sapmatch.writing.protocol.effects import Save, Step
from sapmatch.writing.protocol.reconcile import reconcile
from sapmatch.writing.protocol.write import write
from tests.proof.simulation.agenda import Agenda
from tests.proof.simulation.cases import CASES, Case, insert, insert_deep
from tests.proof.simulation.laws import EVERY, Laws, is_settled
from tests.proof.simulation.network import Network
from tests.proof.simulation.sap import Sap
from tests.proof.simulation.store import Store
from tests.proof.simulation.weather import PATIENCE, PEACE, Weather, drawn
from tests.proof.simulation.worker import Worker

PER_WORLD = 10  # intents


class Protocol(Struct, frozen=True):
    """The protocol that is tried: the product's, or one with a rule taken out."""

    write: Callable[..., Step] = write
    reconcile: Callable[..., Step] = reconcile
    fenced: bool = True


WHOLE = Protocol()


class World:
    """Everything that a seed brings about; `log` holds what happened, one line each."""

    def __init__(
        self,
        weather: Weather,
        cases: Iterable[Case],
        chance: Random,
        *,
        protocol: Protocol = WHOLE,
        watched: Container[str] = EVERY,
        deaths: Container[tuple[int, str]] = (),
        logged: bool = False,
    ) -> None:
        self.weather, self.chance, self.protocol = weather, chance, protocol
        self.cases = {case.intent.id: case for case in cases}
        self.agenda, self.laws = Agenda(), Laws(watched)
        self.store = Store(self.agenda, self.laws, fenced=protocol.fenced)
        self.sap = Sap(self.agenda, weather, self.laws, self.cases)
        self.network = Network(self.agenda, chance, weather, self.sap)
        self.held_until = 0.0
        self.log: list[str] | None = [] if logged else None
        self.effects = self.deaths = self.forgotten = 0
        self._deaths = deaths
        self._workers: list[Worker] = []

    def run(self) -> None:
        """Until every intent is at its end and nothing is on its way to SAP any more."""
        self._plan()
        for _ in range(self.weather.workers):
            self.hire(self.chance.random())
        self.agenda.run(PATIENCE)
        for intent in self.store.intents.values():
            self.laws.ends(intent)

    def _plan(self) -> None:
        for case in self.cases.values():
            self.store.plan(case.intent)

    def unsettled(self) -> list[Intent]:
        return self.store.unsettled()

    def hire(self, seconds: float) -> None:
        """A worker begins, in place of one that died."""
        worker = Worker(self, f"w{len(self._workers)}", self.chance.choice(self.weather.skews))
        self._workers.append(worker)
        self.agenda.after(seconds, worker.wake)

    def restore(self) -> None:
        """Start from an old backup; the operator holds the system until SAP is quiet."""
        rules = self.weather.rules
        for worker in self._workers:
            worker.dead = True
        self.store.restore()
        self._plan()
        self.forgotten = sum(intent.id in self.laws.executed for intent in self.unsettled())
        quiet = (rules.slack + rules.settle + rules.spacing).total_seconds()
        self.held_until = self.agenda.time + quiet
        for _ in range(self.weather.workers):
            self.hire(self.chance.random())

    def happens(self, share: float) -> bool:
        """Whether something goes wrong now that does so in this share of cases."""
        return share > 0 and self.agenda.time < PEACE and self.chance.random() < share

    def dies(self, when: str) -> bool:
        """Whether a worker dies here: at an effect that was chosen, or by chance."""
        self.effects += when == "before"
        dies = (self.effects, when) in self._deaths or self.happens(self.weather.deaths / 2)
        self.deaths += dies
        return dies

    def tell(self, who: str, intent: str, effect: Any, outcome: Any) -> None:
        if self.log is None:
            return
        what = type(effect).__name__
        if isinstance(effect, Save):
            what += f" {effect.after.state} {effect.after.version}"
        self.log.append(f"{self.agenda.time:9.1f} {who:4} {intent:8} {what:22} {outcome!r:.90}")


def seeded(seed: int, **options: Any) -> World:
    """The world of a seed, with everything that will go wrong in it."""
    chance = Random(seed)
    weather = drawn(chance)
    kinds = [*CASES.values(), *[insert, insert_deep] * 2]  # what may not happen twice, most often
    cases = [chance.choice(kinds)(f"{seed}-{number}") for number in range(PER_WORLD)]
    world = World(weather, cases, chance, **options)
    for case in cases:
        _disturb(world, case)
    if weather.restored:
        backup = chance.random() * 3000
        world.agenda.after(backup, world.store.back_up)
        world.agenda.after(backup + chance.random() * 6000, world.restore)
    return world


def _disturb(world: World, case: Case) -> None:
    """What people and SAP have against an intent."""
    chance, weather = world.chance, world.weather
    if chance.random() < weather.refusals:
        world.sap.never.add(case.intent.id)
        world.laws.excused.add(case.intent.id)
    if chance.random() < weather.meddling:
        how = chance.choice(("enter", "change", "touch", "delete"))
        world.agenda.after(chance.random() * 3000, world.sap.meddle, case, how)


def tally(world: World) -> Counter[str]:
    """What a world has to tell, in numbers."""
    counts = Counter(f"ended {intent.state}" for intent in world.store.intents.values())
    counts.update(f"fate {fate}" for fate in world.network.fates)
    counts.update({f"minutes {n}": count for n, count in world.store.minutes.items()})
    counts.update(intents=len(world.cases), effects=world.effects, deaths=world.deaths)
    counts.update(
        forgotten=world.forgotten,
        twice=sum(times > 1 for times in world.laws.executed.values()),
        lost=len(world.cases) - sum(map(is_settled, world.store.intents.values())),
    )
    return counts
