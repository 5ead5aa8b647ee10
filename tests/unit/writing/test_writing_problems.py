"""Mistakes of a file as people read them: each once, whatever it holds of rows."""

from sapmatch.writing.problems import SHOWN, file_problem, refused, row_problem

TOLD = "is no field of A_SalesOrder"


def said(*fields: str | None, records: int = 0) -> list[str]:
    problems = (row_problem(f"row {n}", field, TOLD) for n, field in enumerate(fields, start=1))
    return str(refused(*problems, records=records)).splitlines()[1:]


def test_a_single_mistake_is_told_by_row_and_field() -> None:
    assert said("Ordr") == [f"  row 1: Ordr: {TOLD}"]
    assert said(None) == [f"  row 1: {TOLD}"]


def test_the_same_mistake_is_told_once_with_its_number() -> None:
    assert said("Ordr", "Item", "Ordr", records=4) == [
        f"  Ordr: {TOLD} (in 2 records, first in row 1)",
        f"  row 2: Item: {TOLD}",
    ]


def test_a_mistake_of_every_record_says_so() -> None:
    assert said("Ordr", "Ordr", records=2) == [f"  Ordr: {TOLD} (in all 2 records, first in row 1)"]


def test_other_mistakes_are_counted_behind_the_first_ones() -> None:
    lines = said(*(f"F{n}" for n in range(SHOWN + 3)))
    assert (len(lines), lines[-1]) == (SHOWN + 1, "  and 3 more")


def test_every_mistake_is_kept_for_programs() -> None:
    error = refused(*(row_problem(f"row {n}", "A", TOLD) for n in range(100)))
    assert len(error.problems) == 100
    assert str(refused(file_problem("is empty"))).endswith("\n  file: is empty")
