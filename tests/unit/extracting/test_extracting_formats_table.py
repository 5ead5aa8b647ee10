"""Columns: their names, nested rows made flat, labels, and what keeps the engine in its place."""

import csv
import json
from pathlib import Path

import duckdb
import pyarrow.parquet
import pytest

from sapmatch.extracting.formats import convert
from sapmatch.extracting.formats.engine import engine
from sapmatch.model.errors import InputRejected
from sapmatch.model.flow import Output
from sapmatch.model.shape import Field, Shape
from tests.builders.formats import (
    FIELDS,
    ITEM,
    PAGES,
    PARTNER,
    made,
    orders,
    page,
    source,
    typed_lines,
)

ORDER = Field(name="Order", kind="text", label="Sales Document")
HOSTILE = [
    "a b",
    'say "hi"',
    "it's",
    "a, b; --",
    "1",
    "select",
    "c0",
    "ü",
    "a\nb",
    "x') --",
    "$a.b",
]


@pytest.mark.parametrize("form", ["ndjson", "csv", "parquet"])
def test_a_hostile_name_stays_a_name(tmp_path: Path, form: str) -> None:
    fields = [Field(name=name, kind="decimal", precision=5, scale=2) for name in HOSTILE]
    inner = Shape(entity_set="I", version="V2", keys=(), fields=tuple(fields))
    of = source(
        *fields, Field(name="C", kind="complex", fields=tuple(fields)), nested={"N'\"": inner}
    )
    values = {name: f"{number}.00" for number, name in enumerate(HOSTILE)}
    rows = page(tmp_path, {**values, "C": values, "N'\"": [values]})
    path = made(tmp_path, of, rows, format=form)
    expected = {**values, "C": values, "N'\"": [values]}
    if form == "parquet":
        (row,) = pyarrow.parquet.read_table(path).to_pylist()
        assert json.loads(json.dumps(row, default=str)) == expected
    elif form == "ndjson":
        assert json.loads(path.read_text()) == expected
    else:
        with path.open(newline="") as file:
            (row,) = csv.DictReader(file)
        assert {**row, "C": json.loads(row["C"]), "N'\"": json.loads(row["N'\""])} == expected


def test_a_bad_value_under_a_hostile_name_is_found(tmp_path: Path) -> None:
    of = source(*(Field(name=name, kind="integer") for name in HOSTILE))
    with pytest.raises(InputRejected, match="it's: does not fit its type in 1 rows"):
        made(tmp_path, of, page(tmp_path, {"it's": "x"}))


@pytest.mark.parametrize("folder", ["it's", "a*b?", "[x]", "k=1", 'ü "q"', "%20"])
def test_paths_are_names_and_no_patterns(tmp_path: Path, folder: str) -> None:
    place = tmp_path / folder
    place.mkdir()
    (tmp_path / "axb1").mkdir()
    page(tmp_path / "axb1", {"Order": "other"})
    rows = page(place, {"Order": "1"}, name="p*'?.ndjson")
    page(place, {"Order": "other"}, name="pz'y.ndjson")
    assert typed_lines(place, source(ORDER), rows) == [{"Order": "1"}]
    packed = made(place, source(), rows, values="raw", compression="zstd")
    with pyarrow.input_stream(packed, compression="zstd") as stream:
        assert stream.read() == rows.read_bytes()


def test_names_that_differ_by_case_only_are_refused(tmp_path: Path) -> None:
    of = source(ORDER, Field(name="ORDER", kind="text"))
    with pytest.raises(InputRejected, match="A_Order: Order and ORDER differ by case only"):
        made(tmp_path, of, page(tmp_path))
    assert made(tmp_path, of, page(tmp_path, {"Order": "1"}), values="raw").read_text()


