"""The stand-in's users: what SAP keeps, cuts, overwrites and refuses."""

from datetime import UTC, datetime
from typing import Any

import pytest

from local.sap.abap.faults import AbapFault
from local.sap.abap.system import Abap
from tests.builders.abap import at

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
NEW = {"ADDRESS": {"LASTNAME": "Doe"}, "PASSWORD": {"BAPIPWD": "Abcdef-12"}}


def numbers(found: dict[str, Any]) -> list[str]:
    """The codes in RETURN."""
    return [f"{row['TYPE']} {row['ID']}/{row['NUMBER']}" for row in found["RETURN"]]


def with_user(**more: Any) -> Abap:
    """A landscape with JDOE."""
    abap = at(NOW)
    abap.call("BAPI_USER_CREATE1", {"USERNAME": "JDOE", **NEW, **more})
    return abap


def detail(abap: Abap, name: str = "JDOE", client: str = "100") -> dict[str, Any]:
    return abap.call("BAPI_USER_GET_DETAIL", {"USERNAME": name}, client=client)


def roles(abap: Abap, name: str = "JDOE") -> list[tuple[str, str, str, str]]:
    rows = detail(abap, name)["ACTIVITYGROUPS"]
    return [(r["AGR_NAME"], r["FROM_DAT"], r["TO_DAT"], r["ORG_FLAG"]) for r in rows]


def test_a_user_needs_a_last_name_and_a_password_and_is_created_once() -> None:
    abap = at(NOW)
    nameless = {"USERNAME": "JDOE", "PASSWORD": {"BAPIPWD": "Abcdef-12"}}
    assert numbers(abap.call("BAPI_USER_CREATE1", nameless)) == ["E 01/177"]
    bare = {"USERNAME": "JDOE", "ADDRESS": {"LASTNAME": "Doe"}}
    assert numbers(abap.call("BAPI_USER_CREATE1", bare)) == ["E 01/290"]
    assert numbers(detail(abap)) == ["E 01/124"]
    assert numbers(abap.call("BAPI_USER_CREATE1", {"USERNAME": "JDOE", **NEW})) == ["S 01/102"]
    assert numbers(abap.call("BAPI_USER_CREATE1", {"USERNAME": "jdoe", **NEW})) == ["E 01/224"]
    assert detail(abap)["LOGONDATA"]["USTYP"] == "A"


def test_what_is_too_long_is_cut_off_without_a_word() -> None:
    abap = with_user(ADDRESS={"LASTNAME": "D" * 50, "FIRSTNAME": "Jo  "})
    address = detail(abap)["ADDRESS"]
    assert (address["LASTNAME"], address["FIRSTNAME"]) == ("D" * 40, "Jo")


@pytest.mark.parametrize(
    ("password", "code"), [("Ab-1", "187"), ("Abcdefgh", "190"), ("Abcdef-12", "193")]
)
def test_a_password_that_breaks_a_rule_is_refused_and_nothing_is_changed(
    password: str, code: str
) -> None:
    abap = with_user()
    change = {
        "USERNAME": "JDOE",
        "PASSWORD": {"BAPIPWD": password},
        "PASSWORDX": {"BAPIPWD": "X"},
        "ADDRESS": {"FIRSTNAME": "Jo"},
        "ADDRESSX": {"FIRSTNAME": "X"},
    }
    assert numbers(abap.call("BAPI_USER_CHANGE", change)) == [f"E 01/{code}"]
    assert detail(abap)["ADDRESS"]["FIRSTNAME"] == ""
    formal = abap.call("PASSWORD_FORMAL_CHECK", {"PASSWORD": {"BAPIPWD": password}})
    assert (formal["RC"], formal["MSGNO"]) == ((0, "000") if code == "193" else (10, code))


def password_status(abap: Abap) -> str:
    info = abap.call("SUSR_GET_ADMIN_USER_LOGIN_INFO", {"USERID": "JDOE"})
    return str(info["PASSWORD_STATUS"])


