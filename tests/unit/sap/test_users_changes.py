"""Fields of a user on their way to SAP."""

from typing import Any

import pytest
from msgspec.structs import replace

from sapmatch.model.errors import InputRejected
from sapmatch.model.users import UserChange
from tests.builders.scripted_users import ScriptedSap, writer_on


def sap_with(**structures: dict[str, Any]) -> ScriptedSap:
    sap = ScriptedSap()
    user = sap.add("JDOE", groups=["SUPER"], parameters={"WRK": "1000"})
    user["structures"] = {"ADDRESS": {"LASTNAME": "Miller", "CITY": "Bonn"}} | structures
    return sap


def changed(sap: ScriptedSap, **fields: Any) -> dict[str, Any]:
    named = {name.replace("__", "."): value for name, value in fields.items()}
    done = writer_on(sap).change(UserChange(name="JDOE", fields=named))
    assert done.status == "done", done
    return sap.last("BAPI_USER_CHANGE").imports


def problems_of(change: UserChange, **rfc: Any) -> list[tuple[str, str]]:
    with pytest.raises(InputRejected) as refused:
        writer_on(ScriptedSap(), **rfc).check(change)
    return [(problem.code, problem.field or "") for problem in refused.value.problems]


def test_flags_stand_beside_the_fields_that_change_and_no_others() -> None:
    """CO-T42."""
    imports = changed(sap_with(), ADDRESS__LASTNAME="Miller", ADDRESS__CITY="Köln")
    assert imports["ADDRESS"] == {"CITY": "Köln"}
    assert imports["ADDRESSX"] == {"CITY": "X"}
    assert set(imports) == {"USERNAME", "ADDRESS", "ADDRESSX"}


@pytest.mark.parametrize(
    ("field", "value", "flags"),
    [
        ("UCLASS.LIC_TYPE", "91", ("UCLASSX", {"UCLASS": "X"})),
        ("ALIAS.USERALIAS", "jane", ("ALIASX", {"BAPIALIAS": "X"})),
        ("ALIAS", "jane", ("ALIASX", {"BAPIALIAS": "X"})),
        ("COMPANY.COMPANY", "ACME", ("COMPANYX", {"COMPANY": "X"})),
        ("REF_USER.REF_USER", "TEMPLATE", ("REF_USERX", {"REF_USER": "X"})),
        ("DEFAULTS.DATFM", "1", ("DEFAULTSX", {"DATFM": "X"})),
        ("LOGONDATA.GLTGB", "20261231", ("LOGONDATAX", {"GLTGB": "X"})),
    ],
)
def test_every_structure_has_its_own_flags(
    field: str, value: str, flags: tuple[str, dict[str, str]]
) -> None:
    """CO-T42: two of them under names of their own."""
    sap = sap_with()
    writer_on(sap).change(UserChange(name="JDOE", fields={field: value}))
    assert sap.last("BAPI_USER_CHANGE").imports[flags[0]] == flags[1]


def test_tables_have_one_flag_for_all_their_rows() -> None:
    """CO-T42."""
    sap = sap_with()
    change = UserChange(name="JDOE", groups=(), parameters={"wrk": "2000", "BUK": "10"})
    assert writer_on(sap).change(change).status == "done"
    call = sap.last("BAPI_USER_CHANGE")
    assert call.imports["PARAMETERX"] == {"PARID": "X", "PARVA": "X"}
    assert call.imports["GROUPSX"] == {"USERGROUP": "X"}
    assert call.tables["GROUPS"] == []
    assert call.tables["PARAMETER1"] == [
        {"PARID": "WRK", "PARVA": "2000"},
        {"PARID": "BUK", "PARVA": "10"},
    ]


def test_a_field_is_cleared_by_an_empty_value_with_its_flag() -> None:
    """CO-T43."""
    imports = changed(sap_with(), ADDRESS__CITY="")
    assert imports["ADDRESS"] == {"CITY": ""}
    assert imports["ADDRESSX"] == {"CITY": "X"}


def test_a_day_is_cleared_as_well() -> None:
    """CO-T43, row B27."""
    from datetime import date

    imports = changed(sap_with(LOGONDATA={"GLTGB": date(2026, 1, 1)}), LOGONDATA__GLTGB=None)
    assert imports["LOGONDATA"] == {"GLTGB": None}
    assert imports["LOGONDATAX"] == {"GLTGB": "X"}


def test_validity_is_compared_as_days() -> None:
    """CO-T41, row B27."""
    from datetime import date

    sap = sap_with(LOGONDATA={"GLTGV": date(2026, 1, 1)})
    for text in ("2026-01-01", "20260101"):
        change = UserChange(name="JDOE", fields={"LOGONDATA.GLTGV": text})
        assert writer_on(sap).change(change).status == "unchanged"


