"""What the benchmark of logons counts is there to be counted, and each way really logs on."""

from collections.abc import Iterator

import pytest

from benchmarks.connections.measuring import calls_per_lifetime, handshakes, overhead
from benchmarks.connections.world import NAMES, TOKENS, World, served


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with served() as world:
        yield world


@pytest.mark.parametrize("name", TOKENS)
def test_fifty_callers_need_one_token_in_each_of_two_lifetimes(world: World, name: str) -> None:
    calls = calls_per_lifetime(world, name, lifetimes=2, each=1)
    assert calls["tokens"] == 1
    assert calls.get("destinations", 1) == 1


@pytest.mark.parametrize("name", NAMES)
def test_every_way_gets_its_rows_and_costs_something_measurable(world: World, name: str) -> None:
    cost = overhead(world, name, rounds=2, block=2)
    assert cost.floor_ms > 0
    assert cost.ratio > 0


def test_a_connection_shakes_hands_once_and_no_session_each_time(world: World) -> None:
    counted = handshakes(world, count=40, threads=4)
    assert 1 <= counted["sapmatch"] <= 4
    assert counted["requests"] == 40
