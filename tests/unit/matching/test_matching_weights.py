"""What evidence weighs, and what a score says as a probability."""

from math import log2

import pytest

from sapmatch.matching.weights import Shares, confidence, shared, tenths, weights_of
from sapmatch.model.errors import InputRejected
from sapmatch.model.levels import IDENTITY_LEVELS, LARGEST_WEIGHT
from sapmatch.model.match import State
from tests.unit.matching.desk import decide, invoice, order, policy

SHIPPED = weights_of({})


def test_the_table_has_exactly_the_levels_that_settings_may_name() -> None:
    assert set(SHIPPED.levels) == IDENTITY_LEVELS
    assert all(abs(weight) <= LARGEST_WEIGHT for weight in SHIPPED.levels.values())


def test_a_weight_is_the_logarithm_of_what_it_was_estimated_from() -> None:
    for levels in SHIPPED.fields.values():
        for level, shares in levels.items():
            assert abs(SHIPPED[level] - 10 * log2(shares.m / shares.u)) <= 1, level
    assert (tenths(Shares(1024, 1)), tenths(Shares(1, 1024)), tenths(Shares(7, 7))) == (
        100,
        -100,
        0,
    )


def test_a_score_is_the_logarithm_of_the_odds() -> None:
    for score in range(-150, 100, 7):
        odds = 2 ** (score / 10)
        assert abs(confidence([score]) - 1000 * odds / (1 + odds)) <= 1
    assert confidence([]) == 0
    assert confidence([10_000]) == 999  # nothing is certain
    assert confidence([-10_000]) == 0


def test_orders_that_fit_equally_well_share_the_probability() -> None:
    """MA-P09"""
    assert confidence([200, 200]) == confidence([200, 200, -300]) == 499
    assert confidence([200, 134]) == confidence([134, 200]) == 989


def test_a_value_loses_a_bit_whenever_twice_as_many_orders_have_it() -> None:
    """MA-P57"""
    assert [shared(hits, 8) for hits in (0, 1, 8, 15, 16, 32, 64)] == [0, 0, 0, 0, -10, -20, -30]
    assert shared(10**9, 1) == -80


def test_learned_weights_stand_in_place_of_the_shipped_ones() -> None:
    rules = policy(weights={"order number equal": 60})
    plain, learned = decide(invoice(), order()), decide(invoice(), order(), rules=rules)
    assert plain.score - learned.score == SHIPPED["order number equal"] - 60
    assert plain.weights_version == "1"
    assert learned.weights_version.startswith("1+")
    assert learned.state is State.MATCHED


@pytest.mark.parametrize("weights", [{"order number odd": 5}, {"prior": LARGEST_WEIGHT + 1}])
def test_a_weight_that_is_none_is_refused_by_its_name(weights: dict[str, int]) -> None:
    with pytest.raises(InputRejected, match=next(iter(weights))):
        weights_of(weights)


def test_the_shown_weights_add_up_to_the_shown_score() -> None:
    """MA-P61"""
    decision = decide(invoice(), order(), order("4500000013"))
    for one in decision.ranked:
        assert sum(e.weight for e in one.evidence) == one.score
    assert (decision.ranked[0].score, decision.ranked[0].evidence) == (
        decision.score,
        decision.evidence,
    )
    assert decision.confidence == confidence(one.score for one in decision.ranked)