def test_fields_in_upper_case_are_compared_in_upper_case() -> None:
    """CO-T41."""
    sap = sap_with(LOGONDATA={"CLASS": "SUPER"})
    change = UserChange(name="JDOE", fields={"LOGONDATA.CLASS": "super"}, groups=("super",))
    assert writer_on(sap).change(change).status == "unchanged"
    names = UserChange(name="JDOE", fields={"ADDRESS.LASTNAME": "MILLER"})
    assert writer_on(sap).change(names).status == "done"


def test_a_new_user_is_a_dialog_user_unless_said_otherwise() -> None:
    for given, made in (({}, "A"), ({"LOGONDATA.USTYP": "b"}, "B")):
        sap = ScriptedSap()
        fields: dict[str, Any] = {"ADDRESS.LASTNAME": "Miller", **given}
        writer_on(sap).create(UserChange(name="JDOE", fields=fields))
        assert sap.last("BAPI_USER_CREATE1").imports["LOGONDATA"] == {"USTYP": made}
        assert "ADDRESSX" not in sap.last("BAPI_USER_CREATE1").imports


def test_everything_that_is_wrong_is_named_at_once() -> None:
    """CO-T40."""
    change = UserChange(
        name="JDOE",
        fields={
            "ADDRESS.LASTNAME": "x" * 41,
            "ADDRESS.NOWHERE": "x",
            "ISLOCKED.LOCAL_LOCK": "L",
            "LASTMODIFIED.MODDATE": "2026-01-01",
            "LOGONDATA.GLTGB": "tomorrow",
            "LOGONDATA.BCODE": "x",
            "PASSWORD.BAPIPWD": "Geheim-1",
            "USERNAME": "OTHER",
            "GROUPS.USERGROUP": "SUPER",
            "ACTIVITYGROUPS.AGR_NAME": "SAP_A",
        },
        groups=("x" * 13,),
        parameters={"x" * 21: "1"},
        systems=("S4HCLNT200",),
    )
    assert problems_of(change) == [
        ("TOO_LONG", "ADDRESS.LASTNAME"),
        ("UNKNOWN_FIELD", "ADDRESS.NOWHERE"),
        ("READ_ONLY", "ISLOCKED.LOCAL_LOCK"),
        ("READ_ONLY", "LASTMODIFIED.MODDATE"),
        ("WRONG_VALUE", "LOGONDATA.GLTGB"),
        ("UNKNOWN_FIELD", "LOGONDATA.BCODE"),
        ("PASSWORD", "PASSWORD.BAPIPWD"),
        ("RENAME", "USERNAME"),
        ("NO_FIELD", "GROUPS.USERGROUP"),
        ("ROLES", "ACTIVITYGROUPS.AGR_NAME"),
        ("TOO_LONG", "GROUPS.USERGROUP"),
        ("TOO_LONG", "PARAMETER.PARID"),
        ("SYSTEMS", "SYSTEMS.SUBSYSTEM"),
    ]


def test_an_error_names_fields_and_no_values() -> None:
    change = UserChange(
        name="JDOE",
        fields={"ADDRESS.LASTNAME": "Secretson" * 9, "PASSWORD.BAPIPWD": "Geheim-1"},
        password="Geheim-1" * 9,
    )
    with pytest.raises(InputRejected) as refused:
        writer_on(ScriptedSap()).check(change)
    shown = str(refused.value) + repr(refused.value.problems)
    assert "Secretson" not in shown
    assert "Geheim" not in shown


def test_a_field_may_be_cut_where_the_settings_say_so() -> None:
    """CO-T40, failWhenTruncating."""
    sap = sap_with()
    change = UserChange(name="JDOE", fields={"ADDRESS.CITY": "x" * 60})
    done = writer_on(sap, fail_when_truncating=False).change(change)
    assert done.status == "done"
    assert sap.users["JDOE"]["structures"]["ADDRESS"]["CITY"] == "x" * 40


def test_a_field_may_be_read_only_by_the_settings() -> None:
    change = UserChange(name="JDOE", fields={"ADDRESS.CITY": "Bonn"})
    assert problems_of(change, read_only_params=("ADDRESS",)) == [("READ_ONLY", "ADDRESS.CITY")]


@pytest.mark.parametrize(
    ("protected", "change"),
    [
        ("ACTIVITYGROUPS", UserChange(name="JDOE", role_names=())),
        ("activitygroups.agr_name", UserChange(name="JDOE", roles=())),
        ("PROFILES", UserChange(name="JDOE", profiles=())),
        ("GROUPS", UserChange(name="JDOE", groups=("STAFF",))),
        ("PARAMETER.PARVA", UserChange(name="JDOE", parameters={})),
        ("SYSTEMS", UserChange(name="JDOE", systems=())),
    ],
)
def test_lists_may_be_read_only_by_the_settings(protected: str, change: UserChange) -> None:
    name = protected.upper().partition(".")[0]
    assert ("READ_ONLY", name) in problems_of(change, read_only_params=("SNC", protected))


