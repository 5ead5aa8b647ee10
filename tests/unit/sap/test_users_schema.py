"""What there is to map (row B39)."""

import msgspec

from sapmatch.model.rfc import Rfc
from sapmatch.sap.users.schema import Attribute, schema

TABLES = {"ACTIVITYGROUP": ("AGR_NAME", "PARENT_AGR"), "GROUP": ("USERGROUP",)}


def user(rfc: Rfc) -> dict[str, Attribute]:
    return {each.name: each for each in schema(rfc, TABLES)[0].attributes}


def test_there_are_users_profiles_and_one_kind_for_each_table() -> None:
    """Rows B36, B37, B39."""
    found = schema(Rfc(), TABLES)
    assert [each.name for each in found] == ["USER", "PROFILE", "ACTIVITYGROUP", "GROUP"]
    assert [each.name for each in found[2].attributes] == ["AGR_NAME", "PARENT_AGR"]
    plain = msgspec.json.decode(msgspec.json.encode(found))
    assert plain[1]["attributes"][0] == {
        "name": "BAPIPROF",
        "type": "char",
        "length": 12,
        "key": True,
        "readable": True,
        "writable": False,
        "create_only": False,
        "multi_valued": False,
        "searchable": False,
    }


def test_an_attribute_says_what_may_be_done_with_it() -> None:
    found = user(Rfc())
    assert (found["USERNAME"].key, found["USERNAME"].create_only) == (True, True)
    assert (found["ADDRESS.LASTNAME"].writable, found["ADDRESS.LASTNAME"].length) == (True, 40)
    assert found["ADDRESS.COUNTY"].create_only
    assert not found["ISLOCKED.LOCAL_LOCK"].writable
    assert found["ACTIVITYGROUPS.AGR_NAME"].multi_valued
    assert found["ACTIVITYGROUPS"].writable
    assert not found["ALL_ACTIVITYGROUPS"].writable
    assert not found["password"].readable
    assert "SYSTEMS.SUBSYSTEM" not in found


def test_the_settings_say_which_attributes_there_are() -> None:
    found = user(
        Rfc(
            cua_enabled=True,
            also_read_login_info=True,
            include_indirect_activity_groups=True,
            table_parameter_names=("ADDTEL",),
            read_only_params=("COMPANY",),
        )
    )
    assert "ALL_ACTIVITYGROUPS" not in found
    assert {"SYSTEMS.SUBSYSTEM", "ADDTEL", "USER_LOGIN_INFO.LAST_LOGON_DATE"} <= set(found)
    assert not found["COMPANY.COMPANY"].writable