@pytest.mark.parametrize("form", ["ndjson", "csv", "parquet"])
def test_flat_rows_hold_their_parents_columns_before_their_own(tmp_path: Path, form: str) -> None:
    path = made(tmp_path, orders(), PAGES / "orders_v2.ndjson", format=form, nested="flatten")
    plain = [field.name for field in FIELDS]
    names = [*plain, "to_Item_Item", "to_Item_Quantity", "to_Item_Day", "to_Partner_Name"]
    with duckdb.connect() as database:
        found = database.from_query(f"FROM '{path}'")
        assert found.columns == names
        flat = found.project(
            "coalesce(\"Order\", '')[:7], to_Item_Item::INT, to_Item_Quantity::DECIMAL(13, 3)::TEXT"
        )
        assert flat.fetchall() == [
            ("0000001", 10, "5.000"),
            ("0000001", 20, None),
            ("", None, None),
            ("line\nan", None, None),
        ]


def test_convert_counts_the_rows_it_wrote(tmp_path: Path) -> None:
    pages = [PAGES / "orders_v2.ndjson"]
    to = tmp_path / "x.csv"
    flat = Output(format="csv", nested="flatten")
    for form, count in ((Output(format="csv"), 3), (flat, 4)):
        assert convert(pages, orders(), form, to, workspace=tmp_path / "work") == count


def test_a_chain_of_nested_rows_becomes_one_row_for_each_of_the_last(tmp_path: Path) -> None:
    deep = Shape(
        entity_set="A_Item", version="V2", keys=(), fields=ITEM.fields[:1], nested={"to_Line": ITEM}
    )
    of = source(ORDER, nested={"to_Item": deep})
    lines = {"results": [{"Item": "a", "Quantity": "1"}, {"Item": "b"}]}
    items = [{"Item": "10", "to_Line": lines}, {"Item": "20", "to_Line": {"__deferred": {}}}]
    rows = page(tmp_path, {"Order": "1", "to_Item": items}, {"Order": "2"})
    found = typed_lines(tmp_path, of, rows, nested="flatten")
    assert [tuple(row.values()) for row in found] == [
        ("1", "10", "a", "1.000", None),
        ("1", "10", "b", None, None),
        ("1", "20", None, None, None),
        ("2", None, None, None, None),
    ]
    assert list(found[0])[2:4] == ["to_Item_to_Line_Item", "to_Item_to_Line_Quantity"]


def test_two_lists_beside_each_other_are_not_multiplied(tmp_path: Path) -> None:
    of = source(ORDER, nested={"to_Item": ITEM, "to_Text": ITEM})
    with pytest.raises(InputRejected, match="A_Order: to_Item and to_Text hold a list each"):
        made(tmp_path, of, page(tmp_path), nested="flatten")


def test_a_flat_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    of = source(Field(name="TO_PARTNER_NAME", kind="text"), nested={"to_Partner": PARTNER})
    with pytest.raises(InputRejected, match="two columns would be named to_Partner_Name"):
        made(tmp_path, of, page(tmp_path), nested="flatten")


def test_labels_name_the_columns_where_they_are_there_and_unique(tmp_path: Path) -> None:
    (row, *_) = typed_lines(tmp_path, orders(), PAGES / "orders_v2.ndjson", labels=True)
    assert list(row)[:7] == [
        "Sales Document",
        "Count",
        "Net Value (Net)",
        "Net Value (Rate)",
        "Weight",
        "Blocked",
        "Count (Day)",
    ]


def test_raw_rows_take_neither_labels_nor_flat_rows(tmp_path: Path) -> None:
    for more in ({"labels": True}, {"nested": "flatten"}):
        with pytest.raises(InputRejected, match="raw rows stay as SAP sent them"):
            made(tmp_path, orders(), PAGES / "orders_v2.ndjson", values="raw", **more)


def test_the_engine_reaches_no_network_no_extension_and_no_other_folder(tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    outside.mkdir()
    other = page(outside, {"A": 1})
    with engine(inside, []) as connection:
        for query in (
            f"FROM read_json('{other}')",
            "FROM read_json('http://127.0.0.1/x.json')",
            f"COPY (SELECT 1) TO '{outside}/x.csv'",
            "INSTALL httpfs",
            "LOAD httpfs",
            "SET enable_external_access = true",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(query)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    for form in (Output(values="raw"), Output(values="typed")):
        with pytest.raises(InputRejected, match=r"x.ndjson: cannot be written"):
            convert(
                [PAGES / "orders_v2.ndjson"],
                orders(),
                form,
                tmp_path / "missing" / "x.ndjson",
                workspace=tmp_path / "work",
            )
