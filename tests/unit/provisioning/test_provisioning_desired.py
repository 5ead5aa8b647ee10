"""Files of desired users: what they may say, and how every mistake is named."""

import json
import random
from datetime import date
from typing import Any

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.users import UserChange
from sapmatch.provisioning.desired import (
    Desired,
    Language,
    desired_users,
    plain_split,
    plain_typed,
)
from sapmatch.provisioning.rows import MOST_BYTES, read_rows
from tests.builders.memory_users import CHILD, MemoryUsers, rows_of, split

ONE = {"USERNAME": "MMUELLER", "ADDRESS.LASTNAME": "Müller"}


def read(data: bytes | str | list[Any], most: int = 100, *, central: bool = False) -> Desired:
    if isinstance(data, list):
        data = json.dumps(data)
    raw = data.encode() if isinstance(data, str) else data
    language = Language(
        split=split if central else plain_split,
        rows=rows_of,
        typed=plain_typed,
        check=MemoryUsers().check,
    )
    return desired_users(raw, most, language)


def one(**row: Any) -> UserChange:
    found = read([{"USERNAME": "MMUELLER"} | row])
    assert not found.problems, found.problems
    return found.users[0].change


def mistakes(*rows: Any, central: bool = False) -> list[tuple[str | None, str]]:
    found = read(list(rows), central=central)
    return [(problem.field, problem.message) for problem in found.problems]


def whole(data: bytes | str, most: int = 100) -> str:
    with pytest.raises(InputRejected) as caught:
        read(data, most)
    return str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        json.dumps([ONE]),
        json.dumps({"users": [ONE]}),
        json.dumps(ONE),
        json.dumps(ONE) + "\n",
        "\ufeff" + json.dumps([ONE]),
        f"\n {json.dumps([ONE])} \n",
        "USERNAME,ADDRESS.LASTNAME\nMMUELLER,Müller\n",
        "USERNAME;ADDRESS.LASTNAME\r\nMMUELLER;Müller\r\n",
        "\ufeffusername\taddress.lastname\nmmueller\tMüller",
        '"USERNAME","ADDRESS.LASTNAME"\n"MMUELLER","Müller"\n',
    ],
)
def test_one_user_is_the_same_in_every_form_of_a_file(data: str) -> None:
    found = read(data)
    assert not found.problems
    assert found.users[0].change == UserChange(
        name="MMUELLER", fields={"ADDRESS.LASTNAME": "Müller"}
    )


def test_objects_stand_one_a_line_and_blank_lines_are_no_rows() -> None:
    other = {"USERNAME": "B"}
    found = read(f"{json.dumps(ONE)}\n\n{json.dumps(other)}\n")
    assert [(each.row, each.change.name) for each in found.users] == [(1, "MMUELLER"), (2, "B")]


def test_what_a_row_does_not_name_stays_as_it_is() -> None:
    change = one()
    assert change == UserChange(name="MMUELLER")
    assert change.locked is None
    assert change.role_names is None


def test_only_a_stated_presence_unlocks() -> None:
    assert one(STATE="present").locked is False
    assert one(STATE="locked").locked is True
    assert one(**{"ADDRESS.LASTNAME": "X"}).locked is None


def test_lists_days_and_parameters_are_read() -> None:
    change = one(
        **{
            "ACTIVITYGROUPS.AGR_NAME": ["z_buyer", "Z_CLERK", "Z_BUYER"],
            "PROFILES.BAPIPROF": ["Z_PROF"],
            "GROUPS.USERGROUP": [],
            "PARAMETER": {"buk": "1010"},
            "VALID_FROM": "2026-01-01",
            "VALID_TO": "2026-12-31",
        }
    )
    assert change.role_names == ("Z_BUYER", "Z_CLERK")
    assert change.profiles is not None
    assert change.profiles[0].name == "Z_PROF"
    assert change.groups == ()
    assert change.parameters == {"BUK": "1010"}
    assert change.fields["LOGONDATA.GLTGV"] == date(2026, 1, 1)
    assert change.fields["LOGONDATA.GLTGB"] == date(2026, 12, 31)


def test_an_empty_text_clears_a_field_and_an_empty_cell_says_nothing() -> None:
    assert one(**{"ADDRESS.DEPARTMENT": "", "VALID_TO": ""}).fields == {
        "ADDRESS.DEPARTMENT": "",
        "LOGONDATA.GLTGB": None,
    }
    table = read("USERNAME,ADDRESS.LASTNAME,ACTIVITYGROUPS.AGR_NAME\nA,,Z_BUYER|Z_CLERK\n")
    assert table.users[0].change == UserChange(name="A", role_names=("Z_BUYER", "Z_CLERK"))


