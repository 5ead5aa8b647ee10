"""Lists of users and tables of the stand-in: what SAP selects, and its pitfalls."""

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from local.sap.abap.faults import AbapFault
from local.sap.abap.system import Abap
from local.sap.seed import SeedError
from local.sap.server import serve

WIDE = {
    "columns": ["MANDT:3", "ID:10", *(f"TEXT{n}:100" for n in range(6))],
    "rows": [
        {"MANDT": "100", "ID": f"{n}"} | {f"TEXT{m}": f"{n}-{m}" for m in range(6)}
        for n in (3, 1, 2)
    ],
}
SEED = {
    "users": [
        {"USERNAME": "ABEL", "ADDRESS": {"LASTNAME": "Abel"}, "groups": ["IT"]},
        {"USERNAME": "A*BEL", "ADDRESS": {"LASTNAME": "Stern"}, "locked": True},
        {
            "USERNAME": "BAKER",
            "ADDRESS": {"LASTNAME": "baker", "DEPARTMENT": "D1"},
            "groups": ["IT", "FINANCE"],
            "modified": "2026-05-01T10:00:00",
        },
        {"USERNAME": "CLARK", "ADDRESS": {"LASTNAME": "Clark", "DEPARTMENT": "D1"}},
    ],
    "tables": {"ZWIDE": WIDE, "ZSTRUC": {"columns": ["A:1"]}},
}
Condition = tuple[str, str, str, str]


@pytest.fixture
def abap() -> Abap:
    return Abap(SEED)


def listed(abap: Abap, *ranges: Condition, sign: str = "I", **more: Any) -> list[str]:
    """Names that BAPI_USER_GETLIST finds; the number of the message where it refuses."""
    rows = [
        {"PARAMETER": parameter, "FIELD": field, "SIGN": sign, "OPTION": option, "LOW": low}
        for parameter, field, option, low in ranges
    ]
    found = abap.call("BAPI_USER_GETLIST", {"SELECTION_RANGE": rows, **more})
    return [row["NUMBER"] for row in found["RETURN"]] or [
        row["USERNAME"] for row in found["USERLIST"]
    ]


def expressed(abap: Abap, operator: str, *operands: Condition, **last: Any) -> list[str]:
    """The same by SELECTION_EXP."""
    rows: list[dict[str, Any]] = [{"LOGOP": operator, "ARITY": len(operands)}] if operator else []
    for parameter, field, option, low in operands:
        rows.append({"PARAMETER": parameter, "FIELD": field, "OPTION": option, "LOW": low})
    rows[-1] |= last
    return listed(abap, SELECTION_EXP=rows)


NAME_A = ("USERNAME", "", "CP", "A*")
IN_D1 = ("ADDRESS", "DEPARTMENT", "EQ", "D1")
BAKER = ("USERNAME", "", "EQ", "BAKER")


def test_rows_of_one_field_are_ored_and_those_of_different_fields_anded(abap: Abap) -> None:
    assert listed(abap, NAME_A, BAKER) == ["A*BEL", "ABEL", "BAKER"]
    assert listed(abap, BAKER, IN_D1) == ["BAKER"]
    assert listed(abap, NAME_A, IN_D1) == []
    assert listed(abap, BAKER, sign="E") == ["A*BEL", "ABEL", "CLARK"]


def test_a_star_is_a_pattern_with_cp_only_unless_it_is_escaped(abap: Abap) -> None:
    assert listed(abap, ("USERNAME", "", "EQ", "A*BEL")) == ["A*BEL"]
    assert listed(abap, ("USERNAME", "", "CP", "A#*B*")) == ["A*BEL"]
    assert listed(abap, ("ADDRESS", "LASTNAME", "CP", "BAK+R")) == ["BAKER"]


def test_of_several_values_one_is_enough_even_for_ne(abap: Abap) -> None:
    assert listed(abap, ("GROUPS", "USERGROUP", "NE", "IT")) == ["BAKER"]


@pytest.mark.parametrize(
    ("condition", "number"),
    [
        (("ISLOCKED", "LOCAL_LOCK", "NE", "L"), "614"),
        (("ISLOCKED", "LOCAL_LOCK", "EQ", "U"), "614"),
        (("ADDRESS", "STREET", "EQ", "x"), "613"),
        (("UCLASS", "LIC_TYPE", "EQ", "x"), "613"),
        (("USERNAME", "", "XX", "x"), "614"),
    ],
)
def test_what_cannot_be_selected_is_an_error_and_an_empty_list(
    abap: Abap, condition: Condition, number: str
) -> None:
    assert listed(abap, condition) == [number]
    assert listed(abap, ("ISLOCKED", "LOCAL_LOCK", "EQ", "L")) == ["A*BEL"]


