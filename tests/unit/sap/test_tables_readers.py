"""Rows of tables over the two modules, with their weaknesses (CO-T57, CO-T58, CO-T59)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    SapmatchError,
    SapRejected,
    SapUnavailable,
)
from sapmatch.model.rfc import Rfc, RfcResult
from sapmatch.sap.tables.batches import ReadTableReader
from sapmatch.sap.tables.fixed import cut, laid, widths
from sapmatch.sap.tables.grammar import Column
from sapmatch.sap.tables.reader import SapTables, identity, parts
from sapmatch.sap.tables.readers import EntriesReader
from tests.builders.tables_sap import TablesSap

PLACE = "connections.s4.rfc"
BOTH = pytest.mark.parametrize("function", ["RFC_GET_TABLE_ENTRIES", "RFC_READ_TABLE"])
ANY = pytest.mark.parametrize(
    "function", ["RFC_GET_TABLE_ENTRIES", "RFC_READ_TABLE", "BBP_RFC_READ_TABLE"]
)
CLIENT = ("MANDT", 3)
ROLES = (CLIENT, ("AGR_NAME", 30), ("PARENT_AGR", 30), ("CREATE_USR", 12))


def role(name: str, parent: str = "") -> dict[str, str]:
    return {"MANDT": "100", "AGR_NAME": name, "PARENT_AGR": parent, "CREATE_USR": "ADMIN"}


@pytest.fixture
def sap() -> TablesSap:
    found = TablesSap()
    found.put("AGR_DEFINE", ROLES, [role("Z_A"), role("Z_AB", "Z_A"), role("Größe_Ü", "Öl 3")])
    found.put(
        "AGR_TEXTS",
        (CLIENT, ("AGR_NAME", 30), ("SPRAS", 1), ("LINE", 5), ("TEXT", 80)),
        [
            {"MANDT": "100", "AGR_NAME": n, "SPRAS": s, "LINE": i, "TEXT": t}
            for n, s, i, t in (
                ("Z_A", "E", "00000", "Clerk <A> & B"),
                ("Z_A", "E", "00001", "more"),
                ("Z_A", "D", "00000", "Sachbearbeiter"),
                ("Z_AB", "E", "00000", "Clerk AB"),
            )
        ],
    )
    found.put(
        "AGR_AGRS",
        (CLIENT, ("AGR_NAME", 30), ("CHILD_AGR", 30), ("ATTRIBUTES", 10)),
        [
            {"MANDT": "100", "AGR_NAME": "Z_AB", "CHILD_AGR": c, "ATTRIBUTES": a}
            for c, a in (("Z_A", "x\ty"), ("Z_B", ""))
        ],
    )
    return found


def tables(sap: TablesSap, function: str, **more: object) -> SapTables:
    return SapTables(sap, Rfc(table_read_function=function, **more), "s4")  # type: ignore[arg-type]


@ANY
def test_rows_hold_the_columns_of_the_settings_whatever_sap_has_behind_them(
    sap: TablesSap, function: str
) -> None:
    """CO-T57: columns that are left out at the end, and characters of several bytes."""
    rows = list(tables(sap, function).rows("ACTIVITYGROUP"))
    assert sorted(rows, key=str) == sorted(
        [
            {"AGR_NAME": "Z_A", "PARENT_AGR": ""},
            {"AGR_NAME": "Z_AB", "PARENT_AGR": "Z_A"},
            {"AGR_NAME": "Größe_Ü", "PARENT_AGR": "Öl 3"},
        ],
        key=str,
    )


@ANY
def test_a_key_finds_exactly_its_row_and_none_that_begins_like_it(
    sap: TablesSap, function: str
) -> None:
    """CO-T57: 9749 is not 97490."""
    read = tables(sap, function)
    assert [row["AGR_NAME"] for row in read.rows("activitygroup", ("Z_A",))] == ["Z_A"]
    assert list(read.rows("ACTIVITYGROUP", ("Z_",))) == []


def test_the_beginning_of_the_key_is_what_sap_is_asked_for(sap: TablesSap) -> None:
    list(tables(sap, "RFC_GET_TABLE_ENTRIES").rows("ACTIVITYGROUP", ("Z_A",)))
    assert sap.calls[0][1] == {"TABLE_NAME": "AGR_DEFINE", "GEN_KEY": "Z_A"}


def test_a_key_that_begins_with_the_client_is_found_as_well(sap: TablesSap) -> None:
    """CO-T57: both ways to read GEN_KEY are tried until one finds a row, then only that one."""
    sap.key_holds_client = True
    read = tables(sap, "RFC_GET_TABLE_ENTRIES")
    assert [row["AGR_NAME"] for row in read.rows("ACTIVITYGROUP", ("Z_A",))] == ["Z_A"]
    keys = [call[1].get("GEN_KEY") for call in sap.calls]
    assert keys == ["Z_A", None, "100Z_A"]
    assert list(read.rows("ACTIVITYGROUP", ("Z_NONE",))) == []
    assert [call[1].get("GEN_KEY") for call in sap.calls[3:]] == ["100Z_NONE"]


@ANY
def test_an_empty_table_is_no_rows(sap: TablesSap, function: str) -> None:
    """CO-T57: TABLE_EMPTY."""
    sap.put("USGRP", (CLIENT, ("USERGROUP", 12)), [])
    assert list(tables(sap, function).rows("GROUP")) == []


@ANY
def test_an_injection_as_key_finds_nothing(sap: TablesSap, function: str) -> None:
    """CO-T58."""
    assert list(tables(sap, function).rows("ACTIVITYGROUP", ("' OR '1'='1",))) == []


@ANY
def test_a_key_of_several_columns_is_one_text_and_comes_apart_again(
    sap: TablesSap, function: str
) -> None:
    """CO-T57: composite key."""
    sap.put("TOBJ", (("A", 5), ("B", 5), ("C", 5)), [{"A": "x:y", "B": "1\\", "C": "c"}])
    read = tables(sap, function, tables=("TOBJ as T=A:5:KEY,B:5:KEY,C:5",), any_table=True)
    (row,) = read.rows("T", ("x:y",))
    (table,) = read._tables.values()
    assert identity(table, row) == "x\\:y:1\\\\"
    assert parts("x\\:y:1\\\\") == ("x:y", "1\\")


@given(st.lists(st.text(alphabet="ab:\\ ", max_size=6), min_size=1, max_size=4))
def test_any_values_of_a_key_come_back_from_its_text(values: list[str]) -> None:
    text = ":".join(value.replace("\\", "\\\\").replace(":", "\\:") for value in values)
    assert parts(text) == tuple(values)


TEXT = (
    "AGR_TEXTS for ACTIVITYGROUP as TEXT=MANDT:3:IGNORE,AGR_NAME:30:MATCH,"
    'SPRAS:1("E"):IGNORE,LINE:5:IGNORE,TEXT:80'
)
CHILD = (
    "AGR_AGRS for ACTIVITYGROUP format {}=MANDT:3:IGNORE,AGR_NAME:30:MATCH,CHILD_AGR:30,"
    "ATTRIBUTES:10"
)


@ANY
@pytest.mark.parametrize("one", [False, True])
def test_rows_of_sub_tables_stand_in_a_column_of_their_root(
    sap: TablesSap, function: str, one: bool
) -> None:
    subs = (TEXT, CHILD.format("TSV"))
    read = tables(sap, function, sub_tables=subs)
    rows = {
        row["AGR_NAME"]: row
        for name in (("Z_A",), ("Z_AB",))
        for row in read.rows("ACTIVITYGROUP", name if one else ())
    }
    assert rows["Z_A"]["TEXT"] == (
        "<item><TEXT>Clerk &lt;A&gt; &amp; B</TEXT></item>\n<item><TEXT>more</TEXT></item>"
    )
    assert rows["Z_A"]["AGR_AGRS"] == ""
    assert rows["Z_AB"]["AGR_AGRS"] == "Z_A\tx\\ty\nZ_B\t"


@ANY
def test_all_roots_cost_one_reading_of_a_sub_table(sap: TablesSap, function: str) -> None:
    list(tables(sap, function, sub_tables=(CHILD.format("XML"),)).rows("ACTIVITYGROUP"))
    assert len(sap.calls) == 2


COLUMNS = [Column(name=name, length=length) for name, length in (("A", 3), ("B", 10), ("C", 1))]
CELL = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs"]), max_size=10)


@given(st.tuples(CELL, CELL, CELL))
def test_any_row_that_is_laid_out_comes_back_cut(cells: tuple[str, ...]) -> None:
    """CO-T57: characters are counted, not bytes; SAP cuts the blanks at the end of a row."""
    row = {c.name: v[: c.length].rstrip(" ") for c, v in zip(COLUMNS, cells, strict=True)}
    assert cut(laid(row, COLUMNS).rstrip(" "), widths(COLUMNS)) == row


SAFE = st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cc"]), max_size=5).map(
    lambda text: text.rstrip(" ")
)


@given(st.lists(st.tuples(SAFE, SAFE, SAFE), unique=True, max_size=12), st.integers(2, 6))
def test_both_modules_bring_any_rows_as_they_are(rows: list[tuple[str, str, str]], n: int) -> None:
    """CO-T57: whatever stands in them, and however they are paged."""
    sap = TablesSap()
    columns = (("A", 5), ("B", 5), ("C", 5))
    wanted = [dict(zip("ABC", row, strict=True)) for row in rows]
    sap.put("T", columns, wanted)
    described = [Column(name=name, length=5, role="key") for name in "AB"]
    described.append(Column(name="C", length=5))
    entries = list(EntriesReader(sap, PLACE).rows("T", described, []))
    assert sorted(entries, key=str) == sorted(wanted, key=str)
    paged_rows = list(
        ReadTableReader(sap, PLACE, "RFC_READ_TABLE", page=n).rows("T", described, [])
    )
    assert sorted(paged_rows, key=str) == sorted(wanted, key=str)


WIDE = ("K:4:KEY,L:4:KEY", *(f"C{n}:200" for n in range(5)))
WIDE_COLUMNS = (("K", 4), ("L", 4), *((f"C{n}", 200) for n in range(5)))


def wide_rows(count: int) -> list[dict[str, str]]:
    return [
        {"K": str(n), "L": "l", **{f"C{i}": f"{n}-{i}" for i in range(5)}} for n in range(count)
    ]


def wide(widest: int, **options: bool) -> tuple[TablesSap, SapTables]:
    sap = TablesSap(widest=widest, **options)
    sap.put("ZWIDE", WIDE_COLUMNS, wide_rows(7))
    rfc = {"tables": (f"ZWIDE as W={','.join(WIDE)}",), "any_table": True}
    return sap, tables(sap, "RFC_READ_TABLE", **rfc)


@pytest.mark.parametrize("widest", [512, 408, 208])
def test_a_row_too_wide_for_sap_comes_in_parts_that_are_joined_by_its_keys(widest: int) -> None:
    """CO-T59: what the lengths tell is parted at once, what SAP refuses is parted then."""
    sap, read = wide(widest)
    assert list(read.rows("W")) == wide_rows(7)
    for _, _, asked in sap.calls:
        assert [row["FIELDNAME"] for row in asked["FIELDS"]][:2] == ["K", "L"]


def test_a_column_that_is_too_wide_alone_is_named() -> None:
    """CO-T59."""
    _, read = wide(100)
    with pytest.raises(SapRejected, match="ZWIDE is too wide to be read together with its keys"):
        list(read.rows("W"))


def test_parts_that_hold_other_rows_are_read_anew() -> None:
    """CO-T59: a row went away between two calls."""
    sap, read = wide(512)
    sap.changes = [(2, "ZWIDE", wide_rows(6))]
    assert list(read.rows("W")) == wide_rows(6)


def test_parts_that_never_agree_are_no_rows() -> None:
    sap, read = wide(512)
    sap.changes = [(n, "ZWIDE", wide_rows(n % 5)) for n in range(2, 30)]
    with pytest.raises(SapUnavailable, match="changes while its columns are read"):
        list(read.rows("W"))


def test_parts_cannot_be_joined_where_the_keys_tell_nothing_apart() -> None:
    sap, read = wide(512)
    sap.put("ZWIDE", WIDE_COLUMNS, [*wide_rows(2), {**wide_rows(2)[0], "C0": "other"}])
    with pytest.raises(InputRejected, match="K, L do not tell the rows of ZWIDE apart"):
        list(read.rows("W"))


def test_long_rows_come_at_once_where_no_xml_carries_them() -> None:
    sap, read = wide(512, stateful=True)
    assert list(read.rows("W")) == wide_rows(7)
    assert [call[1]["USE_ET_DATA_4_RETURN"] for call in sap.calls] == ["X"]


@BOTH
@pytest.mark.parametrize(
    ("key", "kind", "words"),
    [
        ("TABLE_NOT_AVAILABLE", InputRejected, "SAP knows no table AGR_DEFINE"),
        ("TABLE_WITHOUT_DATA", InputRejected, "structure or a view"),
        ("FIELD_NOT_VALID", InputRejected, "lacks one of the columns MANDT, AGR_NAME"),
        ("OPTION_NOT_VALID", InputRejected, "does not understand the condition"),
        ("NOT_AUTHORIZED", AuthorizationMissing, "S_TABU_NAM.*S_TABU_DIS"),
        ("DATA_BUFFER_EXCEEDED", SapRejected, "too wide"),
        ("INTERNAL_ERROR", SapRejected, "INTERNAL_ERROR"),
    ],
)
def test_what_sap_says_to_a_table_is_told_with_its_remedy(
    sap: TablesSap, function: str, key: str, kind: type[SapmatchError], words: str
) -> None:
    sap.fails["AGR_DEFINE"] = key
    columns = "MANDT:3,AGR_NAME:30:KEY"
    read = tables(sap, function, tables=(f"AGR_DEFINE as ROLE={columns}",))
    with pytest.raises(kind, match=words):
        list(read.rows("ROLE"))


def test_a_row_too_wide_for_the_other_module_names_what_to_take() -> None:
    sap = TablesSap()
    rfc = {"tables": (f"ZWIDE as W={','.join(WIDE)}",), "any_table": True}
    with pytest.raises(InputRejected, match=r"returns 512 characters .* have 1008; .* RFC_READ"):
        list(tables(sap, "RFC_GET_TABLE_ENTRIES", **rfc).rows("W"))
    assert sap.calls == []


def test_an_alias_that_nobody_described_is_refused_with_those_that_are_known(
    sap: TablesSap,
) -> None:
    with pytest.raises(InputRejected, match="known are ACTIVITYGROUP, GROUP"):
        list(tables(sap, "RFC_READ_TABLE").rows("ROLE"))


def test_aliases_name_their_columns_keys_first(sap: TablesSap) -> None:
    assert tables(sap, "RFC_READ_TABLE").aliases() == {
        "ACTIVITYGROUP": ("AGR_NAME", "PARENT_AGR"),
        "GROUP": ("USERGROUP",),
    }


@pytest.mark.parametrize("stateful", [False, True])
def test_a_release_that_refuses_the_newer_parameters_is_asked_without_them(
    stateful: bool,
) -> None:
    sap, read = wide(512, stateful=stateful)
    sap.refuses = frozenset({"GET_SORTED", "USE_ET_DATA_4_RETURN"})
    assert list(read.rows("W")) == wide_rows(7)
    assert all(not sap.refuses & set(call[1]) for call in sap.calls[1:])


@pytest.mark.parametrize(
    ("function", "table"),
    [
        ("RFC_GET_TABLE_ENTRIES", "ENTRIES"),
        ("RFC_READ_TABLE", "DATA"),
        ("RFC_READ_TABLE", "FIELDS"),
    ],
)
def test_an_answer_without_its_rows_is_no_empty_table(
    sap: TablesSap, function: str, table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = sap.call

    def call(*given: Any, **named: Any) -> RfcResult:
        found = whole(*given, **named)
        return replace(found, tables={**found.tables, table: []}, absent=(table,))

    monkeypatch.setattr(sap, "call", call)
    with pytest.raises(SapUnavailable, match=f"not complete: {table} is missing"):
        list(tables(sap, function).rows("ACTIVITYGROUP"))
