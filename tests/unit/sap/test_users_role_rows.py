"""Rows of roles: read in any order, written in one form, compared by what they say."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapmatch.model.errors import InputRejected
from sapmatch.model.users import FOREVER, RoleAssignment
from sapmatch.sap.users.role_rows import json_of, rows_of, same, xml_of

ROLE = RoleAssignment(name="SAP_ASR_EMPLOYEE", valid_from=date(2026, 1, 15))
LINE = (
    '<?xml version="1.0" encoding="UTF-8" standalone="no"?><item>'
    "<AGR_NAME>SAP_ASR_EMPLOYEE</AGR_NAME><FROM_DAT>2026-01-15</FROM_DAT>"
    "<TO_DAT>9999-12-31</TO_DAT></item>"
)


@pytest.mark.parametrize(
    "text",
    [
        LINE,
        LINE.replace(' standalone="no"', ""),
        LINE.replace(' standalone="no"', ' standalone="yes"'),
        LINE.partition("?>")[2],
        (
            "<item><TO_DAT>9999-12-31</TO_DAT><FROM_DAT>2026-01-15</FROM_DAT>"
            "<AGR_NAME>sap_asr_employee</AGR_NAME></item>"
        ),
        (
            "\ufeff\n <item>\n  <FROM_DAT>20260115</FROM_DAT>\n"
            "  <AGR_NAME> SAP_ASR_EMPLOYEE </AGR_NAME>\n  <TO_DAT/>\n</item>\n"
        ),
        (
            '<r:item xmlns:r="urn:x"><r:AGR_NAME>SAP_ASR_EMPLOYEE</r:AGR_NAME>'
            "<r:FROM_DAT>2026-01-15</r:FROM_DAT></r:item>"
        ),
        '[{"AGR_NAME": "SAP_ASR_EMPLOYEE", "FROM_DAT": "2026-01-15", "TO_DAT": null}]',
        '{"TO_DAT": "9999-12-31", "FROM_DAT": "2026-01-15", "AGR_NAME": "SAP_ASR_EMPLOYEE"}',
    ],
)
def test_one_row_is_read_however_it_was_written(text: str) -> None:
    """CO-T47."""
    assert [role.key for role in rows_of(text)] == [ROLE.key]


def test_a_row_is_written_in_one_form_whatever_it_was_read_from() -> None:
    """CO-T47."""
    read = rows_of("<item><TO_DAT/><FROM_DAT>2026-01-15</FROM_DAT><AGR_NAME>sap_asr_employee"
                   "</AGR_NAME></item>")  # fmt: skip
    assert [xml_of(role) for role in read] == [LINE]


def test_a_system_comes_first() -> None:
    role = RoleAssignment(system="S4HCLNT200", name="A", valid_from=date(2026, 1, 1))
    assert "<item><SUBSYSTEM>S4HCLNT200</SUBSYSTEM><AGR_NAME>A</AGR_NAME>" in xml_of(role)
    assert rows_of(xml_of(role)) == (role,)


def test_all_roles_show_their_text_and_where_they_come_from() -> None:
    """Row B31."""
    direct = xml_of(ROLE, all=True)
    assert direct.endswith("<TO_DAT>9999-12-31</TO_DAT><AGR_TEXT/><ORG_FLAG/></item>")
    indirect = RoleAssignment(name="A", valid_from=date(2026, 1, 1), text="R & D", origin="C")
    shown = xml_of(indirect, all=True)
    assert shown.endswith("<AGR_TEXT>R &amp; D</AGR_TEXT><ORG_FLAG>C</ORG_FLAG></item>")
    assert rows_of(shown) == (indirect,)


def test_several_rows_may_stand_in_one_text() -> None:
    text = f"{LINE}\n{LINE.replace('EMPLOYEE', 'MANAGER')}\n"
    assert [role.name for role in rows_of(text)] == ["SAP_ASR_EMPLOYEE", "SAP_ASR_MANAGER"]
    assert rows_of("") == rows_of([]) == ()


def test_rows_are_the_same_in_any_order_and_with_any_text() -> None:
    other = RoleAssignment(name="B", valid_from=date(2026, 1, 1), text="x")
    plain = RoleAssignment(name="B", valid_from=date(2026, 1, 1))
    assert same([ROLE, other], [plain, ROLE, ROLE])
    assert not same([ROLE], [ROLE, other])


def test_every_mistake_is_named_by_its_row() -> None:
    rows: list[Any] = [
        {"AGR_NAME": "A", "FROM_DAT": "2026-02-30"},
        {"AGR_NAME": "B" * 31, "FROM_DAT": "2026-01-01", "TO_DAT": "2025-01-01"},
        {"FROM_DAT": "2026-01-01", "ORG_FLAG": "Q", "WHAT": "x"},
        {"AGR_NAME": 5, "FROM_DAT": "2026-01-01"},
    ]
    with pytest.raises(InputRejected) as refused:
        rows_of(rows)
    assert [problem.field for problem in refused.value.problems] == [
        "ACTIVITYGROUPS[1].FROM_DAT",
        "ACTIVITYGROUPS[2].AGR_NAME",
        "ACTIVITYGROUPS[2].TO_DAT",
        "ACTIVITYGROUPS[3]",
        "ACTIVITYGROUPS[3].AGR_NAME",
        "ACTIVITYGROUPS[3].ORG_FLAG",
        "ACTIVITYGROUPS[4].AGR_NAME",
        "ACTIVITYGROUPS[4].AGR_NAME",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "<item><AGR_NAME>A</AGR_NAME>",
        "<rows><item/></rows>",
        "SAP_A",
        "<item/>text",
        "[1]",
        "{",
        "<item><AGR_NAME>A</AGR_NAME><AGR_NAME>B</AGR_NAME><FROM_DAT>2026-01-01</FROM_DAT></item>",
        "<item><AGR_NAME><b>A</b></AGR_NAME><FROM_DAT>2026-01-01</FROM_DAT></item>",
        '<!DOCTYPE r [<!ENTITY a "x">]><item><AGR_NAME>&a;</AGR_NAME></item>',
        "<item><AGR_NAME>&a;</AGR_NAME></item>",
        "</rows><rows>",
        "[" * 100_000,
        "x" * 2_000_000,
    ],
)
def test_what_is_no_row_is_refused(text: str) -> None:
    """CO-T34 for rows: no entity is ever read."""
    with pytest.raises(InputRejected):
        rows_of(text)


NAMES = st.text("ABCZ_/:&<>'\" 0", min_size=1, max_size=30).filter(
    lambda name: name.strip() == name
)


@given(
    st.lists(
        st.builds(
            RoleAssignment,
            system=st.sampled_from(["", "S4HCLNT200"]),
            name=NAMES,
            valid_from=st.dates(date(1900, 1, 1), date(2100, 1, 1)),
            valid_to=st.just(FOREVER),
            text=NAMES,
            origin=st.sampled_from(["", "C", "X", "E"]),
        ),
        max_size=4,
    )
)
def test_what_is_written_is_read_back(roles: list[RoleAssignment]) -> None:
    assert rows_of([xml_of(role, all=True) for role in roles]) == tuple(roles)
    assert rows_of("\n".join(xml_of(role, all=True) for role in roles)) == tuple(roles)
    assert rows_of([json_of(role, all=True) for role in roles]) == tuple(roles)
