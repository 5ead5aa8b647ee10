"""Files as people write them: what is read exactly, and what is refused by row and field."""

from decimal import Decimal
from typing import Any

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.writing.files.rows import MOST_BYTES, read_rows, require_size


def records(data: str | bytes) -> list[Any]:
    rows = read_rows(data.encode() if isinstance(data, str) else data).rows
    assert not [row.problems for row in rows if row.problems]
    return [row.record for row in rows]


def in_rows(data: str | bytes) -> list[str]:
    """Mistakes of single rows, in a file that is read all the same."""
    rows = read_rows(data.encode() if isinstance(data, str) else data).rows
    return [f"{problem.field}: {problem.message}" for row in rows for problem in row.problems]


def of_file(data: str | bytes, most: int = 10) -> str:
    """The first mistake of a file that is refused as a whole."""
    with pytest.raises(InputRejected) as refused:
        read_rows(data.encode() if isinstance(data, str) else data, most)
    first = refused.value.problems[0]
    return f"{first.field}: {first.message}"


@pytest.mark.parametrize(
    "data",
    [
        '[{"A":"1","B":"x"},{"A":"2","B":"y"}]',
        ' [ {"A":"1","B":"x"} ,\r\n {"A":"2","B":"y"} ] ',
        '{"A":"1","B":"x"}\r\n\r\n{"A":"2","B":"y"}\r\n',
        "A,B\n1,x\n2,y\n",
        "A;B\r\n1;x\r\n2;y",
        "A\tB\n1\tx\n\n2\ty\n",
        '"A";"B"\n"1";"x"\n"2";"y"\n',
        "A,B,,\n1,x,,\n2,y,,\n,,,\n",
    ],
    ids=["array", "wide array", "lines", "comma", "semicolon", "tab", "quoted", "empty columns"],
)
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "byte order mark"])
def test_every_form_of_a_file_holds_the_same_records(data: str, mark: bytes) -> None:
    assert records(mark + data.encode()) == [{"A": "1", "B": "x"}, {"A": "2", "B": "y"}]


def test_numbers_keep_their_digits() -> None:
    """OD-P41: never through a float."""
    (record,) = records('{"A":10.10,"B":12345678901234567890.123,"C":7,"D":-0.50}')
    assert record == {
        "A": Decimal("10.10"),
        "B": Decimal("12345678901234567890.123"),
        "C": 7,
        "D": Decimal("-0.50"),
    }
    assert str(record["A"]) == "10.10"


