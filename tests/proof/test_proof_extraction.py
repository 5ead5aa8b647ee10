"""Extractions whose worker dies behind or before every effect, over a SAP that may move.

An effect is a stored or deleted object, a control value, a batch of the index. At each of them an
observer looks: whatever position stands, all that lies before it is in published runs, and the
index knows these runs. In the end every row is there once, as SAP holds it (RE-10, RE-11, RE-12,
RE-19, OD-P34).
"""

import json
import os
import random
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from itertools import product
from typing import Any, cast

import pytest
from msgspec.structs import replace

from sapmatch.extracting.finish import OutOfTime
from sapmatch.extracting.positions import position_of
from sapmatch.extracting.run import Plan, Published
from sapmatch.model.changes import DeltaState
from sapmatch.model.flow import EntitySet, Output
from tests.builders.chunks import SET, SHAPE, orders_held
from tests.builders.extractions import Desk
from tests.builders.moving_rows import meaning
from tests.builders.moving_sap import MovingSap

EVERY_EFFECT = "SAPMATCH_PROOF_SEEDS" in os.environ  # otherwise some, chosen once for each way
SEEDS = int(os.environ.get("SAPMATCH_PROOF_SEEDS", "1200")) // 100  # each is a whole life
ORDERS = 14
Step = Callable[[], None]


class _Indexed:
    """What the stand-in of the index answers."""

    done, notes = True, ()
    orders = orders_changed = orders_skipped = posted = posted_changed = reads = writes = 0


class Observed(Desk):
    """An extraction with an observer at every effect; a death costs no time."""

    step = timedelta()

    def __init__(self, entity_set: EntitySet, **more: Any) -> None:
        super().__init__(MovingSap(SHAPE), entity_set, index=True, **more)
        self.indexed: set[tuple[str, int]] = set()
        self.seen: dict[str, dict[str, str]] = {}
        self.moving = True
        self.effects.observe = self.look

    def put(self, order: str, amount: str) -> None:
        """Insert or change an order in SAP."""
        self.clock.time += timedelta(seconds=1)
        changed = self.clock.time.isoformat()
        self.sap.put(SET, PurchaseOrder=order, Amount=amount, ChangedAt=changed)

    def index(self, plan: Plan, published: Published, out_of_time: OutOfTime) -> Any:
        """Two batches; what is done is not done again."""
        for batch in ((published.run_id, 1), (published.run_id, 2)):
            if batch not in self.indexed:
                self.effects.do(partial(self.indexed.add, batch))
        return cast(Any, _Indexed)

    def whole_run(self, run_id: str) -> None:
        self.run(run_id, index=self.index)

    def later(self) -> None:
        self.clock.time = self.clock.time.replace(minute=0, second=0) + timedelta(hours=1)

    def look(self) -> None:
        last = self.last()
        position = position_of(self.control, self.name, SET)
        if last is None:
            assert position is None, "a position stands and nothing is published"
            return
        assert (last, 2) in self.indexed, "a run counts as good that the index does not know"
        if position is not None:
            if last not in self.seen:  # what is published stands
                self.seen[last] = self.rows(last)
            published = self.seen[last]
            held = orders_held(self.sap)
            for order in self.settled(position):
                assert published.get(order) == held.get(order), f"{order} is behind the position"

    def settled(self, position: Any) -> Iterator[str]:
        """Orders whose last change lies before the position."""
        if position.delta is None:
            for row in self.sap.sets[SET].rows.values():
                if meaning(row["ChangedAt"], "moment") <= meaning(position.latest, "moment"):
                    yield row["PurchaseOrder"]
            return
        assert position.delta.state is DeltaState.TRACKING
        link = position.delta.link
        token = json.loads(link.partition("$skiptoken=")[2].rpartition("&n=")[0])[0]
        log = [key[0] for key in self.sap.sets[SET].log]
        yield from set(log[:token]) - set(log[token:])


def survived(effects: Any, step: Step) -> int:
    """Do it until it is done; how often the worker died."""
    deaths = 0
    while True:
        try:
            step()
        except KeyboardInterrupt:
            deaths += 1
            effects.dies_at = None if deaths >= 3 else effects.dies_at
            continue
        return deaths


def filled(desk: Observed) -> None:
    for number in range(ORDERS):
        desk.put(f"{number:04d}", f"{number}.10")


def moved(desk: Observed) -> None:
    desk.put("0003", "333.00")
    desk.put("0003A", "1.00")
    desk.put("0020", "20.00")
    if desk.extraction.entity_sets[0].mode != "timestamp":  # it sees no deletions
        desk.sap.remove(SET, "0007")


