"""The generated world is the same for the same seed, and its scores tell right from wrong."""

import random
from decimal import Decimal

import msgspec
import pytest
from msgspec.structs import replace

from benchmarks.matching import calibration, noise
from benchmarks.matching.deciding import Decided, Engine
from benchmarks.matching.figures import speeds
from benchmarks.matching.paper import POLICY
from benchmarks.matching.peers import PEERS, Link, invoice_rows, linked, order_rows
from benchmarks.matching.rows import entity_sets
from benchmarks.matching.scoring import counted, is_wrong, wrong_ones
from benchmarks.matching.world import KINDS, World, world
from sapmatch.extracting.orders import orders_from_rows
from sapmatch.model.match import POSTABLE, State

D = Decimal


@pytest.fixture(scope="module")
def made() -> World:
    return world(items=3000, invoices=300)


@pytest.fixture(scope="module")
def decided(made: World) -> list[Decided]:
    return list(Engine(made).run(made))


def test_the_same_seed_makes_the_same_world(made: World) -> None:
    assert msgspec.json.encode(world(3000, 300)) == msgspec.json.encode(made)
    assert msgspec.json.encode(world(3000, 300, seed=2)) != msgspec.json.encode(made)


def test_every_kind_is_there_and_every_number_of_an_order_once(made: World) -> None:
    assert {sample.kind for sample in made.samples} == set(KINDS)
    assert len({order.id for order in made.orders}) == len(made.orders)
    assert sum(len(order.items) for order in made.orders) >= 3000


def test_invoices_agree_with_themselves_unless_that_is_what_is_wrong(made: World) -> None:
    for sample in made.samples:
        one = sample.invoice
        assert one.net is not None
        assert one.tax is not None
        assert one.total == one.net + one.tax
        lines = sum((line.net or D(0) for line in one.lines), D(0))
        added = sum(a.amount if a.is_charge else -a.amount for a in one.allowances_charges)
        if one.lines and State.INVALID not in sample.truth.states:
            assert lines + added == one.net, sample.kind


def test_truth_names_orders_and_items_that_exist(made: World) -> None:
    known = {(order.id, item.id) for order in made.orders for item in order.items}
    for sample in made.samples:
        for places in sample.truth.items.values():
            assert set(places) <= known, sample.kind


def test_the_rows_of_a_world_are_read_back_as_its_orders(made: World) -> None:
    """What `sapmatch match --orders` reads is what the benchmark decides on."""
    rows = {name: list(found) for name, found in entity_sets(made).items()}
    orders, posted = orders_from_rows(
        rows, connection="s4", client="100", company_codes=POLICY.company_codes
    )
    plain = [replace(order, partner_ibans=()) for order in made.orders]
    assert {o.id: o for o in orders} == {o.id: o for o in plain}
    assert set(made.posted) <= set(posted)


def test_no_posting_without_a_person_is_wrong_in_a_small_world(decided: list[Decided]) -> None:
    assert list(wrong_ones(decided)) == []
    score = counted(decided)
    assert score.right_state > 0.9
    assert score.right_item > 0.98


def test_a_posting_on_another_order_or_item_is_wrong(decided: list[Decided]) -> None:
    one = next(d for d in decided if d.decision.state in POSTABLE)
    assert not is_wrong(one)
    elsewhere = replace(one.decision, orders=("4599999999",))
    nowhere = replace(one.decision, lines=())
    assert is_wrong(Decided(one.sample, elsewhere))
    assert is_wrong(Decided(one.sample, nowhere))
    assert "4599999999" in next(wrong_ones([Decided(one.sample, elsewhere)]))


def test_a_posting_that_had_to_stop_is_wrong(decided: list[Decided]) -> None:
    one = next(d for d in decided if d.decision.state in POSTABLE)
    stopped = replace(one.sample.truth, states=(State.WAITING_RECEIPT,))
    score = counted([Decided(replace(one.sample, truth=stopped), one.decision)])
    assert (score.precision, score.right_state, score.postable) == (0.0, 0.0, 0)


def test_an_engine_that_says_what_it_knows_has_no_calibration_error() -> None:
    half = [calibration.Judged(0.5, right=n % 2 == 0) for n in range(10)]
    boast = [calibration.Judged(0.95, right=False)] * 10
    assert calibration.calibration_error(calibration.reliability(half)) == pytest.approx(0)
    assert calibration.calibration_error(calibration.reliability(boast)) == pytest.approx(0.95)


@pytest.mark.parametrize("name", ["exact join", "rapidfuzz"])
def test_peers_find_the_orders_that_the_invoices_name(name: str, made: World) -> None:
    links = PEERS[name](invoice_rows(made.samples), order_rows(made.orders))
    for sample in made.samples:
        if sample.kind == "whole order":
            assert links[sample.id].order in sample.truth.orders


def test_the_bar_of_a_peer_is_where_precision_and_recall_are_best(made: World) -> None:
    whole = [s for s in made.samples if s.kind == "whole order"]
    bad = [s for s in made.samples if s.kind == "unknown supplier"]
    links = {s.id: Link(s.truth.orders[0], 9.0) for s in whole}
    links |= {s.id: Link("4500000001", 1.0) for s in bad}
    assert linked(links, [*whole, *bad]) == (1.0, 1.0, 1.0)


def test_a_fall_of_speed_is_told_by_rounds() -> None:
    """A slow minute hits all sizes of a round alike."""

    def run(*rates: float) -> dict[str, object]:
        return {"rates": rates, "orders": 1, "load_s": 0, "peak_mb": 1}

    *_, fall, rate = speeds({10_000: run(2000, 1000, 2000), 100_000: run(1000, 500, 1500)})
    assert (fall["value"], fall["within"]) == (0.5, False)
    assert (rate["value"], rate["within"]) == (1000, False)


def test_noise_changes_as_many_characters_as_it_says() -> None:
    chance = random.Random(1)
    for _ in range(50):
        seen = noise.other_digit(chance, "4500001234")
        assert sum(a != b for a, b in zip(seen, "4500001234", strict=True)) == 1
        letters = noise.letters_for_digits(chance, "4500001234")
        assert 1 <= sum(c.isalpha() for c in letters) <= 3
