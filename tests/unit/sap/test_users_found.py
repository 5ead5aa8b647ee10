"""Whatever SAP makes of a selection, exactly those users come who fit."""

from collections.abc import Callable
from datetime import date, time
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from sapmatch.model.rfc import Rfc
from sapmatch.model.users import (
    Both,
    Compare,
    Condition,
    Either,
    Not,
    Operator,
    SapUser,
    UserQuery,
)
from sapmatch.sap.users.conditions import condition_of
from sapmatch.sap.users.reader import SapUsers
from tests.builders.listed_users import ListedUsers, Told, told
from tests.builders.memory import MemoryClock

NAME, LAST, TYPE = "USERNAME", "ADDRESS.LASTNAME", "LOGONDATA.USTYP"
ROLE, FROM, UNTIL = "ACTIVITYGROUPS.AGR_NAME", "ACTIVITYGROUPS.FROM_DAT", "LOGONDATA.GLTGB"


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
