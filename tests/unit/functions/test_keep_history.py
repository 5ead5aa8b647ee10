import json
from unittest.mock import MagicMock

import pytest

from sapmatch.aws.history import IntentHistory
from sapmatch.model.intent import Intent, IntentState
from tests.builders.memory import MemoryObjects
from tests.builders.writes import invoice_intent
from tests.unit.functions.conftest import Call

ID = "0a" * 32
INTENT = invoice_intent(id=ID, flow="supplier_invoice")


@pytest.fixture
def objects(parts: MagicMock) -> MemoryObjects:
    parts.objects = stored = MemoryObjects()
    return stored


def test_every_version_is_stored_under_its_intent(call: Call, objects: MemoryObjects) -> None:
    assert call("keep_history", "planned_and_claimed") == {"kept": 2}
    first, second = objects.keys("")
    assert first.startswith(f"history/intents/2026-11-02/{ID}/000000-")
    assert second.startswith(f"history/intents/2026-11-02/{ID}/000001-")
    states = [version.state for version in IntentHistory(objects).versions(INTENT)]
    assert states == [IntentState.PLANNED, IntentState.CLAIMED]


def test_a_redelivered_batch_stores_nothing_twice(call: Call, objects: MemoryObjects) -> None:
    call("keep_history", "planned_and_claimed")
    assert call("keep_history", "planned_and_claimed") == {"kept": 0}
    assert {len(versions) for versions in objects.versions.values()} == {1}


def test_a_version_that_comes_again_after_a_restore_takes_no_other_ones_place(
    call: Call, objects: MemoryObjects
) -> None:
    """RE-33"""
    call("keep_history", "planned_and_claimed")
    for key in list(objects.keys("")):
        objects.versions[f"{key.removesuffix('.json')}0.json"] = objects.versions.pop(key)
    assert call("keep_history", "planned_and_claimed") == {"kept": 2}
    assert len(IntentHistory(objects).versions(INTENT)) == 4


def test_no_payload_is_in_it(call: Call, objects: MemoryObjects) -> None:
    call("keep_history", "planned_and_claimed")
    fields = {name for key in objects.keys("") for name in json.loads(objects.read(key))}
    assert fields == set(Intent.__struct_fields__)


def test_an_item_that_was_removed_by_hand_takes_its_history_nowhere(
    call: Call, objects: MemoryObjects
) -> None:
    call("keep_history", "planned_and_claimed")
    assert call("keep_history", "removed") == {"kept": 0}
    assert len(list(objects.keys(""))) == 2


def test_what_cannot_be_read_goes_back_to_the_stream(call: Call, objects: MemoryObjects) -> None:
    """It is tried again alone, and ends among the dead letters; its neighbours are kept."""
    with pytest.raises(RuntimeError, match="a bug of ours"):
        call("keep_history", "torn_body")
    assert list(objects.keys("")) == []
