"""Chunks side by side hold every row exactly once, whatever SAP's values are."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sapmatch.extracting.partition import CHUNKS_PER_READER, MOST_FIELDS, bound_of, partition
from sapmatch.extracting.run import Chunk, Range, Source, value_of
from sapmatch.model.errors import InputRejected, SapRejected
from sapmatch.model.flow import EntitySet
from sapmatch.model.intent import Entity
from sapmatch.model.query import Query
from sapmatch.model.shape import Field, Kind, Shape
from tests.builders.moving_rows import fits
from tests.builders.moving_sap import MovingSap

SET = "Items"
ASKED = EntitySet(service="/s", name=SET)
SHAPE = Shape(
    entity_set=SET,
    version="V2",
    keys=("Year", "Order"),
    fields=(
        Field(name="Year", kind="text", nullable=False),
        Field(name="Order", kind="integer", nullable=False),
        Field(name="Day", kind="date", nullable=False),
        Field(name="Note", kind="text"),
    ),
)
Row = dict[str, Any]


class AskedSap(MovingSap):
    """Keeps the queries of `find`; refuses to sort by the fields of `unsorted`."""

    unsorted: tuple[str, ...] = ()

    def __init__(self, shape: Shape, rows: list[Row]) -> None:
        super().__init__(shape)
        self.found: list[Query] = []
        for row in rows:
            self.put(SET, **row)

    def find(self, service: str, entity_set: str, query: Query) -> list[Entity]:
        self.found.append(query)
        if set(self.unsorted) & set(query.order_by):
            raise SapRejected("SY/530", "cannot sort")
        return super().find(service, entity_set, query)


def row(number: int, *, year: str = "2026") -> Row:
    day = f"/Date({1_790_000_000_000 // 86_400_000 * 86_400_000 + number * 86_400_000})/"
    return {"Year": year, "Order": number, "Day": day, "Note": None}


def cut(
    sap: AskedSap, shape: Shape = SHAPE, *, parallel: int = 2, **more: Any
) -> tuple[Chunk, ...]:
    source = {"counted": len(sap.sets[SET].rows)} | more.pop("source", {})
    return partition(
        sap,
        Source(service="/s", entity_set=SET, shape=shape, **source),
        replace(ASKED, **more),
        parallel=parallel,
        page_size=1,
        first_number=7,
        source_number=3,
    )


def held(sap: AskedSap, chunks: tuple[Chunk, ...], shape: Shape = SHAPE) -> list[list[int]]:
    """The orders in each chunk, by their filters."""
    rows = sap.sets[SET].rows.values()
    found = []
    for chunk in chunks:
        where = chunk.range.condition if chunk.range else None
        found.append([r["Order"] for r in rows if where is None or fits(r, where, shape)])
    return found


def together(parts: list[list[int]]) -> list[int]:
    return sorted(order for part in parts for order in part)


def test_chunks_are_equal_parts_in_the_order_of_the_key() -> None:
    shape = replace(SHAPE, keys=("Order",))
    sap = AskedSap(shape, [row(n) for n in range(100)])
    chunks = cut(sap, shape)
    assert [chunk.number for chunk in chunks] == [*range(7, 15)]
    assert {chunk.source for chunk in chunks} == {3}
    assert held(sap, chunks, shape) == [
        [*range(12 * n, 12 * n + 12 if n < 7 else 100)] for n in range(8)
    ]
    assert chunks[0].range is not None
    assert chunks[0].range.low is None
    assert chunks[-1].range is not None
    assert chunks[-1].range.high is None


def test_the_next_key_field_is_taken_where_the_first_has_few_values() -> None:
    """A document's year says little: three of them make no eight chunks."""
    sap = AskedSap(SHAPE, [row(n, year=str(2024 + n % 3)) for n in range(100)])
    chunks = cut(sap)
    assert {chunk.range.field for chunk in chunks if chunk.range} == {"Order"}
    assert len(chunks) == 8
    assert together(held(sap, chunks)) == [*range(100)]


def test_equal_bounds_are_one() -> None:
    """Rows of one value stay together, however many places of a bound they fill."""
    shape = replace(SHAPE, fields=SHAPE.fields[:1] + SHAPE.fields[3:])
    rows = [row(n, year=str(2020 + (n > 10) + (n > 80) + (n > 95))) for n in range(100)]
    sap = AskedSap(shape, rows)
    chunks = cut(sap, shape)
    bounds = [chunk.range.low for chunk in chunks if chunk.range]
    assert bounds == [None, "2021", "2022"]
    assert [len(orders) for orders in held(sap, chunks, shape)] == [11, 70, 19]
    assert len(sap.found) == 3


