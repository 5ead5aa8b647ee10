"""What is read incompletely is neither merged nor written, whatever carried it."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date

import pytest

from sapmatch.model.errors import SapRejected, SapUnavailable
from sapmatch.model.users import UserChange
from tests.builders.abap import abap_server
from tests.builders.rfc_sides import ALL, Side
from tests.builders.tampered import (
    JDOE,
    damaged,
    now,
    one_more_role,
    reader_of,
    sub,
    with_day,
    without,
    writer_of,
    writes,
)


@pytest.fixture
def side(request: pytest.FixtureRequest) -> Iterator[Side]:
    with abap_server([JDOE]) as server, ExitStack() as stack:
        yield Side(getattr(request, "param", "soap_rfc"), server, stack)


on_all = pytest.mark.parametrize("side", ALL, indirect=True)


@on_all
@pytest.mark.parametrize("table", ["ACTIVITYGROUPS", "PROFILES", "RETURN"])
def test_nothing_is_merged_with_an_answer_that_lacks_a_table(
    side: Side, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = now(side)
    done = without(monkeypatch, side, table)
    with pytest.raises(SapUnavailable, match=f"not complete: {table} is missing"):
        writer_of(side).merge("JDOE", one_more_role)
    assert done
    assert (now(side), writes(side)) == (before, [])


@pytest.mark.parametrize("table", ["ACTIVITYGROUPS", "PROFILES", "RETURN"])
def test_no_user_is_shown_without_roles_or_profiles(
    side: Side, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, side, table)
    with pytest.raises(SapUnavailable, match=f"{table} is missing"):
        reader_of(side).details("JDOE")


@on_all
def test_what_lacks_a_table_when_it_is_read_back_is_unknown(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = without(monkeypatch, side, "ACTIVITYGROUPS", skip=1)
    changed = writer_of(side).merge("JDOE", one_more_role)
    assert done
    assert changed.status == "unknown"
    assert len(now(side).roles) == 3


@on_all
@pytest.mark.parametrize("field", ["FROM_DAT", "TO_DAT"])
def test_a_day_that_nobody_can_read_is_not_for_ever(
    side: Side, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = now(side)
    done = with_day(monkeypatch, side, "ACTIVITYGROUPS", field, "2026-02-31")
    with pytest.raises(SapRejected, match=f"user JDOE: ACTIVITYGROUPS.{field} holds what is no"):
        writer_of(side).merge("JDOE", one_more_role)
    assert done
    assert (now(side), writes(side)) == (before, [])


@on_all
def test_an_initial_last_day_is_for_ever(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    done = with_day(monkeypatch, side, "ACTIVITYGROUPS", "TO_DAT", "0000-00-00")
    user = reader_of(side).details("JDOE")
    assert done
    assert user
    assert {role.valid_to for role in user.roles} == {date(9999, 12, 31)}


@on_all
def test_a_change_without_return_is_looked_for_and_not_believed(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = without(monkeypatch, side, "RETURN", "BAPI_USER_ACTGROUPS_ASSIGN")
    changed = writer_of(side).merge("JDOE", one_more_role)
    assert done
    assert len(now(side).roles) == 3
    assert changed.status == "done"
    assert changed.steps[0].message


CHANGES = {
    "GROUPS": UserChange(name="JDOE", groups=("SUPER", "HR")),
    "ISLOCKED": UserChange(name="JDOE", locked=False),
    "ALIAS": UserChange(name="JDOE", fields={"ALIAS.USERALIAS": ""}),
}


@on_all
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_refused_where_what_it_is_about_did_not_come(
    side: Side, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = now(side)
    done = without(monkeypatch, side, name)
    with pytest.raises(SapUnavailable, match=f"JDOE: SAP's answer is not complete: {name}"):
        writer_of(side).change(CHANGES[name])
    assert done
    assert (now(side), writes(side)) == (before, [])


@on_all
def test_other_changes_are_made_where_a_table_did_not_come(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A release may not know a parameter at all."""
    done = without(monkeypatch, side, "GROUPS")
    assert writer_of(side).merge("JDOE", one_more_role).status == "done"
    assert done
    assert now(side).groups == ("SUPER",)


def test_what_did_not_come_is_told_of_a_user(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, side, "GROUPS")
    user = reader_of(side).details("JDOE")
    assert user
    assert "GROUPS" in user.unread
    assert user.warnings == ("GROUPS: SAP did not send it, so it was not read",)
    whole = reader_of(side).details("JDOE")
    assert whole
    assert whole.warnings == ()


def test_one_of_two_tables_of_parameters_is_enough_where_no_value_was_cut(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, side, "PARAMETER1")
    user = reader_of(side).details("JDOE")
    assert user
    assert user.parameters == {"BUK": "1010"}
    assert "PARAMETER" not in user.unread


def test_parameters_that_may_have_been_cut_are_not_written_back(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = UserChange(name="JDOE", parameters={"BUK": "1010", "URL": "x" * 40})
    assert writer_of(side).change(long).status == "done"
    without(monkeypatch, side, "PARAMETER1")
    with pytest.raises(SapUnavailable, match="PARAMETER is missing"):
        writer_of(side).merge(
            "JDOE", lambda user: UserChange(name="JDOE", parameters={**user.parameters, "A": "1"})
        )
    assert now(side).parameters == {"BUK": "1010", "URL": "x" * 40}


def test_parameters_are_not_written_where_none_of_their_tables_came(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged(monkeypatch, sub("<PARAMETER1?>.*?</PARAMETER1?>", ""))
    with pytest.raises(SapUnavailable, match="PARAMETER is missing"):
        writer_of(side).change(UserChange(name="JDOE", parameters={"A": "1"}))
    assert writes(side) == []


def test_locks_count_only_where_all_of_them_are_told(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged(monkeypatch, sub("<LOCAL_LOCK>.</LOCAL_LOCK>", ""))
    with pytest.raises(SapUnavailable, match="ISLOCKED is missing"):
        writer_of(side).change(UserChange(name="JDOE", locked=False))
