"""Conditions on users: what SAP selects, and that nobody is lost or added by it (row B22)."""

from datetime import date, time
from typing import Any

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.users import (
    Both,
    Compare,
    Condition,
    Either,
    Not,
    Operator,
    RoleAssignment,
    SapUser,
)
from sapmatch.sap.users.conditions import condition_of, conjuncts, decided, resolved
from sapmatch.sap.users.filters import Selection, selection_of

NAME, LAST, TYPE = "USERNAME", "ADDRESS.LASTNAME", "LOGONDATA.USTYP"
ROLE, FROM, UNTIL = "ACTIVITYGROUPS.AGR_NAME", "ACTIVITYGROUPS.FROM_DAT", "LOGONDATA.GLTGB"


def where(field: str, operator: Operator, value: str) -> Compare:
    return Compare(field=field, operator=operator, value=value)


def selected(condition: Condition, **more: Any) -> Selection:
    return selection_of(tuple(conjuncts(resolved(condition))), **more)


def rows(condition: Condition, **more: Any) -> list[tuple[Any, ...]]:
    found = selected(condition, **more)
    return [
        tuple(row[each] for each in ("PARAMETER", "FIELD", "SIGN", "OPTION", "LOW"))
        for row in (*found.names, *found.ranges)
    ]


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (where(NAME, "eq", "amy"), (NAME, "", "I", "EQ", "AMY")),
        (where("username", "prefix", "jd"), (NAME, "", "I", "CP", "JD*")),
        (where(LAST, "eq", "Pond"), ("ADDRESS", "LASTNAME", "I", "EQ", "Pond")),
        (where(LAST, "suffix", "nd"), ("ADDRESS", "LASTNAME", "I", "CP", "*nd")),
        (where(LAST, "contains", "on"), ("ADDRESS", "LASTNAME", "I", "CP", "*on*")),
        (where(TYPE, "ne", "b"), ("LOGONDATA", "USTYP", "I", "NE", "B")),
        (Not(where(TYPE, "eq", "B")), ("LOGONDATA", "USTYP", "I", "NE", "B")),
        (Not(where(TYPE, "ne", "B")), ("LOGONDATA", "USTYP", "I", "EQ", "B")),
        (
            Not(where("LOGONDATA.CLASS", "prefix", "HR")),
            ("LOGONDATA", "CLASS", "I", "NP", "HR*"),
        ),
        (where(UNTIL, "lt", "2026-03-01"), ("LOGONDATA", "GLTGB", "I", "LT", "20260301")),
        (Not(where(UNTIL, "le", "20260301")), ("LOGONDATA", "GLTGB", "I", "GT", "20260301")),
        (
            where("LASTMODIFIED.MODTIME", "ge", "08:30:00"),
            ("LASTMODIFIED", "MODTIME", "I", "GE", "083000"),
        ),
        (where(ROLE, "prefix", "z_"), ("ACTIVITYGROUPS", "AGR_NAME", "I", "CP", "Z_*")),
        (where("GROUPS.USERGROUP", "eq", "HR"), ("GROUPS", "USERGROUP", "I", "EQ", "HR")),
        (where("SYSTEMS.SUBSYSTEM", "eq", "A"), ("SYSTEM", "SUBSYSTEM", "I", "EQ", "A")),
        (where("ALIAS", "eq", "amy"), ("ALIAS", "USERALIAS", "I", "EQ", "amy")),
        (where("ISLOCKED.LOCAL_LOCK", "eq", "l"), ("ISLOCKED", "LOCAL_LOCK", "I", "EQ", "L")),
    ],
)
def test_what_sap_can_select_it_is_asked_for(
    condition: Condition, expected: tuple[str, ...]
) -> None:
    assert rows(condition) == [expected]
    assert selected(condition).pushed.whole


