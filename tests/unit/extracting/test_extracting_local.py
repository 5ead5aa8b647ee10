"""One entity set into one file on this machine, by the same run as in the cloud."""

import csv
import shutil
from pathlib import Path
from typing import Any

import duckdb
import pytest

from sapmatch.extracting import sorting
from sapmatch.model.errors import InputRejected, SapRejected, SapUnavailable
from tests.builders.extract_command import Command


@pytest.fixture
def command(tmp_path: Path) -> Command:
    command = Command(tmp_path / "out", orders=5)
    command.put(3, 'O"Brien; ü')
    return command


def test_ndjson_holds_the_rows_as_sap_sent_them(command: Command) -> None:
    summary = command()
    rows = list(command.rows())
    assert [row["Order"] for row in rows] == ["001", "002", "003", "004", "005"]
    assert rows[0]["Day"] == "/Date(1793577600000)/"
    assert rows[0]["__metadata"]["uri"].startswith("https://sap.example.com/A_Order")
    assert (summary.rows, summary.pages) == (5, 3)
    assert summary.bytes == command.file.stat().st_size
    assert (summary.files, summary.delta) == ((str(command.file),), "none")
    assert (summary.changed, summary.deleted, summary.note) == (None, None, None)
    assert command.is_clean


def test_typed_ndjson_holds_plain_values(command: Command) -> None:
    command(values="typed")
    first = next(command.rows())
    assert first == {"Order": "001", "Name": "Order 1", "Day": "2026-11-02", "Amount": "10.10"}


def test_csv_is_typed_and_keeps_any_text(command: Command) -> None:
    summary = command(format="csv", select=("Name", "Amount", "Order"))
    (path,) = map(Path, summary.files)
    assert path.name == "A_Order.csv"
    with path.open(encoding="utf-8", newline="") as file:
        head, *rows = csv.reader(file)
    assert sorted(head) == ["Amount", "Name", "Order"]
    assert len(rows) == 5
    assert dict(zip(head, rows[2], strict=True))["Name"] == 'O"Brien; ü'


def test_a_set_without_rows_is_a_file_without_rows(command: Command) -> None:
    for number in range(1, 6):
        command.sap.remove("A_Order", f"{number:03}")
    assert command().rows == 0
    assert command.file.read_bytes() == b""
    assert command(format="csv").rows == 0
    assert (command.to / "A_Order.csv").read_text().count("\n") == 1


def test_parts_that_are_read_side_by_side_stand_one_behind_the_other(command: Command) -> None:
    """The order of SAP's key, whichever part was ready first."""
    for number in range(6, 201):
        command.put(number, f"Order {number}")
    summary = command(parallel=4)
    assert [row["Order"] for row in command.rows()] == [f"{n:03}" for n in range(1, 201)]
    assert summary.rows == 200
    assert len({link for link in command.sap.links if link is None}) == 1
    assert command.sap.links.count(None) > 2  # each part began for itself


def test_a_broken_read_leaves_the_old_file_and_goes_on_from_the_last_page(
    command: Command,
) -> None:
    """RE-19, RE-20: the same command asks for nothing that is stored."""
    command.to.mkdir()
    command.file.write_text("old")
    command.sap.fails(2, SapUnavailable("503"))
    with pytest.raises(SapUnavailable):
        command()
    assert command.file.read_text() == "old"
    assert "the same command goes on" in command.told.said[-1]

    command.sap.links.clear()
    command()
    assert len(command.names()) == 5
    assert [link is None for link in command.sap.links] == [False]
    assert "4 rows in 2 pages" in command.told.said[0]
    assert command.told.read_so_far[0] == (4, 2, 5)
    assert command.told.read_so_far[-1] == (5, 3, 5)
    assert command.is_clean


def test_ctrl_c_keeps_what_was_read(command: Command) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    command.sap.before(1, interrupt)
    with pytest.raises(KeyboardInterrupt):
        command()
    assert "the same command goes on" in command.told.said[-1]
    command()
    assert "2 rows in 1 pages" in command.told.said[0]
    assert len(command.names()) == 5


