"""A figure says truly whether its goal was met."""

import pytest

from benchmarks.odata.__main__ import shown
from benchmarks.odata.figures import importing, memory, speeds
from benchmarks.odata.measuring import Cost, Service

SERVICE = Service("V2", 1000, 100_000)


def cost(cpu: float = 1.0, peak: float = 40.0) -> Cost:
    return Cost(rows=100_000, seconds=2.0, cpu_s=cpu, peak_mb=peak)


@pytest.mark.parametrize(("cpu", "within"), [(1.0, True), (1.1, True), (1.11, False)])
def test_raw_may_take_a_tenth_more_than_the_decode_floor(cpu: float, within: bool) -> None:
    _, raw = speeds(SERVICE, {"decode": [cost(1.0)], "raw": [cost(cpu)]})

    assert raw["cpu_to_decode"] == cpu
    assert raw["within"] is within
    assert raw["rows_per_s"] == 50_000


@pytest.mark.parametrize(("cpu", "within"), [(1.9, True), (2.0, True), (2.1, False)])
def test_pyodata_must_take_three_times_what_typed_takes(cpu: float, within: bool) -> None:
    costs = {"decode": [cost()], "pyodata": [cost(6.0)], "typed": [cost(cpu)]}

    *_, typed = speeds(SERVICE, costs)

    assert typed["ratio"] == round(6.0 / cpu, 3)
    assert typed["within"] is within


def test_a_ratio_holds_within_a_round_so_that_a_slow_minute_does_not_matter() -> None:
    decode = [cost(1.0), cost(4.0), cost(1.0)]
    raw = [cost(0.5), cost(2.0), cost(3.0)]

    floor, figure = speeds(SERVICE, {"decode": decode, "raw": raw})

    assert (floor["cpu_s"], figure["cpu_s"]) == (1.0, 2.0)
    assert figure["ratio"] == figure["cpu_to_decode"] == 0.5


def test_floors_and_peers_have_no_goal() -> None:
    found = speeds(SERVICE, {name: [cost()] for name in ("bytes", "decode", "json", "pyodata")})

    assert all("goal" not in figure for figure in found)


@pytest.mark.parametrize(
    ("short", "long", "within"), [(100, 110, True), (100, 111, False), (145, 151, False)]
)
def test_a_million_rows_may_take_a_tenth_more_memory_and_never_more_than_150_mb(
    short: float, long: float, within: bool
) -> None:
    figure = memory("raw", [cost(peak=short), cost(peak=40)], [cost(peak=long)])

    assert figure["within"] is within
    assert figure["peak_mb"] == long


@pytest.mark.parametrize(("ratio", "within"), [(1.4, True), (1.41, False)])
def test_the_import_is_held_against_that_of_requests(ratio: float, within: bool) -> None:
    figure = importing(140.0, ratio)

    assert figure["within"] is within
    assert figure["cpu_s"] == 0.14


def test_a_missed_goal_is_seen_in_the_table() -> None:
    lines = [shown(importing(100.0, ratio)) for ratio in (1.0, 2.0)]

    assert [line.rpartition(", ")[2] for line in lines] == ["met", "MISSED"]
