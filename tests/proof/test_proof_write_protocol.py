"""The write protocol in simulated worlds: at most one document for each intent, and an end.

RE-12, RE-22, RE-27, RE-33, MA-P62; the invariants I1 to I5 are those of docs/exactly-once.md.
"""

import os
from collections.abc import Iterator
from itertools import product
from random import Random

import pytest

from sapmatch.model.intent import Cause, IntentState
from tests.proof.simulation.cases import CASES
from tests.proof.simulation.laws import EVERY
from tests.proof.simulation.mutants import MUTANTS
from tests.proof.simulation.run import first_violation, story, try_seeds
from tests.proof.simulation.weather import FATES, calm
from tests.proof.simulation.world import PER_WORLD, World, seeded

INTENTS = 20_000  # `make proof` tries a million
EVERY_KIND = "SAPMATCH_PROOF_SEEDS" in os.environ  # of operation, two deaths deep
Death = tuple[int, str]


def test_whatever_goes_wrong_an_intent_is_one_document_at_most_and_has_an_end() -> None:
    """I1 to I5 in 2,000 worlds: crashes (RE-12), every answer (RE-22), clocks (RE-27), backups."""
    counts = try_seeds(range(INTENTS // PER_WORLD))
    assert counts["intents"] == INTENTS
    assert counts["ended CONFIRMED"] > 0.85 * INTENTS
    assert all(counts[f"fate {fate}"] > 100 for fate in FATES)
    assert min(counts["deaths"], counts["forgotten"]) > 500


@pytest.mark.parametrize("rule", MUTANTS)
def test_a_protocol_without_one_of_its_rules_is_found_out(
    rule: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """By a document that SAP holds twice, within 10,000 seeds."""
    found = first_violation(range(10_000), protocol=MUTANTS[rule], watched={"I1"})
    assert found is not None, f"nobody misses the {rule}"
    with capsys.disabled():
        print(f"\nwithout {rule}: seed {found[0]}: {found[1]}")  # noqa: T201  a proof says so


@pytest.mark.parametrize(("rule", "law"), [("write-ahead", "I4"), ("fencing", "I5")])
def test_what_is_stored_is_watched_too(rule: str, law: str) -> None:
    """Before it comes to a second document."""
    found = first_violation(range(100), protocol=MUTANTS[rule], watched=EVERY)
    assert found is not None
    assert found[1].law == law


def test_a_seed_repeats_its_world_and_tells_how() -> None:
    assert story(7) == story(7)
    assert story(7).endswith("again: python -m tests.proof.simulation --seed 7")
    found = first_violation(range(100), protocol=MUTANTS["doubt"], watched=EVERY)
    assert found is not None
    seed, violation = found
    told = story(seed, "doubt")
    assert str(violation) in told
    assert told.endswith(f'--seed {seed} --without "doubt"')


def lone(kind: str, fate: str, deaths: set[Death]) -> World:
    """One intent, one worker after the other, and a fate of the first request."""
    world = World(calm(), [CASES[kind]("1")], Random(len(deaths)), deaths=deaths)
    world.network.script = [fate]
    world.run()
    return world


@pytest.mark.parametrize(("kind", "fate"), list(product(CASES, FATES)))
def test_a_worker_may_die_before_or_after_any_effect(kind: str, fate: str) -> None:
    """RE-12, RE-22: exhaustively, one death deep."""
    for point in points(lone(kind, fate, set()).effects):
        assert end_of(lone(kind, fate, {point})) is IntentState.CONFIRMED


@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("kind", CASES if EVERY_KIND else ["insert", "update", "call"])
def test_a_second_worker_may_die_while_it_repairs(kind: str, fate: str) -> None:
    """RE-12, RE-22: exhaustively, two deaths deep."""
    for deaths in pairs(kind, fate):
        assert end_of(lone(kind, fate, deaths)) is IntentState.CONFIRMED


@pytest.mark.parametrize("fate", FATES)
def test_a_worker_may_die_at_any_effect_of_a_batch(fate: str) -> None:
    """RE-12, RE-22: one lost answer for many, and each of them read back by itself."""
    for point in [(0, ""), *points(batch(fate, (0, "")).effects)]:
        world = batch(fate, point)
        assert set(world.laws.executed.values()) == {1}
        states = {intent.state for intent in world.store.intents.values()}
        assert states == {IntentState.CONFIRMED}


def batch(fate: str, death: Death) -> World:
    """Three intents that travel together."""
    cases = [CASES[kind](kind) for kind in ("insert", "update", "upsert of a new record")]
    world = World(calm(batch=3), cases, Random(0), deaths={death})
    world.network.script = [fate]
    world.run()
    return world


def test_what_people_deleted_after_it_was_written_is_not_made_again() -> None:
    """MA-P63: a lost answer and a deletion look alike; the record that was there tells them."""
    case = CASES["upsert of an old record"]("1")
    world = World(calm(), [case], Random(0))
    world.network.script = ["lost after"]
    world.agenda.after(300, world.sap.meddle, case, "delete")
    world.run()
    assert world.laws.executed == {"1": 1}
    assert world.store.intents["1"].cause is Cause.MOVED


def end_of(world: World) -> IntentState:
    """Its end; SAP has executed it once, no matter how often it was tried."""
    assert world.laws.executed == {"1": 1}
    return world.store.intents["1"].state


def points(effects: int) -> list[Death]:
    return list(product(range(1, effects + 1), ("before", "after")))


def pairs(kind: str, fate: str) -> Iterator[set[Death]]:
    """Every point, and a second one anywhere in the life that follows it."""
    for first in points(lone(kind, fate, set()).effects):
        for second in points(lone(kind, fate, {first}).effects):
            if second > first:
                yield {first, second}


def test_a_store_from_an_old_backup_writes_nothing_twice() -> None:
    """RE-33: what was planned since is planned again; what was sent since is found by reading."""
    forgotten = 0
    for seed in range(1500):
        world = seeded(seed)
        if world.weather.restored:
            world.run()
            forgotten += world.forgotten
    assert forgotten > 300