@pytest.mark.parametrize("format", ["ndjson", "csv"])
def test_ctrl_c_while_it_tidies_up_is_no_run_to_go_on_with(
    command: Command, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    remove = shutil.rmtree

    def interrupted(path: str | Path, **options: Any) -> None:
        if Path(path).name != "full":
            return remove(path, **options)
        for page in Path(path).rglob("page-*"):
            page.unlink()
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(shutil, "rmtree", interrupted)
        with pytest.raises(KeyboardInterrupt):
            command(format=format)
    assert command(format=format).rows == 5
    assert command.is_clean


def test_a_disk_that_is_full_while_keys_are_compared_keeps_what_was_read(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise duckdb.OutOfMemoryException

    with monkeypatch.context() as patched:
        patched.setattr(sorting, "engine", full)
        patched.setattr(sorting, "_ascending", lambda _: False)
        with pytest.raises(InputRejected, match="has room"):
            command()
    command.sap.links.clear()
    assert command().rows == 5
    assert command.sap.links == []


def test_another_format_of_the_same_query_goes_on_too(command: Command) -> None:
    command.sap.fails(2, SapUnavailable("503"))
    with pytest.raises(SapUnavailable):
        command()
    assert command(format="csv").rows == 5
    assert "goes on" in command.told.said[0]


def test_another_query_drops_what_was_read_only_where_that_is_asked_for(command: Command) -> None:
    other = {"select": ("Order", "Name")}
    command.sap.fails(2, SapUnavailable("503"))
    with pytest.raises(SapUnavailable):
        command()
    command.sap.links.clear()
    with pytest.raises(InputRejected, match=r"4 rows in 2 pages are stored.*--reload"):
        command(**other)
    assert command.sap.links == []
    summary = command(reload=True, **other)
    assert command.sap.links[0] is None
    assert (summary.rows, set(next(command.rows()))) == (5, {"__metadata", "Order", "Name"})


def test_the_same_query_goes_on_after_another_was_refused(command: Command) -> None:
    command.sap.fails(2, SapUnavailable("503"))
    with pytest.raises(SapUnavailable):
        command()
    with pytest.raises(InputRejected, match="another query"):
        command(select=("Order", "Name"))
    assert command().rows == 5
    assert "4 rows in 2 pages" in command.told.said[0]


def test_a_reload_that_broke_off_is_dropped_by_the_reload_of_another_query(
    command: Command,
) -> None:
    command.sap.fails(2, SapUnavailable("503"))
    with pytest.raises(SapUnavailable):
        command(reload=True)
    assert command(reload=True, select=("Order", "Name")).rows == 5
    assert command.is_clean


def test_rows_that_wait_for_their_file_are_not_dropped_by_another_query(command: Command) -> None:
    command.file.mkdir(parents=True)
    with pytest.raises(InputRejected, match="cannot be written"):
        command()
    command.file.rmdir()
    with pytest.raises(InputRejected, match="5 rows in 3 pages are stored"):
        command(select=("Order", "Name"))
    command.sap.links.clear()
    assert command().rows == 5
    assert command.sap.links == []


@pytest.mark.parametrize("delta", [True, False])
def test_a_copy_in_another_form_is_named_and_left_alone(command: Command, delta: bool) -> None:
    command(delta=delta, format="csv", output={"compression": "gzip"})
    copy = command.to / "A_Order.csv.gz"
    before = copy.read_bytes()
    (command.to / "A_Order.txt").write_text("notes")
    (command.to / "A_OrderItem.csv").write_text("others")
    assert not any("beside" in said for said in command.told.said)
    command(delta=delta)
    (said,) = command.told.said
    assert said.startswith("A_Order.csv.gz beside A_Order.ndjson")
    assert copy.read_bytes() == before


def test_labels_that_sap_does_not_have_are_missed_aloud(command: Command) -> None:
    command(format="csv", output={"labels": True})
    (said,) = command.told.said
    assert "no labels" in said
    command(format="csv")
    assert command.told.said == []


def test_reload_drops_what_was_read_and_can_be_gone_on_with_itself(command: Command) -> None:
    command.sap.fails(2, SapUnavailable("503"))
    with pytest.raises(SapUnavailable):
        command()
    command.sap.links.clear()
    command.sap.fails(4, SapUnavailable("503"))
    with pytest.raises(SapUnavailable):
        command(reload=True)
    assert command.sap.links[0] is None
    command.sap.links.clear()
    command(reload=True)
    assert None not in command.sap.links
    assert len(command.names()) == 5


def test_what_broke_before_its_first_page_leaves_nothing(command: Command) -> None:
    command.sap.fails(0, SapUnavailable("503"))
    with pytest.raises(SapUnavailable):
        command()
    assert command.is_clean
    assert command.told.said == []


def test_a_page_that_sap_no_longer_gives_is_not_asked_for_again(command: Command) -> None:
    """A next link that is too old: the call after it begins anew."""
    command.sap.fails(1, SapRejected("GONE", "the link is too old", http_status=410))
    with pytest.raises(SapRejected):
        command()
    assert command.is_clean
    assert command().rows == 5


def test_missing_rows_leave_no_file(command: Command) -> None:
    """RE-19."""
    command.sap.counts["A_Order"] = [7, 7, 7, 7]
    with pytest.raises(InputRejected, match="5 rows"):
        command()
    assert not command.file.exists()
    assert command.is_clean


def test_rows_that_came_while_reading_are_noted(command: Command) -> None:
    command.sap.before(1, lambda: command.put(6, "new"))
    note = command().note
    assert note is not None
    assert "6" in note


def test_a_row_that_comes_twice_is_there_once(command: Command) -> None:
    """OD-P24."""
    command.sap.repeats_row(1)
    assert command().rows == 5
    assert len(list(command.rows())) == 5


@pytest.mark.parametrize("output", [{"nested": "flatten"}, {"labels": True}])
def test_raw_rows_are_not_flattened(command: Command, output: dict[str, Any]) -> None:
    with pytest.raises(InputRejected, match="--values typed"):
        command(output=output)
    assert command.sap.asked == 0


@pytest.mark.parametrize("name", ["../A_Order", "", "A Order", "A_Order/x"])
def test_an_entity_set_is_no_path(command: Command, name: str) -> None:
    with pytest.raises(InputRejected, match="entity set"):
        command(name=name)


def test_a_misspelt_entity_set_leaves_nothing(command: Command) -> None:
    with pytest.raises(InputRejected, match="A_Ordre"):
        command(name="A_Ordre")
    assert command.is_clean


def test_a_target_that_cannot_be_written_keeps_the_pages(command: Command) -> None:
    command.file.mkdir(parents=True)
    with pytest.raises(InputRejected, match="cannot be written"):
        command()
    command.file.rmdir()
    command.sap.links.clear()
    assert command().rows == 5
    assert command.sap.links == []


def test_another_format_takes_what_was_moved_already(command: Command) -> None:
    command.file.mkdir(parents=True)
    with pytest.raises(InputRejected, match="cannot be written"):
        command()
    command.sap.links.clear()
    assert command(format="csv").rows == 5
    assert command.sap.links == []
