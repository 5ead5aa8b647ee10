"""Rows as lines, as SAP sent them."""

import msgspec
import pytest

from sapmatch.extracting.rows import raw_line, raw_lines


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_a_raw_row_of_several_lines_loses_white_space_only(end: bytes) -> None:
    sent = b'{ "__metadata" : {"uri":"u"},%s "Date":"\\/Date(0)\\/", "Amount": "10.10", "n": 1.50 }'
    rows = [msgspec.Raw(sent % end), msgspec.Raw(b'{"n" : "\\n"}')]
    lines = [
        b'{"__metadata":{"uri":"u"},"Date":"\\/Date(0)\\/","Amount":"10.10","n":1.50}\n',
        b'{"n" : "\\n"}\n',
    ]
    assert [raw_line(row) for row in rows] == lines
    assert raw_lines(rows) == b"".join(lines)


def test_raw_rows_of_one_line_each_stay_as_sap_sent_them() -> None:
    sent = [b'{ "Amount" : "10.10" }', '{"Name":"ü\u2028"}'.encode()]
    assert raw_lines([msgspec.Raw(row) for row in sent]) == b"\n".join([*sent, b""])
    assert raw_lines([]) == b""
