"""`sapmatch extract` without its command line: again and again over a SAP whose rows move."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sapmatch.extracting.local import ExtractSummary, Wanted, Work, extract_entity_set
from sapmatch.folder import FolderControl, FolderObjects
from sapmatch.limits.permits import Permits
from sapmatch.model.flow import EntitySet, Output
from sapmatch.model.shape import Field, Shape
from tests.builders.memory import MemoryClock
from tests.builders.moving_sap import MovingSap

SHAPE = Shape(
    entity_set="A_Order",
    version="V2",
    keys=("Order",),
    fields=(
        Field(name="Order", kind="text", max_length=10, nullable=False),
        Field(name="Name", kind="text"),
        Field(name="Day", kind="date"),
        Field(name="Amount", kind="decimal", precision=13, scale=2),
    ),
    tracks_changes=True,
)


class Told:
    """Progress as somebody saw it."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.read_so_far: list[tuple[int, int, int | None]] = []

    def say(self, text: str) -> None:
        self.said.append(text)

    def read(self, rows: int, pages: int, total: int | None) -> None:
        self.read_so_far.append((rows, pages, total))


class Command:
    """The command in one folder, again and again."""

    def __init__(self, to: Path, orders: int) -> None:
        self.to = to
        self.sap = MovingSap(SHAPE)
        for number in range(1, orders + 1):
            self.put(number, f"Order {number}")
        self.told = Told()
        self.clock = MemoryClock()

    def __call__(
        self, *, format: Any = "ndjson", values: Any = "raw", **more: Any
    ) -> ExtractSummary:
        query = {name: more.pop(name) for name in ("select", "filter") if name in more}
        wanted = Wanted(
            connection="s4",
            system="https://sap.example.com 100",
            entity_set=EntitySet(service="/o", name=more.pop("name", "A_Order"), **query),
            output=Output(format=format, values=values, **more.pop("output", {})),
            page_size=more.pop("page_size", 2),
            **more,
        )
        self.told, work = Told(), self.work(wanted.delta, wanted.parallel)
        self.clock.sleep(60)
        self.to.mkdir(parents=True, exist_ok=True)
        return extract_entity_set(
            wanted, to=self.to, sap=self.sap, work=work, clock=self.clock, progress=self.told
        )

    def work(self, delta: bool, parallel: int = 1) -> Work:
        folder = self.to / ".work" / ("delta" if delta else "full")
        control = FolderControl(folder / "control")
        return Work(
            folder=folder,
            objects=FolderObjects(folder / "objects"),
            control=control,
            permits=Permits(control, self.clock, "s4", parallel),
        )

    def put(self, number: int, name: str) -> None:
        """Insert an order in SAP, or change it there."""
        day = "/Date(1793577600000)/"
        self.sap.put("A_Order", Order=f"{number:03}", Name=name, Day=day, Amount="10.10")

    @property
    def file(self) -> Path:
        return self.to / "A_Order.ndjson"

    def rows(self) -> Iterator[dict[str, Any]]:
        yield from map(json.loads, self.file.read_bytes().splitlines())

    def names(self) -> dict[str, str]:
        return {row["Order"]: row["Name"] for row in self.rows()}

    @property
    def is_clean(self) -> bool:
        return not (self.to / ".work" / "full").exists()