def test_a_productive_password_need_not_be_changed_and_an_initial_one_by_the_user_himself() -> None:
    abap = with_user()
    assert password_status(abap) == "I"
    own = {"BNAME": "JDOE", "PASSWORD": "wrong", "NEW_PASSWORD": "Neu-12345"}
    with pytest.raises(AbapFault, match="CHANGE_NOT_ALLOWED"):
        abap.call("SUSR_USER_CHANGE_PASSWORD_RFC", own)
    returned = abap.call("SUSR_USER_CHANGE_PASSWORD_RFC", own | {"USE_BAPI_RETURN": 1})
    assert returned["RETURN"]["NUMBER"] == "502"
    abap.call("SUSR_USER_CHANGE_PASSWORD_RFC", own | {"PASSWORD": "Abcdef-12"})
    assert password_status(abap) == "P"
    reset = {
        "USERNAME": "JDOE",
        "PASSWORDX": {"BAPIPWD": "X"},
        "PASSWORD": {"BAPIPWD": "Reset-123"},
    }
    abap.call("BAPI_USER_CHANGE", reset)
    assert password_status(abap) == "I"
    productive = reset | {"PASSWORD": {"BAPIPWD": "Reset-124"}, "PRODUCTIVE_PWD": "X"}
    abap.call("BAPI_USER_CHANGE", productive)
    assert password_status(abap) == "P"


def test_an_older_release_knows_no_productive_password_and_eight_characters() -> None:
    abap = with_user()
    abap.control({"rules": {"release": "old"}})
    reset = {
        "USERNAME": "JDOE",
        "PASSWORDX": {"BAPIPWD": "X"},
        "PASSWORD": {"BAPIPWD": "Reset-123"},
    }
    with pytest.raises(AbapFault, match="PRODUCTIVE_PWD"):
        abap.call("BAPI_USER_CHANGE", reset | {"PRODUCTIVE_PWD": "X"})
    abap.call("BAPI_USER_CHANGE", reset)
    own = {"BNAME": "JDOE", "PASSWORD": "RESET-12", "NEW_PASSWORD": "another-1"}
    with pytest.raises(AbapFault, match="PASSWORD_NOT_ALLOWED"):
        abap.call("SUSR_USER_CHANGE_PASSWORD_RFC", own)  # cut to eight it has no digit left
    abap.call("SUSR_USER_CHANGE_PASSWORD_RFC", own | {"NEW_PASSWORD": "other-12"})


def test_a_field_without_its_x_stays_and_an_x_without_value_clears() -> None:
    abap = with_user(ADDRESS={"LASTNAME": "Doe", "FIRSTNAME": "Jo", "DEPARTMENT": "D1"})
    change = {
        "USERNAME": "JDOE",
        "ADDRESS": {"FIRSTNAME": "Joanna"},
        "ADDRESSX": {"DEPARTMENT": "X"},
        "ALIAS": {"USERALIAS": "joe"},
        "ALIASX": {"BAPIALIAS": "X"},
        "UCLASS": {"LIC_TYPE": "91"},
    }
    assert numbers(abap.call("BAPI_USER_CHANGE", change)) == ["S 01/039"]
    found = detail(abap)
    assert (found["ADDRESS"]["FIRSTNAME"], found["ADDRESS"]["DEPARTMENT"]) == ("Jo", "")
    assert (found["ALIAS"]["USERALIAS"], found["UCLASS"]["LIC_TYPE"]) == ("joe", "")
    assert found["LASTMODIFIED"] == {"MODDATE": "20261120", "MODTIME": "093000"}


def test_what_is_taken_at_creation_only_does_not_change() -> None:
    abap = with_user(ADDRESS={"LASTNAME": "Doe", "COUNTY": "Kent"})
    change = {"ADDRESS": {"COUNTY": "Essex"}, "ADDRESSX": {"COUNTY": "X"}}
    abap.call("BAPI_USER_CHANGE", {"USERNAME": "JDOE", **change})
    assert detail(abap)["ADDRESS"]["COUNTY"] == "Kent"


