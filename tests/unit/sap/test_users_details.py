"""One user with all that SAP tells of him (rows B12, B19, B23, B35)."""

from datetime import date, time
from typing import Any

import pytest

from sapmatch.model.errors import AuthorizationMissing, InputRejected
from sapmatch.model.rfc import Rfc, RfcResult, RfcStructure
from sapmatch.model.users import Compare, LoginInfo, Operator, UserQuery
from tests.builders.listed_users import ListedUsers, Told, reader_of, told


def many(count: int) -> list[Told]:
    return [told(f"U{number:05}", LOGONDATA={"USTYP": "A"}) for number in range(count)]


def where(field: str, operator: Operator, value: str) -> Compare:
    return Compare(field=field, operator=operator, value=value)


def test_one_user_is_read_anew_and_in_upper_case() -> None:
    sap = ListedUsers(many(2))
    imports = []
    whole = sap.call

    def noted(function: str, given: Any, *more: Any, **want: Any) -> RfcResult:
        imports.append(given)
        return whole(function, given, *more, **want)

    sap.call = noted  # type: ignore[method-assign, assignment]
    user = reader_of(sap).get(" u00001 ")
    assert user
    assert user.name == "U00001"
    assert imports == [{"USERNAME": "U00001", "CACHE_RESULTS": " "}]


def test_a_user_who_is_not_there_is_none() -> None:
    assert reader_of(ListedUsers()).get("NOBODY") is None


@pytest.mark.parametrize("name", ["", "  ", "ABCDEFGHIJKLM"])
def test_a_name_that_no_user_can_have_is_refused_before_it_is_sent(name: str) -> None:
    sap = ListedUsers()
    with pytest.raises(InputRejected, match="S4"):
        reader_of(sap).get(name)
    assert sap.details == []


def test_the_last_logon_is_read_where_it_is_asked_for() -> None:
    """Row B12."""
    sap = ListedUsers(many(1))
    sap.answers["SUSR_GET_ADMIN_USER_LOGIN_INFO"] = lambda imports: RfcResult(
        exports={
            "LAST_LOGON_DATE": date(2026, 1, 2),
            "LOCK_STATUS": "unlocked",
            "PASSWORD_STATUS": "set",
        }
    )
    user = reader_of(sap, Rfc(also_read_login_info=True)).get("U00000")
    assert user
    assert user.login == LoginInfo(
        last_logon=date(2026, 1, 2), lock_status="unlocked", password_status="set"
    )
    assert sap.others == [("SUSR_GET_ADMIN_USER_LOGIN_INFO", {"USERID": "U00000"})]


def test_a_last_logon_that_cannot_be_read_is_a_warning_on_that_user() -> None:
    """Row B12."""

    def refused(imports: Any) -> RfcResult:
        if imports["USERID"] == "U00001":
            raise AuthorizationMissing("S_RFC for SUSR is missing")
        return RfcResult(exports={"LOCK_STATUS": "x"})

    sap = ListedUsers(many(2))
    sap.answers["SUSR_GET_ADMIN_USER_LOGIN_INFO"] = refused
    found = list(reader_of(sap, Rfc(also_read_login_info=True)).users(UserQuery()))
    assert [bool(user.warnings) for user in found] == [False, True]
    assert "alsoReadLoginInfo" in found[1].warnings[0]


def test_a_last_logon_that_nobody_can_read_is_a_warning_and_not_never() -> None:
    """Row B12."""
    sap = ListedUsers(many(1))
    sap.answers["SUSR_GET_ADMIN_USER_LOGIN_INFO"] = lambda imports: RfcResult(
        exports={"LAST_LOGON_DATE": "31.12.2026"}
    )
    user = reader_of(sap, Rfc(also_read_login_info=True)).get("U00000")
    assert user
    assert user.login is None
    assert "LAST_LOGON_DATE holds what is no date" in user.warnings[0]


