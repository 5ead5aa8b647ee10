"""Tables that are read, those that need a permission, and those that are never read (CO-T60)."""

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.rfc import TABLES, Rfc
from sapmatch.sap.tables.allowed import DENIED, require_function
from sapmatch.sap.tables.reader import SapTables, described
from tests.builders.tables_sap import TablesSap

PLACE = "connections.s4.rfc"
BELOW = "MANDT:3:IGNORE,AGR_NAME:30:MATCH,X:30:OUTPUT"


def test_roles_and_groups_with_what_belongs_to_roles_need_no_permission() -> None:
    subs = [f"{name} for ACTIVITYGROUP={BELOW}" for name in ("AGR_TEXTS", "AGR_AGRS", "AGR_FLAGS")]
    assert set(described(Rfc(sub_tables=tuple(subs)), PLACE)) == {"ACTIVITYGROUP", "GROUP"}


@pytest.mark.parametrize("name", ["T001", "AGR_TEXTS", "USR21", "/BIC/SECRET"])
def test_any_other_table_needs_a_permission_of_the_settings(name: str) -> None:
    """CO-T60."""
    rfc = Rfc(tables=(f"{name} as X=A:3:KEY",))
    with pytest.raises(InputRejected, match=r"rfc\.tables\[0\]: .* only with anyTable = true"):
        described(rfc, PLACE)
    assert set(described(Rfc(tables=rfc.tables, any_table=True), PLACE)) == {"X"}


def test_a_sub_table_is_allowed_below_its_own_root_only() -> None:
    """CO-T60."""
    sub = "AGR_TEXTS for GROUP=A:3:MATCH,B:3:OUTPUT"
    with pytest.raises(InputRejected, match=r"rfc\.subTables\[0\]: AGR_TEXTS"):
        described(Rfc(sub_tables=(sub,)), PLACE)


@pytest.mark.parametrize("name", sorted(DENIED))
@pytest.mark.parametrize("below", [False, True])
def test_what_opens_doors_is_never_read_whatever_the_settings_say(name: str, below: bool) -> None:
    """CO-T60."""
    tables = TABLES if below else (f"{name.lower()} as X=A:3:KEY",)
    subs = (f"{name} for GROUP=A:3:MATCH,B:3:OUTPUT",) if below else ()
    sap = TablesSap()
    with pytest.raises(InputRejected, match=f"{name} holds .* and is never read"):
        SapTables(sap, Rfc(tables=tables, sub_tables=subs, any_table=True), "s4")
    assert sap.calls == []


def test_what_is_refused_is_named_by_its_place_in_the_settings_all_at_once() -> None:
    below = f"AGR_TEXTS for ACTIVITYGROUP={BELOW}"
    rfc = Rfc(
        tables=(*TABLES, "USR02 as X=A:3:KEY", "T001 as Y=A:3:KEY"),
        sub_tables=(below, "USR40 for GROUP=A:3:MATCH,B:3:OUTPUT", "AGR_TEXTS for Z=A:3:MATCH,B:3"),
        table_read_function="X",
    )
    with pytest.raises(InputRejected) as refused:
        described(rfc, PLACE)
    assert [problem.field for problem in refused.value.problems] == [
        f"{PLACE}.{each}"
        for each in ("subTables[2]", "subTables[1]", "tables[2]", "tables[3]", "tableReadFunction")
    ]


@pytest.mark.parametrize("name", ["RODPS_REPL_ODP_FETCH", "RODPS_OS_TEST"])
def test_odp_modules_are_refused(name: str) -> None:
    """CO-T60."""
    with pytest.raises(InputRejected, match="Note 3255746"):
        described(Rfc(table_read_function=name), PLACE)


@pytest.mark.parametrize("name", ["BAPI_USER_DELETE", "rfc_read_table", "", "Z FM", f"Z{30 * 'A'}"])
def test_a_module_that_reads_no_tables_is_refused(name: str) -> None:
    with pytest.raises(InputRejected, match=r"rfc\.tableReadFunction: "):
        require_function(name, place=PLACE)


@pytest.mark.parametrize(
    "name",
    ["RFC_GET_TABLE_ENTRIES", "RFC_READ_TABLE", "BBP_RFC_READ_TABLE", "Z_READ", "/ACME/READ_TABLE"],
)
def test_the_known_modules_and_those_of_a_customer_are_taken(name: str) -> None:
    require_function(name, place=PLACE)
