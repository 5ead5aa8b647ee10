"""`sapmatch tables`."""

import json
from pathlib import Path
from typing import Any

import pytest

from sapmatch.cli import main
from tests.builders.user_commands import Side, stand_in

Capture = pytest.CaptureFixture[str]
MORE = """
anyTable = true
tables = ["ZKEYS as KEYS=MANDT:3:IGNORE,A:5:KEY,B:5:KEY,TEXT:10"]
subTables = ["ZBELOW for KEYS format TSV as BELOW=MANDT:3:IGNORE,A:5:MATCH,B:5:MATCH,X:3"]
"""
KEYS = (("MANDT", 3), ("A", 5), ("B", 5), ("TEXT", 10))
BELOW = (("MANDT", 3), ("A", 5), ("B", 5), ("X", 3))


@pytest.fixture
def side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Side:
    import tomllib

    described: dict[str, Any] = tomllib.loads(MORE)
    found = stand_in(
        monkeypatch,
        tmp_path,
        more=MORE,
        any_table=True,
        tables=tuple(described["tables"]),
        sub_tables=tuple(described["subTables"]),
    )
    rows = [{"A": "x:y", "B": "1", "TEXT": "one"}, {"A": "x", "B": "1", "TEXT": "two"}]
    found.transport.put("ZKEYS", KEYS, rows)
    found.transport.put("ZBELOW", BELOW, [{"A": "x", "B": "1", "X": v} for v in ("p", "q")])
    return found


def lines(capsys: Capture) -> list[Any]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_list_names_what_the_settings_describe_and_asks_nobody(side: Side, capsys: Capture) -> None:
    assert main(["tables", "list", "s4", "--json"]) == 0
    assert lines(capsys) == [
        {
            "alias": "KEYS",
            "table": "ZKEYS",
            "keys": ["A", "B"],
            "columns": ["A", "B", "TEXT", "BELOW"],
            "sub_tables": ["ZBELOW"],
        }
    ]
    assert side.transport.calls == []
    assert main(["tables", "list", "s4"]) == 0
    assert "ZBELOW" in capsys.readouterr().out


def test_a_row_has_its_key_as_one_text_and_as_an_object(side: Side, capsys: Capture) -> None:
    """CO-T57."""
    assert main(["tables", "read", "s4", "keys", "--json"]) == 0
    first, second = lines(capsys)
    assert (first["id"], first["key"]) == ("x\\:y:1", {"A": "x:y", "B": "1"})
    assert second["row"] == {"A": "x", "B": "1", "TEXT": "two", "BELOW": ["p", "q"]}


@pytest.mark.parametrize(("key", "text"), [("x\\:y:1", "one"), ("x:1", "two")])
def test_a_key_as_it_was_printed_finds_its_row(
    side: Side, capsys: Capture, key: str, text: str
) -> None:
    assert main(["tables", "read", "s4", "KEYS", "--key", key, "--json"]) == 0
    assert [line["row"]["TEXT"] for line in lines(capsys)] == [text]


def test_a_key_that_no_row_has_is_told(side: Side, capsys: Capture) -> None:
    assert main(["tables", "read", "s4", "KEYS", "--key", "x:9", "--json"]) == 0
    shown = capsys.readouterr()
    assert (shown.out, shown.err) == ("", "no row is like that\n")


def test_people_see_a_table(side: Side, capsys: Capture) -> None:
    assert main(["tables", "read", "s4", "KEYS"]) == 0
    assert "BELOW" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["NOBODY"], "known are KEYS"),
        (["KEYS", "--key", "a:b:c"], "the key has 3 parts, and the table 2: A, B"),
        (["KEYS", "--key", "toolong"], "A: the value has 7 characters, the column 5"),
    ],
)
def test_wrong_questions_are_one_sentence(
    side: Side, capsys: Capture, options: list[str], words: str
) -> None:
    assert main(["tables", "read", "s4", *options]) == 2
    assert words in capsys.readouterr().err
    assert side.transport.calls == []


def test_a_connection_without_function_modules_is_told(side: Side, capsys: Capture) -> None:
    text = Path("sapmatch.toml").read_text()
    Path("sapmatch.toml").write_text(text.partition("[connections.s4.rfc]")[0])
    assert main(["tables", "list", "s4"]) == 2
    assert "[connections.s4.rfc]: is missing" in capsys.readouterr().err
