from unittest.mock import MagicMock

import msgspec

from sapmatch.extracting.plan import Chunk, Plan
from tests.unit.functions.conftest import Call

CHUNK = Chunk(
    extraction="orders",
    run_id="r",
    number=0,
    service="/s",
    entity_set="A_PurchaseOrder",
    page_size=100,
    count=3,
)


def test_each_chunk_is_one_small_descriptor(call: Call, parts: MagicMock) -> None:
    """RE-9: a state's payload stays under 32 KiB."""
    wide = msgspec.structs.replace(CHUNK, filter="F" * 10_000)
    plan = Plan(extraction="orders", run_id="r", connection="s4", index=True, chunks=(wide,) * 20)
    parts.extraction.return_value.parallel = 4
    store = MagicMock(side_effect=lambda made, _objects: made)
    answer = call(
        "plan_extraction",
        "scheduled",
        plan_extraction=MagicMock(return_value=plan),
        store_plan=store,
    )
    assert len(answer["chunks"]) == 20
    assert answer["parallel"] == 4
    assert answer["chunks"][0] == {"extraction": "orders", "run_id": "r", "number": 0}
    assert len(str(answer)) < 32_768
    store.assert_called_once_with(plan, parts.objects)


def test_a_repetition_goes_on_with_the_plan_that_was_stored(call: Call, parts: MagicMock) -> None:
    """RE-11: the settings may have changed since; finishing compares with the stored plan."""
    parts.extraction.return_value.parallel = 4
    made = Plan(extraction="orders", run_id="r", connection="s4", index=True, chunks=())
    stood = Plan(extraction="orders", run_id="r", connection="s4", index=True, chunks=(CHUNK,))
    answer = call(
        "plan_extraction",
        "scheduled",
        plan_extraction=MagicMock(return_value=made),
        store_plan=MagicMock(return_value=stood),
    )
    assert len(answer["chunks"]) == 1
