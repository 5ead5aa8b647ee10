"""Values on their way to the wire and back."""

from datetime import date, datetime, time
from decimal import Decimal

import pytest

from sapmatch.model.rfc import Field, FieldType, RfcScalar
from sapmatch.sap.rfc.values import fitting, value_of, wire_text


def field(kind: FieldType, length: int = 0) -> Field:
    return Field(name="F", type=kind, length=length)


PAIRS: list[tuple[FieldType, RfcScalar, str]] = [
    ("char", "Müller & Söhne", "Müller & Söhne"),
    ("numc", "0000004711", "0000004711"),
    ("date", date(2026, 1, 31), "2026-01-31"),
    ("date", None, "0000-00-00"),
    ("time", time(23, 5, 9), "23:05:09"),
    ("int", -7, "-7"),
    ("decimal", Decimal("1234567890123.45"), "1234567890123.45"),
    ("raw", b"\x00\xff\x10", "AP8Q"),
    ("string", "a  ", "a  "),
]


@pytest.mark.parametrize(("kind", "value", "text"), PAIRS)
def test_each_type_keeps_its_value_both_ways(kind: FieldType, value: RfcScalar, text: str) -> None:
    assert wire_text(value, field(kind)) == text
    assert value_of(text, field(kind)) == value


@pytest.mark.parametrize("text", ["0000-00-00", "00000000", "", "  "])
def test_an_initial_date_is_none(text: str) -> None:
    """CO-T32."""
    assert value_of(text, field("date")) is None


def test_char_loses_blanks_at_its_end_only() -> None:
    assert value_of("  JDOE   ", field("char")) == "  JDOE"


@pytest.mark.parametrize("text", ["20260131", "2026-01-31"])
def test_a_day_may_be_given_as_text(text: str) -> None:
    assert wire_text(text, field("date")) == "2026-01-31"


def test_a_moment_is_cut_to_its_day() -> None:
    assert wire_text(datetime(2026, 1, 31, 8, 0), field("date")) == "2026-01-31"  # noqa: DTZ001


def test_a_number_is_filled_up_where_the_field_is_numc() -> None:
    assert wire_text(7, field("numc", 3)) == "007"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("date", "2026-02-30"),
        ("date", "tomorrow"),
        ("time", "25:00:00"),
        ("numc", "12x"),
        ("numc", "١٢"),
        ("int", "7"),
        ("int", True),
        ("int", 1.5),
        ("decimal", "NaN"),
        ("char", 7),
        ("char", True),
        ("raw", "text"),
    ],
)
def test_what_a_field_cannot_hold_is_refused_and_never_shown(
    kind: FieldType, value: RfcScalar
) -> None:
    with pytest.raises(ValueError) as caught:  # noqa: PT011  its words are not the point
        wire_text(value, field(kind))
    assert str(value) not in str(caught.value).split()


@pytest.mark.parametrize("sign", ["\x00", "\x08", "\x1b", "\ufffe", "\ud800"])
def test_what_no_xml_can_carry_is_refused(sign: str) -> None:
    """CO-T33."""
    with pytest.raises(ValueError, match="control character"):
        wire_text(f"a{sign}b", field("char"))


@pytest.mark.parametrize(
    ("value", "most"), [("x" * 12, 12), ("ü" * 12, 12), ("\U0001f600" * 6, 12), ("x" * 99, 0)]
)
def test_what_fits_is_kept(value: str, most: int) -> None:
    assert fitting(field("char", most), value, refuses=True) == value


def test_an_emoji_counts_as_two_characters_as_sap_counts() -> None:
    with pytest.raises(ValueError, match="has 14 characters, at most 12 fit"):
        fitting(field("char", 12), "\U0001f600" * 7, refuses=True)
    assert fitting(field("char", 3), "\U0001f600" * 2, refuses=False) == "\U0001f600"


def test_what_is_too_long_is_told_without_its_value() -> None:
    """CO-T40."""
    with pytest.raises(ValueError, match="has 6 characters, at most 3 fit") as caught:
        fitting(field("char", 3), "geheim", refuses=True)
    assert "geheim" not in str(caught.value)
