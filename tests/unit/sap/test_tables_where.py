"""Conditions for SAP (CO-T58)."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapmatch.model.errors import InputRejected
from sapmatch.sap.tables.grammar import Column
from sapmatch.sap.tables.where import require_key, where

NAME = Column(name="AGR_NAME", length=30, role="key")
OTHER = Column(name="OBJECT", length=10, role="key")
KNOWN = {column.name: column for column in (NAME, OTHER)}
INJECTION = "' OR '1'='1"


def test_no_condition_is_no_line() -> None:
    assert where([], KNOWN) == []


def test_conditions_share_a_line_as_long_as_they_fit() -> None:
    assert where([(NAME, "A"), (OTHER, "B")], KNOWN) == ["AGR_NAME EQ 'A' AND OBJECT EQ 'B'"]


def test_lines_are_broken_between_conditions_only_and_hold_72_characters() -> None:
    """CO-T58."""
    conditions = [(NAME, 30 * "A"), (OTHER, 10 * "B"), (NAME, 30 * "C")]
    lines = where(conditions, KNOWN)
    assert lines == [
        f"AGR_NAME EQ '{30 * 'A'}' AND OBJECT EQ 'BBBBBBBBBB'",
        f"AND AGR_NAME EQ '{30 * 'C'}'",
    ]
    assert all(len(line) <= 72 for line in lines)


@pytest.mark.parametrize(("length", "lines"), [(31, 1), (32, 2)])
def test_conditions_share_a_line_of_72_characters_and_none_of_73(length: int, lines: int) -> None:
    """CO-T58: the blank between them counts."""
    wide = Column(name="TEXT_LINE", length=40)
    conditions = [(wide, (length - 1) * "A"), (OTHER, 10 * "B")]
    found = where(conditions, KNOWN | {"TEXT_LINE": wide})
    assert len(" ".join(found)) == 41 + length
    assert len(found) == lines


def test_a_condition_that_fits_no_line_is_refused_instead_of_broken() -> None:
    """CO-T58."""
    wide = Column(name="TEXT", length=80)
    with pytest.raises(InputRejected, match="has 73 characters, and SAP takes 72"):
        where([(wide, 63 * "x")], {"TEXT": wide})
    assert len(where([(wide, 62 * "x")], {"TEXT": wide})[0]) == 72


def test_an_injection_stays_a_value() -> None:
    """CO-T58."""
    assert where([(NAME, INJECTION)], KNOWN) == ["AGR_NAME EQ ''' OR ''1''=''1'"]


@given(st.text(st.characters(min_codepoint=32, exclude_characters="\x7f"), max_size=20))
def test_no_value_ever_ends_its_literal(value: str) -> None:
    (line,) = where([(NAME, value)], KNOWN)
    found = re.fullmatch(r"AGR_NAME EQ '((?:[^']|'')*)'", line, re.DOTALL)
    assert found is not None
    assert found[1].replace("''", "'") == value


@pytest.mark.parametrize("name", ["BNAME", "AGR_NAME EQ 'A' OR AGR_NAME", "agr_name", ""])
def test_a_column_that_nobody_described_is_refused(name: str) -> None:
    with pytest.raises(InputRejected, match="no such column is described"):
        where([(Column(name=name, length=30), "A")], KNOWN)


@pytest.mark.parametrize("value", ["A\nB", "A\x00", "\x7f", 31 * "A"])
def test_a_value_that_can_stand_in_no_row_is_refused(value: str) -> None:
    with pytest.raises(InputRejected, match="AGR_NAME: the value"):
        where([(NAME, value)], KNOWN)


def test_a_key_with_more_parts_than_the_table_is_refused() -> None:
    with pytest.raises(InputRejected, match="the key has 3 parts, and the table 2: AGR_NAME, OBJ"):
        require_key([NAME, OTHER], ["A", "B", "C"])