def test_rows_of_roles_are_read_by_the_callable_that_knows_them() -> None:
    row = {"AGR_NAME": "Z_BUYER", "FROM_DAT": "2026-01-01", "TO_DAT": "2026-06-30"}
    roles = one(ACTIVITYGROUPS=[row]).roles
    assert roles is not None
    assert roles[0].valid_to == date(2026, 6, 30)


def test_rows_without_a_system_are_of_the_central_system_itself() -> None:
    """CO-T50"""
    row = {"AGR_NAME": "Z:FI_CLERK", "FROM_DAT": "2026-01-01", "TO_DAT": "2026-06-30"}
    found = read([{"USERNAME": "A", "ACTIVITYGROUPS": [row]}], central=True)
    roles = found.users[0].change.roles
    assert roles is not None
    assert (roles[0].system, roles[0].name) == ("S4HCLNT100", "Z:FI_CLERK")


@pytest.mark.parametrize(
    ("row", "field", "message"),
    [
        ({"USERNAME": ""}, "USERNAME", "is missing"),
        ({"ADDRESS.LASTNAME": "X"}, "USERNAME", "is missing"),
        ({"USERNAME": "ABCDEFGHIJKLM"}, "USERNAME", "longer than 12"),
        ({"USERNAME": 5}, "USERNAME", "must be a text"),
        ({"USERNAME": "A\nB"}, "USERNAME", "control character"),
        ({"USERNAME": "A\ud800"}, "USERNAME", "half a character"),
        ({"USERNAME": "A", "STATE": "gone"}, "STATE", "must be one of"),
        ({"USERNAME": "A", "STATE": True}, "STATE", "must be one of"),
        ({"USERNAME": "A", "STATE": ["present"]}, "STATE", "must be one of"),
        ({"USERNAME": "A", "ADDRESS.LASTNAME": None}, "ADDRESS.LASTNAME", "is null"),
        ({"USERNAME": "A", "ADDRESS.LASTNAME": True}, "ADDRESS.LASTNAME", "a text or a number"),
        ({"USERNAME": "A", "ADDRESS.LASTNAME": ["X"]}, "ADDRESS.LASTNAME", "a text or a number"),
        ({"USERNAME": "A", "ADDRESS.LASTNAME": "X" * 41}, "ADDRESS.LASTNAME", "is too long"),
        ({"USERNAME": "A", "ADDRESS.SHOE": "44"}, "ADDRESS.SHOE", "is no field"),
        ({"USERNAME": "A", "LASTNAME": "X"}, "LASTNAME", "is no field"),
        ({"USERNAME": "A", "ALL_ACTIVITYGROUPS": []}, "ALL_ACTIVITYGROUPS", "is no field"),
        ({"USERNAME": "A", "ACTIVITYGROUPS.TO_DAT": "x"}, "ACTIVITYGROUPS.TO_DAT", "is no field"),
        ({"USERNAME": "A", "SYSTEMS": "S4HCLNT100"}, "SYSTEMS", "must be a list"),
        ({"USERNAME": "A", "SYSTEMS": [5]}, "SYSTEMS", "must be a text"),
        ({"USERNAME": "A", "GROUPS.USERGROUP": [" "]}, "GROUPS.USERGROUP", "an empty name"),
        ({"USERNAME": "A", "PARAMETER": ["BUK"]}, "PARAMETER", "must be an object"),
        ({"USERNAME": "A", "PARAMETER": {"BUK": 1}}, "PARAMETER.BUK", "must be a text"),
        ({"USERNAME": "A", "VALID_TO": "31.12.2026"}, "VALID_TO", "a day as 2026-12-31"),
        ({"USERNAME": "A", "ACTIVITYGROUPS": "<x/>"}, "ACTIVITYGROUPS", "must be a list"),
        ({"USERNAME": "A", "ACTIVITYGROUPS": [{}]}, "ACTIVITYGROUPS[1]", "names no role"),
        ({"USERNAME": "A", "STATE": "absent", "SYSTEMS": []}, "SYSTEMS", "to be absent"),
        ("MMUELLER", None, "must be an object"),
    ],
)
def test_a_wrong_row_is_named_by_row_and_field(row: Any, field: str | None, message: str) -> None:
    found = mistakes(ONE, row)
    assert len(found) == 1, found
    assert found[0][0] == (f"row 2: {field}" if field else "row 2")
    assert message in found[0][1]


