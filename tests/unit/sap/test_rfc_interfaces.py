"""What we have written down of SAP's function modules."""

from sapmatch.sap.rfc.interfaces import INTERFACES
from sapmatch.sap.rfc.reading import READS
from sapmatch.sap.rfc.structures import STRUCTURES


def test_every_module_that_users_and_tables_need_is_written_down() -> None:
    needed = """BAPI_USER_GETLIST BAPI_USER_GET_DETAIL BAPI_USER_CREATE1 BAPI_USER_CHANGE
        BAPI_USER_DELETE BAPI_USER_LOCK BAPI_USER_UNLOCK BAPI_USER_ACTGROUPS_ASSIGN
        BAPI_USER_PROFILES_ASSIGN BAPI_USER_LOCACTGROUPS_READ BAPI_USER_LOCACTGROUPS_ASSIGN
        BAPI_USER_LOCPROFILES_ASSIGN BAPI_USER_SYSTEM_ASSIGN SUSR_GET_ADMIN_USER_LOGIN_INFO
        SUSR_USER_CHANGE_PASSWORD_RFC PASSWORD_FORMAL_CHECK BAPI_USER_EXISTENCE_CHECK
        BAPI_HELPVALUES_GET RFC_GET_TABLE_ENTRIES RFC_READ_TABLE RFC_PING"""
    assert set(needed.split()) <= set(INTERFACES)
    assert set(INTERFACES) >= READS


def test_names_stand_once_and_fit_the_data_dictionary() -> None:
    for module in INTERFACES.values():
        names = [parameter.name for parameter in module.parameters]
        assert len(names) == len(set(names)), module.name
        assert all(len(name) <= 30 for name in names)
    for name, fields in STRUCTURES.items():
        found = [field.name for field in fields]
        assert len(found) == len(set(found)), name


def test_a_scalar_has_one_field_of_its_own_name() -> None:
    for module in INTERFACES.values():
        for parameter in module.parameters:
            if parameter.kind == "scalar":
                assert [field.name for field in parameter.fields] == [parameter.name]


def test_every_change_of_a_structure_has_its_flags() -> None:
    change = {each.name: each for each in INTERFACES["BAPI_USER_CHANGE"].parameters}
    for name in ("ADDRESS", "LOGONDATA", "DEFAULTS"):
        flags = {field.name for field in change[f"{name}X"].fields}
        assert flags == {field.name for field in change[name].fields}
    assert [field.name for field in change["UCLASSX"].fields] == ["UCLASS"]
    assert [field.name for field in change["ALIASX"].fields] == ["BAPIALIAS"]


def test_lengths_are_those_of_the_data_dictionary() -> None:
    lengths = {
        ("USERLIST", "USERNAME"): 12,
        ("ADDRESS", "LASTNAME"): 40,
        ("ACTIVITYGROUPS", "AGR_NAME"): 30,
        ("LOCACTIVITYGROUPS", "SUBSYSTEM"): 10,
        ("RETURN", "MESSAGE"): 220,
        ("SELECTION_RANGE", "LOW"): 45,
        ("OPTIONS", "TEXT"): 72,
        ("DATA", "WA"): 512,
        ("PASSWORD", "BAPIPWD"): 40,
    }
    for (structure, name), length in lengths.items():
        found = {field.name: field.length for field in STRUCTURES[structure]}
        assert found[name] == length