WAYS: dict[str, tuple[EntitySet, dict[str, Any]]] = {
    "key ranges": (EntitySet(service="/po", name=SET, partition="key"), {}),
    "$skip": (EntitySet(service="/po", name=SET, partition="skip"), {}),
    "parts": (EntitySet(service="/po", name=SET), {"output": Output(compression="gzip")}),
    "kept": (EntitySet(service="/po", name=SET, partition="none"), {"keep": 1}),
    "delta": (EntitySet(service="/po", name=SET, mode="delta"), {}),
    "timestamp": (
        EntitySet(service="/po", name=SET, mode="timestamp", field="ChangedAt", overlap_seconds=5),
        {},
    ),
}


def lived(way: str, dies_at: int | None = None, *, before: bool = False) -> tuple[Observed, int]:
    """Three runs with changes between them, and a death on the way."""
    entity_set, more = WAYS[way]
    desk = Observed(entity_set, parallel=2, **more)
    desk.effects.dies_at, desk.effects.before = dies_at, before
    filled(desk)
    deaths = survived(desk.effects, lambda: desk.whole_run("run-1"))
    desk.later()
    moved(desk)
    deaths += survived(desk.effects, lambda: desk.whole_run("run-2"))
    desk.later()
    desk.put("0003", "3.33")
    deaths += survived(desk.effects, lambda: desk.whole_run("run-3"))
    return desk, deaths


def said(desk: Observed, run_id: str) -> Published:
    """What a run published, without its times."""
    published = desk.published(run_id)
    return replace(published, planned_at="", published_at="")


@pytest.fixture(autouse=True)
def _many_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sapmatch.extracting.partition.LEAST_PAGES", 1)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("way", WAYS)
def test_a_death_at_any_effect_changes_nothing(way: str) -> None:
    """The same rows, the same `_SUCCESS`, each order once, whenever the worker died."""
    whole, _ = lived(way)
    runs = ["run-3"] if way == "kept" else ["run-1", "run-2", "run-3"]
    expected = [said(whole, run_id) for run_id in runs]
    assert whole.rows("run-3") == orders_held(whole.sap)
    points = list(product(range(whole.effects.done), (False, True)))
    for dies_at, before in points if EVERY_EFFECT else random.Random(way).sample(points, 6):
        desk, deaths = lived(way, dies_at, before=before)
        assert deaths == 1
        assert [said(desk, run_id) for run_id in runs] == expected
        assert desk.rows("run-3") == orders_held(desk.sap)
        assert desk.last() == "run-3"


@pytest.mark.parametrize("way", ["key ranges", "$skip"])
def test_several_chunks_share_the_work(way: str) -> None:
    """Otherwise the proof above would prove less than it says."""
    desk, _ = lived(way)
    assert len(desk.plan("run-1").chunks) > 1


def test_only_the_last_snapshot_is_kept() -> None:
    desk, _ = lived("kept")
    assert {key.split("/")[2] for key in desk.objects.keys("extracts/")} == {"run-3"}


def _move(desk: Observed, choice: random.Random) -> None:
    """Somebody inserts, changes or deletes an order, unless all went home."""
    if not desk.moving:
        return
    held = sorted(key[0] for key in desk.sap.sets[SET].rows)
    kind = choice.choice(["insert", "change", "delete"])
    if kind == "delete" and len(held) > 3:
        desk.sap.remove(SET, choice.choice(held))
    elif kind == "insert":
        desk.put(f"{choice.randrange(40):04d}{choice.choice('ABC')}", f"{choice.randrange(99)}.00")
    else:
        desk.put(choice.choice(held), f"{choice.randrange(1000)}.00")


@pytest.mark.parametrize("seed", range(SEEDS))
def test_rows_that_move_while_workers_die_end_as_sap_holds_them(seed: int) -> None:
    """The delta that follows brings what changed meanwhile; so does a mere count of the rows."""
    choice = random.Random(seed)
    desk = Observed(EntitySet(service="/po", name=SET, mode="delta"), page_size=2)
    filled(desk)
    for page in range(30):
        for _ in range(choice.choice([0, 0, 1, 2])):
            desk.sap.before(page, lambda: _move(desk, choice))
    for number in range(3):
        desk.effects.dies_at = desk.effects.done + choice.randrange(40)
        desk.effects.before = choice.random() < 0.5
        desk.later()
        survived(desk.effects, partial(desk.whole_run, f"run-{number}"))
    desk.effects.dies_at, desk.moving = None, False
    desk.later()
    desk.whole_run("run-last")
    assert desk.rows("run-last") == orders_held(desk.sap)