def test_an_indirect_role_is_refused_in_a_row() -> None:
    """CO-T45"""
    row = {"AGR_NAME": "Z", "FROM_DAT": "2026-01-01", "TO_DAT": "2026-06-30", "ORG_FLAG": "C"}
    assert "indirect" in mistakes({"USERNAME": "A", "ACTIVITYGROUPS": [row]})[0][1]


def test_names_and_rows_of_roles_exclude_each_other() -> None:
    """CO-T46"""
    row = {"USERNAME": "A", "ACTIVITYGROUPS.AGR_NAME": ["Z"], "ACTIVITYGROUPS": []}
    assert "not both" in mistakes(row)[0][1]


def test_the_same_day_under_two_names_and_days_the_wrong_way_round_are_refused() -> None:
    both = {"USERNAME": "A", "VALID_TO": "2026-01-01", "LOGONDATA.GLTGB": "2026-01-01"}
    assert "keep one" in mistakes(both)[0][1]
    turned = {"USERNAME": "A", "VALID_FROM": "2026-02-01", "VALID_TO": "2026-01-01"}
    assert "is before" in mistakes(turned)[0][1]


def test_the_same_user_twice_is_refused_whatever_its_case() -> None:
    found = mistakes({"USERNAME": "a"}, {"USERNAME": "B"}, {"USERNAME": "A "})
    assert found == [
        ("row 3: USERNAME", "is the user of row 1 again; keep one row for each user"),
    ]


@pytest.mark.parametrize(
    "key",
    ["PASSWORD", "password.bapipwd", "INITIAL_PWD", "Kennwort", "LOGONDATA.BCODE", "PASSWORD2"],
)
def test_a_password_is_refused_and_never_repeated(key: str) -> None:
    found = read([{"USERNAME": "A", key: "Geheim123!"}])
    assert "passwords never stand in files" in found.problems[0].message
    assert "Geheim" not in repr(found)


def test_all_mistakes_of_all_rows_are_told_at_once() -> None:
    found = mistakes(
        {"USERNAME": "A", "STATE": "x", "ADDRESS.SHOE": "1"},
        {"USERNAME": "", "PASSWORD": "x"},
        {"USERNAME": "C", "ADDRESS.LASTNAME": "X" * 41, "LOGONDATA.NIX": "1"},
    )
    assert [field for field, _ in found] == [
        "row 1: STATE",
        "row 1: ADDRESS.SHOE",
        "row 2: USERNAME",
        "row 2: PASSWORD",
        "row 3: ADDRESS.LASTNAME",
        "row 3: LOGONDATA.NIX",
    ]


def test_a_message_holds_no_value_of_the_file() -> None:
    found = read(
        [{"USERNAME": "GEHEIMNAME", "ADDRESS.LASTNAME": "X" * 41, "VALID_TO": "Vorgestern"}]
    )
    told = " ".join(f"{each.field} {each.message}" for each in found.problems)
    assert "GEHEIMNAME" not in told
    assert "Vorgestern" not in told
    assert {each.values["user"] for each in found.problems} == {"GEHEIMNAME"}


def test_a_name_that_stands_twice_is_a_mistake_however_it_is_written() -> None:
    """One of the two values would be lost without a word."""
    found = read('[{"USERNAME": "A", "ADDRESS.LASTNAME": "X", "address.lastname": "Y"}]')
    assert found.problems[0].field == "row 1: address.lastname"
    assert "twice" in found.problems[0].message
    assert not found.users
    inner = read('[{"USERNAME": "A", "PARAMETER": {"BUK": "1", "BUK": "2"}}]')
    assert inner.problems[0].field == "row 1: PARAMETER.BUK"


