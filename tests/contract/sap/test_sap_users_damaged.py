"""Damaged answers over SOAP change nothing and confirm nothing."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from sapmatch.model.errors import SapmatchError, SapRejected, SapUnavailable
from sapmatch.model.users import UserChange, UserQuery
from tests.builders.abap import abap_server
from tests.builders.rfc_sides import Side
from tests.builders.tampered import (
    CENTRAL,
    FAILED,
    JDOE,
    RETURN,
    ROLES,
    damaged,
    now,
    one_more_role,
    reader_of,
    sub,
    without,
    writer_of,
    writes,
)


@pytest.fixture
def side() -> Iterator[Side]:
    with abap_server([JDOE]) as server, ExitStack() as stack:
        yield Side("soap_rfc", server, stack)


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
    "an origin that nobody knows": (
        "<ORG_FLAG/>|<ORG_FLAG>[^<]*</ORG_FLAG>",
        "<ORG_FLAG>Q</ORG_FLAG>",
    ),
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
    "names of profiles": ("BAPI_USER_LOCPROFILES_READ", "<PROFILE>[^<]*</PROFILE>", ""),
    "names of systems": ("BAPI_USER_GET_DETAIL", "<SUBSYSTEM>[^<]*</SUBSYSTEM>", ""),
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


@pytest.mark.parametrize(
    ("pattern", "new"),
    [
        ("<USERLIST>.*?</USERLIST>", ""),
        ("<USERNAME>[^<]*</USERNAME>", ""),
        ("<USERNAME>JDOE<", "<USERNAME>jdoe<"),
    ],
)
def test_a_list_of_users_that_lacks_users_is_no_list(
    side: Side, pattern: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who takes it for a list of nobody takes all users for deleted; a page goes on by names."""
    damaged(monkeypatch, sub(pattern, new), "BAPI_USER_GETLIST")
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


UNCLEAR = {
    "none": "",
    "no type": "<RETURN><item><ID>01</ID><NUMBER>224</NUMBER></item></RETURN>",
    "an empty type": "<RETURN><item><TYPE/><ID>01</ID><NUMBER>224</NUMBER></item></RETURN>",
    "a type that nobody knows": f"<RETURN><item>{FAILED.format('Q')}</item></RETURN>",
    "text": "<RETURN>failed</RETURN>",
    "twice": "<RETURN/><RETURN/>",
}


@pytest.mark.parametrize("said", UNCLEAR)
def test_a_password_of_which_nobody_says_what_became_is_not_set(
    side: Side, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It cannot be read back."""
    done = damaged(monkeypatch, sub(RETURN, UNCLEAR[said]), "BAPI_USER_CHANGE")
    changed = writer_of(side).change(UserChange(name="JDOE", password="Given-4711"))
    assert done
    assert changed.status == "unknown"


@pytest.mark.parametrize("kind", ["E", "e"])
def test_a_refused_password_is_refused_in_every_shape(
    side: Side, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged(monkeypatch, sub(RETURN, f"<RETURN>{FAILED.format(kind)}</RETURN>"), "BAPI_USER_CHANGE")
    changed = writer_of(side).change(UserChange(name="JDOE", password="Given-4711"))
    assert changed.status == "failed"


WARNED = f"<RETURN><item>{FAILED.format('W')}</item></RETURN>"


@pytest.mark.parametrize(
    "change",
    [
        UserChange(name="JDOE", roles=()),
        UserChange(name="JDOE", role_names=("SAP_ASR_EMPLOYEE",)),
        UserChange(name="JDOE", profiles=()),
        UserChange(name="JDOE", groups=()),
        UserChange(name="JDOE", parameters={}),
        UserChange(name="JDOE", locked=False),
    ],
)
def test_nothing_is_replaced_of_what_sap_warned_of(
    side: Side, change: UserChange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However warnings are set: what was read may be a part."""
    damaged(monkeypatch, sub(RETURN, WARNED))
    with pytest.raises(SapUnavailable, match="or SAP warned of it"):
        writer_of(side, fail_when_warning=False).change(change)
    assert writes(side) == []


def test_a_warning_of_a_read_is_told_and_one_that_is_harmless_stops_nothing(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged(monkeypatch, sub(RETURN, WARNED))
    user = reader_of(side, fail_when_warning=False).details("JDOE")
    assert user
    assert "SAP warned (01/999)" in user.warnings[0]
    damaged(monkeypatch, sub(RETURN, WARNED))
    harmless = writer_of(side, fail_when_warning=False, non_fatal_error_codes=("01:999",))
    assert harmless.merge("JDOE", one_more_role).status == "done"


@pytest.mark.parametrize(
    ("function", "change"),
    [
        ("BAPI_USER_LOCACTGROUPS_READ", UserChange(name="JDOE", roles=())),
        ("BAPI_USER_LOCPROFILES_READ", UserChange(name="JDOE", profiles=())),
    ],
)
def test_a_central_system_that_warns_of_its_systems_tells_too_little(
    function: str, change: UserChange, monkeypatch: pytest.MonkeyPatch
) -> None:
    with abap_server([JDOE], cua=True) as server, ExitStack() as stack:
        side = Side("soap_rfc", server, stack)
        done = damaged(monkeypatch, sub(RETURN, WARNED), function)
        with pytest.raises(SapUnavailable, match="or SAP warned of it"):
            writer_of(side, fail_when_warning=False, **CENTRAL).change(change)
        assert done
        assert writes(side) == []
