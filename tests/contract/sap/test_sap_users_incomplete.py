"""What is read incompletely is neither merged nor written, whatever carried it."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from typing import Any

import pytest

from sapmatch.model.errors import SapmatchError, SapRejected, SapUnavailable
from sapmatch.model.rfc import Rfc
from sapmatch.model.users import RoleAssignment, SapUser, UserChange, UserQuery
from sapmatch.sap.users.reader import SapUsers
from sapmatch.sap.users.writer import SapUserWriter
from tests.builders.abap import MemoryTransport, abap_server
from tests.builders.rfc_sides import ALL, Side
from tests.builders.scripted_users import NoLocks
from tests.builders.tampered import damaged, sub, with_day, without

ROLES = "<ACTIVITYGROUPS>.*?</ACTIVITYGROUPS>"
RETURN = "<RETURN/>|<RETURN>.*?</RETURN>"
FAILED = "<TYPE>{}</TYPE><ID>01</ID><NUMBER>999</NUMBER><MESSAGE>part of it</MESSAGE>"
JDOE = {
    "USERNAME": "JDOE",
    "ADDRESS": {"FIRSTNAME": "J", "LASTNAME": "Doe"},
    "roles": [["Z_FI_AP", "20260101", "20261231"], ["Z_MM_BUYER", "20200101", "99991231"]],
    "profiles": ["S_A.SHOW"],
    "groups": ["SUPER"],
    "parameters": {"BUK": "1010"},
    "locked": True,
}
CENTRAL = {"cua_enabled": True, "destination_name": "S4HCLNT100", "systems": {"S4HCLNT200": ""}}


@pytest.fixture
def side(request: pytest.FixtureRequest) -> Iterator[Side]:
    with abap_server([JDOE]) as server, ExitStack() as stack:
        yield Side(getattr(request, "param", "soap_rfc"), server, stack)


on_all = pytest.mark.parametrize("side", ALL, indirect=True)


def reader_of(side: Side, **rfc: Any) -> SapUsers:
    return SapUsers(side.transport, Rfc(system_id="S4H", **rfc), "s4", side.clock, 1)


def writer_of(side: Side, **rfc: Any) -> SapUserWriter:
    settings = Rfc(system_id="S4H", **rfc)
    reader = SapUsers(side.transport, settings, "s4", side.clock, 1)
    return SapUserWriter(side.transport, settings, "s4", reader, NoLocks(), side.clock)


def one_more_role(user: SapUser) -> UserChange:
    more = RoleAssignment(name="SAP_ASR_EMPLOYEE", valid_from=date(2026, 11, 1))
    return UserChange(name=user.name, roles=(*user.direct_roles, more))


def now(side: Side) -> SapUser:
    """The user as he really is, read past the damage."""
    reader = SapUsers(MemoryTransport(side.abap), Rfc(), "s4", side.clock, 1)
    found = reader.details("JDOE")
    assert found
    return found


def writes(side: Side) -> list[str]:
    said = [str(each["function"]) for each in side.abap.called()]
    return [each for each in said if each.endswith(("ASSIGN", "CHANGE", "LOCK", "CREATE1"))]


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


DAMAGES = {
    "text where rows belong": (ROLES, "<ACTIVITYGROUPS>none</ACTIVITYGROUPS>"),
    "the table twice": (f"({ROLES})", r"\1<ACTIVITYGROUPS/>"),
    "no rows inside": (ROLES, "<ACTIVITYGROUPS><AGR_NAME>Z_FI_AP</AGR_NAME></ACTIVITYGROUPS>"),
    "empty rows": (ROLES, "<ACTIVITYGROUPS><item/><item/></ACTIVITYGROUPS>"),
    "text in a row": (ROLES, "<ACTIVITYGROUPS><item>Z_FI_AP</item></ACTIVITYGROUPS>"),
    "names in another case": ("ACTIVITYGROUPS>", "Activitygroups>"),
    "a column in another case": ("AGR_NAME>", "Agr_name>"),
    "a column twice": ("(<TO_DAT>[^<]*</TO_DAT>)", r"\1<TO_DAT>9999-12-31</TO_DAT>"),
    "no last day": ("<TO_DAT>[^<]*</TO_DAT>", ""),
    "no first day": ("<FROM_DAT>[^<]*</FROM_DAT>", ""),
    "no origin": ("<ORG_FLAG/>|<ORG_FLAG>[^<]*</ORG_FLAG>", ""),
    "a last day of another form": ("<TO_DAT>[^<]*</TO_DAT>", "<TO_DAT>31.12.2026</TO_DAT>"),
    "a last day with a time": ("<TO_DAT>[^<]*<", "<TO_DAT>2026-12-31T00:00:00<"),
    "profiles without names": ("<BAPIPROF>[^<]*</BAPIPROF>", ""),
    "groups without names": ("<USERGROUP>[^<]*</USERGROUP>", ""),
    "parameters without names": ("<PARID>[^<]*</PARID>", ""),
    "parameters without values": ("<PARVA>[^<]*</PARVA>", ""),
    "another table twice": ("(<PROFILES>.*?</PROFILES>)", r"\1\1"),
    "nothing in the answer": (
        "(<n0:BAPI_USER_GET_DETAIL.Response[^>]*>).*(</n0:BAPI_USER_GET_DETAIL.Response>)",
        r"\1\2",
    ),
    "text in the answer": (
        "(<n0:BAPI_USER_GET_DETAIL.Response[^>]*>).*(</n0:BAPI_USER_GET_DETAIL.Response>)",
        r"\1OK\2",
    ),
    "two bodies": ("(<soap-env:Body>.*</soap-env:Body>)", r"\1\1"),
    "two answers": ("<soap-env:Body>(.*)</soap-env:Body>", r"<soap-env:Body>\1\1</soap-env:Body>"),
    "text in a structure": ("<ADDRESS>.*?</ADDRESS>", "<ADDRESS>Doe</ADDRESS>"),
    "a day of the user": ("<GLTGB>[^<]*</GLTGB>", "<GLTGB>31.12.2026</GLTGB>"),
    "a time of the user": ("<MODTIME>[^<]*</MODTIME>", "<MODTIME>8 o'clock</MODTIME>"),
    "a failure": (RETURN, f"<RETURN><item>{FAILED.format('E')}</item></RETURN>"),
    "a failure in a small letter": (RETURN, f"<RETURN><item>{FAILED.format('e')}</item></RETURN>"),
    "a failure of no known type": (RETURN, f"<RETURN><item>{FAILED.format('Q')}</item></RETURN>"),
    "a failure outside of rows": (RETURN, f"<RETURN>{FAILED.format('E')}</RETURN>"),
    "a failure without type": (
        RETURN,
        "<RETURN><item><ID>01</ID><NUMBER>9</NUMBER></item></RETURN>",
    ),
    "text for RETURN": (RETURN, "<RETURN>failed</RETURN>"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_answer_changes_nothing(
    side: Side, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = now(side)
    done = damaged(monkeypatch, sub(*DAMAGES[damage]))
    with pytest.raises(SapmatchError):
        writer_of(side).merge("JDOE", one_more_role)
    assert done
    assert (now(side), writes(side)) == (before, [])


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_answer_does_not_confirm_a_change(
    side: Side, damage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the change did cannot be read back, so nobody says that it is done."""
    done = damaged(monkeypatch, sub(*DAMAGES[damage]), skip=1)
    changed = writer_of(side).merge("JDOE", one_more_role)
    assert done
    assert changed.status == "unknown"


