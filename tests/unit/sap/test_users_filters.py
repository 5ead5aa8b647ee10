"""Conditions on users: what SAP selects, and that nobody is lost or added by it (row B22)."""

from collections.abc import Callable
from datetime import date, time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sapmatch.model.errors import InputRejected
from sapmatch.model.rfc import Rfc
from sapmatch.model.users import (
    Both,
    Compare,
    Condition,
    Either,
    Not,
    Operator,
    RoleAssignment,
    SapUser,
    UserQuery,
)
from sapmatch.sap.users.conditions import condition_of, conjuncts, decided, resolved
from sapmatch.sap.users.filters import Selection, selection_of
from sapmatch.sap.users.reader import SapUsers
from tests.builders.listed_users import ListedUsers, Told, told
from tests.builders.memory import MemoryClock

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


# The property: whatever SAP makes of a selection, exactly those users come who fit.

_TEXTS = ["", "a", "A", "ab", "AB", "b*", "a+", "#a", "Ä", "ä", "B"]
_DAYS = [None, date(2026, 1, 1), date(2026, 1, 2), date(2027, 1, 1)]
_UPPER = ["", "A", "AB", "B", "B*", "#A"]


@st.composite
def people(draw: st.DrawFn) -> list[Told]:
    names = draw(st.sets(st.sampled_from("A AA AB B B1 C ZZ".split()), max_size=7))
    rows = st.lists(
        st.fixed_dictionaries(
            {"AGR_NAME": st.sampled_from(["Z_A", "Z_B"]), "FROM_DAT": st.sampled_from(_DAYS[1:])}
        ),
        max_size=2,
    )
    return [
        told(
            name,
            ADDRESS={
                "LASTNAME": draw(st.sampled_from(_TEXTS)),
                "CITY": draw(st.sampled_from(_TEXTS)),
            },
            LOGONDATA={
                "CLASS": draw(st.sampled_from(_UPPER)),
                "GLTGB": draw(st.sampled_from(_DAYS)),
            },
            ISLOCKED={"LOCAL_LOCK": draw(st.sampled_from("LU"))},
            GROUPS=[{"USERGROUP": each} for each in draw(st.sets(st.sampled_from(_UPPER[1:])))],
            ACTIVITYGROUPS=draw(rows),
            LASTMODIFIED={
                "MODDATE": draw(st.sampled_from(_DAYS[1:])),
                "MODTIME": draw(st.sampled_from([time(0), time(8)])),
            },
        )
        for name in names
    ]


_ORDER: list[Operator] = ["eq", "ne", "lt", "le", "gt", "ge"]
_ANY: list[Operator] = [*_ORDER, "prefix", "suffix", "contains"]


def _compare(field: str, operators: list[Operator], values: list[str]) -> st.SearchStrategy[Any]:
    return st.builds(
        Compare,
        field=st.just(field),
        operator=st.sampled_from(operators),
        value=st.sampled_from(values),
    )


_MOMENTS = ["", "2026-01-01", "20260102", "2027-01-01"]
_COMPARES = st.one_of(
    _compare(NAME, _ANY, ["a", "A", "AB", "B", "Z"]),
    _compare(LAST, _ANY, _TEXTS),
    _compare("ADDRESS.CITY", _ANY, _TEXTS),
    _compare("LOGONDATA.CLASS", _ANY, [*_UPPER, "a"]),
    _compare(UNTIL, _ORDER, _MOMENTS),
    _compare("ISLOCKED.LOCAL_LOCK", _ANY, ["L", "U", "l"]),
    _compare("GROUPS.USERGROUP", _ANY, _UPPER),
    _compare(ROLE, _ANY, ["Z_A", "z_b", "Z_"]),
    _compare(FROM, _ORDER, _MOMENTS),
)
_CONDITIONS: st.SearchStrategy[Condition] = st.recursive(
    _COMPARES,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(Both, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Either, st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
_BASES = [
    "",
    "EQ,LOGONDATA.CLASS,A",
    "CP,USERNAME,A*",
    "NE,ADDRESS.LASTNAME,a",
    "GE,LOGONDATA.GLTGB,20260101",
]


def fits(condition: Condition, user: SapUser) -> bool:
    """The meaning of a condition, written down plainly."""
    if isinstance(condition, Not):
        return not fits(condition.part, user)
    if isinstance(condition, Both):
        return all(fits(part, user) for part in condition.parts)
    if isinstance(condition, Either):
        return any(fits(part, user) for part in condition.parts)
    values, wanted = plain(condition, user)
    if condition.operator == "ne":
        return all(value != wanted for value in values)
    meant: dict[str, Callable[[str], bool]] = {
        "eq": lambda value: value == wanted,
        "lt": lambda value: value < wanted,
        "le": lambda value: value <= wanted,
        "gt": lambda value: value > wanted,
        "ge": lambda value: value >= wanted,
        "prefix": lambda value: value.startswith(wanted),
        "suffix": lambda value: value.endswith(wanted),
        "contains": lambda value: wanted in value,
    }
    return any(meant[condition.operator](value) for value in values)


def plain(compare: Compare, user: SapUser) -> tuple[list[str], str]:
    field, wanted = compare.field, compare.value
    if field == ROLE:
        return [role.name for role in user.roles], wanted.upper()
    if field == "GROUPS.USERGROUP":
        return list(user.groups), wanted.upper()
    if field in (FROM, UNTIL):
        days = [role.valid_from for role in user.roles] if field == FROM else [user.fields[UNTIL]]
        written = [day.strftime("%Y%m%d") if isinstance(day, date) else "" for day in days]
        return written, wanted.replace("-", "")
    value = user.name if field == NAME else str(user.fields[field])
    return [value], wanted if field.startswith("ADDRESS") else wanted.upper()


@settings(max_examples=400, deadline=None)
@given(
    users=people(),
    condition=st.none() | _CONDITIONS,
    base=st.sampled_from(_BASES),
    ignores_case=st.booleans(),
    after=st.sampled_from(["", "A", "AB"]),
    names_only=st.booleans(),
    page_size=st.sampled_from([1, 2, 200]),
    since=st.none() | st.sampled_from([(date(2026, 1, 2), time(0)), (date(2026, 1, 2), time(8))]),
)
def test_exactly_those_users_come_who_fit(
    users: list[Told],
    condition: Condition | None,
    base: str,
    ignores_case: bool,
    after: str,
    names_only: bool,
    page_size: int,
    since: tuple[date, time] | None,
) -> None:
    """CO-T54 over all: selected by SAP or decided here, on pages of any size, the result is one."""
    sap = ListedUsers(users, ignores_case=ignores_case)
    rfc = Rfc(base_account_query=base)
    reader = SapUsers(sap, rfc, "S4", MemoryClock(), 1, page_size=page_size)
    query = UserQuery(condition=condition, after=after, names_only=names_only, modified_since=since)
    found = [user.name for user in reader.users(query)]
    everybody = [user for name in sap.users if (user := reader.details(name))]
    basis = condition_of(base, "base") if base else None
    assert found == sorted(
        user.name
        for user in everybody
        if user.name > after
        and (basis is None or fits(basis, user))
        and (condition is None or fits(condition, user))
        and (since is None or (user.modified or since) >= since)
    )