def test_keys_that_are_the_same_but_for_blanks_are_a_mistake() -> None:
    found = read('[{"USERNAME": "A", "ADDRESS.LASTNAME": "X", "ADDRESS.LASTNAME ": "Y"}]')
    assert "twice" in found.problems[0].message


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "is empty"),
        (" \n\t", "is empty"),
        ("[]", "names no user"),
        ('{"users": []}', "names no user"),
        ('{"users": {}}', "hold nothing else"),
        ('{"users": [], "more": 1}', "hold nothing else"),
        ('[{"USERNAME": "A"}', "comma, a row or ]"),
        ('[{"USERNAME": "A"},]', "comma, a row or ]"),
        ('[{"USERNAME": "A"}] x', "behind the ]"),
        ('[{"USERNAME": NaN}]', "is no number of JSON"),
        ('[{"USERNAME": "A", "X": 1e999999}]', "too many digits"),
        ('[{"USERNAME": "A", "X": ' + "9" * 5000 + "}]", "too many digits"),
        ("[" * 100_000, "nested too deep"),
        ("NAME,LASTNAME\nA,B", "no column USERNAME"),
        ("USERNAME,STATE,state\nA,,", "names STATE twice"),
        ("USERNAME,,STATE\nA,,", "column 2 has no name"),
        ('USERNAME,STATE\n"A,present', "is no CSV"),
        ("USERNAME\n" + "A" * 200_000, "is no CSV"),
        (b"USERNAME\n\xff\xfe", "is not UTF-8 (line 2)"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(data: bytes | str, message: str) -> None:
    assert message in whole(data)


def test_a_line_that_is_no_json_is_the_mistake_of_that_row_only() -> None:
    found = read(f'{json.dumps(ONE)}\n{{"USERNAME": \n{{"USERNAME": "B"}}\n')
    assert [each.change.name for each in found.users] == ["MMUELLER", "B"]
    assert found.problems[0].field == "row 2"


def test_cells_that_do_not_fit_the_columns_are_a_mistake() -> None:
    found = read("USERNAME,STATE\nA,present,x\nB\nC,locked\n")
    assert [problem.field for problem in found.problems] == ["row 1", "row 2"]
    assert [each.change.name for each in found.users] == ["C"]


def test_rows_and_parameters_cannot_stand_in_a_cell() -> None:
    found = read("USERNAME,PARAMETER,ACTIVITYGROUPS\nA,BUK=1,<x/>\n")
    assert [problem.message for problem in found.problems] == [
        "cannot stand in a cell; write such users as JSON",
        "cannot stand in a cell; write such users as JSON",
    ]


@pytest.mark.parametrize("form", ["json", "lines", "csv"])
def test_too_many_rows_are_refused_before_all_of_them_are_read(form: str) -> None:
    names = [{"USERNAME": f"U{number}"} for number in range(4)]
    data = {
        "json": json.dumps(names),
        "lines": "\n".join(map(json.dumps, names)),
        "csv": "USERNAME\n" + "\n".join(each["USERNAME"] for each in names),
    }[form]
    assert len(read(data, most=4).users) == 4
    assert "has over 3 rows (max_users)" in whole(data, most=3)


def test_a_file_that_is_too_large_is_not_even_decoded() -> None:
    with pytest.raises(InputRejected, match=f"is over {MOST_BYTES} bytes"):
        read_rows(b"\xff" * (MOST_BYTES + 1), 1)


def test_an_unknown_system_is_named_by_its_row() -> None:
    """CO-T50"""
    found = mistakes({"USERNAME": "A", "ACTIVITYGROUPS.AGR_NAME": ["XYZCLNT900:Z"]}, central=True)
    assert found[0][0] == "row 1: ACTIVITYGROUPS.AGR_NAME"
    assert "XYZCLNT900" in found[0][1]
    good = [f"{CHILD}:Z_BUYER", "Z:FI_CLERK", "/SAPAPO/X"]
    assert not mistakes({"USERNAME": "A", "ACTIVITYGROUPS.AGR_NAME": good}, central=True)


@pytest.mark.parametrize("seed", range(300))
def test_whatever_a_file_holds_it_is_read_or_refused_in_words(seed: int) -> None:
    """Seeded: bytes of a good file are cut, doubled, dropped and replaced."""
    chance = random.Random(seed)
    good = [
        json.dumps([ONE, {"USERNAME": "B", "PARAMETER": {"X": "1"}, "STATE": "locked"}]),
        "\n".join(json.dumps(ONE | {"USERNAME": f"U{n}"}) for n in range(4)),
        'USERNAME;STATE;"ADDRESS.LASTNAME"\nA;;"Mü""ller"\nB;locked;\n',
    ]
    data = bytearray(good[seed % 3].encode())
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data))
        match chance.randrange(4):
            case 0:
                del data[at : at + chance.randint(1, 9)]
            case 1:
                data[at:at] = data[at : at + 5]
            case 2:
                data[at] = chance.randrange(256)
            case _:
                data[at:at] = chance.choice([b'"', b"{", b"[", b"\x00", b"\\ud800", b"null", b"|"])
        data = data or bytearray(b" ")
    try:
        found = read(bytes(data))
    except InputRejected as exc:
        assert str(exc)  # noqa: PT017
        return
    assert found.users or found.problems
    assert all(problem.message.isprintable() for problem in found.problems)