def test_an_empty_table_is_an_answer(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged(monkeypatch, sub(ROLES, "<ACTIVITYGROUPS>\n</ACTIVITYGROUPS>"))
    user = reader_of(side).details("JDOE")
    assert user
    assert user.roles == ()


@pytest.mark.parametrize("kind", ["E", "e", "A"])
def test_a_failure_counts_whatever_the_shape_of_return(
    side: Side, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged(monkeypatch, sub(RETURN, f"<RETURN>{FAILED.format(kind)}</RETURN>"))
    with pytest.raises(SapRejected, match="01/999"):
        reader_of(side).details("JDOE")


def test_a_success_outside_of_rows_is_one(side: Side, monkeypatch: pytest.MonkeyPatch) -> None:
    damaged(monkeypatch, sub(RETURN, f"<RETURN>{FAILED.format('S')}</RETURN>"))
    assert reader_of(side).details("JDOE")


LOCAL = {
    "roles": ("BAPI_USER_LOCACTGROUPS_READ", ROLES, ""),
    "profiles": ("BAPI_USER_LOCPROFILES_READ", "<PROFILES>.*?</PROFILES>|<PROFILES/>", ""),
    "said": ("BAPI_USER_LOCACTGROUPS_READ", RETURN, ""),
    "said of profiles": ("BAPI_USER_LOCPROFILES_READ", RETURN, ""),
    "systems of roles": ("BAPI_USER_LOCACTGROUPS_READ", "<SUBSYSTEM>[^<]*</SUBSYSTEM>", ""),
    "names of roles": ("BAPI_USER_LOCACTGROUPS_READ", "<AGR_NAME>[^<]*</AGR_NAME>", ""),
}


@pytest.mark.parametrize("part", LOCAL)
def test_what_a_central_system_does_not_tell_of_its_systems_is_not_merged(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    function, pattern, new = LOCAL[part]
    with abap_server([JDOE], cua=True) as server, ExitStack() as stack:
        side = Side("soap_rfc", server, stack)
        first = UserChange(name="JDOE", role_names=("S4HCLNT100:Z_FI_AP",))
        assert writer_of(side, **CENTRAL).change(first).status == "accepted_by_central"
        side.abap.forget_calls()
        done = damaged(monkeypatch, sub(pattern, new), function)
        with pytest.raises(SapUnavailable, match="not complete"):
            writer_of(side, **CENTRAL).merge("JDOE", one_more_role)
        assert done
        assert writes(side) == []


def test_systems_are_not_assigned_where_those_of_before_did_not_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with abap_server([JDOE], cua=True) as server, ExitStack() as stack:
        side = Side("soap_rfc", server, stack)
        without(monkeypatch, side, "SYSTEMS")
        with pytest.raises(SapUnavailable, match="SYSTEMS is missing"):
            writer_of(side, **CENTRAL).change(UserChange(name="JDOE", systems=("S4HCLNT200",)))
        assert writes(side) == []


def test_profiles_are_not_replaced_where_those_of_roles_are_not_told(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    without(monkeypatch, side, "PROFILES", skip=1)
    with pytest.raises(SapUnavailable, match="PROFILES is missing"):
        writer_of(side).change(UserChange(name="JDOE", profiles=()))
    assert writes(side) == []


@pytest.mark.parametrize("pattern", ["<USERLIST>.*?</USERLIST>", "<USERNAME>[^<]*</USERNAME>"])
def test_a_list_of_users_that_lacks_users_is_no_list(
    side: Side, pattern: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who takes it for a list of nobody takes all users for deleted."""
    damaged(monkeypatch, sub(pattern, ""), "BAPI_USER_GETLIST")
    with pytest.raises(SapUnavailable, match="not complete"):
        list(reader_of(side).users(UserQuery(names_only=True)))


def test_the_moment_of_a_change_is_unknown_where_half_of_it_did_not_come(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who changed on that day is told then, not left out."""
    damaged(monkeypatch, sub("<MODTIME>[^<]*</MODTIME>", ""))
    user = reader_of(side).details("JDOE")
    assert user
    assert user.modified is None