def test_an_expression_has_one_operator_in_its_first_row(abap: Abap) -> None:
    assert expressed(abap, "OR", NAME_A, IN_D1) == ["A*BEL", "ABEL", "BAKER", "CLARK"]
    assert expressed(abap, "AND", BAKER, IN_D1) == ["BAKER"]
    assert expressed(abap, "AND", BAKER, IN_D1, LOGOP="OR", ARITY=2) == ["615"]
    assert expressed(abap, "", IN_D1) == ["BAKER", "CLARK"]


def test_an_expression_that_names_a_field_twice_with_and_finds_nobody(abap: Abap) -> None:
    twice = (("USERNAME", "", "GT", "A"), ("USERNAME", "", "LT", "B"))
    assert expressed(abap, "AND", *twice) == []


def test_ranges_let_expressions_be_ignored(abap: Abap) -> None:
    other = [{"PARAMETER": "USERNAME", "OPTION": "EQ", "LOW": "CLARK"}]
    assert listed(abap, BAKER, SELECTION_EXP=other) == ["BAKER"]


def test_a_hundred_thousand_users_are_listed_page_by_page() -> None:
    """CO-T53: the last name of a page is where the next one begins."""
    abap = Abap({"users": 100_000})
    first = listed(abap, MAX_ROWS=200)
    pages = [first, listed(abap, ("USERNAME", "", "GT", first[-1]), MAX_ROWS=200)]
    assert [len(page) for page in pages] == [200, 200]
    assert all(a < b for a, b in pairwise(pages[0] + pages[1]))
    assert listed(abap, ("USERNAME", "", "GT", "U00099990"), MAX_ROWS=200)[-1] == "U00100000"
    abap.call("BAPI_USER_DELETE", {"USERNAME": "U00099999"})
    assert len(listed(abap, ("USERNAME", "", "GT", "U00099990"), MAX_ROWS=200)) == 9


def test_the_last_change_can_be_selected_by_day(abap: Abap) -> None:
    assert listed(abap, ("LASTMODIFIED", "MODDATE", "GE", "20260501")) == ["BAKER"]


def entries(abap: Abap, table: str, key: str = "") -> list[str]:
    found = abap.call("RFC_GET_TABLE_ENTRIES", {"TABLE_NAME": table, "GEN_KEY": key})
    return [row["WA"] for row in found["ENTRIES"]]


def test_a_generic_key_is_a_beginning_and_finds_longer_keys_too(abap: Abap) -> None:
    """CO-T57"""
    abap.landscape.systems["100"].groups[:] = ["9749", "97490"]
    assert entries(abap, "USGRP", "1009749") == ["1009749", "10097490"]
    with pytest.raises(AbapFault, match="TABLE_EMPTY"):
        entries(abap, "USGRP", "100X")


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("NONE", "TABLE_NOT_AVAILABLE"),
        ("ZSTRUC", "TABLE_WITHOUT_DATA"),
        ("USR02", "NOT_AUTHORIZED"),
    ],
)
def test_a_table_that_gives_nothing_says_why(abap: Abap, table: str, key: str) -> None:
    abap.control({"permissions": {"ROBOT": {"without": ["S_TABU_NAM:USR02"]}}})
    with pytest.raises(AbapFault) as refused:
        entries(abap, table)
    assert refused.value.key == key


def read(abap: Abap, *lines: str, fields: tuple[str, ...] = ("ID",), **more: Any) -> list[str]:
    """ZWIDE by RFC_READ_TABLE."""
    given = {
        "QUERY_TABLE": "ZWIDE",
        "OPTIONS": [{"TEXT": line} for line in lines],
        "FIELDS": [{"FIELDNAME": field} for field in fields],
    }
    found = abap.call("RFC_READ_TABLE", given | more)
    return [row["WA"] for row in found["DATA"]]


def test_rows_wider_than_512_bytes_do_not_come(abap: Abap) -> None:
    """CO-T59"""
    wide = tuple(f"TEXT{n}" for n in range(6))
    with pytest.raises(AbapFault, match="512") as refused:
        read(abap, fields=wide)
    assert refused.value.key == "DATA_BUFFER_EXCEEDED"
    assert len(read(abap, fields=wide[:5])) == 3
    found = abap.call("RFC_READ_TABLE", {"QUERY_TABLE": "ZWIDE", "USE_ET_DATA_4_RETURN": "X"})
    assert found["ET_DATA"][0]["LINE"].split("\x1e")[:3] == ["100", "3", "3-0"]