def test_a_user_holds_what_the_structures_say_and_no_encoded_password() -> None:
    sap = ListedUsers(
        [
            told(
                "AMY",
                ADDRESS={"LASTNAME": "Pond"},
                LOGONDATA={"GLTGB": date(2027, 1, 1), "BCODE": b"x", "PWDSALTEDHASH": "{x}"},
                ISLOCKED={"WRNG_LOGON": "L", "LOCAL_LOCK": "U", "GLOB_LOCK": "L"},
                LASTMODIFIED={"MODDATE": date(2026, 5, 1), "MODTIME": time(8, 1, 2)},
                ADMINDATA={"ANAME": "ROOT"},
                PARAMETER=[{"PARID": "BUK", "PARVA": "10"}],
                PARAMETER1=[{"PARID": "BUK", "PARVA": "1010"}],
                GROUPS=[{"USERGROUP": "HR"}, {"USERGROUP": "FI"}],
                PROFILES=[{"BAPIPROF": "S_A", "BAPIPTEXT": "all"}],
                ACTIVITYGROUPS=[
                    {"AGR_NAME": "B", "FROM_DAT": date(2026, 1, 1), "TO_DAT": None},
                    {"AGR_NAME": "A", "FROM_DAT": None, "TO_DAT": date(9999, 12, 31)},
                ],
                ADDTEL=[{"TEL_NO": "4711"}],
            )
        ]
    )
    user = reader_of(sap, Rfc(table_parameter_names=("addtel",))).get("AMY")
    assert user
    assert user.fields["LOGONDATA.GLTGB"] == date(2027, 1, 1)
    assert user.fields["ADMINDATA.ANAME"] == "ROOT"
    assert user.fields["ADDTEL"] == '[{"TEL_NO":"4711"}]'
    assert not {"LOGONDATA.BCODE", "LOGONDATA.PWDSALTEDHASH"} & set(user.fields)
    assert (user.locks.wrong_logon, user.locks.local, user.locks.everywhere) == (True, False, True)
    assert user.modified == (date(2026, 5, 1), time(8, 1, 2))
    assert user.parameters == {"BUK": "1010"}
    assert user.groups == ("FI", "HR")
    assert [role.name for role in user.roles] == ["A", "B"]
    assert user.roles[1].valid_to == date(9999, 12, 31)


def test_roles_of_a_central_system_name_the_system() -> None:
    """Row B19: roles and profiles of all systems, and the systems themselves."""
    sap = ListedUsers([told("AMY", SYSTEMS=[{"SUBSYSTEM": "S4HCLNT200"}])])
    first: RfcStructure = {
        "FROM_DAT": date(2026, 1, 1),
        "TO_DAT": date(9999, 12, 31),
        "ORG_FLAG": "",
    }
    sap.answers["BAPI_USER_LOCACTGROUPS_READ"] = lambda imports: RfcResult(
        tables={
            "ACTIVITYGROUPS": [
                {"SUBSYSTEM": "S4HCLNT200", "AGR_NAME": "FI", **first},
                {"SUBSYSTEM": "", "AGR_NAME": "HR", **first},
            ]
        }
    )
    sap.answers["BAPI_USER_LOCPROFILES_READ"] = lambda imports: RfcResult(
        tables={"PROFILES": [{"SUBSYSTEM": "S4HCLNT200", "PROFILE": "S_A"}]}
    )
    reader = reader_of(sap, Rfc(cua_enabled=True, destination_name="S4HCLNT100"))
    user = reader.get("AMY")
    assert user
    assert [(role.system, role.name) for role in user.roles] == [
        ("S4HCLNT100", "HR"),
        ("S4HCLNT200", "FI"),
    ]
    assert [(each.system, each.name) for each in user.profiles] == [("S4HCLNT200", "S_A")]
    assert user.systems == ("S4HCLNT200",)
    query = UserQuery(condition=where("ACTIVITYGROUPS.AGR_NAME", "eq", "S4HCLNT200:FI"))
    assert [each.name for each in reader.users(query)] == ["AMY"]
    assert reader.pushed(query).left == ("ACTIVITYGROUPS.AGR_NAME",)
    assert sap.lists[-1][1:] == ([], [])
