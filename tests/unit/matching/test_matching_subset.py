"""Which open values make up a total."""

import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sapmatch.matching.subset import BUDGET, subset_of


def test_the_only_set_is_found() -> None:
    found = subset_of([10_000, 25_050, 33_333, 70_010], 58_383)
    assert (found.kind, found.chosen) == ("found", (1, 2))


def test_two_sets_are_several() -> None:
    assert subset_of([10_000, 25_000, 35_000, 70_000], 35_000).kind == "several"


def test_equal_values_are_several_sets() -> None:
    assert subset_of([45_000, 45_000, 12_345], 45_000).kind == "several"


@pytest.mark.parametrize(("values", "total"), [([], 5), ([10, 20], 15), ([10], -10), ([10], 0)])
def test_a_total_that_nothing_makes_is_none(values: list[int], total: int) -> None:
    assert subset_of(values, total).kind == "none"


def _sixty() -> list[int]:
    chance = random.Random(59)
    return [chance.randint(1_000, 1_000_000) for _ in range(60)]


def test_sixty_open_values_end_at_the_budget_and_in_the_same_step() -> None:
    """MA-P59"""
    values = _sixty()
    first = subset_of(values, sum(values) // 2)
    assert (first.kind, first.chosen) == ("gave up", ())
    assert first.steps <= BUDGET
    for seed in range(5):
        shuffled = random.Random(seed).sample(values, len(values))
        assert subset_of(shuffled, sum(values) // 2) == first


def test_a_budget_that_is_too_small_gives_up() -> None:
    """MA-P59"""
    values = [10_000, 25_050, 33_333, 70_010]
    enough = subset_of(values, 58_383).steps
    assert subset_of(values, 58_383, budget=enough).kind == "found"
    assert subset_of(values, 58_383, budget=enough - 1).kind == "gave up"


def test_a_set_that_chance_would_make_proves_nothing() -> None:
    """Of 20 values some ten make nearly any total of a few thousand euros."""
    values = [2**n for n in range(20)]
    total = sum(values[::2])
    assert subset_of(values, total).kind == "several"
    assert subset_of(values, values[0] + values[19]).kind == "found"


@given(
    values=st.lists(st.integers(1, 40) | st.integers(10_000, 90_000), max_size=9),
    total=st.integers(1, 120_000),
    taken=st.sets(st.integers(0, 8)),
)
@settings(max_examples=150, deadline=None)
def test_the_search_agrees_with_trying_every_set(
    values: list[int], total: int, taken: set[int]
) -> None:
    total = sum(value for n, value in enumerate(values) if n in taken) or total
    places = range(len(values))
    sets = [
        chosen
        for size in range(1, len(values) + 1)
        for chosen in itertools.combinations(places, size)
        if sum(values[n] for n in chosen) == total
    ]
    found = subset_of(values, total)
    if found.kind == "found":
        assert [found.chosen] == sets
    elif found.kind == "none":
        assert sets == []
    else:
        assert found.kind == "several"
        assert sets
