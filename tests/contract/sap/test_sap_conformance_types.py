"""Values of every kind, as they come from a server and as they arrive at one."""

import time as clocks
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pytest

from sapmatch.sap.odata.metadata import Version
from tests.builders.sap_typed import created, orders, read, values, written

BOTH: list[Version] = ["V2", "V4"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DATE_ONLY = '<Property Name="F" Type="Edm.DateTime" sap:display-format="Date"/>'


@pytest.mark.parametrize(
    ("version", "options", "text"),
    [
        ("V2", {}, '"10.00"'),
        ("V2", {"decimals": "number"}, "10.00"),
        ("V4", {}, "10.00"),
        ("V4", {"decimals": "string"}, '"10.00"'),
    ],
)
def test_a_decimal_is_written_as_the_version_or_the_setting_wants_it(
    version: Version, options: dict[str, Any], text: str
) -> None:
    """OD-P40."""
    assert written(version, "Edm.Decimal", Decimal("10.00"), **options) == text


@pytest.mark.parametrize(
    ("version", "options", "text"),
    [
        ("V2", {}, '"7"'),
        ("V4", {}, "7"),
        ("V4", {"decimals": "string"}, '"7"'),
    ],
)
def test_an_int64_is_written_as_the_version_or_the_setting_wants_it(
    version: Version, options: dict[str, Any], text: str
) -> None:
    """OD-P40."""
    assert written(version, "Edm.Int64", 7, **options) == text


@pytest.mark.parametrize(
    ("version", "decimals", "type"),
    [
        ("V2", None, "application/json"),
        ("V4", None, "application/json"),
        ("V4", "number", "application/json"),
        ("V4", "string", "application/json;IEEE754Compatible=true"),
    ],
)
def test_decimals_in_quotes_are_announced_in_v4(
    version: Version, decimals: str | None, type: str
) -> None:
    """OD-P40."""
    sent = created(orders(version, F="Edm.Decimal"), {"F": Decimal(1)}, decimals=decimals)
    assert sent.headers["content-type"] == type


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize("text", ["10.00", "-0.10", "123456789012345678901.123456789", "0.000"])
def test_a_decimal_keeps_every_digit_there_and_back(version: Version, text: str) -> None:
    """OD-P41."""
    (found,) = values(version, "Edm.Decimal", text)
    assert type(found) is Decimal
    assert str(found) == text
    assert written(version, "Edm.Decimal", found).strip('"') == text


def test_a_decimal_that_comes_as_a_number_passes_through_no_float() -> None:
    """OD-P41: 0.1 + 0.2 is 0.3."""
    first, second, scaled = values("V4", "Edm.Decimal", 0.1, 0.2, 1.1)
    assert first + second == Decimal("0.3")
    assert type(scaled) is Decimal


@pytest.mark.parametrize("version", BOTH)
def test_an_int64_is_read_from_a_string_and_from_a_number(version: Version) -> None:
    """OD-P42."""
    largest = 9223372036854775807
    assert values(version, "Edm.Int64", str(largest), largest, "-5", 0) == [largest, largest, -5, 0]


def test_ticks_keep_their_milliseconds_before_1970_too() -> None:
    """OD-P43."""
    found = values("V2", "Edm.DateTimeOffset", "/Date(1)/", "/Date(-1)/", "/Date(-86400001)/")
    assert found == [
        EPOCH.replace(microsecond=1000),
        datetime(1969, 12, 31, 23, 59, 59, 999000, UTC),
        datetime(1969, 12, 30, 23, 59, 59, 999000, UTC),
    ]


@pytest.mark.parametrize("suffix", ["+0060", "-0480", "+0000", ""])
def test_the_offset_behind_ticks_moves_nothing(suffix: str) -> None:
    """OD-P44."""
    ticks = f"/Date(0{suffix})/"
    assert values("V2", "Edm.DateTimeOffset", ticks) == [EPOCH]
    assert values("V2", "Edm.DateTime", ticks) == [EPOCH.replace(tzinfo=None)]


@pytest.mark.parametrize("version", BOTH)
def test_a_point_in_time_without_an_offset_is_in_utc(version: Version) -> None:
    """OD-P45."""
    found = values(
        version,
        "Edm.DateTimeOffset",
        "2026-05-01T10:00:00",
        "2026-05-01T10:00:00Z",
        "2026-05-01T12:00:00+02:00",
    )
    assert found == [datetime(2026, 5, 1, 10, tzinfo=UTC)] * 3
    assert {each.tzinfo for each in found} == {UTC}


def test_twelve_digits_of_a_second_are_read_to_the_microsecond() -> None:
    """OD-P45."""
    (found,) = values("V4", "Edm.DateTimeOffset", "2026-05-01T10:00:00.123456789012Z")
    assert found == datetime(2026, 5, 1, 10, 0, 0, 123456, UTC)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
def test_a_time_without_a_zone_gets_none_wherever_the_client_runs(
    monkeypatch: pytest.MonkeyPatch, zone: str
) -> None:
    """OD-P46."""
    monkeypatch.setenv("TZ", zone)
    clocks.tzset()
    try:
        (found,) = values("V2", "Edm.DateTime", "/Date(1777593600000)/")
    finally:
        monkeypatch.undo()
        clocks.tzset()
    assert found == datetime(2026, 5, 1)  # noqa: DTZ001 (that is the point)
    assert found.tzinfo is None


def test_a_day_is_a_date_where_metadata_says_so() -> None:
    """OD-P46."""
    (row,) = read(orders("V2", DATE_ONLY), {"F": "/Date(1777593600000)/"})
    assert type(row["F"]) is date
    assert row["F"] == date(2026, 5, 1)


def test_the_ends_of_the_calendar_are_read_and_what_is_beyond_stays_as_it_came() -> None:
    """OD-P47."""
    beyond = ["/Date(253402300800000)/", "/Date(-62135596800001)/"]
    found = values(
        "V2", "Edm.DateTime", "/Date(-62135596800000)/", "/Date(253402214400000)/", *beyond
    )
    assert [each.date() for each in found[:2]] == [date.min, date.max]
    assert found[2:] == beyond
    assert values("V4", "Edm.Date", "0001-01-01", "9999-12-31", "10000-01-01") == [
        date.min,
        date.max,
        "10000-01-01",
    ]


def test_a_day_beyond_the_calendar_goes_back_as_it_came() -> None:
    """OD-P47."""
    assert written("V2", "Edm.DateTime", "/Date(253402300800000)/") == '"/Date(253402300800000)/"'


@pytest.mark.parametrize("version", BOTH)
@pytest.mark.parametrize(
    "type",
    "String Decimal Int64 Int32 Boolean DateTimeOffset Guid Binary Double".split(),
)
def test_null_is_none_and_nothing_else(version: Version, type: str) -> None:
    """OD-P48."""
    assert values(version, f"Edm.{type}", None) == [None]
    assert written(version, f"Edm.{type}", None) == "null"


@pytest.mark.parametrize(
    ("version", "type"),
    [("V2", "Edm.DateTime"), ("V2", "Edm.Time"), ("V4", "Edm.Date"), ("V4", "Edm.TimeOfDay")],
)
def test_a_missing_day_or_time_is_no_day_of_another_century(version: Version, type: str) -> None:
    """OD-P48."""
    assert values(version, type, None) == [None]


@pytest.mark.parametrize(
    ("version", "text"),
    [("V2", '"/Date(1777629600123)/"'), ("V4", '"2026-05-01T10:00:00.123456Z"')],
)
def test_a_point_in_time_is_written_with_the_digits_that_the_version_holds(
    version: Version, text: str
) -> None:
    """OD-P49: V2 holds milliseconds, V4 as many as Python has."""
    moment = datetime(2026, 5, 1, 10, 0, 0, 123456, UTC)
    assert written(version, "Edm.DateTimeOffset", moment) == text


def test_a_time_of_day_keeps_its_fraction() -> None:
    """OD-P49."""
    moment = time(11, 0, 0, 500000)
    assert written("V2", "Edm.Time", moment) == '"PT11H00M00.5S"'
    assert values("V2", "Edm.Time", "PT11H00M00.5S") == [moment]


def test_a_time_of_day_is_read_in_both_versions() -> None:
    """OD-P50."""
    assert values("V2", "Edm.Time", "PT11H00M00S", "PT0S") == [time(11), time(0)]
    assert values("V4", "Edm.TimeOfDay", "11:00:00") == [time(11)]


@pytest.mark.parametrize("odd", ["PT25H00M00S", "eleven", "", "P", 11])
def test_an_odd_time_stays_as_it_came_and_stops_no_page(odd: Any) -> None:
    """OD-P50."""
    assert values("V2", "Edm.Time", odd, "PT11H00M00S") == [odd, time(11)]
