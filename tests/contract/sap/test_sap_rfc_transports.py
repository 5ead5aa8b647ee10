"""What every RfcTransport promises: SOAP in its three flavours, PyRFC, and the one in memory.

All of them stand before the same ABAP, so that what one reads another has written.
"""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date, time
from typing import Any

import pytest

from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    LogonRefused,
    OutcomeUnknown,
    PoolExhausted,
    SapmatchError,
    SapRejected,
    SapUnavailable,
)
from sapmatch.model.rfc import AbapException, BapiFailed, Rfc
from sapmatch.model.users import Compare, UserChange, UserQuery
from sapmatch.sap.rfc.interfaces import INTERFACES
from sapmatch.sap.rfc.messages import judged
from sapmatch.sap.users.reader import SapUsers
from sapmatch.sap.users.writer import SapUserWriter
from tests.builders.abap import USER, abap_server
from tests.builders.rfc_sides import ALL, ASSIGN, GET_DETAIL, JDOE, ON_A_LINE, Side, Watched
from tests.builders.scripted_users import NoLocks
from tests.builders.tampered import without


@pytest.fixture
def side(request: pytest.FixtureRequest) -> Iterator[Side]:
    with abap_server([JDOE]) as server, ExitStack() as stack:
        yield Side(request.param, server, stack)


on_all = pytest.mark.parametrize("side", ALL, indirect=True)
on_a_line = pytest.mark.parametrize("side", ON_A_LINE, indirect=True)


@on_all
def test_a_ping_is_answered(side: Side) -> None:
    side.transport.ping()


@on_all
def test_values_are_pythons_own_whatever_carried_them(side: Side) -> None:
    """CO-T32, CO-T33: no initial dates, umlauts and markup as they are."""
    found = side.detail()
    logon, address = found.exports["LOGONDATA"], found.exports["ADDRESS"]
    assert isinstance(logon, dict)
    assert isinstance(address, dict)
    assert (logon["GLTGV"], logon["GLTGB"]) == (date(2026, 1, 1), None)
    assert address["FIRSTNAME"] == "Jörg"
    assert address["LASTNAME"] == "Doe & Söhne <KG>"
    modified = found.exports["LASTMODIFIED"]
    assert isinstance(modified, dict)
    assert isinstance(modified["MODTIME"], time)


def test_all_of_them_read_the_same() -> None:
    """Each field that our interfaces describe, and each table that was asked for."""
    described = {each.name: each for each in INTERFACES[GET_DETAIL].parameters}
    seen = {}
    for kind in ALL:
        with abap_server([JDOE]) as server, ExitStack() as stack:
            found = Side(kind, server, stack).detail("JDOE", "ACTIVITYGROUPS", "GROUPS", "PROFILES")
            seen[kind] = (
                {
                    name: {field.name: value.get(field.name) for field in described[name].fields}
                    for name, value in found.exports.items()
                    if isinstance(value, dict) and name != "LASTMODIFIED"
                },
                found.tables,
                found.messages,
            )
    assert set(seen) == set(ALL)
    for kind in ALL:
        assert seen[kind] == seen["memory"], kind


@on_all
def test_only_tables_that_were_asked_for_come_and_none_is_missing(side: Side) -> None:
    """CO-T29, CO-T30: one row is a list, no row is an empty one."""
    found = side.detail("JDOE", "ACTIVITYGROUPS", "PROFILES")
    assert [row["AGR_NAME"] for row in found.tables["ACTIVITYGROUPS"]] == ["Z_FI_AP"]
    assert found.tables["PROFILES"] == []
    assert "GROUPS" not in found.tables
    assert found.absent == ()


