"""Function modules over PyRFC, against a module that is shaped like it and as strict."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

from local.sap.abap.faults import AbapFault
from sapmatch.model.access import Secret
from sapmatch.model.auth import Basic, Certificate, NoAuth
from sapmatch.model.connection import Connection, Limits
from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    LogonRefused,
    OutcomeUnknown,
    SapmatchError,
    SapRejected,
    SapUnavailable,
)
from sapmatch.model.rfc import AbapException, Field, Rfc, RfcStructure
from sapmatch.sap.rfc import pyrfc_transport
from sapmatch.sap.rfc.pyrfc_transport import PyRfcTransport, open_pyrfc
from sapmatch.sap.rfc.pyrfc_values import given, taken
from tests.builders.memory import MemoryClock
from tests.builders.pyrfc_stub import PyRfcStub

PASSWORD = "Right-1!"
CONNECTION = Connection(
    url="https://sap.example.com:44300",
    client="100",
    auth=Basic(secret="s4"),
    rfc=Rfc(system_id="S4H"),
    limits=Limits(requests_per_second=1000, burst=100, wait_seconds=5),
)
GET_DETAIL = "BAPI_USER_GET_DETAIL"


class Sap:
    """Answers as it was told to."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.faults: list[AbapFault] = []

    def call(
        self, function: str, parameters: dict[str, Any], *, user: str, client: str
    ) -> dict[str, Any]:
        if self.faults:
            raise self.faults.pop(0)
        return dict(self.answers)


class OwnSecrets:
    """Port Secrets with one secret that may be rotated."""

    def __init__(self, password: str = PASSWORD) -> None:
        self.version = 1
        self.password = password

    def read(self, name: str) -> Secret:
        fields = {"user": "RFC_USER", "password": self.password}
        return Secret(name=name, version=str(self.version), fields=fields)


