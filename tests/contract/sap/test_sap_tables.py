"""Tables of the stand-in, over everything that calls function modules."""

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from sapmatch.model.errors import AuthorizationMissing, InputRejected
from sapmatch.model.rfc import Rfc, RfcTransport
from sapmatch.sap.tables.reader import SapTables
from tests.builders.abap import AbapServer, abap_server
from tests.builders.rfc_sides import ALL, Side

FUNCTIONS = ("RFC_GET_TABLE_ENTRIES", "RFC_READ_TABLE", "BBP_RFC_READ_TABLE")
TEXTS = (
    "AGR_TEXTS for ACTIVITYGROUP format TSV as TEXT=MANDT:3:IGNORE,AGR_NAME:30:MATCH,"
    'SPRAS:1("E"):IGNORE,LINE:5:IGNORE,TEXT:80'
)
MEMBERS = "AGR_AGRS for ACTIVITYGROUP=MANDT:3:IGNORE,AGR_NAME:30:MATCH,CHILD_AGR:30"
WIDE_ROWS = [{"ID": f"9749{n}", **{f"C{i}": f"Ä{n}-{i}" for i in range(4)}} for n in ("", "0", "1")]
WIDE = {
    "columns": ["MANDT:3", "ID:10", *(f"C{n}:200" for n in range(4))],
    "rows": [{"MANDT": "100", **row} for row in WIDE_ROWS],
}
ODD_ROWS = [
    {"A": "", "B": " b", "C": ""},
    {"A": "1", "B": "", "C": "  c"},
    {"A": "2", "B": "<&>'\"", "C": ""},
    {"A": "Ä", "B": "日本語", "C": "€"},
]
ODD = {"columns": ["A:3", "B:5", "C:4"], "rows": ODD_ROWS}
WIDE_RFC: dict[str, Any] = {
    "any_table": True,
    "tables": ("ZWIDE as WIDE=MANDT:3:IGNORE,ID:10:KEY,C0:200,C1:200,C2:200,C3:200",),
}
NARROW_RFC: dict[str, Any] = {
    "any_table": True,
    "tables": ("ZWIDE as WIDE=MANDT:3:IGNORE,ID:10:KEY,C0:200",),
}


@pytest.fixture(scope="module")
def abap() -> Iterator[AbapServer]:
    tables = {"ZWIDE": WIDE, "ZEMPTY": {"columns": ["ID:10"], "rows": []}, "ZODD": ODD}
    with abap_server(tables=tables) as found:
        yield found


@pytest.fixture(params=ALL)
def carrier(request: pytest.FixtureRequest, abap: AbapServer) -> Iterator[RfcTransport]:
    with ExitStack() as stack:
        yield Side(request.param, abap, stack).transport


def tables(carrier: RfcTransport, function: str, **rfc: Any) -> SapTables:
    return SapTables(carrier, Rfc(table_read_function=function, **rfc), "s4")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_roles_have_their_texts_and_members(carrier: RfcTransport, function: str) -> None:
    """CO-T57: columns that are left out at the end."""
    rows = {
        row["AGR_NAME"]: row
        for row in tables(carrier, function, sub_tables=(TEXTS, MEMBERS)).rows("ACTIVITYGROUP")
    }
    assert rows["Z:FI_CLERK"] == {
        "AGR_NAME": "Z:FI_CLERK",
        "PARENT_AGR": "",
        "TEXT": "Accounts payable clerk",
        "AGR_AGRS": "",
    }
    members = str(rows["/SAPAPO/LINE_PLANNER"]["AGR_AGRS"]).splitlines()
    assert "<item><CHILD_AGR>/SAPAPO/CIF_EXPERT</CHILD_AGR></item>" in members
    assert len(members) == 4


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_key_finds_its_row_alone(carrier: RfcTransport, function: str) -> None:
    """CO-T57: 9749 is not 97490; umlauts are one character each."""
    rows = list(tables(carrier, function, **NARROW_RFC).rows("WIDE", ("9749",)))
    assert rows == [{"ID": "9749", "C0": "Ä-0"}]


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("key", ["974", "' OR '1'='1"])
def test_what_is_no_key_finds_nothing(carrier: RfcTransport, function: str, key: str) -> None:
    """CO-T57, CO-T58."""
    read = tables(carrier, function)
    assert list(read.rows("ACTIVITYGROUP", (key,))) == []


@pytest.mark.parametrize("function", FUNCTIONS)
def test_blanks_and_signs_of_xml_move_no_column(carrier: RfcTransport, function: str) -> None:
    """CO-T57: a row that begins with blanks, one that ends with them, several bytes a sign."""
    rfc = {"any_table": True, "tables": ("ZODD as O=A:3:KEY,B:5,C:4",)}
    found = list(tables(carrier, function, **rfc).rows("O"))
    assert sorted(found, key=str) == sorted(ODD_ROWS, key=str)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_an_empty_table_is_no_rows(carrier: RfcTransport, function: str) -> None:
    """CO-T57: TABLE_EMPTY."""
    rfc = {"any_table": True, "tables": ("ZEMPTY as E=ID:10:KEY",)}
    assert list(tables(carrier, function, **rfc).rows("E")) == []


@pytest.mark.parametrize("function", FUNCTIONS[1:])
def test_wide_rows_come_in_parts(carrier: RfcTransport, function: str) -> None:
    """CO-T59."""
    rows = list(tables(carrier, function, **WIDE_RFC).rows("WIDE"))
    assert sorted(rows, key=str) == sorted(WIDE_ROWS, key=str)


def test_lengths_that_are_too_small_meet_the_limit_and_are_parted(carrier: RfcTransport) -> None:
    """CO-T59: the settings say 100 where SAP has 200."""
    columns = "MANDT:3:IGNORE,ID:10:KEY,C0:100,C1:100,C2:100,C3:100"
    rfc = {"any_table": True, "tables": (f"ZWIDE as WIDE={columns}",)}
    (row,) = tables(carrier, "RFC_READ_TABLE", **rfc).rows("WIDE", ("97491",))
    assert row["C3"] == "Ä1-3"


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_table_that_is_not_there_is_named(carrier: RfcTransport, function: str) -> None:
    rfc = {"any_table": True, "tables": ("ZNONE as N=ID:10:KEY",)}
    with pytest.raises(InputRejected, match="SAP knows no table ZNONE"):
        list(tables(carrier, function, **rfc).rows("N"))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_structure_is_no_table(carrier: RfcTransport, function: str) -> None:
    rfc = {"any_table": True, "tables": ("BAPIRET2 as N=TYPE:1:KEY",)}
    with pytest.raises(InputRejected, match="structure or a view"):
        list(tables(carrier, function, **rfc).rows("N"))


def test_a_column_that_is_not_there_is_named(carrier: RfcTransport) -> None:
    rfc = {"tables": ("AGR_DEFINE as R=AGR_NAME:30:KEY,COLOUR:3",)}
    with pytest.raises(InputRejected, match="lacks one of the columns AGR_NAME, COLOUR"):
        list(tables(carrier, "RFC_READ_TABLE", **rfc).rows("R"))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_missing_authorisation_names_its_object(
    abap: AbapServer, carrier: RfcTransport, function: str
) -> None:
    abap.order(permissions={"ROBOT": {"without": ["S_TABU_NAM"]}})
    try:
        with pytest.raises(AuthorizationMissing, match=r"S_TABU_NAM.*S_TABU_DIS"):
            list(tables(carrier, function).rows("GROUP"))
    finally:
        abap.order(permissions={"ROBOT": {}})
