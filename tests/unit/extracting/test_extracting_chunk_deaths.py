"""A worker that dies after any of its effects, and the one that goes on."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sapmatch.extracting.run import Plan
from sapmatch.model.flow import Output
from tests.builders.chunks import SET, called, extracted, orders_held, orders_in, plan_of, sap_with
from tests.builders.memory import MemoryObjects
from tests.builders.moving_sap import MovingSap

PREFIX = f"extracts/orders/run-1/{SET}/00000/"
PARTS = Output(compression="gzip", target_mb=1)  # rows as they came: made fast
PLAIN = 8  # effects of the chunk below: three pages, their positions, keys, mark


class Mortal(MemoryObjects):
    """Dies at its nth effect, before or after it."""

    def __init__(self, dies_at: int, *, after: bool) -> None:
        super().__init__()
        self.left, self._after = dies_at, after

    def write(self, key: str, data: bytes) -> None:
        self._effect(lambda: super(Mortal, self).write(key, data))

    def store(self, key: str, path: Path) -> None:
        self.write(key, path.read_bytes())

    def delete(self, key: str) -> None:
        self._effect(lambda: super(Mortal, self).delete(key))

    def _effect(self, effect: Callable[[], None]) -> None:
        self.left -= 1
        if self.left == 0 and not self._after:
            raise KeyboardInterrupt
        effect()
        if self.left == 0:
            raise KeyboardInterrupt


def newest(objects: MemoryObjects) -> dict[str, bytes]:
    """All that readers look at."""
    keys = [key for key in objects.keys(PREFIX) if not key.endswith("position.json")]
    return {key: objects.read(key) for key in keys}


def quiet() -> MovingSap:
    return sap_with(8)


def overlapping() -> MovingSap:
    sap = sap_with(8)
    sap.overlaps = True
    return sap


def dead(plan: Plan, sap: MovingSap, dies_at: int, *, after: bool) -> Mortal:
    """What a worker leaves behind that did not live to its end."""
    objects = Mortal(dies_at, after=after)
    with pytest.raises(KeyboardInterrupt):
        called(plan, sap, objects)
    return objects


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("dies_at", range(1, PLAIN + 1))
@pytest.mark.parametrize("world", [quiet, overlapping])
def test_a_death_at_any_effect_changes_no_byte(
    world: Callable[[], MovingSap], dies_at: int, after: bool
) -> None:
    """RE-11, RE-12, OD-P34: same keys, same bytes, whichever worker stored them."""
    plan, sap, whole = plan_of(), world(), MemoryObjects()
    expected = extracted(plan, world(), whole)
    objects = dead(plan, sap, dies_at, after=after)
    assert extracted(plan, sap, objects) == expected
    assert newest(objects) == newest(whole)
    assert list(orders_in(plan, expected, objects)) == sorted(orders_held(sap))


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("dies_at", range(PLAIN, PLAIN + 5))
def test_a_death_while_parts_are_made_changes_no_byte(
    dies_at: int, after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RE-11, RE-12."""
    monkeypatch.setattr("sapmatch.extracting.parts.MB", 500)
    plan, sap, whole = plan_of(output=PARTS), quiet(), MemoryObjects()
    expected = extracted(plan, quiet(), whole)
    assert len(expected.files) == 2
    objects = dead(plan, sap, dies_at, after=after)
    assert extracted(plan, sap, objects) == expected
    assert newest(objects) == newest(whole)


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("dies_at", range(1, PLAIN + 2))
def test_rows_that_move_while_a_worker_dies_are_there_once_and_as_new_as_any(
    dies_at: int, after: bool
) -> None:
    """RE-12, RE-19: newer content of a row that SAP repeats is never lost with the worker."""
    plan, sap = plan_of(), sap_with(8)
    sap.repeats_row(1)
    sap.before(1, lambda: sap.put(SET, PurchaseOrder="0002", Amount="999.00"))
    objects = dead(plan, sap, dies_at, after=after)
    sap.put(SET, PurchaseOrder="0009", Amount="9.00")
    result = extracted(plan, sap, objects)
    found = orders_in(plan, result, objects)
    held = orders_held(sap)
    assert set(found) - {"0009"} == set(held) - {"0009"}
    # The order may be read before or after the change, as every row may; no other differs.
    assert {key for key in found if found[key] != held[key]} <= {"0002"}
    assert result.bytes == sum(map(len, map(objects.read, (f.key for f in result.files))))


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("dies_at", range(1, 8))
def test_changes_are_the_same_whenever_the_worker_died(dies_at: int, after: bool) -> None:
    """RE-12, OD-P34, OD-P37: the position is never ahead of what is stored."""
    sap = sap_with(8)
    since = extracted(plan_of(mode="delta"), sap, MemoryObjects()).position
    for number in range(5):
        sap.remove(SET, f"000{number}")
    sap.put(SET, PurchaseOrder="0007", Amount="77.00")
    plan, whole = plan_of(mode="delta", since=since), MemoryObjects()
    expected = extracted(plan, sap, whole)
    objects = dead(plan, sap, dies_at, after=after)
    assert extracted(plan, sap, objects) == expected
    assert newest(objects) == newest(whole)
