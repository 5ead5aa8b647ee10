"""Function modules over PyRFC, against a module that is shaped like it and as strict."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from msgspec.structs import replace

from local.sap.abap.faults import AbapFault
from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    LogonRefused,
    OutcomeUnknown,
    SapmatchError,
    SapRejected,
    SapUnavailable,
)
from sapmatch.model.rfc import AbapException, Field, RfcStructure
from sapmatch.sap.rfc import pyrfc_transport
from sapmatch.sap.rfc.pyrfc_transport import open_pyrfc
from sapmatch.sap.rfc.pyrfc_values import given, taken
from tests.builders.pyrfc_desk import CONNECTION, GET_DETAIL, Desk, fault, installed


@pytest.fixture
def desk() -> Iterator[Desk]:
    with installed() as desk:
        yield desk


@pytest.mark.parametrize(
    ("broken", "read", "change"),
    [
        (fault("exception", "TABLE_EMPTY"), AbapException, AbapException),
        (fault("authority"), AuthorizationMissing, AuthorizationMissing),
        (fault("dump"), SapRejected, OutcomeUnknown),
        (fault("after"), SapUnavailable, OutcomeUnknown),
        (fault("before"), SapUnavailable, OutcomeUnknown),
    ],
)
def test_an_exception_of_the_sdk_says_whether_sap_may_have_done_it(
    desk: Desk, broken: AbapFault, read: type[SapmatchError], change: type[SapmatchError]
) -> None:
    for changes, wanted in ((False, read), (True, change)):
        transport = desk.opened()
        desk.sap.faults = [broken] * 4
        with pytest.raises(wanted) as caught:
            transport.call("BAPI_USER_LOCK", {"USERNAME": "JDOE"}, changes=changes)
        assert type(caught.value) is wanted
        if changes:
            assert len(desk.sap.faults) == 3, "a change was sent again"


def test_a_read_whose_connection_broke_is_asked_again(desk: Desk) -> None:
    transport = desk.opened()
    desk.sap.faults = [fault("before"), fault("before")]
    desk.sap.answers = {"ADDRESS": {"LASTNAME": "Doe"}}
    found = transport.call(GET_DETAIL, {"USERNAME": "JDOE"})
    assert found.exports["ADDRESS"] == {"LASTNAME": "Doe"}
    assert len(desk.stub.calls) == 3


def test_who_wants_one_try_gets_one(desk: Desk) -> None:
    transport = open_pyrfc("s4", CONNECTION, desk.secrets, clock=desk.clock, tries=1)
    desk.sap.faults = [fault("before")]
    with pytest.raises(SapUnavailable):
        transport.ping()
    assert len(desk.stub.calls) == 1


def test_a_refused_logon_behind_a_broken_call_does_not_hide_the_change(desk: Desk) -> None:
    """PyRFC logs on anew by itself, and what it raises then is about that logon."""
    transport = desk.opened()
    transport.ping()
    desk.sap.faults = [fault("after")]
    desk.stub.passwords["RFC_USER"] = "Changed-3!"
    with pytest.raises(OutcomeUnknown, match="BAPI_USER_LOCK: was sent"):
        transport.call("BAPI_USER_LOCK", {"USERNAME": "JDOE"}, changes=True)
    assert desk.guard.told[-1] == "refused 1"


def test_the_same_behind_a_read_is_a_refused_logon_and_not_repeated(desk: Desk) -> None:
    transport = desk.opened()
    transport.ping()
    desk.sap.faults = [fault("after")]
    desk.stub.passwords["RFC_USER"] = "Changed-3!"
    with pytest.raises(LogonRefused):
        transport.call(GET_DETAIL, {"USERNAME": "JDOE"})
    assert len(desk.stub.logons) == 2


def test_errors_hold_no_text_of_the_sdk_where_it_may_name_people(desk: Desk) -> None:
    transport = desk.opened()
    desk.sap.faults = [AbapFault("dump", "SYNTAX_ERROR", "user JDOE on host app1")]
    with pytest.raises(OutcomeUnknown) as caught:
        transport.call("BAPI_USER_LOCK", {"USERNAME": "JDOE"}, changes=True)
    assert "JDOE" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


@pytest.mark.parametrize(
    ("kind", "key", "changes"), [("exception", "BAD_PASSWORD", True), ("dump", "BROKEN", False)]
)
def test_errors_hold_no_password_that_was_sent(
    desk: Desk, kind: Any, key: str, changes: bool
) -> None:
    desk.sap.faults = [AbapFault(kind, key, "password N3u-Canary is bad")]
    given: Any = {"USERNAME": "JDOE", "PASSWORD": {"BAPIPWD": "N3u-Canary"}}
    with pytest.raises(SapRejected, match=r"password \*\*\* is bad"):
        desk.opened().call("BAPI_USER_CHANGE", given, changes=changes)


@pytest.mark.parametrize(
    ("imports", "tables", "said"),
    [
        ({"USERNAME": "A" * 13}, {}, "USERNAME has 13 characters, at most 12"),
        ({"NAME": "JDOE"}, {}, "has no parameter NAME"),
        ({"USERNAME": {"A": "B"}}, {}, "USERNAME is a single value"),
        ({"USERNAME": "J\x00"}, {}, "USERNAME holds a control character"),
        ({}, {"ACTIVITYGROUPS": [{"ROLE": "X"}]}, "ACTIVITYGROUPS has no field ROLE"),
        ({}, {"ACTIVITYGROUPS": [{"AGR_NAME": "R" * 31}]}, r"ACTIVITYGROUPS.AGR_NAME has 31"),
        ({}, {"ACTIVITYGROUPS": [{"FROM_DAT": "soon"}]}, r"ACTIVITYGROUPS.FROM_DAT is no date"),
        ({}, {"ACTIVITYGROUPS": "X"}, "ACTIVITYGROUPS is a table"),
        ({}, {"ACTIVITYGROUPS": ["X"]}, "ACTIVITYGROUPS holds fields by name"),
    ],
)
def test_what_cannot_be_sent_is_named_before_anything_is(
    desk: Desk, imports: Any, tables: Any, said: str
) -> None:
    """CO-T40."""
    with pytest.raises(InputRejected, match=said):
        desk.opened().call("BAPI_USER_ACTGROUPS_ASSIGN", imports, tables, changes=True)
    assert desk.stub.calls == []


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("ABCDEFGHIJKLMNO", "ABCDEFGHIJKL"),
        ("ABCDEFGHIJK\N{GRINNING FACE}", "ABCDEFGHIJK"),  # two characters, as SAP counts
    ],
)
def test_what_is_too_long_is_cut_where_the_settings_say_so(
    desk: Desk, name: str, sent: str
) -> None:
    transport = desk.opened(fail_when_truncating=False)
    transport.call("BAPI_USER_LOCK", {"USERNAME": name}, changes=True)
    assert desk.stub.calls[-1][1] == {"USERNAME": sent}


def test_dates_go_out_as_digits_and_come_back_as_dates(desk: Desk) -> None:
    """CO-T32: an initial date is none, on the way out as on the way back."""
    desk.sap.answers = {
        "ACTIVITYGROUPS": [
            {"AGR_NAME": "R", "FROM_DAT": "20260101", "TO_DAT": "00000000", "ORG_FLAG": ""}
        ]
    }
    sent: list[RfcStructure] = [{"AGR_NAME": "R", "FROM_DAT": date(2026, 1, 1), "TO_DAT": None}]
    found = desk.opened().call(
        "BAPI_USER_ACTGROUPS_ASSIGN", {"USERNAME": "JDOE"}, {"ACTIVITYGROUPS": sent}, changes=True
    )
    assert desk.stub.calls[-1][1]["ACTIVITYGROUPS"] == [
        {"AGR_NAME": "R", "FROM_DAT": "20260101", "TO_DAT": ""}
    ]
    assert found.tables["ACTIVITYGROUPS"] == [
        {"AGR_NAME": "R", "FROM_DAT": date(2026, 1, 1), "TO_DAT": None, "ORG_FLAG": ""}
    ]


@pytest.mark.parametrize(
    ("field", "value", "wire", "back"),
    [
        (Field(name="N", type="numc", length=6), None, "000000", "000000"),
        (Field(name="N", type="numc", length=6), "42", "000042", "000042"),
        (Field(name="I", type="int"), 7, 7, 7),
        (Field(name="I", type="int"), None, 0, 0),
        (Field(name="X", type="raw", length=2), b"\x01\x02", b"\x01\x02", b"\x01\x02"),
        (Field(name="X", type="raw", length=2), None, b"", b""),
        (Field(name="D", type="decimal"), None, "0", 0),
        (Field(name="T", type="time"), None, "", None),
        (Field(name="C", type="char", length=4), "ab", "ab", "ab"),
    ],
)
def test_each_kind_of_value_is_as_pyrfc_takes_it(
    field: Field, value: Any, wire: Any, back: Any
) -> None:
    assert given(value, field) == wire
    assert taken(wire, field) == back


def test_tables_come_only_where_they_were_asked_for_and_return_always(desk: Desk) -> None:
    """CO-T30."""
    row = {"TYPE": "E", "ID": "01", "NUMBER": "124", "MESSAGE": "no such user"}
    desk.sap.answers = {"GROUPS": [{"USERGROUP": "A"}], "RETURN": [row]}
    transport = desk.opened()
    plain = transport.call(GET_DETAIL, {"USERNAME": "JDOE"})
    assert list(plain.tables) == ["RETURN"]
    assert [message.code for message in plain.messages] == ["01/124"]
    wanted = transport.call(GET_DETAIL, {"USERNAME": "JDOE"}, want=("GROUPS", "PROFILES"))
    assert wanted.tables["GROUPS"] == [{"USERGROUP": "A"}]
    assert wanted.tables["PROFILES"] == []


def test_a_module_is_described_by_the_sap_that_is_called(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Older releases know fewer parameters and shorter passwords than our own description."""
    monkeypatch.setattr(pyrfc_transport, "INTERFACES", {})
    transport = desk.opened()
    found = transport.interface("BAPI_USER_ACTGROUPS_ASSIGN")
    assert found is not None
    kinds = {each.name: (each.direction, each.kind) for each in found.parameters}
    assert kinds["USERNAME"] == ("import", "scalar")
    assert kinds["ACTIVITYGROUPS"] == ("tables", "table")
    (roles,) = (each for each in found.parameters if each.name == "ACTIVITYGROUPS")
    assert Field(name="FROM_DAT", type="date") in roles.fields
    assert Field(name="AGR_NAME", type="char", length=30) in roles.fields
    assert transport.interface("Z_NOT_THERE") is None


def test_a_module_that_sap_does_not_know_is_its_own_exception(desk: Desk) -> None:
    with pytest.raises((AbapException, InputRejected), match=r"FU_NOT_FOUND|no parameter"):
        desk.opened().call("Z_NOT_THERE", {})


def test_after_many_broken_calls_sap_is_left_in_peace(desk: Desk) -> None:
    limits = replace(CONNECTION.limits, failures=3)
    transport = desk.opened(replace(CONNECTION, limits=limits))
    desk.sap.faults = [fault("before")] * 10
    with pytest.raises(SapUnavailable):
        transport.call(GET_DETAIL)
    with pytest.raises(SapUnavailable, match="nothing is sent"):
        transport.call("BAPI_USER_LOCK", {"USERNAME": "JDOE"}, changes=True)
