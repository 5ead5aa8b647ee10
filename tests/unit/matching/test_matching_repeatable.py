"""Generated invoices of every kind get byte-equal decisions, however the input is ordered."""

import hashlib
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
from msgspec.structs import replace

from benchmarks.matching.deciding import Engine
from benchmarks.matching.world import World, world

ROOT = Path(__file__).resolve().parents[3]
SHUFFLES = 20
T = TypeVar("T")


def made() -> World:
    return world(items=600, invoices=60)


def digest(one: World) -> str:
    """Of all decisions, in the order in which the invoices arrive."""
    found = [decided.decision for decided in Engine(one).run(one)]
    return hashlib.sha256(msgspec.json.encode(found, order="deterministic")).hexdigest()


def shuffled(one: World, seed: int) -> World:
    """Orders, items, receipts, postings and the lines of the invoices, each in another order."""
    chance = random.Random(seed)

    def mixed(rows: tuple[T, ...]) -> tuple[T, ...]:
        return tuple(chance.sample(rows, len(rows)))

    orders = [
        replace(
            order,
            items=mixed(
                tuple(
                    replace(item, receipts=mixed(item.receipts), postings=mixed(item.postings))
                    for item in order.items
                )
            ),
        )
        for order in one.orders
    ]
    samples = tuple(
        replace(sample, invoice=replace(sample.invoice, lines=mixed(sample.invoice.lines)))
        for sample in one.samples
    )
    return World(orders=mixed(tuple(orders)), posted=mixed(one.posted), samples=samples)


@pytest.fixture(scope="module")
def expected() -> str:
    return digest(made())


@pytest.mark.parametrize("seed", range(SHUFFLES))
def test_the_order_of_orders_items_and_lines_changes_no_byte(seed: int, expected: str) -> None:
    """MA-P55"""
    assert digest(shuffled(made(), seed)) == expected


@pytest.mark.parametrize("hash_seed", ["1", "4711"])
def test_the_hash_seed_changes_no_byte(hash_seed: str, expected: str) -> None:
    """MA-P55"""
    script = "from tests.unit.matching.test_matching_repeatable import digest, made"
    done = subprocess.run(
        [sys.executable, "-c", f"{script}; print(digest(made()))"],
        cwd=ROOT,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == expected
