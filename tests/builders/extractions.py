"""A whole extraction in memory: runs over a SAP whose rows move, killed at any effect."""

import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from msgspec import json

from sapmatch.extracting.chunk import extract_chunk
from sapmatch.extracting.finish import FinishResult, IndexRun, finish_extraction
from sapmatch.extracting.plan import plan_extraction
from sapmatch.extracting.positions import published_of
from sapmatch.extracting.run import Plan, Published, load_published
from sapmatch.extracting.snapshot import current_rows
from sapmatch.limits.permits import Permits
from sapmatch.model.flow import EntitySet, Extraction
from tests.builders.chunks import SET
from tests.builders.control import MemoryControl
from tests.builders.memory import MemoryClock, MemoryObjects
from tests.builders.moving_sap import MovingSap

Effect = Callable[[], None]


class Effects:
    """What a worker does to the world; dies behind (or before) the effect of that number."""

    def __init__(self) -> None:
        self.done = 0
        self.dies_at: int | None = None
        self.before = False
        self.observe: Effect = lambda: None

    def do(self, effect: Callable[[], Any]) -> Any:
        number, self.done = self.done, self.done + 1
        if self.before and number == self.dies_at:
            raise KeyboardInterrupt
        result = effect()
        self.observe()
        if number == self.dies_at:
            raise KeyboardInterrupt
        return result


class MortalObjects(MemoryObjects):
    """Port Objects whose changes are effects."""

    def __init__(self, effects: Effects) -> None:
        super().__init__()
        self.effects = effects

    def write(self, key: str, data: bytes) -> None:
        self.effects.do(lambda: super(MortalObjects, self).write(key, data))

    def delete(self, key: str) -> None:
        self.effects.do(lambda: super(MortalObjects, self).delete(key))


class MortalControl(MemoryControl):
    """Port Control whose changes are effects."""

    def __init__(self, effects: Effects) -> None:
        super().__init__()
        self.effects = effects

    def write(self, key: str, value: bytes, *, expected: int) -> int:
        write = super().write
        number: int = self.effects.do(lambda: write(key, value, expected=expected))
        return number


class Desk:
    """One extraction of purchase orders and what its runs leave behind."""

    name = "orders"
    step = timedelta(minutes=1)  # that planning, and again that finishing takes

    def __init__(self, sap: MovingSap, entity_set: EntitySet | None = None, **more: Any) -> None:
        self.sap = sap
        self.effects = Effects()
        self.objects = MortalObjects(self.effects)
        self.control = MortalControl(self.effects)
        self.clock = MemoryClock()
        self.extraction = Extraction(
            connection="s4",
            entity_sets=(entity_set or EntitySet(service="/po", name=SET),),
            page_size=more.pop("page_size", 3),
            **more,
        )

    def plan(self, run_id: str, *, reload: bool = False) -> Plan:
        self.clock.time += self.step
        return plan_extraction(
            self.name,
            self.extraction,
            run_id,
            sap=self.sap,
            objects=self.objects,
            control=self.control,
            now=self.clock.now(),
            reload=reload,
        )

    def read(self, plan: Plan) -> None:
        """All chunks, one after the other."""
        permits = Permits(MemoryControl(), self.clock, "s4", 4)
        with tempfile.TemporaryDirectory() as folder:
            for chunk in plan.chunks:
                extract_chunk(
                    plan,
                    chunk,
                    sap=self.sap,
                    objects=self.objects,
                    permits=permits,
                    out_of_time=lambda: False,
                    workspace=Path(folder),
                )

    def finish(
        self,
        plan: Plan,
        *,
        index: IndexRun | None = None,
        out_of_time: Callable[[], bool] = lambda: False,
    ) -> FinishResult:
        self.clock.time += self.step
        with tempfile.TemporaryDirectory() as folder:
            result = finish_extraction(
                plan,
                sap=self.sap,
                objects=self.objects,
                control=self.control,
                clock=self.clock,
                workspace=Path(folder),
                index=index,
                out_of_time=out_of_time,
            )
            assert not list(Path(folder).iterdir()), "files are left behind"
        return result

    def run(self, run_id: str, *, reload: bool = False, index: IndexRun | None = None) -> Published:
        """Plan, read and finish; what was published."""
        plan = self.plan(run_id, reload=reload)
        self.read(plan)
        assert self.finish(plan, index=index).done
        return self.published(run_id)

    def published(self, run_id: str) -> Published:
        found = load_published(self.name, run_id, self.objects)
        assert found is not None, f"run {run_id} is not published"
        return found

    def last(self) -> str | None:
        """The last good run."""
        pointer = published_of(self.control, self.name)
        return pointer.run_id if pointer else None

    def rows(self, run_id: str) -> dict[str, str]:
        """Amounts by order as of a run; every order is there once."""
        with tempfile.TemporaryDirectory() as folder:
            lines = list(current_rows(self.objects, self.published(run_id), SET, Path(folder)))
        rows = [json.decode(line) for line in lines]
        found = {row["PurchaseOrder"]: row["Amount"] for row in rows}
        assert len(found) == len(rows), "an order is there twice"
        return found