def test_a_field_that_is_named_twice_is_refused() -> None:
    change = UserChange(name="JDOE", fields={"ALIAS": "a", "alias.useralias": "b"})
    assert problems_of(change) == [("TWICE", "ALIAS.USERALIAS")]


def test_what_only_a_new_user_can_be_given_is_refused_for_others() -> None:
    """Row B35."""
    sap = sap_with()
    change = UserChange(name="JDOE", fields={"ADDRESS.COUNTY": "Kent", "ADDRESS.LASTNAME": "M"})
    with pytest.raises(InputRejected, match=r"ADDRESS\.COUNTY: can be given only when"):
        writer_on(sap).change(change)
    assert sap.writes == []
    other = ScriptedSap()
    assert writer_on(other).create(change).status == "done"
    assert writer_on(other).change(change).status == "unchanged"


def test_nobody_is_created_without_a_last_name() -> None:
    sap = ScriptedSap()
    with pytest.raises(InputRejected, match=r"ADDRESS\.LASTNAME"):
        writer_on(sap).create(UserChange(name="JDOE"))
    assert sap.writes == []


def test_what_is_empty_is_not_sent_for_a_new_user() -> None:
    sap = ScriptedSap()
    fields: dict[str, Any] = {"ADDRESS.LASTNAME": "M", "ADDRESS.CITY": "", "LOGONDATA.GLTGB": None}
    assert writer_on(sap).create(UserChange(name="JDOE", fields=fields)).status == "done"
    imports = sap.last("BAPI_USER_CREATE1").imports
    assert imports["ADDRESS"] == {"LASTNAME": "M"}
    assert imports["LOGONDATA"] == {"USTYP": "A"}


@pytest.mark.parametrize(
    "name", ["ADM\u0131N", "\u017fAP*", "stra\u00dfe", "JD\u200bOE", "J\u202eOE", "J\u2028O"]
)
def test_a_name_that_would_become_another_one_is_no_name(name: str) -> None:
    assert problems_of(UserChange(name=name)) == [("WRONG_VALUE", "USERNAME")]
    with pytest.raises(InputRejected, match="nothing was sent"):
        writer_on(ScriptedSap()).delete(name)


@pytest.mark.parametrize("name", ["*", "AD+", "J DOE", "' OR '1'='1", "A,B", "A;B"])
def test_nobody_new_is_called_by_a_pattern_or_with_a_blank(name: str) -> None:
    """Who is called so already can be changed all the same."""
    sap = ScriptedSap()
    wanted = UserChange(name=name, fields={"ADDRESS.LASTNAME": "Miller"})
    with pytest.raises(InputRejected, match="no blank"):
        writer_on(sap).create(wanted)
    assert sap.writes == []
    sap.add(name.upper())
    assert writer_on(sap).change(replace(wanted, locked=True)).status == "done"


@pytest.mark.parametrize("name", ["m\u00fcller", "J.DOE-1", "$BATCH", "O_1@A"])
def test_letters_digits_and_a_few_signs_name_a_user(name: str) -> None:
    sap = ScriptedSap()
    created = writer_on(sap).create(UserChange(name=name, fields={"ADDRESS.LASTNAME": "M"}))
    assert (created.user, created.status) == (name.upper(), "done")


def test_an_emoji_counts_as_two_characters_as_in_sap() -> None:
    city = "ADDRESS.CITY"
    change = UserChange(name="JDOE", fields={city: "\U0001f600" * 21}, parameters={"A": "x"})
    assert problems_of(change) == [("TOO_LONG", city)]
    sap = sap_with()
    cut = writer_on(sap, fail_when_truncating=False).change(change)
    assert (cut.status, sap.users["JDOE"]["structures"]["ADDRESS"]["CITY"]) == (
        "done",
        "\U0001f600" * 20,
    )


@pytest.mark.parametrize(
    "attempt",
    [
        lambda writer, change: writer.change(change),
        lambda writer, change: writer.merge(change.name, lambda _: change),
        lambda writer, change: writer.delete(change.name),
    ],
)
def test_a_user_outside_of_the_base_query_is_not_changed(attempt: Any) -> None:
    """Who is not shown is not written either."""
    change = UserChange(name="JDOE", fields={"ADDRESS.FIRSTNAME": "Jo"})
    sap = sap_with()
    with pytest.raises(InputRejected, match=r"rfc\.baseAccountQuery names; nothing"):
        attempt(writer_on(sap, base_account_query="EQ,ADDRESS.CITY,Ulm"), change)
    assert sap.writes == []
    there = writer_on(sap, base_account_query="EQ,ADDRESS.CITY,Bonn")
    assert attempt(there, change).status == "done"
