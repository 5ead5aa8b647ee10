"""Rows as lines: as SAP sent them, or with plain values."""

import json
from typing import Any

import msgspec
import pytest

from sapmatch.extracting import rows as extracting_rows
from sapmatch.extracting.rows import (
    Distinct,
    entity_key,
    raw_line,
    raw_lines,
    typed,
    typed_lines,
)


def row(**fields: Any) -> bytes:
    return json.dumps(fields).encode()


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


@pytest.mark.parametrize(
    ("sent", "plain"),
    [
        ("/Date(1793577600000)/", "2026-11-02"),
        ("/Date(1793610000000)/", "2026-11-02T09:00:00"),
        ("/Date(1793610000123)/", "2026-11-02T09:00:00.123000"),
        ("/Date(-86400000)/", "1969-12-31"),
        ("/Date(-1)/", "1969-12-31T23:59:59.999000"),
        ("/Date(0+0060)/", "1970-01-01T00:00:00Z"),
        ("/Date(1793610000000+0000)/", "2026-11-02T09:00:00Z"),
        ("/Date(253402214400000)/", "9999-12-31"),
        ("/Date(-62135596800000)/", "0001-01-01"),
        ("/Date(999999999999999999)/", "/Date(999999999999999999)/"),
        ("see /Date(0)/", "see /Date(0)/"),
        ("PT11H00M00S", "PT11H00M00S"),
        ("10.00", "10.00"),
        (None, None),
    ],
)
def test_typed_values_are_plain_and_exact(sent: str | None, plain: str | None) -> None:
    """OD-P41, P43, P44, P46, P47, P48, P50."""
    assert typed(row(A=sent)) == {"A": plain}


def test_saps_notes_on_itself_are_left_out() -> None:
    """OD-P29."""
    sent = row(
        __metadata={"uri": "u"},
        A="x",
        to_Text={"__deferred": {"uri": "u"}},
        to_Item={"results": [{"__metadata": {}, "B": "/Date(0)/"}]},
        to_One={"__metadata": {}, "C": 1},
    )
    assert typed(sent) == {"A": "x", "to_Item": [{"B": "1970-01-01"}], "to_One": {"C": 1}}
    assert typed(b'{"@odata.etag":"W/1","A":1,"A@odata.type":"#x"}') == {"A": 1}


def test_a_number_keeps_its_digits() -> None:
    """V4 sends decimals as numbers (OD-P40)."""
    assert typed_lines([b'{"A":10.10}', b'{"A":1}']) == b'{"A":"10.10"}\n{"A":1}\n'


def test_each_entity_passes_once() -> None:
    """OD-P24, RE-19: the first one stays."""
    rows = [
        row(__metadata={"uri": "A('1')"}, n=1),
        row(__metadata={"uri": "A('2')"}, n=2),
        row(__metadata={"uri": "A('1')"}, n=3),
        row(n=4),
        row(n=4),
    ]
    distinct = Distinct()
    assert [json.loads(bytes(r))["n"] for r in distinct.of(rows)] == [1, 2, 4, 4]
    assert (distinct.repeated, distinct.first, distinct.last) == (1, "A('1')", "A('2')")


def test_a_repeated_row_is_found_within_the_window_and_memory_stays_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """OD-P24: repeats lie at the border of two pages; what comes later is left to the count."""
    monkeypatch.setattr(extracting_rows, "WINDOW", 3)
    sent = [1, 2, 3, 4, 2, 5, 6, 7, 4, 1]
    distinct = Distinct()
    rows = [row(__metadata={"uri": f"A({n})"}, n=n) for n in sent]
    assert [json.loads(bytes(r))["n"] for r in distinct.of(rows)] == [1, 2, 3, 4, 5, 6, 7, 1]
    assert distinct.repeated == 2


def test_the_address_is_found_in_both_protocols() -> None:
    assert entity_key(msgspec.Raw(b'{"__metadata":{"uri":"A(1)"}}')) == "A(1)"
    assert entity_key(b'{"@odata.id":"A(1)"}') == "A(1)"
    assert entity_key(b"{}") is None