def test_rows_of_one_value_are_one_chunk_beside_what_may_come_below() -> None:
    shape = replace(SHAPE, keys=("Year",), fields=SHAPE.fields[:1])
    sap = AskedSap(replace(SHAPE, keys=("Order",)), [row(n) for n in range(100)])
    chunks = cut(sap, shape)
    assert len(chunks) == 2
    assert together(held(sap, chunks)) == [*range(100)]


@pytest.mark.parametrize("name", ["LastChangeDate", "Touched"])
def test_a_full_run_is_not_cut_by_a_time_of_change_unless_that_is_asked_for(name: str) -> None:
    """A row that changes meanwhile would move behind the readers' backs."""
    changed = Field(name=name, kind="date", nullable=False)
    shape = replace(SHAPE, fields=(*(replace(f, sortable=False) for f in SHAPE.fields), changed))
    sap = AskedSap(shape, [{**row(n), name: row(n)["Day"]} for n in range(40)])
    assert all(chunk.range is None for chunk in cut(sap, shape, field="Touched"))
    for more in ({"source": {"mode": "timestamp"}, "field": name}, {"partition": "date"}):
        by = {chunk.range.field for chunk in cut(sap, shape, **more) if chunk.range}
        assert by == {name}


def test_a_field_that_may_be_null_is_never_chosen() -> None:
    fields = tuple(replace(field, nullable=True) for field in SHAPE.fields)
    shape = replace(SHAPE, fields=fields)
    sap = AskedSap(shape, [row(n) for n in range(100)])
    chunks = cut(sap, shape)
    assert sap.found == []
    assert [chunk.skip for chunk in chunks] == [12 * n for n in range(8)]
    with pytest.raises(InputRejected, match="without null values"):
        cut(sap, shape, partition="key")
    with pytest.raises(InputRejected, match='partition = "date", partition_field = "Day"'):
        cut(sap, shape, partition="date", partition_field="Day")


@pytest.mark.parametrize("flag", ["filterable", "sortable"])
def test_a_field_that_sap_cannot_compare_or_sort_is_never_chosen(flag: str) -> None:
    fields = tuple(
        replace(field, **{flag: False}) if field.name in SHAPE.keys else field
        for field in SHAPE.fields
    )
    shape = replace(SHAPE, fields=fields)
    sap = AskedSap(shape, [row(n) for n in range(100)])
    chunks = cut(sap, shape)
    assert {chunk.range.field for chunk in chunks if chunk.range} == {"Day"}
    assert together(held(sap, chunks, shape)) == [*range(100)]


def test_a_field_that_sap_refuses_to_sort_by_is_passed_over_and_an_asked_one_is_not() -> None:
    sap = AskedSap(SHAPE, [row(n) for n in range(100)])
    sap.unsorted = SHAPE.keys
    assert {chunk.range.field for chunk in cut(sap) if chunk.range} == {"Day"}
    with pytest.raises(SapRejected, match="cannot sort"):
        cut(sap, partition="key")


def test_without_a_field_the_order_of_the_key_is_counted_off_and_the_last_part_is_open() -> None:
    shape = replace(SHAPE, fields=tuple(replace(f, filterable=False) for f in SHAPE.fields))
    chunks = cut(
        AskedSap(shape, [row(n) for n in range(100)]),
        shape,
    )
    assert [(chunk.skip, chunk.top) for chunk in chunks] == [
        *((12 * n, 12) for n in range(7)),
        (84, None),
    ]


@pytest.mark.parametrize("more", [{"pageable": False}, {"keys": ()}])
def test_where_nothing_can_be_cut_one_chunk_reads_all(more: dict[str, Any]) -> None:
    fields = tuple(replace(field, filterable=False) for field in SHAPE.fields)
    shape = replace(SHAPE, **({"fields": fields} | more))
    sap = AskedSap(SHAPE, [row(n) for n in range(100)])
    assert cut(sap, shape) == (Chunk(number=7, source=3),)
    with pytest.raises(InputRejected, match=r"\$skip or sorting by the key"):
        cut(sap, shape, partition="skip")


@pytest.mark.parametrize(
    "more",
    [
        {"parallel": 1},
        {"source": {"counted": None}},
        {"source": {"counted": 19}},
        {"source": {"mode": "delta"}},
        {"partition": "none"},
    ],
)
def test_little_or_unknown_work_is_one_chunk_and_asks_nothing(more: dict[str, Any]) -> None:
    sap = AskedSap(SHAPE, [row(n) for n in range(100)])
    assert cut(sap, **more) == (Chunk(number=7, source=3),)
    assert sap.found == []


