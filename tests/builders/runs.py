"""A planned run of an extraction in memory, as the steps of its state machine find it."""

from unittest.mock import MagicMock

import msgspec

from sapmatch.extracting.lease import take
from sapmatch.extracting.run import Chunk, Plan, Source, plan_key
from sapmatch.model.shape import Field, Shape
from tests.builders.control import MemoryControl
from tests.builders.memory import MemoryClock, MemoryObjects

RUN = ("orders", "2026-11-02T08:00:00Z")
EXECUTION = "5b6d7c1e-0d5a-4b0e-9d0c-6f1f6a1c2d3e"
SHAPE = Shape(
    entity_set="A_PurchaseOrder",
    version="V2",
    keys=("PurchaseOrder",),
    fields=(Field(name="PurchaseOrder", kind="text"),),
)
PLAN = Plan(
    extraction=RUN[0],
    run_id=RUN[1],
    connection="s4",
    sources=(Source(service="/s", entity_set="A_PurchaseOrder", shape=SHAPE),),
    chunks=(Chunk(number=0, source=0), Chunk(number=1, source=0)),
)


def running_parts(parts: MagicMock, execution: str = EXECUTION) -> None:
    """Give the services a stored plan, and a lease that the execution holds."""
    parts.clock, parts.objects, parts.control = MemoryClock(), MemoryObjects(), MemoryControl()
    parts.objects.write(plan_key(*RUN), msgspec.json.encode(PLAN))
    take(parts.control, RUN[0], execution, parts.clock.now(), seconds=1800)