@pytest.mark.parametrize("number", ["1e5", "1E-2", "1.5e3", "NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_none_of_sap_is_named_by_row_and_field(number: str) -> None:
    (found,) = in_rows(f'[{{"A":1}},{{"A":1,"Amount":{number}}}]')
    assert found.startswith("row 2: Amount: is ")


def test_a_number_with_thousands_of_digits_is_named() -> None:
    found = in_rows(f'[{{"A":{"9" * 5000},"B":0.{"1" * 5000}}}]')
    assert [mistake.split(": ")[:2] for mistake in found] == [["row 1", "A"], ["row 1", "B"]]


def test_a_name_that_stands_twice_in_an_object_is_named_wherever_it_is() -> None:
    found = in_rows('[{"A":1,"A":2,"to_Item":[{"B":1},{"B":1,"C":2,"B":3}]}]')
    assert found == [
        "row 1: A: stands twice in one object; keep one",
        "row 1: to_Item[1].B: stands twice in one object; keep one",
    ]


def test_half_a_character_is_named_and_never_reaches_the_encoder() -> None:
    found = in_rows('[{"A":"\\ud800"},{"\\udc00":"x"}]')
    assert [mistake.split(": ")[0] for mistake in found] == ["row 1", "row 2"]
    found[1].encode()


@pytest.mark.parametrize(
    "cell", ["=1+2", "@SUM(A1)", "+cmd", "-2+3", " =A1", '"=HYPERLINK(""x"")"']
)
def test_a_formula_in_a_cell_is_named_by_row_line_and_column(cell: str) -> None:
    (found,) = in_rows(f"A,B\n1,x\n2,{cell}\n")
    assert found == "row 2 (line 3): B: is a formula; write its value"


@pytest.mark.parametrize("cell", ["-12.5", "+49 (89) 1234", "-", "1-2", "a=b"])
def test_signs_before_digits_are_no_formula(cell: str) -> None:
    assert records(f"A\n{cell}\n") == [{"A": cell}]


def test_an_empty_cell_says_nothing_about_its_field() -> None:
    assert records("A,B,C\n1,,3\n") == [{"A": "1", "C": "3"}]


def test_cells_may_hold_delimiters_quotes_and_lines() -> None:
    """RFC 4180."""
    assert records('A,B\n"1,2","x\n""y"""\n3,z\n') == [
        {"A": "1,2", "B": 'x\n"y"'},
        {"A": "3", "B": "z"},
    ]


def test_a_row_of_another_length_is_named_with_its_line() -> None:
    found = in_rows('A,B\n"1\n",x\n2\n3,y,z\n')
    assert [mistake.split(":")[0] for mistake in found] == ["row 2 (line 4)", "row 3 (line 5)"]


def test_a_broken_line_does_not_hide_the_others() -> None:
    rows = read_rows(b'{"A":"1"}\n\n{"A":\n{"A":"3"}').rows
    assert [row.record for row in rows] == [{"A": "1"}, None, {"A": "3"}]
    (problem,) = rows[1].problems
    assert problem.field == "row 2 (line 3)"
    assert "column 6" in problem.message


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "file: is empty"),
        (b" \r\n ", "file: is empty"),
        (b"[]", "file: holds no record"),
        (b"A,B\n", "file: holds no record"),
        (b"[{},", "file: row 2: is no JSON"),
        (b"[{} {}]", "file: is no JSON: behind row 1"),
        (b"[{}] x", "file: is no JSON: something stands behind"),
        (b"[" * 100_000, "file: row 1: is no JSON that can be read: it is nested too deep"),
        (b'{"A":' * 100_000, "row 1: is no JSON that can be read: it is nested too deep"),
        (b"\xff\xfeA\x00", "file: is not UTF-8 (line 1)"),
        (b"A\n1\n\xe4\n", "file: is not UTF-8 (line 3)"),
        (b'A,B\n1,x\n2,"y\n', "file: is no CSV: line 3"),
        (b"A,B,A\n1,2,3\n", "first line: names A twice"),
        (b"A,,B\n1,2,3\n", "first line: column 2 has no name"),
        (b"A\n" + b"x" * 200_000, "file: is no CSV: line 2: field larger"),
        (b"[" + b"{}," * 10 + b"{}]", "file: holds over 10 records; split it"),
        (b"A\n" + b"1\n" * 11, "file: holds over 10 records; split it"),
        (b'{"A":1}\n' * 11, "file: holds over 10 records; split it"),
    ],
    ids=range(18),
)
def test_a_file_that_is_wrong_as_a_whole_is_one_clear_sentence(data: bytes, expected: str) -> None:
    assert of_file(data).startswith(expected)


def test_a_million_records_are_refused_before_they_are_read() -> None:
    """Everything behind the most that is taken may be anything."""
    assert "over 1000 records" in of_file(b"[" + b"{}," * 1_001 + b'{"A":1e5,' * 999_000, 1_000)


def test_a_file_of_200_megabytes_is_refused_by_its_size() -> None:
    with pytest.raises(InputRejected, match=f"over {MOST_BYTES} bytes; split it"):
        require_size(200_000_000)
    require_size(MOST_BYTES)


def test_a_small_file_of_countless_objects_is_refused() -> None:
    assert "objects; split it" in of_file(b'[{"A":[' + b"{}," * 2_000_001 + b"{}]}]")


def test_no_value_of_a_file_stands_in_a_message() -> None:
    files = [
        b'[{"A":"s3cret","A":"s3cret"}]',
        b"A\n=s3cret\n",
        b'["s3cret"x]',
        b'"s3cret',
        b"{s3cret",
    ]
    for data in files:
        try:
            told = str(in_rows(data))
        except InputRejected as refused:
            told = str(refused)
        assert told
        assert "s3cret" not in told