@pytest.mark.parametrize("how", ["key", "date", "skip"])
def test_what_sap_cannot_count_cannot_be_cut_on_purpose(how: str) -> None:
    with pytest.raises(InputRejected, match=rf'partition = "{how}".*\$count'):
        cut(AskedSap(SHAPE, []), partition=how, source={"counted": None})


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"partition": "date"}, "Day"),
        ({"partition": "key", "partition_field": "Order"}, "Order"),
        ({"partition": "auto", "partition_field": "Day"}, "Day"),
    ],
)
def test_what_the_settings_ask_for_is_done(more: dict[str, Any], field: str) -> None:
    sap = AskedSap(SHAPE, [row(n) for n in range(100)])
    chunks = cut(sap, **more)
    assert {chunk.range.field for chunk in chunks if chunk.range} == {field}
    assert [len(orders) for orders in held(sap, chunks)] == [12] * 7 + [16]


def test_a_key_that_is_asked_for_is_one() -> None:
    with pytest.raises(InputRejected, match='partition = "key", partition_field = "Day"'):
        cut(AskedSap(SHAPE, []), partition="key", partition_field="Day")


def test_bounds_are_those_of_the_rows_that_the_run_reads() -> None:
    sap = AskedSap(SHAPE, [row(n) for n in range(100)])
    after = Range(field="Order", kind="integer", low="50")
    chunks = cut(sap, source={"after": after, "counted": 50})
    bounds = [chunk.range.low for chunk in chunks if chunk.range]
    assert bounds == [None, "60", "70", "80", "90"]


def test_the_calls_are_bounded_however_large_the_set_is() -> None:
    sap = AskedSap(SHAPE, [row(n) for n in range(1000)])
    chunks = cut(sap, parallel=40)
    assert len(chunks) <= 40 * CHUNKS_PER_READER
    assert len(sap.found) < MOST_FIELDS * 40 * CHUNKS_PER_READER


VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    "text": st.text(max_size=4),
    "integer": st.integers(-50, 50),
    "decimal": st.decimals(-9, 9, places=2).map(str),
    "date": st.dates().map(str),
}


@given(kind=st.sampled_from(sorted(VALUES)), data=st.data())
def test_every_value_lies_in_exactly_one_chunk_and_so_do_those_that_come_later(
    kind: Kind, data: st.DataObject
) -> None:
    """OD-P24: rows that are inserted while chunks are read are neither lost nor doubled."""
    values = data.draw(st.lists(VALUES[kind], min_size=20, max_size=60))
    later = data.draw(st.lists(VALUES[kind], max_size=20))
    shape = Shape(
        entity_set=SET,
        version="V4",
        keys=("Number",),
        fields=(
            Field(name="Number", kind="integer", nullable=False),
            Field(name="Value", kind=kind, nullable=False),
        ),
    )
    rows = [{"Number": number, "Value": value} for number, value in enumerate(values)]
    chunks = cut(AskedSap(shape, rows), shape, partition_field="Value", parallel=40)
    for value in values + later:
        conditions = [chunk.range.condition for chunk in chunks if chunk.range]
        meets = [c is None or fits({"Value": value}, c, shape) for c in conditions]
        assert meets.count(True) == 1, value


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        ("4711", "text", "4711"),
        ("/Date(0)/", "text", "/Date(0)/"),
        (12, "integer", "12"),
        ("12.50", "decimal", "12.50"),
        ("/Date(1793577600000)/", "date", "2026-11-02"),
        ("/Date(1793577600500)/", "datetime", "2026-11-02T00:00:00.500000"),
        ("/Date(1793577600000+0060)/", "moment", "2026-11-02T00:00:00+00:00"),
        ("2026-11-02", "date", "2026-11-02"),
        ("2026-11-02T08:00:00Z", "moment", "2026-11-02T08:00:00Z"),
        (None, "text", None),
        ("/Date(999999999999999)/", "date", None),
        ("often", "integer", None),
        ("often", "decimal", None),
    ],
)
def test_a_value_becomes_a_bound_that_a_filter_takes(
    value: Any, kind: Kind, text: str | None
) -> None:
    """OD-P44, OD-P46, OD-P47."""
    assert bound_of(value, kind) == text
    if text is not None:
        assert value_of(text, kind) is not None