def test_pages_are_in_no_order_unless_it_is_asked_for(abap: Abap) -> None:
    assert read(abap, ROWSKIPS=1, ROWCOUNT=1) == ["1"]
    assert read(abap) == ["3", "1", "2"]
    assert read(abap, GET_SORTED="X") == ["1", "2", "3"]


def test_fields_stand_where_their_offset_says_even_behind_a_delimiter(abap: Abap) -> None:
    fields = [{"FIELDNAME": name} for name in ("ID", "TEXT1")]
    found = abap.call(
        "RFC_READ_TABLE", {"QUERY_TABLE": "ZWIDE", "FIELDS": fields, "DELIMITER": "|"}
    )
    shown = [(row["FIELDNAME"], row["OFFSET"], row["LENGTH"]) for row in found["FIELDS"]]
    assert shown == [("ID", "000000", "000010"), ("TEXT1", "000011", "000100")]
    assert found["DATA"][0]["WA"] == "3         |3-1"


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["ID = '1'"], ["1"]),
        (["ID EQ '1'", "OR ID = '2'"], ["1", "2"]),
        (["NOT ( ID = '1' OR", "ID IN ( '2', '9' ) )"], ["3"]),
        (["TEXT0 LIKE '2%' AND ID <> '3'"], ["2"]),
        (["ID >= '2' AND ID LE '2'"], ["2"]),
    ],
)
def test_conditions_select_as_abap_reads_them(
    abap: Abap, lines: list[str], found: list[str]
) -> None:
    assert read(abap, *lines) == found


@pytest.mark.parametrize(
    "lines",
    [
        ["NONE = '1'"],
        ["ID = 1 OR"],
        ["ID = '1"],
        ["ID = 'a", "b'"],
        ["ID = '1' OR '1'='1'"],
        ["ID = '1'; DELETE"],
        ["ID = '" + "x" * 80 + "'"],
    ],
)
def test_what_is_no_condition_is_refused(abap: Abap, lines: list[str]) -> None:
    """CO-T58: a line ends after 72 characters, whatever stood behind."""
    with pytest.raises(AbapFault) as refused:
        read(abap, *lines)
    assert refused.value.key == "OPTION_NOT_VALID"


def test_an_unknown_field_is_refused(abap: Abap) -> None:
    with pytest.raises(AbapFault) as refused:
        read(abap, fields=("NONE",))
    assert refused.value.key == "FIELD_NOT_VALID"


def test_help_values_are_those_that_may_be_assigned(abap: Abap) -> None:
    given = {"OBJTYPE": "USER", "OBJNAME": "USER", "METHOD": "ProfilesAssign", "FIELD": "BAPIPROF"}
    found = abap.call("BAPI_HELPVALUES_GET", given)
    assert [row["VALUES"] for row in found["VALUES_FOR_FIELD"]] == [
        "SAP_ALL",
        "SAP_NEW",
        "S_A.SHOW",
    ]
    assert abap.call("BAPI_HELPVALUES_GET", given | {"FIELD": "NONE"})["RETURN"]["TYPE"] == "E"


def test_the_seed_of_the_page_is_taken_and_a_wrong_one_is_named_with_its_place() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs/embedded-sap.md").read_text()
    shown = json.loads(page.partition("```json\n")[2].partition("```")[0])
    with serve(shown, users={"ROBOT": "Geheim-1"}) as server:
        seeded = server.gateway.abap
        assert seeded.call("BAPI_USER_GETLIST", {"MAX_ROWS": 9})["ROWS"] == 1
        assert seeded.call("BAPI_USER_GETLIST", {"MAX_ROWS": 9}, client="200")["ROWS"] == 9
        assert entries(seeded, "ZT") == ["1001"]
    for wrong, place in (
        ({"user": 1}, "abap.user:"),
        ({"users": [{"USERNAME": "meier"}]}, r"abap.users\[0\].USERNAME"),
        ({"users": [{"USERNAME": "MEIER", "ADDRESS": {"NONE": "x"}}]}, r"abap.users\[0\].ADDRESS"),
        ({"clients": {"999": {}}}, "abap.clients.999"),
    ):
        with pytest.raises(SeedError, match=place), serve({"abap": wrong}, users={}):
            pass
