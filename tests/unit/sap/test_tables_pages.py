"""Pages of RFC_READ_TABLE: every row once, whatever comes and goes meanwhile."""

from itertools import pairwise

import pytest

from sapmatch.model.errors import SapUnavailable
from sapmatch.sap.tables.batches import ReadTableReader
from sapmatch.sap.tables.grammar import Column
from tests.builders.tables_sap import TablesSap

PLACE = "connections.s4.rfc"
CLIENT = ("MANDT", 3)
NARROW = [Column(name="MANDT", length=3, role="ignore"), Column(name="K", length=6, role="key")]


def paged(size: int, **options: bool) -> tuple[TablesSap, ReadTableReader]:
    sap = TablesSap(**options)
    sap.put("T", (CLIENT, ("K", 6)), rows_of(range(100, 120)))
    return sap, ReadTableReader(sap, PLACE, "RFC_READ_TABLE", page=size)


def rows_of(keys: range | list[int]) -> list[dict[str, str]]:
    return [{"MANDT": "100", "K": str(key)} for key in keys]


@pytest.mark.parametrize("size", [2, 5, 19, 20, 21, 100])
def test_pages_hold_every_row_once(size: int) -> None:
    _, reader = paged(size)
    assert [row["K"] for row in reader.rows("T", NARROW, [])] == [str(n) for n in range(100, 120)]


def test_no_row_is_lost_or_doubled_when_others_come_and_go_between_pages() -> None:
    sap, reader = paged(5)
    sap.changes = [
        (3, "T", rows_of([n for n in range(100, 120) if n not in (101, 102, 103, 104, 105, 106)])),
        (6, "T", rows_of([50, 51, *range(107, 120)])),
    ]
    found = [row["K"] for row in reader.rows("T", NARROW, [])]
    assert len(found) == len(set(found))
    assert {str(n) for n in range(107, 120)} <= set(found)


def test_a_table_that_never_stands_still_is_told() -> None:
    sap, reader = paged(5)
    sap.changes = [(n, "T", rows_of(range(100 * n, 100 * n + 20))) for n in range(2, 200)]
    with pytest.raises(SapUnavailable, match="changes too fast"):
        list(reader.rows("T", NARROW, []))


def test_a_release_that_does_not_sort_and_says_nothing_is_asked_for_all_rows_at_once() -> None:
    sap, reader = paged(5)
    sap.sorts = False
    sap.put("T", (CLIENT, ("K", 6)), rows_of([115, 103, 109, 101, 120, 100, 102]))
    assert len(list(reader.rows("T", NARROW, []))) == 7
    assert [call[1]["ROWCOUNT"] for call in sap.calls] == [5, 0]


def test_what_does_not_sort_is_asked_for_in_one_call() -> None:
    """Pages in no order lose rows."""
    sap, reader = paged(5, newer=False)
    assert len(list(reader.rows("T", NARROW, []))) == 20
    assert [(call[1]["ROWSKIPS"], call[1]["ROWCOUNT"]) for call in sap.calls] == [(0, 0)]
    assert "GET_SORTED" not in sap.calls[0][1]


def test_sorted_pages_follow_each_other_by_one_row_less() -> None:
    sap, reader = paged(8)
    list(reader.rows("T", NARROW, []))
    skips = [int(str(call[1]["ROWSKIPS"])) for call in sap.calls]
    assert skips == [0, 7, 14]
    assert all(later - earlier == 7 for earlier, later in pairwise(skips))


def test_numbers_stand_to_the_right_and_lose_their_blanks() -> None:
    sap, reader = paged(5)
    sap.put("T", (("K", 6), ("N", 8)), [{"K": " a", "N": "    12.5"}])
    sap.types["N"] = "P"
    columns = [Column(name="K", length=6, role="key"), Column(name="N", length=8)]
    assert list(reader.rows("T", columns, [])) == [{"K": " a", "N": "12.5"}]


def test_empty_columns_at_the_end_of_a_long_row_may_be_cut_as_blanks() -> None:
    sap, reader = paged(5, stateful=True)
    rows = [{"K": "1", "A": "", "B": ""}, {"K": "2", "A": "", "B": "b"}, {"K": "", "A": "a"}]
    sap.put("T", (("K", 3), ("A", 3), ("B", 3)), rows)
    columns = [Column(name="K", length=3, role="key"), *(Column(name=n, length=3) for n in "AB")]
    found = list(reader.rows("T", columns, []))
    assert found == [{"K": "", "A": "a", "B": ""}, *rows[:2]]
