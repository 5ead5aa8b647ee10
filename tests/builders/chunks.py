"""Plans of one chunk over a SAP whose rows move, and what became of it."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import json

from sapmatch.extracting.chunk import extract_chunk
from sapmatch.extracting.run import Chunk, ChunkResult, Plan, Source, rows_of
from sapmatch.limits.permits import Permits
from sapmatch.model.flow import Output
from sapmatch.model.ports import Objects
from sapmatch.model.shape import Field, Shape
from tests.builders.control import MemoryControl
from tests.builders.memory import START, MemoryClock
from tests.builders.moving_sap import MovingSap

SET = "A_PurchaseOrder"
SHAPE = Shape(
    entity_set=SET,
    version="V2",
    keys=("PurchaseOrder",),
    fields=(
        Field(name="PurchaseOrder", kind="text", nullable=False),
        Field(name="Amount", kind="decimal", precision=15, scale=2),
        Field(name="ChangedAt", kind="moment"),
    ),
)


def sap_with(rows: int, **more: Any) -> MovingSap:
    """A SAP with that many purchase orders, numbered from 0."""
    sap = MovingSap(SHAPE, **more)
    for number in range(rows):
        sap.put(SET, PurchaseOrder=f"{number:04d}", Amount=f"{number}.10", ChangedAt=None)
    return sap


def plan_of(
    *, output: Output | None = None, chunk: dict[str, Any] | None = None, **source: Any
) -> Plan:
    """One chunk of one source, three rows a page."""
    return Plan(
        extraction="orders",
        run_id="run-1",
        connection="s4",
        sources=(Source(service="/po", entity_set=SET, shape=SHAPE, **source),),
        chunks=(Chunk(number=0, source=0, **(chunk or {})),),
        output=output or Output(),
        page_size=3,
        planned_at=START.isoformat(),
    )


def permits_of(most: int = 4) -> Permits:
    return Permits(MemoryControl(), MemoryClock(), "s4", most)


def called(
    plan: Plan,
    sap: MovingSap,
    objects: Objects,
    *,
    permits: Permits | None = None,
    out_of_time: Callable[[], bool] = lambda: False,
) -> ChunkResult | None:
    """Call a worker once."""
    with tempfile.TemporaryDirectory() as folder:
        return extract_chunk(
            plan,
            plan.chunks[0],
            sap=sap,
            objects=objects,
            permits=permits or permits_of(),
            out_of_time=out_of_time,
            workspace=Path(folder),
        )


def extracted(plan: Plan, sap: MovingSap, objects: Objects) -> ChunkResult:
    """Call a worker until the chunk is complete."""
    result = called(plan, sap, objects)
    assert result is not None
    return result


def orders_in(plan: Plan, result: ChunkResult, objects: Objects) -> dict[str, str]:
    """Amounts by purchase order as stored; every order is there once."""
    rows = [json.decode(row) for row in rows_of(plan, plan.chunks[0], result, objects)]
    found = {row["PurchaseOrder"]: row["Amount"] for row in rows}
    assert len(found) == len(rows), "an order is stored twice"
    return found


def orders_held(sap: MovingSap) -> dict[str, str]:
    """The same as SAP holds it now."""
    return {row["PurchaseOrder"]: row["Amount"] for row in sap.sets[SET].rows.values()}
