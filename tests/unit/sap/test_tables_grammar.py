"""What `tables` and `subTables` say, and where a mistake stands in them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapmatch.model.errors import InputRejected
from sapmatch.model.rfc import TABLES
from sapmatch.sap.tables.grammar import Column, matched, tables_of

ROLES = TABLES[0]


def test_the_two_tables_that_are_set_from_the_start_are_roles_and_user_groups() -> None:
    tables = tables_of(TABLES)
    assert {alias: (t.table, t.names) for alias, t in tables.items()} == {
        "ACTIVITYGROUP": ("AGR_DEFINE", ("AGR_NAME", "PARENT_AGR")),
        "GROUP": ("USGRP", ("USERGROUP",)),
    }
    assert tables["GROUP"].columns == (
        Column(name="MANDT", length=3, role="ignore"),
        Column(name="USERGROUP", length=12, role="key"),
    )


def test_blanks_and_small_letters_change_nothing_and_the_alias_may_be_left_out() -> None:
    (table,) = tables_of(["\n usgrp =  mandt : 3 : ignore , usergroup : 12 : key"]).values()
    assert (table.alias, table.names) == ("USGRP", ("USERGROUP",))


def test_a_sub_table_has_a_format_a_name_and_filters() -> None:
    text = (
        "AGR_TEXTS for ACTIVITYGROUP format TSV as TEXT=MANDT:3:IGNORE,AGR_NAME:30:MATCH,"
        'SPRAS:1("E"):IGNORE,LINE:5("00000"):IGNORE,TEXT:80'
    )
    table = tables_of(TABLES, [text])["ACTIVITYGROUP"]
    (sub,) = table.subs
    assert (sub.name, sub.format, [c.name for c in sub.output]) == ("TEXT", "TSV", ["TEXT"])
    assert [(c.name, c.only) for c in sub.columns if c.only] == [("SPRAS", "E"), ("LINE", "00000")]
    assert table.names == ("AGR_NAME", "PARENT_AGR", "TEXT")


def test_a_sub_table_finds_its_root_by_the_name_of_the_table_too() -> None:
    text = "AGR_AGRS for agr_define=MANDT:3:IGNORE,AGR_NAME:30:MATCH,CHILD_AGR:30:OUTPUT"
    (sub,) = tables_of(TABLES, [text])["ACTIVITYGROUP"].subs
    assert (sub.name, sub.format) == ("AGR_AGRS", "XML")


def test_what_matches_has_the_name_of_a_key_or_stands_for_the_next_one() -> None:
    table = tables_of(
        ["T as T=A:2:KEY,B:2:KEY,C:2:KEY"],
        ["S for T=X:2:MATCH,B:2:MATCH,Y:2:MATCH,Z:5:OUTPUT"],
    )["T"]
    pairs = [(below.name, above.name) for below, above in matched(table, table.subs[0])]
    assert pairs == [("X", "A"), ("B", "B"), ("Y", "C")]


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("AGR_DEFINE as ROLE", 19, "has no '='"),
        ("=A:1:KEY", 1, "TABLE as ALIAS"),
        (" T as USER=A:1:KEY", 7, "is no alias"),
        ("T as =A:1:KEY", 1, "TABLE as ALIAS"),
        ("T as ACCOUNT=A:1:KEY", 6, "is no alias"),
        ("T as profile=A:1:KEY", 6, "is no alias"),
        ("USER=A:1:KEY", 1, "is no alias"),
        ("T'; as A=A:1:KEY", 1, "letters, digits"),
        ("T as B-C=A:1:KEY", 6, "letters, digits"),
        ("T as A=A:1,B:2", 8, "no column is the KEY"),
        ("T as A=", 8, "a column is NAME:LENGTH"),
        ("T as A=A:1:KEY,", 16, "a column is NAME:LENGTH"),
        ("T as A=A", 8, "a column is NAME:LENGTH"),
        ("T as A=A:1:KEY B:2", 8, "a column is NAME:LENGTH"),
        ("T as A=A:x:KEY", 10, "length of A"),
        ("T as A=A:0:KEY", 10, "length of A"),
        ("T as A=A:9999999999:KEY", 10, "length of A"),
        ("T as A=A:1:KEY,B:2:READ", 20, "KEY or IGNORE"),
        ("T as A=A:1:KEY,B:2,A:3", 20, "stands there twice"),
        ('T as A=A:1("E"):KEY', 13, "only columns of subTables"),
        (f"T as A={31 * 'A'}:1:KEY", 8, "up to 30"),
    ],
)
def test_a_mistake_in_tables_is_named_with_its_position(
    text: str, position: int, words: str
) -> None:
    with pytest.raises(InputRejected) as refused:
        tables_of([ROLES, text], place="connections.s4.rfc")
    (problem,) = refused.value.problems
    assert problem.field == "connections.s4.rfc.tables[1]"
    assert problem.message.startswith(f"position {position}: ")
    assert words in problem.message


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("S=A:1:MATCH,B:1", 1, "TABLE for ALIAS"),
        ("S for NOBODY=A:1:MATCH,B:1", 7, "known are ACTIVITYGROUP, GROUP"),
        ("S for GROUP format CSV=A:1:MATCH,B:1", 20, "XML or TSV"),
        ("S for GROUP=A:1:MATCH", 13, "no column is OUTPUT"),
        ("S for GROUP=A:1", 13, "no column is MATCH"),
        ("S for GROUP=A:1:MATCH,B:1:MATCH,C:1", 13, "1 KEY to match"),
        ("S for GROUP as USERGROUP=A:1:MATCH,B:1", 1, "as NAME"),
        ('S for GROUP=A:1:MATCH,B:1("EN")', 28, "more than 1 characters"),
        ('S for GROUP=A:1:MATCH,B:1("E)', 23, 'NAME:LENGTH("value")'),
    ],
)
def test_a_mistake_in_sub_tables_is_named_with_its_position(
    text: str, position: int, words: str
) -> None:
    with pytest.raises(InputRejected) as refused:
        tables_of(TABLES, [text])
    (problem,) = refused.value.problems
    assert (problem.field, problem.message.split(":")[0]) == (
        "rfc.subTables[0]",
        f"position {position}",
    )
    assert words in problem.message


def test_every_mistake_is_told_at_once() -> None:
    with pytest.raises(InputRejected) as refused:
        tables_of(["A", "B", *TABLES, ROLES], ["C"])
    fields = [problem.field for problem in refused.value.problems]
    assert fields == ["rfc.tables[0]", "rfc.tables[1]", "rfc.tables[4]", "rfc.subTables[0]"]
    assert "the alias ACTIVITYGROUP is taken already" in str(refused.value)


def test_a_root_with_two_aliases_has_to_be_named_by_one() -> None:
    with pytest.raises(InputRejected, match="has the aliases R, Q; name one of them"):
        tables_of(["T as R=A:1:KEY", "T as Q=A:1:KEY"], ["S for T=A:1:MATCH,B:1"])


@given(st.text(alphabet='AB:=,"() asforXML1\n', max_size=60))
def test_any_text_is_understood_or_refused_with_a_place(text: str) -> None:
    for tables, sub_tables in (([text], []), (list(TABLES), [text])):
        try:
            said = str(tables_of(tables, sub_tables))
        except InputRejected as exc:
            said = str(exc)
        assert "position" in said or "Table(" in said
