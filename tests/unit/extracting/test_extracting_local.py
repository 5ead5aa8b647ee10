"""One entity set into one file, for `sapmatch extract`."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from sapmatch.extracting.local import ExtractSummary, extract_entity_set
from sapmatch.model.errors import InputRejected, SapUnavailable
from sapmatch.model.query import Query
from tests.builders.paged_sap import PagedSap


@pytest.fixture
def sap() -> PagedSap:
    return PagedSap(A_Order=[["1", "2"], ["2", 'O"Brien; ü']])


def extract(sap: PagedSap, to: Path, query: Query = Query(), **more: Any) -> ExtractSummary:  # noqa: B008
    return extract_entity_set(sap, "/o", "A_Order", query, to=to, **more)


def test_ndjson_holds_the_rows_as_sap_sent_them(sap: PagedSap, tmp_path: Path) -> None:
    summary = extract(sap, tmp_path / "new" / "folder")
    path = tmp_path / "new" / "folder" / "A_Order.ndjson"
    rows = [json.loads(line) for line in path.read_bytes().splitlines()]
    assert [row["Name"] for row in rows] == ["1", "2", 'O"Brien; ü']
    assert rows[0]["Day"] == "/Date(1793577600000)/"
    assert "__metadata" in rows[0]
    assert (summary.rows, summary.pages, summary.bytes) == (3, 2, path.stat().st_size)
    assert (summary.files, summary.delta) == ((str(path),), "none")
    assert [entry.name for entry in path.parent.iterdir()] == ["A_Order.ndjson"]


def test_typed_ndjson_holds_plain_values(sap: PagedSap, tmp_path: Path) -> None:
    extract(sap, tmp_path, values="typed")
    first = json.loads((tmp_path / "A_Order.ndjson").read_bytes().splitlines()[0])
    assert first == {"Name": "1", "Day": "2026-11-02", "Amount": "10.10"}


def test_csv_is_typed_and_keeps_any_text(sap: PagedSap, tmp_path: Path) -> None:
    extract(sap, tmp_path, format="csv")
    with (tmp_path / "A_Order.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert rows == [
        ["Name", "Day", "Amount"],
        ["1", "2026-11-02", "10.10"],
        ["2", "2026-11-02", "10.10"],
        ['O"Brien; ü', "2026-11-02", "10.10"],
    ]


def test_csv_has_the_columns_that_were_asked_for(sap: PagedSap, tmp_path: Path) -> None:
    query = Query(select=("Amount", "Name", "Day"))
    extract(sap, tmp_path, query, format="csv")
    assert (tmp_path / "A_Order.csv").read_text().splitlines()[1] == "10.10,1,2026-11-02"


def test_a_column_of_some_rows_only_is_named(sap: PagedSap, tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="Amount"):
        extract(sap, tmp_path, Query(select=("Name", "Day")), format="csv")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"format": "parquet"}, "columnar"),
        ({"format": "xlsx"}, "ndjson or csv"),
        ({"delta": True}, "delta"),
    ],
)
def test_what_is_not_there_is_refused_before_sap_is_asked(
    sap: PagedSap, tmp_path: Path, more: dict[str, Any], said: str
) -> None:
    with pytest.raises(InputRejected, match=said):
        extract(sap, tmp_path, **more)
    assert sap.links == []


def test_an_entity_set_is_no_path(sap: PagedSap, tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match="entity set"):
        extract_entity_set(sap, "/o", "../A_Order", Query(), to=tmp_path)


def test_a_broken_read_leaves_no_file_and_the_old_one(tmp_path: Path) -> None:
    """RE-20: the last good file is not overwritten."""
    (tmp_path / "A_Order.ndjson").write_text("old")
    sap = PagedSap(A_Order=[["1"], SapUnavailable("503")])
    with pytest.raises(SapUnavailable):
        extract(sap, tmp_path)
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == {"A_Order.ndjson": "old"}


def test_missing_rows_leave_no_file(sap: PagedSap, tmp_path: Path) -> None:
    """RE-19."""
    sap.counts["A_Order"] = [4]
    with pytest.raises(InputRejected, match="3 rows were read, but SAP counts 4"):
        extract(sap, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_rows_that_came_while_reading_are_noted(sap: PagedSap, tmp_path: Path) -> None:
    sap.counts["A_Order"] = [2, 3]
    note = extract(sap, tmp_path).note
    assert note is not None
    assert "2 rows before and 3 after" in note


def test_a_folder_that_cannot_be_written_is_named(sap: PagedSap, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputRejected, match="cannot be written"):
        extract(sap, tmp_path / "file")


def test_progress_tells_rows_of_all(sap: PagedSap, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    extract(sap, tmp_path, progress=lambda rows, of: seen.append((rows, of)))
    assert seen == [(2, 3), (3, 3)]