def test_an_unknown_company_is_an_error_of_a_user_who_is_saved_all_the_same() -> None:
    """CO-T39: so does the message that nonFatalErrorCodes was made for."""
    abap = with_user(COMPANY={"COMPANY": "NOWHERE"}, ADDRESS={"LASTNAME": "Doe"})
    assert detail(abap)["ADDRESS"]["LASTNAME"] == "Doe"
    change = {"COMPANY": {"COMPANY": "NOWHERE"}, "COMPANYX": {"COMPANY": "X"}}
    returned = abap.call("BAPI_USER_CHANGE", {"USERNAME": "JDOE", **change})
    assert numbers(returned) == ["E 01/025", "S 01/039"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"LOGONDATA": {"CLASS": "NONE"}, "LOGONDATAX": {"CLASS": "X"}}, "176"),
        ({"LOGONDATA": {"USTYP": "Q"}, "LOGONDATAX": {"USTYP": "X"}}, "178"),
        ({"REF_USER": {"REF_USER": "NONE"}, "REF_USERX": {"REF_USER": "X"}}, "124"),
        ({"GROUPS": [{"USERGROUP": "NONE"}], "GROUPSX": {"USERGROUP": "X"}}, "176"),
        (
            {
                "LOGONDATA": {"GLTGV": "20270101", "GLTGB": "20260101"},
                "LOGONDATAX": {"GLTGV": "X", "GLTGB": "X"},
            },
            "182",
        ),
        ({"ADDRESSX": {"LASTNAME": "X"}}, "177"),
    ],
)
def test_what_does_not_fit_is_refused_as_a_whole(change: dict[str, Any], code: str) -> None:
    abap = with_user()
    before = detail(abap)
    assert numbers(abap.call("BAPI_USER_CHANGE", {"USERNAME": "JDOE", **change})) == [
        f"E 01/{code}"
    ]
    assert detail(abap) == before


def test_assigning_roles_replaces_all_and_a_composite_role_brings_its_members() -> None:
    abap = with_user()
    rows = [{"AGR_NAME": "/SAPAPO/LINE_PLANNER", "FROM_DAT": "20260113", "TO_DAT": "20261231"}]
    abap.call("BAPI_USER_ACTGROUPS_ASSIGN", {"USERNAME": "JDOE", "ACTIVITYGROUPS": rows})
    assert roles(abap)[0] == ("/SAPAPO/LINE_PLANNER", "20260113", "20261231", "")
    assert [flag for *_, flag in roles(abap)] == ["", "C", "C", "C", "C"]
    rows = [
        {"AGR_NAME": "Z_FI_AP"},
        {"AGR_NAME": "Z_FI_AP", "FROM_DAT": "20270101", "TO_DAT": "20271231"},
    ]
    abap.call("BAPI_USER_ACTGROUPS_ASSIGN", {"USERNAME": "JDOE", "ACTIVITYGROUPS": rows})
    assert roles(abap) == [
        ("Z_FI_AP", "20261120", "99991231", ""),
        ("Z_FI_AP", "20270101", "20271231", ""),
    ]
    abap.call("BAPI_USER_ACTGROUPS_ASSIGN", {"USERNAME": "JDOE"})
    assert roles(abap) == []


def test_one_unknown_role_keeps_all_as_they_were() -> None:
    abap = with_user()
    abap.call(
        "BAPI_USER_ACTGROUPS_ASSIGN",
        {"USERNAME": "JDOE", "ACTIVITYGROUPS": [{"AGR_NAME": "Z_FI_AP"}]},
    )
    rows = [{"AGR_NAME": "Z_MM_BUYER"}, {"AGR_NAME": "NONE"}]
    returned = abap.call("BAPI_USER_ACTGROUPS_ASSIGN", {"USERNAME": "JDOE", "ACTIVITYGROUPS": rows})
    assert (numbers(returned), returned["RETURN"][0]["ROW"]) == (["E 01/174"], 2)
    assert [name for name, *_ in roles(abap)] == ["Z_FI_AP"]