@pytest.mark.parametrize(
    "condition",
    [
        where(LAST, "ne", "Pond"),  # SAP may take POND for the same
        where(LAST, "gt", "P"),  # its order of letters is that of its database
        where(LAST, "eq", ""),
        where(LAST, "eq", "x" * 46),
        where(LAST, "prefix", "x" * 45),
        where(LAST, "eq", "a*b"),  # must not become a pattern
        where(LAST, "eq", "a+b"),
        where(LAST, "prefix", "a#b"),
        where("ADDRESS.CITY", "eq", "Ulm"),
        where(ROLE, "ne", "Z_A"),
        Not(where(FROM, "gt", "2026-01-01")),
        where(UNTIL, "eq", ""),
        where(UNTIL, "lt", "0000-00-00"),
        where("ISLOCKED.LOCAL_LOCK", "eq", "U"),
        where("ISLOCKED.LOCAL_LOCK", "ne", "L"),
        where("ISLOCKED.LOCAL_LOCK", "prefix", "L"),
        Either((where(LAST, "eq", "A"), Both((where(TYPE, "eq", "A"), where(NAME, "eq", "B"))))),
        Either((where(LAST, "eq", "A"), where("ADDRESS.CITY", "eq", "B"))),
    ],
)
def test_what_sap_might_see_otherwise_is_decided_here_and_said(condition: Condition) -> None:
    assert rows(condition) == []
    assert selected(condition).expression == ()
    assert not selected(condition).pushed.whole
    assert selected(condition).left


def test_alternatives_of_one_field_are_rows_and_several_fields_have_to_hold_all() -> None:
    condition = Both(
        (Either((where(LAST, "eq", "A"), where(LAST, "prefix", "B"))), where(TYPE, "eq", "A"))
    )
    assert sorted(rows(condition)) == [
        ("ADDRESS", "LASTNAME", "I", "CP", "B*"),
        ("ADDRESS", "LASTNAME", "I", "EQ", "A"),
        ("LOGONDATA", "USTYP", "I", "EQ", "A"),
    ]
    assert selected(condition).pushed.whole


def test_of_two_conditions_on_one_field_the_narrower_is_selected() -> None:
    condition = Both((where(LAST, "contains", "o"), where(LAST, "eq", "Pond")))
    assert rows(condition) == [("ADDRESS", "LASTNAME", "I", "EQ", "Pond")]
    assert selected(condition).left == (LAST,)


def test_columns_of_one_table_are_not_both_selected() -> None:
    """They would have to stand in one row, and ours need not."""
    condition = Both((where(ROLE, "eq", "Z_A"), where(FROM, "gt", "2026-01-01")))
    assert rows(condition) == [("ACTIVITYGROUPS", "AGR_NAME", "I", "EQ", "Z_A")]
    assert selected(condition).left == (FROM,)


def test_an_or_over_several_fields_says_so_in_its_first_row_only() -> None:
    found = selected(Either((where(LAST, "eq", "A"), where(TYPE, "ne", "B")))).expression
    assert found == (
        {"LOGOP": "OR", "ARITY": 2},
        {"PARAMETER": "ADDRESS", "FIELD": "LASTNAME", "OPTION": "EQ", "LOW": "A"},
        {"PARAMETER": "LOGONDATA", "FIELD": "USTYP", "OPTION": "NE", "LOW": "B"},
    )


@pytest.mark.parametrize(("operands", "is_asked"), [(20, True), (21, False)])
def test_an_or_of_many_parts_is_decided_here(operands: int, is_asked: bool) -> None:
    parts = [where(TYPE, "eq", f"{n}") for n in range(operands - 1)]
    found = selected(Either((*parts, where("LOGONDATA.CLASS", "eq", "HR"))))
    assert len(found.expression) == (operands + 1 if is_asked else 0)
    assert found.left == ("LOGONDATA.CLASS", TYPE)


def test_a_central_system_is_asked_for_no_or() -> None:
    """Its roles are those of all its systems, so its own answer may lack users."""
    either = Either((where(ROLE, "eq", "FI"), where(TYPE, "eq", "A")))
    assert selected(either).expression
    assert selected(either, is_central=True).expression == ()


def test_an_or_goes_with_no_other_selection() -> None:
    either = Either((where(LAST, "eq", "A"), where(TYPE, "eq", "B")))
    since = (date(2026, 1, 1), time(8))
    assert selected(either, modified_since=since).expression == ()
    assert rows(either, modified_since=since) == [
        ("LASTMODIFIED", "MODDATE", "I", "GE", "20260101")
    ]
    assert selected(Both((either, where("REF_USER", "eq", "X")))).expression == ()


def test_a_negation_reaches_every_comparison() -> None:
    condition = Not(Either((where(TYPE, "eq", "A"), where("REF_USER", "eq", "X"))))
    assert sorted(rows(condition)) == [
        ("LOGONDATA", "USTYP", "I", "NE", "A"),
        ("REF_USER", "REF_USER", "I", "NE", "X"),
    ]