class Guard:
    """Port LogonGuard that writes down what it was asked and told."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def admit(self, version: str) -> None:
        self.told.append(f"admit {version}")

    def accepted(self, version: str) -> None:
        self.told.append(f"accepted {version}")

    def refused(self, version: str) -> None:
        self.told.append(f"refused {version}")


class Desk:
    """A transport over the stub, and everything around it."""

    def __init__(self) -> None:
        self.sap = Sap()
        self.stub = PyRfcStub(self.sap, {"RFC_USER": PASSWORD})
        self.secrets = OwnSecrets()
        self.guard = Guard()
        self.clock = MemoryClock()

    def opened(self, connection: Connection = CONNECTION, **rfc: Any) -> PyRfcTransport:
        assert connection.rfc is not None
        changed = replace(connection, rfc=replace(connection.rfc, **rfc))
        return open_pyrfc("s4", changed, self.secrets, clock=self.clock, guard=self.guard)


@pytest.fixture
def desk() -> Iterator[Desk]:
    desk = Desk()
    with desk.stub.installed():
        yield desk


def test_a_logon_names_host_number_client_language_and_user(desk: Desk) -> None:
    desk.opened().ping()
    assert desk.stub.logons == [
        {
            "ashost": "sap.example.com",
            "sysnr": "00",
            "client": "100",
            "lang": "EN",
            "user": "RFC_USER",
            "passwd": PASSWORD,
        }
    ]


@pytest.mark.parametrize(
    ("rfc", "shown"),
    [
        (
            {"load_balancing": True},
            {"mshost": "sap.example.com", "group": "SPACE", "r3name": "S4H"},
        ),
        (
            {"load_balancing": True, "logon_group": "BATCH", "message_server": "sapmsS4H"},
            {"mshost": "sap.example.com", "group": "BATCH", "msserv": "sapmsS4H"},
        ),
        ({"host": "app1", "system_number": "07"}, {"ashost": "app1", "sysnr": "07"}),
        ({"lang": "DE", "trace": 2, "client": "200"}, {"lang": "DE", "trace": "2"}),
    ],
)
def test_settings_decide_which_server_is_asked(
    desk: Desk, rfc: dict[str, Any], shown: dict[str, str]
) -> None:
    desk.opened(**rfc).ping()
    (logon,) = desk.stub.logons
    assert shown.items() <= logon.items()
    assert ("mshost" in logon) != ("ashost" in logon)
    assert ("msserv" in logon) <= ("r3name" not in logon)


def test_snc_alone_logs_on_without_a_password(desk: Desk) -> None:
    snc = {"snc_mode": True, "snc_partner_name": "p:CN=S4H", "snc_qop": "9", "x509_cert": "MII"}
    transport = desk.opened(replace(CONNECTION, auth=NoAuth()), **snc)
    transport.ping()
    (logon,) = desk.stub.logons
    assert "passwd" not in logon
    assert logon["snc_partnername"] == "p:CN=S4H"
    assert logon["x509cert"] == "MII"
    assert transport.capabilities.snc


def test_with_snc_and_a_password_the_password_logs_on(desk: Desk) -> None:
    desk.opened(snc_mode=True, snc_partner_name="p:CN=S4H").ping()
    (logon,) = desk.stub.logons
    assert (logon["passwd"], logon["snc_sso"]) == (PASSWORD, "0")


def test_a_way_to_log_on_that_rfc_does_not_know_is_refused(desk: Desk) -> None:
    with pytest.raises(InputRejected, match=r"auth.*certificate opens no RFC connection"):
        desk.opened(replace(CONNECTION, auth=Certificate(secret="s4")))


def test_a_wrong_password_is_tried_once_by_all_threads_together(desk: Desk) -> None:
    """The guard is asked before and told after; SAP locks a user after a few failures."""
    desk.secrets.password = "Wrong-1!"
    transport = desk.opened()
    refused: list[LogonRefused] = []

    def ping() -> None:
        try:
            transport.ping()
        except LogonRefused as exc:
            refused.append(exc)

    threads = [threading.Thread(target=ping) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(refused) == 4
    assert len(desk.stub.logons) == 1
    assert desk.guard.told == ["admit 1", "refused 1"]
    assert all("Wrong" not in str(exc) and "RFC_USER" not in str(exc) for exc in refused)


def test_a_secret_that_was_rotated_meanwhile_is_tried_once_more(desk: Desk) -> None:
    transport = desk.opened()
    desk.stub.passwords["RFC_USER"] = "Newer-2!"
    desk.secrets.password, desk.secrets.version = "Newer-2!", 2
    transport.ping()
    assert [each["passwd"] for each in desk.stub.logons] == [PASSWORD, "Newer-2!"]
    assert desk.guard.told == ["admit 1", "refused 1", "admit 2", "accepted 2"]


def test_a_gateway_that_is_not_there_says_which_setting_leads_to_it(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    stub = sys.modules["pyrfc"]

    def unreachable(**_: Any) -> None:
        raise stub.CommunicationError("partner '10.0.0.1:3300'", 1, "RFC_COMMUNICATION_FAILURE")

    monkeypatch.setattr(stub, "Connection", unreachable)
    with pytest.raises(SapUnavailable, match=r"sap\.example\.com: no connection .*systemNumber"):
        desk.opened().ping()


def test_no_thread_shares_a_connection_and_what_is_bounded_stays_so(desk: Desk) -> None:
    """CO-T61: 2 at once, and five threads finish; the stub bears no two on one connection."""
    transport = desk.opened(peak_limit=2)
    both_in = threading.Barrier(2, timeout=5)
    seen: list[str] = []
    lock = threading.Lock()

    def hold(function: str) -> None:
        with lock:
            seen.append(function)
            number = len(seen)
        if number <= 2:
            both_in.wait()

    desk.stub.before_call = hold
    threads = [threading.Thread(target=transport.call, args=(GET_DETAIL,)) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert len(seen) == 5
    assert desk.stub.most_busy == 2
    assert desk.stub.most_open == 2


def test_a_pool_of_none_logs_on_for_each_call(desk: Desk) -> None:
    """CO-T62."""
    transport = desk.opened(pool_capacity=0)
    for _ in range(3):
        transport.call(GET_DETAIL, {"USERNAME": "JDOE"})
        assert desk.stub.open == 0
    assert len(desk.stub.logons) == 3


def test_a_connection_that_lay_idle_is_not_used_again(desk: Desk) -> None:
    """CO-T63."""
    transport = desk.opened()
    transport.ping()
    transport.ping()
    assert len(desk.stub.logons) == 1
    desk.clock.sleep(21)
    transport.ping()
    assert len(desk.stub.logons) == 2
    assert desk.stub.open == 1


def fault(kind: Any, key: str = "KEY") -> AbapFault:
    return AbapFault(kind, key, "text of SAP")


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


@contextmanager
def units(desk: Desk) -> Iterator[Any]:
    transport = desk.opened(peak_limit=4)
    with transport.unit() as unit:
        yield SimpleNamespace(transport=transport, unit=unit)


def test_a_unit_is_one_connection_and_its_commit_belongs_to_it(desk: Desk) -> None:
    with units(desk) as at:
        at.unit.call("BAPI_USER_LOCK", {"USERNAME": "JDOE"}, changes=True)
        at.unit.call("BAPI_TRANSACTION_COMMIT", {"WAIT": "X"}, changes=True)
        assert desk.stub.open == 1
    assert len(desk.stub.logons) == 1
    assert desk.stub.open == 1, "what is clean may be used again"


def test_what_a_unit_left_open_is_rolled_back_with_its_connection(desk: Desk) -> None:
    with units(desk) as at:
        at.unit.call("BAPI_USER_LOCK", {"USERNAME": "JDOE"}, changes=True)
    assert desk.stub.open == 0


def test_an_error_in_a_unit_ends_its_connection(desk: Desk) -> None:
    with pytest.raises(ValueError, match="of ours"), units(desk):
        raise ValueError("of ours")
    assert desk.stub.open == 0


def test_a_unit_repeats_nothing(desk: Desk) -> None:
    with units(desk) as at:
        desk.sap.faults = [fault("before")]
        with pytest.raises(SapUnavailable):
            at.unit.call(GET_DETAIL, {"USERNAME": "JDOE"})
        assert len(desk.stub.calls) == 1


def test_a_unit_whose_connection_is_gone_sends_nothing_more(desk: Desk) -> None:
    """PyRFC could not log on anew: a change that never left is not unknown."""
    with units(desk) as at:
        desk.sap.faults = [fault("after")]
        desk.stub.passwords["RFC_USER"] = "Changed-3!"
        with pytest.raises(OutcomeUnknown):
            at.unit.call("BAPI_USER_LOCK", {"USERNAME": "JDOE"}, changes=True)
        with pytest.raises(SapUnavailable, match="nothing was sent"):
            at.unit.call("BAPI_USER_UNLOCK", {"USERNAME": "JDOE"}, changes=True)
    assert len(desk.stub.calls) == 1


def test_a_change_outside_of_a_unit_leaves_its_connection_to_nobody(desk: Desk) -> None:
    transport = desk.opened()
    transport.call("BAPI_USER_LOCK", {"USERNAME": "JDOE"}, changes=True)
    assert desk.stub.open == 0


def test_after_many_broken_calls_sap_is_left_in_peace(desk: Desk) -> None:
    limits = replace(CONNECTION.limits, failures=3)
    transport = desk.opened(replace(CONNECTION, limits=limits))
    desk.sap.faults = [fault("before")] * 10
    with pytest.raises(SapUnavailable):
        transport.call(GET_DETAIL)
    with pytest.raises(SapUnavailable, match="nothing is sent"):
        transport.call("BAPI_USER_LOCK", {"USERNAME": "JDOE"}, changes=True)


def test_closing_ends_what_is_kept(desk: Desk) -> None:
    transport = desk.opened()
    transport.ping()
    assert desk.stub.open == 1
    transport.close()
    assert desk.stub.open == 0


def test_without_pyrfc_opening_names_what_to_install() -> None:
    """CO-T66."""
    with pytest.raises(InputRejected, match="pyrfc is not installed"):
        open_pyrfc("s4", CONNECTION, OwnSecrets(), clock=MemoryClock())
