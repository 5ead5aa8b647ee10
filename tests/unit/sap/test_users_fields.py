"""The catalogue of what a user has (row B35)."""

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.rfc import Rfc
from sapmatch.sap.rfc.interfaces import INTERFACES
from sapmatch.sap.users.fields import FIELDS, HIDDEN, TABLE_FLAGS, field_of, fields_of


def parameters(function: str, direction: str) -> dict[str, set[str]]:
    return {
        each.name: {field.name for field in each.fields}
        for each in INTERFACES[function].parameters
        if each.direction == direction
    }


def test_every_field_stands_in_what_the_details_return() -> None:
    told = parameters("BAPI_USER_GET_DETAIL", "export")
    for field in FIELDS.values():
        if field.name != "USERNAME" and not field.many:
            assert field.field.name in told[field.structure]


def test_every_flag_of_a_change_stands_in_its_structure() -> None:
    """CO-T42: where SAP names a flag otherwise than its field, so do we."""
    taken = parameters("BAPI_USER_CHANGE", "import")
    for field in FIELDS.values():
        if field.flag:
            structure, flag = field.flag
            assert flag in taken[structure], field.name
            assert field.field.name in taken[field.structure]
    for structure, flags in TABLE_FLAGS.values():
        assert set(flags) <= taken[structure]


@pytest.mark.parametrize(
    ("name", "flag"),
    [
        ("ADDRESS.LASTNAME", ("ADDRESSX", "LASTNAME")),
        ("LOGONDATA.GLTGB", ("LOGONDATAX", "GLTGB")),
        ("UCLASS.LIC_TYPE", ("UCLASSX", "UCLASS")),
        ("ALIAS.USERALIAS", ("ALIASX", "BAPIALIAS")),
        ("COMPANY.COMPANY", ("COMPANYX", "COMPANY")),
        ("REF_USER.REF_USER", ("REF_USERX", "REF_USER")),
        ("ADDRESS.COUNTY", None),
        ("ISLOCKED.LOCAL_LOCK", None),
        ("GROUPS.USERGROUP", None),
    ],
)
def test_a_change_is_flagged_as_sap_wants_it(name: str, flag: tuple[str, str] | None) -> None:
    """CO-T42"""
    assert FIELDS[name].flag == flag


@pytest.mark.parametrize(
    ("access", "names"),
    [
        ("write", "ADDRESS.LASTNAME DEFAULTS.SPLD LOGONDATA.USTYP REF_USER.REF_USER"),
        (
            "create",
            "USERNAME ADDRESS.COUNTY ADDRESS.COUNTY_CODE ADDRESS.TOWNSHIP DEFAULTS.CATTKENNZ",
        ),
        ("read", "ISLOCKED.LOCAL_LOCK LASTMODIFIED.MODDATE SNC.PNAME DESCRIPTION.TECHDESC"),
    ],
)
def test_some_fields_are_only_read_and_some_only_set_at_the_beginning(
    access: str, names: str
) -> None:
    assert {FIELDS[name].access for name in names.split()} == {access}


def test_encoded_passwords_are_no_fields() -> None:
    assert not HIDDEN & set(FIELDS)
    assert "LOGONDATA.PASSCODE" in HIDDEN


def test_the_settings_make_a_structure_or_a_field_read_only() -> None:
    """Row B20: readOnlyParams."""
    found = fields_of(Rfc(read_only_params=("company", "ADDRESS.E_MAIL")))
    assert not found["COMPANY.COMPANY"].is_writable
    assert not found["ADDRESS.E_MAIL"].is_writable
    assert found["ADDRESS.E_MAIL"].flag is None
    assert found["ADDRESS.LASTNAME"].is_changeable
    assert fields_of(Rfc()) is FIELDS


def test_lengths_and_types_are_those_of_the_interfaces() -> None:
    assert (FIELDS["USERNAME"].field.length, FIELDS["ADDRESS.LASTNAME"].field.length) == (12, 40)
    assert FIELDS["ACTIVITYGROUPS.AGR_NAME"].field.length == 30
    assert FIELDS["LOGONDATA.GLTGB"].field.type == "date"


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("address.lastname", "ADDRESS.LASTNAME"),
        ("ALIAS", "ALIAS.USERALIAS"),
        ("Company", "COMPANY.COMPANY"),
        ("ADMINDATA.ANAME", "ADMINDATA.ANAME"),
    ],
)
def test_a_field_is_found_in_any_case_and_a_structure_of_one_field_stands_for_it(
    said: str, name: str
) -> None:
    assert field_of(said).name == name


@pytest.mark.parametrize("said", ["", "ADDRESS", "ADDRESS.", "LOGONDATA.BCODE", "GROUPS", "X.Y"])
def test_an_unknown_field_is_refused_with_what_there_is(said: str) -> None:
    with pytest.raises(InputRejected, match=r"ADDRESS\.LASTNAME"):
        field_of(said)