def test_unlocking_clears_what_wrong_passwords_locked_as_well_as_the_administrator() -> None:
    """CO-T52: a client that only wants to clear the lockout has to lock again."""
    abap = with_user()
    abap.control({"wrong_logons": {"100": ["JDOE"]}})
    abap.call("BAPI_USER_LOCK", {"USERNAME": "JDOE"})
    assert detail(abap)["ISLOCKED"] == {
        "WRNG_LOGON": "L",
        "LOCAL_LOCK": "L",
        "GLOB_LOCK": "U",
        "NO_USER_PW": "U",
    }
    abap.call("BAPI_USER_UNLOCK", {"USERNAME": "JDOE"})
    assert set(detail(abap)["ISLOCKED"].values()) == {"U"}


def test_a_deleted_user_is_gone() -> None:
    abap = with_user()
    assert numbers(abap.call("BAPI_USER_DELETE", {"USERNAME": "JDOE"})) == ["S 01/232"]
    for function in ("BAPI_USER_DELETE", "BAPI_USER_LOCK", "BAPI_USER_CHANGE"):
        assert numbers(abap.call(function, {"USERNAME": "JDOE"})) == ["E 01/124"]


def test_texts_follow_the_language_and_numbers_do_not() -> None:
    """CO-T37: nobody can decide on a text."""
    abap = at(NOW)
    asked = ("BAPI_USER_GET_DETAIL", {"USERNAME": "JDOE"})
    english, german = (abap.call(*asked, language=each)["RETURN"][0] for each in ("EN", "DE"))
    assert english["NUMBER"] == german["NUMBER"] == "124"
    assert english["MESSAGE"] != german["MESSAGE"]


def test_without_authorization_for_users_the_list_is_empty_and_return_says_why() -> None:
    """CO-T38"""
    abap = Abap({"users": 10})
    abap.control({"permissions": {"ROBOT": {"without": ["S_USER_GRP"]}}})
    returned = abap.call("BAPI_USER_GETLIST", {"MAX_ROWS": 5})
    assert (returned["USERLIST"], numbers(returned)) == ([], ["E 01/491"])
    assert numbers(detail(abap, "U00000001")) == ["E 01/491"]


def test_without_s_rfc_no_module_answers() -> None:
    abap = Abap()
    abap.control({"permissions": {"ROBOT": {"functions": ["RFC_PING"]}}})
    abap.call("RFC_PING", {})
    with pytest.raises(AbapFault, match="SU_USER") as refused:
        detail(abap)
    assert refused.value.kind == "authority"
    abap.call("STFC_CONNECTION", {}, user="OTHER")


@pytest.mark.parametrize(
    ("function", "given"),
    [
        ("BAPI_USER_LOCK", {"USER": "JDOE"}),
        ("BAPI_USER_LOCK", {"USERNAME": "JDOE", "ADDRESS": {}}),
        ("BAPI_USER_CHANGE", {"USERNAME": "JDOE", "ADDRESS": {"SURNAME": "Doe"}}),
        ("BAPI_USER_GET_DETAIL", {"USERNAME": "JDOE", "ISLOCKED": {}}),
    ],
)
def test_what_the_interface_does_not_have_is_refused(function: str, given: dict[str, Any]) -> None:
    with pytest.raises(AbapFault) as refused:
        Abap().call(function, given)
    assert refused.value.kind == "parameter"


def test_no_password_is_shown_to_those_who_look() -> None:
    abap = with_user()
    assert "Abcdef-12" not in repr(abap.as_json())
    assert "Abcdef-12" not in repr(abap.landscape.systems["100"].users.get("JDOE"))
