"""Users are read from the ABAP stand-in, in memory and behind PyRFC and each way of SOAP."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time
from typing import Any, cast

import msgspec
import pytest
from msgspec.structs import replace

from local.sap.abap.system import Abap
from sapmatch.clock import SystemClock
from sapmatch.model.errors import AuthorizationMissing, InputRejected, SapRejected
from sapmatch.model.rfc import BapiFailed, Flavour, Rfc, RfcTransport
from sapmatch.model.users import Both, Compare, Condition, Either, Not, Operator, SapUser, UserQuery
from sapmatch.sap.auth.credentials import Given
from sapmatch.sap.rfc.open import open_rfc
from sapmatch.sap.rfc.pyrfc_transport import open_pyrfc
from sapmatch.sap.tables.reader import SapTables
from sapmatch.sap.users.helpvalues import role_finder
from sapmatch.sap.users.reader import SapUsers
from tests.builders.abap import USER, MemoryTransport, abap_server
from tests.builders.listed_users import sync
from tests.builders.pyrfc_desk import CONNECTION, PASSWORD
from tests.builders.pyrfc_stub import PyRfcStub

WAYS = ("memory", "pyrfc", "soap_rfc", "soamanager", "mc_style")
PEOPLE: list[dict[str, Any]] = [
    {
        "USERNAME": "AMY",
        "ADDRESS": {"FIRSTNAME": "Amy", "LASTNAME": "Pönd & Söhne"},
        "LOGONDATA": {"USTYP": "A", "GLTGB": "20271231"},
        "roles": [["SAP_ASR_EMPLOYEE", "20260101", "20261231"], "/SAPAPO/LINE_PLANNER"],
        "profiles": ["S_A.SHOW"],
        "groups": ["FINANCE", "IT"],
        "parameters": {"BUK": "1010"},
        "modified": "2026-03-01T08:00:00",
    },
    {
        "USERNAME": "BATCH",
        "LOGONDATA": {"USTYP": "B"},
        "modified": "2026-03-01T07:00:00",
        "locked": True,
    },
    {"USERNAME": "RORY", "ADDRESS": {"LASTNAME": "Pond"}, "groups": ["IT"]},
]


@contextmanager
def opened(
    way: str, users: Any, *, rfc: dict[str, Any] | None = None, page_size: int = 200, **seed: Any
) -> Iterator[tuple[Abap, SapUsers]]:
    """A reader, and the landscape that it reads."""
    more = rfc or {}
    if way == "memory":
        abap = Abap({"users": users, **seed})
        yield abap, reader_of(cast(RfcTransport, MemoryTransport(abap)), Rfc(**more), page_size)
        return
    if way == "pyrfc":
        abap = Abap({"users": users, **seed})
        connection = replace(CONNECTION, rfc=Rfc(system_id="S4H", **more))
        with PyRfcStub(abap, {USER: PASSWORD}).installed():
            secrets = Given({"user": USER, "password": PASSWORD})
            transport: RfcTransport = open_pyrfc("s4", connection, secrets, clock=SystemClock())
            yield abap, reader_of(transport, Rfc(**more), page_size)
            transport.close()
        return
    with abap_server(users, **seed) as server:
        connection = server.connection(cast(Flavour, way), **more)
        transport = open_rfc("s4", connection, server.secrets)
        try:
            assert connection.rfc
            yield server.abap, reader_of(transport, connection.rfc, page_size)
        finally:
            transport.close()


def reader_of(transport: RfcTransport, rfc: Rfc, page_size: int) -> SapUsers:
    return SapUsers(transport, rfc, "[connections.s4]", SystemClock(), 4, page_size=page_size)


def where(field: str, operator: Operator, value: str) -> Compare:
    return Compare(field=field, operator=operator, value=value)


def listed(reader: SapUsers, condition: Condition | None = None, **more: Any) -> list[str]:
    return [user.name for user in reader.users(UserQuery(condition=condition, **more))]


@pytest.mark.parametrize("way", WAYS)
def test_a_user_is_read_with_all_that_sap_tells(way: str) -> None:
    """Rows B22, B23, B27, B31, B33 to B35."""
    with opened(way, PEOPLE) as (_, reader):
        user = reader.get("amy")
        assert reader.get("NOBODY") is None
    assert user
    assert user.fields["ADDRESS.LASTNAME"] == "Pönd & Söhne"
    assert user.fields["LOGONDATA.GLTGB"] == date(2027, 12, 31)
    assert user.fields["LOGONDATA.GLTGV"] is None
    direct = [(role.name, role.valid_from, role.valid_to) for role in user.direct_roles]
    assert direct == [
        ("/SAPAPO/LINE_PLANNER", date(2026, 1, 1), date(9999, 12, 31)),
        ("SAP_ASR_EMPLOYEE", date(2026, 1, 1), date(2026, 12, 31)),
    ]
    assert {role.origin for role in user.roles if not role.is_direct} == {"C"}
    assert [each.name for each in user.profiles] == ["S_A.SHOW"]
    assert (user.groups, user.parameters) == (("FINANCE", "IT"), {"BUK": "1010"})
    assert user.modified == (date(2026, 3, 1), time(8))
    assert not user.locks.local


@pytest.mark.parametrize("way", WAYS)
def test_further_tables_of_a_user_are_read_where_the_settings_name_them(way: str) -> None:
    """Row B20: tableParameterNames."""
    change = {"USERNAME": "AMY", "ADDTEL": [{"TELEPHONE": "4711"}], "ADDCOMX": {"ADTEL": "X"}}
    with opened(way, PEOPLE, rfc={"table_parameter_names": ("AddTel",)}) as (abap, reader):
        abap.call("BAPI_USER_CHANGE", change)
        user = reader.get("AMY")
    assert user
    (row,) = msgspec.json.decode(str(user.fields["ADDTEL"]))
    assert row["TELEPHONE"] == "4711"


@pytest.mark.parametrize("way", ["soap_rfc", "soamanager", "mc_style"])
def test_a_table_of_users_that_sap_does_not_have_names_its_setting(way: str) -> None:
    named = pytest.raises(InputRejected, match=r"rfc\.tableParameterNames: .*FOO")
    with opened(way, PEOPLE, rfc={"table_parameter_names": ("FOO",)}) as (_, reader), named:
        reader.get("AMY")


@pytest.mark.parametrize("way", WAYS)
def test_a_thousand_users_are_listed_by_pages_of_two_hundred(way: str) -> None:
    """CO-T53: an exact multiple needs no empty page."""
    with opened(way, 1000) as (abap, reader):
        names = listed(reader, names_only=True)
        assert len(names) == len(set(names)) == 1000
        assert names == sorted(names)
        assert len(abap.called("BAPI_USER_GETLIST")) == 5
        assert abap.called("BAPI_USER_GET_DETAIL") == []


CONDITIONS: list[tuple[Condition, list[str], bool]] = [
    (where("USERNAME", "prefix", "a"), ["AMY"], True),
    (where("ADDRESS.LASTNAME", "prefix", "P"), ["AMY", "RORY"], True),
    (where("ADDRESS.LASTNAME", "eq", "pond"), [], True),
    (where("LOGONDATA.USTYP", "ne", "B"), ["AMY", "RORY"], True),
    (where("LOGONDATA.GLTGB", "ge", "2027-12-31"), ["AMY"], True),
    (where("GROUPS.USERGROUP", "eq", "it"), ["AMY", "RORY"], True),
    (where("ACTIVITYGROUPS.AGR_NAME", "prefix", "/SAPAPO/"), ["AMY"], True),
    (where("ISLOCKED.LOCAL_LOCK", "eq", "L"), ["BATCH"], True),
    (where("ISLOCKED.LOCAL_LOCK", "eq", "U"), ["AMY", "RORY"], False),
    (where("PARAMETER.PARID", "eq", "BUK"), ["AMY"], False),
    (Not(where("GROUPS.USERGROUP", "eq", "IT")), ["BATCH"], False),
    (
        Both((where("LOGONDATA.USTYP", "eq", "A"), where("GROUPS.USERGROUP", "eq", "IT"))),
        ["AMY", "RORY"],
        True,
    ),
    (
        Either((where("ADDRESS.FIRSTNAME", "eq", "Amy"), where("LOGONDATA.USTYP", "eq", "B"))),
        ["AMY", "BATCH"],
        False,
    ),
]


@pytest.mark.parametrize("way", ["memory", "soap_rfc"])
@pytest.mark.parametrize(("condition", "names", "whole"), CONDITIONS)
def test_conditions_find_the_same_users_wherever_they_are_decided(
    way: str, condition: Condition, names: list[str], whole: bool
) -> None:
    with opened(way, PEOPLE) as (_, reader):
        assert listed(reader, condition) == names
        assert listed(reader, condition, names_only=True) == names
        assert reader.pushed(UserQuery(condition=condition)).whole is whole


def test_selected_users_are_the_only_ones_whose_details_are_read() -> None:
    with opened("memory", PEOPLE) as (abap, reader):
        assert listed(reader, where("GROUPS.USERGROUP", "eq", "IT")) == ["AMY", "RORY"]
        assert len(abap.called("BAPI_USER_GET_DETAIL")) == 2


def test_a_base_query_and_an_own_filter_on_names_are_joined_here() -> None:
    """CO-T54"""
    with opened("soap_rfc", PEOPLE, rfc={"base_account_query": "CP,USERNAME,*R*"}) as (_, reader):
        assert listed(reader) == ["RORY"]
        assert listed(reader, where("USERNAME", "prefix", "R"), names_only=True) == ["RORY"]
        assert listed(reader, where("USERNAME", "prefix", "A")) == []
        assert reader.get("AMY") is None


def test_users_who_come_and_go_between_pages_move_nobody() -> None:
    """CO-T53"""
    with opened("soap_rfc", 10, page_size=4) as (abap, reader):
        users = reader.users(UserQuery(names_only=True))
        first = [next(users).name for _ in range(4)]
        gone, stays = first[1], first[3]
        abap.control({"delete": {"100": [gone]}, "users": {"100": [{"USERNAME": f"{stays}A"}]}})
        rest = [user.name for user in users]
    assert rest[0] == f"{stays}A"
    assert len(first + rest) == len(set(first + rest)) == 11


@pytest.mark.parametrize("way", WAYS)
def test_without_the_authorisation_for_users_a_list_fails_and_is_not_empty(way: str) -> None:
    """CO-T38"""
    with opened(way, PEOPLE) as (abap, reader):
        abap.control({"permissions": {USER: {"without": ["S_USER_GRP"]}}})
        with pytest.raises(BapiFailed):
            listed(reader)
        with pytest.raises(SapRejected, match="user AMY"):
            reader.get("AMY")


def test_a_module_that_may_not_be_called_is_named() -> None:
    with opened("soap_rfc", PEOPLE) as (abap, reader):
        allowed = {"functions": ["BAPI_USER_GETLIST"], "without": []}
        abap.control({"permissions": {USER: allowed}})
        assert listed(reader, names_only=True) == ["AMY", "BATCH", "RORY"]
        with pytest.raises(AuthorizationMissing, match="S_RFC"):
            listed(reader)


@pytest.mark.parametrize("way", WAYS)
def test_the_last_logon_is_read_where_it_is_asked_for(way: str) -> None:
    """Row B12."""
    with opened(way, PEOPLE, rfc={"also_read_login_info": True}) as (_, reader):
        user = reader.get("AMY")
    assert user
    assert user.login
    assert user.warnings == ()


def test_a_last_logon_that_sap_refuses_is_a_warning_on_the_user() -> None:
    """Row B12."""
    with opened("soap_rfc", PEOPLE, rfc={"also_read_login_info": True}) as (abap, reader):
        allowed = ["BAPI_USER_GETLIST", "BAPI_USER_GET_DETAIL"]
        abap.control({"permissions": {USER: {"functions": allowed, "without": []}}})
        found = list(reader.users(UserQuery()))
    assert [user.name for user in found] == ["AMY", "BATCH", "RORY"]
    assert all("alsoReadLoginInfo" in user.warnings[0] for user in found)


@pytest.mark.parametrize("way", ["memory", "soap_rfc"])
def test_changes_since_a_moment_are_those_of_the_same_day_and_later(way: str) -> None:
    """CO-T56"""
    clock = SystemClock()
    with opened(way, PEOPLE) as (_, reader):
        since = (date(2026, 3, 1), time(7, 30))
        users, token = sync(reader, since, clock, datetime.now(UTC))
        assert [user.name for user in users] == ["AMY"]
        assert since <= token <= (date(2026, 3, 1), time(8))
        assert sync(reader, None, clock, datetime.now(UTC))[0] == []


@pytest.mark.parametrize("way", ["memory", "soap_rfc"])
def test_roles_and_profiles_that_there_are(way: str) -> None:
    """Row B36."""
    with opened(way, PEOPLE) as (_, reader):
        assert "SAP_ALL" in list(reader.profiles())
        names = ["sap_asr_employee", "Z:FI_CLERK", "NO_ROLE"]
        assert reader.known_roles(names) == {"sap_asr_employee", "Z:FI_CLERK"}


def test_roles_are_found_in_their_table_where_sap_does_not_offer_them() -> None:
    abap = Abap({"users": PEOPLE})
    transport = cast(RfcTransport, MemoryTransport(abap))
    abap.control({"fault": {"next": "fault:NO_VALUES", "of": "BAPI_HELPVALUES_GET"}})
    reader = reader_of(transport, Rfc(), 200)
    assert reader.known_roles(["Z_MM_BUYER", "Z_MM", "NO_ROLE"]) == {"Z_MM_BUYER"}
    assert abap.called("RFC_GET_TABLE_ENTRIES")
    assert role_finder(SapTables(transport, Rfc(tables=()), "s4")) is None


@pytest.mark.parametrize("way", WAYS)
def test_a_central_system_tells_the_roles_of_all_its_systems(way: str) -> None:
    """Row B19."""
    people = [{"USERNAME": "AMY", "roles": ["SAP_ASR_EMPLOYEE", "S4HCLNT200:Z_MM_BUYER"]}]
    rfc = {
        "cua_enabled": True,
        "destination_name": "S4HCLNT100",
        "systems": {"S4HCLNT200": "", "S4HCLNT300": ""},
    }
    with opened(way, people, rfc=rfc, cua=True) as (_, reader):
        user = reader.get("AMY")
        assert reader.is_central
        assert set(reader.systems()) == {"S4HCLNT100", "S4HCLNT200", "S4HCLNT300"}
    assert isinstance(user, SapUser)
    assert [(role.system, role.name) for role in user.roles] == [
        ("S4HCLNT100", "SAP_ASR_EMPLOYEE"),
        ("S4HCLNT200", "Z_MM_BUYER"),
    ]
    assert user.systems == ("S4HCLNT100", "S4HCLNT200")
