"""Mapping expressions: what they give, what they refuse, and that they always end."""

import random
from contextlib import suppress
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from sapmatch.writing.mapping.expressions import parse, paths, value_of

RECORD = {
    "Text": "  Schraube M8 ",
    "Order No": "45",
    "Amount": Decimal("10.10"),
    "German": "1.234,50",
    "English": "1,234.50",
    "Day": "02.11.2026",
    "Empty": "",
    "Items": [{"Material": "M1"}, {"Material": "M2"}],
    'Say "hi"': "x",
    "Count": 7,
    "Flag": True,
}


def value(source: str) -> Any:
    return value_of(parse(source), {"record": RECORD})


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("record.Text", "  Schraube M8 "),
        ('"Order No"', "45"),
        ('record."Order No"', "45"),
        ('"Say ""hi"""', "x"),
        ("record.Items[1].Material", "M2"),
        ("record.Items[2].Material", None),
        ("record.Items", [{"Material": "M1"}, {"Material": "M2"}]),
        ("record.Text.deeper", None),
        ("record.Missing", None),
        ("'it''s'", "it's"),
        ("''", ""),
        ("12", "12"),
        ("trim(record.Text)", "Schraube M8"),
        ("left(trim(record.Text), 5)", "Schra"),
        ("upper( trim(record.Text) )", "SCHRAUBE M8"),
        ("lower('ÄB')", "äb"),
        ("concat(record.Count, '/', record.Missing, record.Amount)", "7/10.10"),
        ("concat(record.Missing, record.Missing)", None),
        ("default(record.Missing, 'y')", "y"),
        ("default(record.Empty, 'y')", "y"),
        ("default(record.Count, 'y')", 7),
        ("upper(record.Missing)", None),
        ("date(record.Day)", date(2026, 11, 2)),
        ("date('2026-11-02')", date(2026, 11, 2)),
        ("date('20261102')", date(2026, 11, 2)),
        ("date('/Date(1793577600000)/')", date(2026, 11, 2)),
        ("date('11/02/2026', 'MM/DD/YYYY')", date(2026, 11, 2)),
        ("decimal(record.English)", Decimal("1234.50")),
        ("decimal(record.Amount)", Decimal("10.10")),
        ("decimal('-12')", Decimal(-12)),
        ("decimal_comma(record.German)", Decimal("1234.50")),
        ('pad(record."Order No", 10)', "0000000045"),
        ("pad('A1', 10)", "A1"),
        ("pad(' 7 ', 3)", "007"),
        ("upper(record.Flag)", "TRUE"),
    ],
)
def test_an_expression_has_one_value(source: str, expected: object) -> None:
    assert value(source) == expected


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("", "ends where an expression"),
        ("record.", "ends where a name"),
        ("'open", "cannot be read from character 1"),
        ("record.A; drop", "cannot be read from character 9"),
        ("record.A record.B", "has record behind its end"),
        ("nope(record.A)", "calls nope, which is none of left"),
        ("left(record.A)", "gives left 1 argument"),
        ("left(record.A, 0)", "second argument"),
        ("left(record.A, record.B)", "second argument"),
        ("left(record.A, '²')", "second argument"),
        ("date(record.A, 'DD.MM')", "second argument"),
        ("upper(record.A", "has no )"),
        ("record[A]", "without a position"),
        ("record.__class__()", "behind its end"),
        ("upper(" * 30 + "'x'" + ")" * 30, "nested deeper than 20"),
        ("'" + "x" * 2_000 + "'", "over 1000 characters"),
    ],
)
def test_a_wrong_expression_says_what_is_wrong(source: str, told: str) -> None:
    with pytest.raises(ValueError, match=told.replace("(", r"\(").replace(")", r"\)")):
        parse(source)


@pytest.mark.parametrize(
    "source",
    [
        "date('2/11/2026')",
        "date('2026-02-30')",
        "date('/Date(999999999999999)/')",
        "decimal('1.234,50')",
        "decimal('1e5')",
        "decimal('NaN')",
        "decimal_comma('1,234.50')",
        "decimal('1,23')",
        "pad('12345', 3)",
        "upper(record.Items)",
    ],
)
def test_what_a_function_cannot_take_is_refused_without_its_value(source: str) -> None:
    with pytest.raises(ValueError, match=r"^(date|decimal|pad|needs)") as refused:
        value(source)
    assert "12345" not in str(refused.value)


def test_nothing_of_python_is_reached_by_a_path() -> None:
    """Steps are keys, fields of our nouns and positions; attributes are none of them."""
    for name in ("__class__", "keys", "items", "__struct_fields__"):
        assert value(f"record.{name}") is None
        assert value(f"record.Items[0].{name}") is None


def test_all_paths_are_known_before_anything_is_read() -> None:
    found = paths(parse("concat(record.A, upper(default(invoice.number, order.id)))"))
    assert [path.steps[0] for path in found] == ["record", "invoice", "order"]


def test_any_text_is_an_expression_or_a_clean_mistake() -> None:
    chosen = random.Random(7)
    pieces = ["left(", "record", ".", "A", "'x'", '"', "'", "(", ")", ",", "[", "0", "]", " ", "é"]
    read = 0
    for _ in range(3_000):
        source = "".join(chosen.choices(pieces, k=chosen.randint(1, 12)))
        try:
            expression = parse(source)
        except ValueError:
            continue
        read += 1
        with suppress(ValueError):
            value_of(expression, {"record": RECORD})
    assert read > 50
