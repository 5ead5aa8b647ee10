"""A figure of the extraction says truly whether its goal was met; the server cuts as asked."""

import pytest

from benchmarks.extraction.__main__ import shown
from benchmarks.extraction.figures import LONG, SHORT, growth, memory, sooner, speeds
from benchmarks.extraction.measuring import Service
from benchmarks.extraction.server import Stretch, stretch
from benchmarks.odata.measuring import Cost


def cost(cpu: float = 1.0, peak: float = 40.0, seconds: float = 2.0) -> Cost:
    return Cost(rows=LONG, seconds=seconds, cpu_s=cpu, peak_mb=peak)


@pytest.mark.parametrize(
    ("name", "cpu", "within"),
    [
        ("ndjson", 1.3, True),
        ("ndjson", 1.31, False),
        ("parquet", 4.0, True),
        ("parquet", 4.1, False),
    ],
)
def test_a_format_is_held_against_the_decode_floor(name: str, cpu: float, within: bool) -> None:
    floor, figure = speeds({"decode": [cost()], name: [cost(cpu)]})
    assert "goal" not in floor
    assert figure["cpu_to_decode"] == round(cpu, 2)
    assert figure["within"] is within
    assert figure["rows_per_s"] == 500_000


@pytest.mark.parametrize(("long", "within"), [(44.0, True), (44.1, False)])
def test_memory_may_grow_by_a_tenth(long: float, within: bool) -> None:
    assert memory("csv", [cost(peak=40)], [cost(peak=long)])["within"] is within


@pytest.mark.parametrize(("long", "within"), [(11.5, True), (11.6, False), (5.0, True)])
def test_a_row_may_not_cost_more_where_there_are_more_of_them(long: float, within: bool) -> None:
    figure = growth("csv", {SHORT: [cost(1.0)], LONG: [cost(long)]})
    assert figure["within"] is within
    assert figure["cpu_us_a_row"] == [10.0, long]


@pytest.mark.parametrize(("seconds", "within"), [(4.0, True), (4.1, False)])
def test_several_readers_are_held_against_one(seconds: float, within: bool) -> None:
    service = Service(rows=100, delay=0.5)
    figure = sooner(service, cost(seconds=12), cost(seconds=seconds), 3.0)
    assert figure["within"] is within
    assert "MISSED" in shown(figure) or within


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, (0, 5000)),
        ({"$filter": "PurchaseOrder ge '4500002015'"}, (2150, 5000)),
        ({"$filter": "PurchaseOrder gt '4500002015'", "$top": "1"}, (2160, 2161)),
        ({"$filter": "PurchaseOrder lt '4500002015'", "$skip": "10"}, (10, 2150)),
        (
            {"$filter": "(PurchaseOrder ge '4500000001') and (PurchaseOrder lt '4500000003')"},
            (10, 30),
        ),
        ({"$skiptoken": "40,50", "$filter": "PurchaseOrder lt '4500000001'"}, (40, 50)),
    ],
)
def test_the_server_cuts_as_asked(options: dict[str, str], expected: tuple[int, int]) -> None:
    assert stretch(options, 5000) == Stretch(*expected)
