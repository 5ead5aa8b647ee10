"""The same input gives the same bytes, whatever the order it comes in."""

import itertools
import os
import random
import subprocess
import sys
from decimal import ROUND_UP, localcontext
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from sapmatch.matching.assignment import best_pairs
from sapmatch.matching.explanation import details
from sapmatch.model.invoice import Invoice
from sapmatch.model.match import POSTABLE, Decision, State
from sapmatch.model.order import Order
from tests.unit.matching.desk import D, Desk, decide, invoice, item, line, order, placed

ROOT = Path(__file__).resolve().parents[3]


def encoded(decision: Decision) -> bytes:
    return msgspec.json.encode(decision, order="deterministic")


def _busy() -> tuple[Invoice, list[Order]]:
    """Three orders with twins among their items, and an invoice that names none of the items."""
    same = {"text": "Getriebemotor", "partner_material": "GM-1"}
    orders = [
        order(number, *(item(10 * n, "10", **same) for n in range(1, 5)), item(50, "7", "3.33"))
        for number in ("4500000012", "4500000013", "4500000014")
    ]
    twin = {"description": "Getriebemotor", "seller_item_id": "GM-1"}
    lines = [line(n, "10", **twin) for n in range(1, 12)] + [line(50, "7", "3.33")]
    return invoice(*lines, order_references=tuple(o.id for o in orders)), orders


def test_shuffled_orders_items_and_lines_change_nothing() -> None:
    """MA-P55"""
    billed, orders = _busy()
    expected = encoded(decide(billed, *orders))
    for seed in range(20):
        chance = random.Random(seed)
        shuffled = [replace(o, items=tuple(chance.sample(o.items, len(o.items)))) for o in orders]
        chance.shuffle(shuffled)
        lines = tuple(chance.sample(billed.lines, len(billed.lines)))
        assert encoded(decide(replace(billed, lines=lines), *shuffled)) == expected


def test_references_of_shuffled_lines_change_nothing() -> None:
    """MA-P55: the evidence shows the reference that means the order, whichever comes first."""
    orders = [order("4500000011", item(10)), order("4500000012", item(20))]
    lines = [line(10, order_reference="4500000011"), line(20, order_reference="4500000012")]
    named = ("4500000012", "4500000011")
    expected = encoded(decide(invoice(*lines, order_references=named[::-1]), *orders))
    for mixed in itertools.permutations(lines):
        for given_first in (named, ()):
            decision = decide(invoice(*mixed, order_references=given_first), *orders)
            assert encoded(decision) == expected
            (number,) = [e for e in decision.evidence if e.name == "order number equal"]
            assert number.invoice == number.order == "4500000011"


def test_lines_of_one_id_are_placed_alike_in_any_order() -> None:
    """MA-P55: a page whose lines are not numbered, or numbered twice."""
    lines = [
        line(10, id=number, description=None, seller_item_id=article)
        for number, article in (("1", "GM-0010"), ("01", "GM-0020"), ("1", "GM-0030"))
    ]
    known = order("4500000012", item(10), item(20), item(30))
    found = {encoded(decide(invoice(*mixed), known)) for mixed in itertools.permutations(lines)}
    assert len(found) == 1


def test_the_decimal_context_of_the_caller_changes_nothing() -> None:
    """MA-P30, MA-P55"""
    known = order("4500000012", item(quantity="10368", price="3.0210"))
    billed = invoice(line(quantity="10368", price="3.0210"))
    expected = encoded(decide(billed, known))
    desk = Desk(known)
    with localcontext(prec=4, rounding=ROUND_UP):
        assert encoded(desk.decide(billed)) == expected


