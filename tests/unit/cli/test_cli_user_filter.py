"""Conditions on users as people write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapmatch.cli.user_filter import condition_of
from sapmatch.model.errors import InputRejected
from sapmatch.model.users import Both, Compare, Condition, Either, Not, Operator


def compare(field: str, operator: Operator, value: str) -> Compare:
    return Compare(field=field, operator=operator, value=value)


A, B, C = (compare(name, "eq", "1") for name in ("A", "B", "C"))


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("address.lastname=Miller", compare("ADDRESS.LASTNAME", "eq", "Miller")),
        ("LOGONDATA.USTYP != B", compare("LOGONDATA.USTYP", "ne", "B")),
        ("LOGONDATA.GLTGB<2026-12-31", compare("LOGONDATA.GLTGB", "lt", "2026-12-31")),
        ("A<=1", compare("A", "le", "1")),
        ("A>1", compare("A", "gt", "1")),
        ("A>=1", compare("A", "ge", "1")),
        ("USERNAME=JD*", compare("USERNAME", "prefix", "JD")),
        ("USERNAME=*JD", compare("USERNAME", "suffix", "JD")),
        ("USERNAME=*JD*", compare("USERNAME", "contains", "JD")),
        ("USERNAME!=JD*", Not(compare("USERNAME", "prefix", "JD"))),
        ('USERNAME="JD*"', compare("USERNAME", "eq", "JD*")),
        ('A="x ""y"" and z"', compare("A", "eq", 'x "y" and z')),
        ('A=""', compare("A", "eq", "")),
        ("A=Z:FI_CLERK", compare("A", "eq", "Z:FI_CLERK")),
        (
            "ACTIVITYGROUPS.AGR_NAME=/SAPAPO/X",
            compare("ACTIVITYGROUPS.AGR_NAME", "eq", "/SAPAPO/X"),
        ),
        ("A=1 and B=1 or C=1", Either((Both((A, B)), C))),
        ("A=1 AND (B=1 OR C=1)", Both((A, Either((B, C))))),
        ("A=1 and B=1 and C=1", Both((A, B, C))),
        ("not A=1 and B=1", Both((Not(A), B))),
        ("not (A=1 and B=1)", Not(Both((A, B)))),
        ("not not A=1", Not(Not(A))),
        ("((A=1))", A),
        ("and=1", compare("AND", "eq", "1")),
    ],
)
def test_a_condition_reads_as_it_is_written(text: str, condition: Condition) -> None:
    assert condition_of(text) == condition


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("", 1, "a field is missing"),
        ("   ", 4, "a field is missing"),
        ("A", 2, "one of = != < <= > >="),
        ("A=", 3, "a value is missing"),
        ("A=1 B=2", 5, "'and' or 'or' is missing before 'B'; put a value with blanks in quotes"),
        ("A=1 and", 8, "a field is missing"),
        ("(A=1", 5, "the bracket of position 1 is not closed"),
        ("A=1)", 4, "'and' or 'or' is missing"),
        ('A="1', 3, "begins nothing"),
        ("A ! B", 3, "begins nothing"),
        ("A=J*D", 3, "at the beginning or the end"),
        ("A=*", 3, "at the beginning or the end"),
        ("A<J*", 3, "behind = and != only"),
        ("A-B=1", 1, "a field is missing"),
        ("A.B.C=1", 1, "a field is missing"),
        (60 * "(" + "A=1", 51, "nested deeper than 50"),
    ],
)
def test_a_mistake_is_pointed_at(text: str, position: int, words: str) -> None:
    with pytest.raises(InputRejected) as refused:
        condition_of(text)
    first, shown, mark = str(refused.value).split("\n")
    assert first.startswith(f"--filter: position {position}: ")
    assert words in first
    assert shown == f"  {text}"
    assert mark == f"  {' ' * (position - 1)}^"


@given(st.text(alphabet='AB.=!<>()*" ornt', max_size=40))
def test_any_text_is_a_condition_or_a_mistake_with_a_place(text: str) -> None:
    try:
        found = str(condition_of(text))
    except InputRejected as exc:
        found = str(exc)
    assert "position" in found or "field=" in found