@pytest.mark.parametrize(
    ("field", "operator", "value", "said"),
    [
        ("NOPE", "eq", "1", "no user has a field 'NOPE'"),
        ("ADDRESS", "eq", "1", "no user has a field"),
        ("ADDRESS.NOPE", "eq", "1", "no user has a field"),
        ("LOGONDATA.PASSCODE", "eq", "1", "no user has a field"),
        (UNTIL, "eq", "tomorrow", "GLTGB is date"),
        (UNTIL, "eq", "2026-13-01", "GLTGB is date"),
        (UNTIL, "prefix", "2026", "prefix is for text only"),
        ("LASTMODIFIED.MODTIME", "ge", "25:00:00", "MODTIME is time"),
        ("UCLASS.COUNTRY_SURCHARGE", "eq", "x", "COUNTRY_SURCHARGE is numc"),
    ],
)
def test_what_no_user_can_have_is_refused_before_sap_is_asked(
    field: str, operator: Operator, value: str, said: str
) -> None:
    with pytest.raises(InputRejected, match=said):
        resolved(where(field, operator, value))


def test_a_condition_without_parts_is_refused() -> None:
    with pytest.raises(InputRejected, match="without any part"):
        resolved(Both(()))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("EQ,USERNAME,AMY", where(NAME, "eq", "AMY")),
        ("ne, LOGONDATA.USTYP ,B", where(TYPE, "ne", "B")),
        ("CP,USERNAME,Z*", where(NAME, "prefix", "Z")),
        ("CP,USERNAME,*Z", where(NAME, "suffix", "Z")),
        ("CP,USERNAME,*Z*", where(NAME, "contains", "Z")),
        ("NP,USERNAME,Z*", Not(where(NAME, "prefix", "Z"))),
        ("GE,LOGONDATA.GLTGB,20260101", where(UNTIL, "ge", "20260101")),
        ("EQ,REF_USER,BOSS", where("REF_USER.REF_USER", "eq", "BOSS")),
        ("EQ,LOGONDATA.CLASS,", where("LOGONDATA.CLASS", "eq", "")),
    ],
)
def test_a_base_query_is_a_condition(text: str, expected: Condition) -> None:
    """Row B17."""
    assert condition_of(text, "setting") == expected


@pytest.mark.parametrize(
    "text",
    ["CP,USERNAME,A*B", "CP,USERNAME,A+", "CP,USERNAME,*", "EQ,USERNAME,A,B", "BT,USERNAME,A"],
)
def test_a_base_query_that_cannot_be_decided_here_is_refused(text: str) -> None:
    """CO-T55"""
    with pytest.raises(InputRejected, match=r"^setting: "):
        condition_of(text, "setting")


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (where("UCLASS.COUNTRY_SURCHARGE", "eq", "7"), True),
        (where("UCLASS.COUNTRY_SURCHARGE", "gt", "6"), True),
        (where("ADMINDATA.ANAME", "eq", "root"), False),
        (where("ADMINDATA.ANAME", "eq", "ROOT"), True),
        (where("PARAMETER.PARID", "eq", "BUK"), True),
        (where("PARAMETER.PARVA", "prefix", "10"), True),
        (where("LOGONDATA.GLTGV", "eq", ""), True),
        (where("LOGONDATA.GLTGV", "lt", "2026-01-01"), True),
        (where(LAST, "eq", "pond"), False),
        (where(ROLE, "eq", "S4HCLNT200:Z_A"), True),
        (where(ROLE, "eq", "z_a"), True),
        (where("PROFILES.BAPIPROF", "ne", "S_A"), True),
    ],
)
def test_a_condition_is_decided_on_the_details(condition: Condition, expected: bool) -> None:
    user = SapUser(
        name="AMY",
        fields={
            LAST: "Pond",
            "UCLASS.COUNTRY_SURCHARGE": "007",
            "ADMINDATA.ANAME": "ROOT",
            "LOGONDATA.GLTGV": None,
        },
        parameters={"BUK": "1010"},
        roles=(RoleAssignment(system="S4HCLNT200", name="Z_A", valid_from=date(2026, 1, 1)),),
    )
    assert decided(resolved(condition), user) is expected