@on_all
def test_a_table_that_was_asked_for_and_did_not_come_is_told(
    side: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    """CO-T30."""
    without(monkeypatch, side, "PROFILES")
    found = side.detail("JDOE", "ACTIVITYGROUPS", "PROFILES")
    assert found.absent == ("PROFILES",)


@on_all
def test_what_return_says_is_read_and_not_judged(side: Side) -> None:
    """CO-T37: deciding is the caller's, by class and number."""
    found = side.detail("NOBODY")
    assert [(each.type, each.code) for each in found.messages] == [("E", "01/124")]
    with pytest.raises(BapiFailed) as caught:
        judged(GET_DETAIL, found, fail_when_warning=False)
    assert caught.value.code == "01/124"


@on_all
def test_a_warning_stands_before_what_was_done(side: Side) -> None:
    """CO-T37."""
    side.fails_next("return:W:01/999")
    found = side.detail()
    assert [each.code for each in found.messages if each.type == "W"] == ["01/999"]
    assert "LASTNAME" in str(found.exports["ADDRESS"])


@on_all
def test_what_was_written_is_read_back_with_both_of_two_intervals(side: Side) -> None:
    """CO-T48."""
    rows = [
        {"AGR_NAME": "Z_FI_AP", "FROM_DAT": date(2026, 1, 1), "TO_DAT": date(2026, 3, 31)},
        {"AGR_NAME": "Z_FI_AP", "FROM_DAT": date(2026, 7, 1), "TO_DAT": date(9999, 12, 31)},
    ]
    side.call(ASSIGN, {"USERNAME": "JDOE"}, {"ACTIVITYGROUPS": rows}, changes=True)
    found = side.detail("JDOE", "ACTIVITYGROUPS").tables["ACTIVITYGROUPS"]
    assert [(row["FROM_DAT"], row["TO_DAT"]) for row in found] == [
        (date(2026, 1, 1), date(2026, 3, 31)),
        (date(2026, 7, 1), date(9999, 12, 31)),
    ]


@on_all
def test_structures_go_out_with_their_flags(side: Side) -> None:
    """CO-T43: an empty value and its flag clear the field; emoji and markup survive."""
    change = {
        "USERNAME": "JDOE",
        "ADDRESS": {"FIRSTNAME": "", "DEPARTMENT": "R&D <ß> \N{GRINNING FACE}"},
        "ADDRESSX": {"FIRSTNAME": "X", "DEPARTMENT": "X"},
        "LOGONDATA": {"GLTGB": date(2026, 12, 31), "GLTGV": None},
        "LOGONDATAX": {"GLTGB": "X", "GLTGV": "X"},
    }
    found = side.call("BAPI_USER_CHANGE", change, want=("RETURN",), changes=True)
    assert not any(each.is_error for each in found.messages)
    read = side.detail()
    address, logon = read.exports["ADDRESS"], read.exports["LOGONDATA"]
    assert isinstance(address, dict)
    assert isinstance(logon, dict)
    assert (address["FIRSTNAME"], address["DEPARTMENT"]) == (
        "",
        "R&D <ß> \N{GRINNING FACE}",
    )
    assert (logon["GLTGV"], logon["GLTGB"]) == (None, date(2026, 12, 31))


@on_all
@pytest.mark.parametrize(
    ("function", "imports", "said"),
    [
        ("BAPI_USER_LOCK", {"USERNAME": "A" * 13}, "USERNAME"),
        ("BAPI_USER_LOCK", {"NAME": "JDOE"}, "NAME"),
        ("BAPI_USER_CHANGE", {"USERNAME": "JDOE", "ADDRESS": {"SHOE_SIZE": "47"}}, "SHOE_SIZE"),
        ("BAPI_USER_CHANGE", {"USERNAME": "JDOE", "ADDRESS": {"LASTNAME": "L" * 41}}, "LASTNAME"),
    ],
)
def test_what_does_not_fit_is_named_and_nothing_is_sent(
    side: Side, function: str, imports: dict[str, Any], said: str
) -> None:
    """CO-T40."""
    before = len(side.abap.called())
    with pytest.raises(InputRejected, match=said):
        side.call(function, imports, changes=True)
    assert len(side.abap.called()) == before


@on_all
@pytest.mark.parametrize("changes", [False, True])
def test_an_exception_of_the_module_has_its_key(side: Side, changes: bool) -> None:
    """CO-T57: TABLE_EMPTY is an answer, and whoever asked decides what it means."""
    side.fails_next("fault:TABLE_EMPTY")
    with pytest.raises(AbapException) as caught:
        side.call("BAPI_USER_LOCK", {"USERNAME": "JDOE"}, changes=changes)
    assert caught.value.key == "TABLE_EMPTY"


@on_all
@pytest.mark.parametrize("changes", [False, True])
def test_a_missing_s_rfc_is_told_as_such(side: Side, changes: bool) -> None:
    side.server.order(permissions={USER: {"functions": ["RFC_PING"]}})
    with pytest.raises(AuthorizationMissing, match="S_RFC"):
        side.call("BAPI_USER_LOCK", {"USERNAME": "JDOE"}, changes=changes)


@on_all
@pytest.mark.parametrize("fault", ["dump", "dump_after", "reset_before", "reset_after"])
def test_whatever_may_have_happened_is_unknown_and_sent_once(side: Side, fault: str) -> None:
    """CO-T36: a short dump or a lost answer of a change says nothing; no one tries again."""
    side.fails_next(fault)
    with pytest.raises(OutcomeUnknown):
        side.call("BAPI_USER_LOCK", {"USERNAME": "JDOE"}, want=("RETURN",), changes=True)
    assert len(side.abap.called("BAPI_USER_LOCK")) <= 1
    is_locked = side.detail().exports["ISLOCKED"]
    assert isinstance(is_locked, dict)
    assert (is_locked["LOCAL_LOCK"] == "L") == fault.endswith("after")


@on_all
def test_a_short_dump_of_a_read_is_a_refusal(side: Side) -> None:
    side.fails_next("dump")
    with pytest.raises(SapRejected):
        side.detail()


@on_a_line
@pytest.mark.parametrize("fault", ["reset_before", "reset_after"])
def test_a_read_whose_line_broke_is_repeated(side: Side, fault: str) -> None:
    side.fails_next(fault)
    assert "ADDRESS" in side.detail().exports


@on_a_line
def test_a_line_that_stays_broken_is_told(side: Side) -> None:
    side.fails_next("reset_before", 20)
    with pytest.raises(SapUnavailable):
        side.detail()


@on_a_line
def test_a_wrong_password_is_refused_and_tried_once(side: Side) -> None:
    """CO-T3: not tried again, as SAP counts."""
    transport = side.opened("Wrong-1!")
    for _ in range(2):
        with pytest.raises(LogonRefused) as caught:
            transport.ping()
        assert "Wrong-1!" not in str(caught.value)
    transport.close()
    if side.kind == "pyrfc":
        assert len(side.stub.logons) == 1
    assert side.abap.called() == []


@on_a_line
def test_no_more_than_peak_limit_are_at_work_and_all_finish(side: Side) -> None:
    """CO-T61: five threads, two at once."""
    transport = side.opened(peak_limit=2, pool_capacity=2)
    transport.ping()  # until somebody is logged on, calls go one by one
    watched = Watched(side)
    threads = [threading.Thread(target=transport.ping) for _ in range(5)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        assert watched.entered.acquire(timeout=10)
    assert not watched.entered.acquire(timeout=0.1)
    watched.gate.set()
    for thread in threads:
        thread.join(20)
    transport.close()
    assert (watched.finished, watched.most) == (5, 2)


@on_a_line
def test_who_waits_too_long_for_a_connection_is_told(side: Side) -> None:
    """CO-T61."""
    transport = side.opened(peak_limit=1, wait_seconds=0.05)
    transport.ping()
    watched = Watched(side)
    slow = threading.Thread(target=transport.ping)
    slow.start()
    assert watched.entered.acquire(timeout=10)
    with pytest.raises(PoolExhausted):
        transport.ping()
    watched.gate.set()
    slow.join(10)
    transport.close()
    assert watched.finished == 1


@on_all
def test_an_unknown_module_is_refused(side: Side) -> None:
    with pytest.raises(SapmatchError) as caught:
        side.call("Z_NOT_THERE", {})
    assert not isinstance(caught.value, OutcomeUnknown | SapUnavailable)


@on_all
def test_the_interface_says_what_a_user_name_may_be(side: Side) -> None:
    found = side.transport.interface(GET_DETAIL)
    assert found is not None
    (user,) = (each for each in found.parameters if each.name == "USERNAME")
    assert [field.length for field in user.fields] == [12]
    kinds = {each.name: (each.direction, each.kind) for each in found.parameters}
    assert kinds["ACTIVITYGROUPS"] == ("tables", "table")
    assert kinds["ADDRESS"] == ("export", "structure")


@on_all
def test_a_unit_calls_as_its_transport_does(side: Side) -> None:
    with side.transport.unit() as unit:
        unit.call("BAPI_USER_LOCK", {"USERNAME": "JDOE"}, want=("RETURN",), changes=True)
        unit.call("BAPI_TRANSACTION_COMMIT", {"WAIT": "X"}, changes=True)
        found = unit.call(GET_DETAIL, {"USERNAME": "JDOE"}).exports["ISLOCKED"]
    assert isinstance(found, dict)
    assert found["LOCAL_LOCK"] == "L"
    assert unit.capabilities == side.transport.capabilities


@on_all
def test_capabilities_are_those_of_the_way(side: Side) -> None:
    found = side.transport.capabilities
    assert found.stateful == (side.kind == "pyrfc")
    assert found.metadata


@on_all
def test_users_are_written_and_read_over_each(side: Side) -> None:
    """CO-T41, CO-T43: with one connection at most; the same change again sends nothing."""
    transport = side.opened(peak_limit=1)
    rfc = Rfc(system_id="S4H")
    reader = SapUsers(transport, rfc, "s4", side.clock, 2)
    writer = SapUserWriter(transport, rfc, "s4", reader, NoLocks(), side.clock)
    made = UserChange(
        name="NEWBIE",
        fields={"ADDRESS.LASTNAME": "Müller", "LOGONDATA.GLTGB": date(2027, 12, 31)},
        role_names=("Z_FI_AP",),
        groups=("IT",),
        parameters={"WRK": "1000"},
        password="Geheim-4711",
        locked=True,
    )
    assert writer.create(made).status == "done"
    change = UserChange(name="NEWBIE", fields={"ADDRESS.LASTNAME": "Meier"}, locked=False)
    assert writer.change(change).status == "done"
    side.abap.forget_calls()
    assert writer.change(change).status == "unchanged"
    assert {str(call["function"]) for call in side.abap.called()} == {GET_DETAIL}
    new = Compare(field="USERNAME", operator="prefix", value="NEW")
    (user,) = reader.users(UserQuery(condition=new))
    assert user.fields["ADDRESS.LASTNAME"] == "Meier"
    assert user.fields["LOGONDATA.GLTGB"] == date(2027, 12, 31)
    assert [role.name for role in user.direct_roles] == ["Z_FI_AP"]
    assert (user.groups, user.parameters["WRK"]) == (("IT",), "1000")
    assert not user.locks.local
    assert writer.delete("NEWBIE").status == "done"
    assert reader.get("NEWBIE") is None
    transport.close()