def test_two_hash_seeds_give_the_same_bytes() -> None:
    """MA-P55"""
    script = (
        "import sys; from tests.unit.matching.test_matching_determinism import _busy, encoded;"
        "from tests.unit.matching.desk import decide; billed, orders = _busy();"
        "sys.stdout.buffer.write(encoded(decide(billed, *orders)))"
    )
    outputs = [
        subprocess.run(
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"},
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("1", "4711")
    ]
    billed, orders = _busy()
    assert outputs == [encoded(decide(billed, *orders))] * 2


def test_the_best_pairing_is_not_the_greedy_one() -> None:
    """MA-P56"""
    scores = {(0, 0): 95, (0, 1): 94, (1, 0): 93, (1, 1): 1}
    assert best_pairs(scores) == {0: 1, 1: 0}


def _by_trial(scores: dict[tuple[int, int], int], rows: int, columns: int) -> dict[int, int]:
    """Every pairing tried; of the best ones the first rows take the first columns."""
    best: tuple[int, tuple[int, ...]] | None = None
    for choice in itertools.product([*range(columns), columns], repeat=rows):
        used = [c for c in choice if c < columns]
        pairs = [(r, c) for r, c in enumerate(choice) if c < columns]
        if len(used) == len(set(used)) and all(pair in scores for pair in pairs):
            rank = (-sum(scores[pair] for pair in pairs), choice)
            best = rank if best is None else min(best, rank)
    assert best is not None
    return {r: c for r, c in enumerate(best[1]) if c < columns}


@example({(0, 1): 40, (0, 2): 41, (1, 0): 40, (1, 2): 41})  # a free column is part of the swap
@given(
    st.dictionaries(
        st.tuples(st.integers(0, 3), st.integers(0, 3)), st.integers(40, 44), max_size=16
    )
)
@settings(max_examples=100, deadline=None)
def test_the_optimum_is_unique_and_the_same_as_by_trial(scores: dict[tuple[int, int], int]) -> None:
    """MA-P55, MA-P56"""
    assert best_pairs(scores) == _by_trial(scores, 4, 4)


def test_unrelated_orders_do_not_change_a_decision() -> None:
    """MA-P57"""
    alone = encoded(decide(invoice(), order()))
    others = [
        order(str(4600000000 + n), item(price=str(n)), partner="77", partner_vat_id="DE777777777")
        for n in range(1, 300)
    ]
    assert encoded(decide(invoice(), order(), *others)) == alone


def test_a_line_under_the_floor_does_not_take_the_last_free_item() -> None:
    """MA-P58"""
    odd = line(20, "3", "77.00", description="Kalibrierung vor Ort", seller_item_id="SERVICE-9")
    decision = decide(invoice(line(), odd), order("4500000012", item(10), item(20)))
    assert placed(decision) == [("10", "4500000012", "10", "100")]
    assert decision.state is State.OUT_OF_TOLERANCE


def _sentences(decision: Decision) -> str:
    return " ".join((*decision.explanation, *details(decision)))


@given(
    quantity=st.integers(1, 130),
    received=st.integers(0, 100),
    cents=st.integers(900, 1100),
    named=st.booleans(),
)
@settings(max_examples=80, deadline=None)
def test_what_is_shown_adds_up_to_what_was_decided(
    quantity: int, received: int, cents: int, named: bool
) -> None:
    """MA-P61"""
    price = str(D(cents).scaleb(-2))
    billed = invoice(
        line(quantity=str(quantity), price=price),
        order_references=("4500000012",) if named else (),
    )
    parts = [str(received)] if received else []
    decision = decide(billed, order("4500000012", item(received=parts)))
    assert sum(e.weight for e in decision.evidence) == decision.score
    assert str(decision.score) in _sentences(decision) or not decision.evidence
    failed = any(check.verdict == "fail" for check in decision.tolerances)
    if decision.state in POSTABLE:
        assert not failed
        assert sum(share.quantity for ln in decision.lines for share in ln.shares) == quantity
    if decision.state is State.OUT_OF_TOLERANCE:
        assert failed
    if decision.state is State.MATCHED:
        assert quantity <= received
        assert not decision.tolerances


@given(st.lists(st.integers(1, 60), min_size=1, max_size=6))
@settings(max_examples=40, deadline=None)
def test_the_ledger_is_never_overdrawn(quantities: list[int]) -> None:
    """MA-P14, MA-P17"""
    desk = Desk(order())
    taken = 0
    for n, quantity in enumerate(quantities):
        billed = invoice(line(quantity=str(quantity)), number=f"{'ABCDEF'[n] * 6}-{n * 111}")
        if desk.take(billed, str(n)).state is State.MATCHED:
            taken += quantity
    assert taken <= 100


@pytest.mark.timeout(20)
def test_two_hundred_equal_lines_are_assigned_in_time() -> None:
    """Bounded work: O(rows² x columns) in the worst component."""
    scores = {(row, column): 100 for row in range(200) for column in range(200)}
    assert best_pairs(scores) == {n: n for n in range(200)}
