"""The Edm types: values out of answers, and values as a type takes them."""

import math
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapmatch.model.errors import InputRejected
from sapmatch.model.query import Query, field
from sapmatch.sap.odata import edm, v2, v4
from sapmatch.sap.odata.codec import Codec
from sapmatch.sap.odata.fits import misfits
from sapmatch.sap.odata.metadata import Property, StructuredType

NAIVE = datetime(2026, 2, 3, 4, 5, 6, 789000)  # noqa: DTZ001
GUID = UUID("34c6020a-aaaa-1111-2222-af75a376b0f9")


@pytest.mark.parametrize(
    ("type", "sent", "value"),
    [
        ("Edm.Decimal", "10.00", Decimal("10.00")),  # OD-P41: the scale stays
        ("Edm.Decimal", Decimal("0.10"), Decimal("0.10")),
        ("Edm.Decimal", 7, Decimal(7)),
        ("Edm.Int64", "9223372036854775807", 9223372036854775807),
        ("Edm.Int64", 42, 42),  # OD-P42
        ("Edm.Int64", Decimal("1E+2"), 100),
        ("Edm.Int32", "-5", -5),
        ("Edm.Boolean", True, True),
        ("Edm.Boolean", "false", False),
        ("Edm.Double", "1.5E+3", 1500.0),
        ("Edm.Double", "-INF", -math.inf),
        ("Edm.Single", Decimal("3.14"), 3.14),
        ("Edm.DateTime", "/Date(1770091506789)/", NAIVE),  # OD-P43, OD-P46
        ("Edm.DateTime", "/Date(-1)/", datetime(1969, 12, 31, 23, 59, 59, 999000)),  # noqa: DTZ001
        ("Edm.DateTime", "2026-02-03T04:05:06.789", NAIVE),
        ("Edm.DateTimeOffset", "/Date(1770091506789)/", NAIVE.replace(tzinfo=UTC)),
        ("Edm.DateTimeOffset", "/Date(0+0060)/", datetime(1970, 1, 1, tzinfo=UTC)),  # OD-P44
        ("Edm.DateTimeOffset", "/Date(0-0330)/", datetime(1970, 1, 1, tzinfo=UTC)),
        ("Edm.DateTimeOffset", "2026-02-03T04:05:06.789", NAIVE.replace(tzinfo=UTC)),  # OD-P45
        ("Edm.DateTimeOffset", "2026-02-03T05:05:06.789+01:00", NAIVE.replace(tzinfo=UTC)),
        ("Edm.DateTimeOffset", "2026-02-03T04:05:06.789+00:00", NAIVE.replace(tzinfo=UTC)),
        (
            "Edm.DateTimeOffset",
            "2026-02-03T04:05:06.123456789012Z",
            datetime(2026, 2, 3, 4, 5, 6, 123456, tzinfo=UTC),
        ),
        ("Edm.Date", "2026-02-03", date(2026, 2, 3)),
        ("Edm.Time", "PT11H00M00S", time(11)),  # OD-P50
        ("Edm.Time", "PT7H59M59.999S", time(7, 59, 59, 999000)),
        ("Edm.TimeOfDay", "07:59:59.999", time(7, 59, 59, 999000)),
        ("Edm.Duration", "P12DT23H59M59.999999999999S", timedelta(13, -1, 999999)),
        ("Edm.Duration", "-PT1M", timedelta(minutes=-1)),
        ("Edm.Guid", str(GUID).upper(), GUID),
        ("Edm.Binary", "T0RhdGE=", b"OData"),
        ("Edm.Binary", "-_8", b"\xfb\xff"),  # base64url without padding, as V4 writes it
    ],
)
def test_a_value_is_read_by_its_type(type: str, sent: Any, value: Any) -> None:
    """OD-P40 to OD-P50."""
    read = edm.reader(type)
    assert read is not None
    found = read(sent)
    assert (found, str(found)) == (value, str(value))


@pytest.mark.parametrize("type", ["Edm.String", "Edm.Stream", "Edm.GeographyPoint", "NS.Own"])
def test_a_type_without_a_value_of_its_own_is_left_alone(type: str) -> None:
    assert edm.reader(type) is None


def test_a_day_kept_in_a_datetime_is_a_date() -> None:
    """OD-P46: `sap:display-format="Date"`; where SAP sends a time with it, the time is kept."""
    read = edm.reader("Edm.DateTime", date_only=True)
    assert read is not None
    assert read("/Date(1770076800000)/") == date(2026, 2, 3)
    assert read("/Date(1770091506789)/") == NAIVE


@pytest.mark.parametrize(
    ("ticks", "year"), [("/Date(-62135596800000)/", 1), ("/Date(253402214400000)/", 9999)]
)
def test_the_ends_of_the_calendar_are_days_like_others(ticks: str, year: int) -> None:
    """OD-P47."""
    read = edm.reader("Edm.DateTime")
    assert read is not None
    assert read(ticks).year == year


@pytest.mark.parametrize(
    ("type", "text"),
    [
        ("Edm.DateTime", "/Date(253402300800000)/"),  # the year 10000
        ("Edm.DateTime", "/Date(-62135596800001)/"),
        ("Edm.DateTime", "/Date(999999999999999999)/"),
        ("Edm.DateTimeOffset", "0000-00-00T00:00:00Z"),
        ("Edm.DateTimeOffset", "0001-01-01T00:00:00+01:00"),
        ("Edm.DateTimeOffset", "yesterday"),
        ("Edm.Time", "PT24H00M00S"),
        ("Edm.Time", "-PT1H"),
        ("Edm.Time", "P"),
        ("Edm.TimeOfDay", "25:00:00"),
        ("Edm.TimeOfDay", "11:00:00+01:00"),
        ("Edm.Duration", "P1M"),
        ("Edm.Duration", "P999999999DT24H"),
        ("Edm.Duration", "PT"),
        ("Edm.Decimal", ""),
        ("Edm.Decimal", "1_000"),
        ("Edm.Decimal", "NaN"),
        ("Edm.Int64", "1.5"),
        ("Edm.Guid", "none"),
        ("Edm.Binary", "?"),
        ("Edm.Boolean", "X"),
    ],
)
def test_what_cannot_be_read_stays_as_sap_sent_it(type: str, text: str) -> None:
    """OD-P47, OD-P50: one odd value stops no page, and becomes no wrong one."""
    read = edm.reader(type)
    assert read is not None
    assert read(text) is text


JSON = st.none() | st.booleans() | st.text(max_size=20) | st.integers()


@given(JSON | st.decimals() | st.lists(JSON, max_size=2) | st.dictionaries(st.text(), JSON))
def test_no_json_value_at_all_stops_a_reader(value: Any) -> None:
    for name in V2_VALUES | V4_VALUES:
        read = edm.reader(name) or repr
        read(value)


ANY_TEXT = st.text(max_size=30)
ANY_DECIMAL = st.decimals(allow_nan=False, allow_infinity=False, places=3) | st.decimals(
    allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15
)
V2_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "Edm.String": ANY_TEXT,
    "Edm.Boolean": st.booleans(),
    "Edm.Decimal": ANY_DECIMAL,
    "Edm.Int32": st.integers(-(2**31), 2**31 - 1),
    "Edm.Int64": st.integers(-(2**63), 2**63 - 1),
    "Edm.Double": st.floats(allow_nan=False),
    "Edm.DateTime": st.datetimes().map(
        lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000)
    ),
    "Edm.Time": st.times(),
    "Edm.Guid": st.uuids(),
    "Edm.Binary": st.binary(max_size=20),
}
V4_VALUES: dict[str, st.SearchStrategy[Any]] = {
    **{name: V2_VALUES[name] for name in V2_VALUES if name not in ("Edm.DateTime", "Edm.Time")},
    "Edm.DateTimeOffset": st.datetimes(timezones=st.just(UTC)),
    "Edm.Date": st.dates(),
    "Edm.TimeOfDay": st.times(),
    "Edm.Duration": st.timedeltas(),
}
CASES = [(v2, *item) for item in V2_VALUES.items()] + [(v4, *item) for item in V4_VALUES.items()]


@pytest.mark.parametrize(("codec", "type", "values"), CASES)
@given(data=st.data())
def test_what_is_written_is_read_as_the_same_value(
    codec: Codec, type: str, values: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    """OD-P41, OD-P43, OD-P49: both ways without a loss, in both kinds of decimals."""
    value = data.draw(values)
    decimals = data.draw(st.sampled_from(("string", "number")))
    kind = StructuredType(name="NS.T", properties={"A": Property(name="A", type=type)})
    body = codec.encode({"A": value}, decimals=decimals, kind=kind)  # type: ignore[arg-type]
    sent = codec.row(body)["A"]
    read = edm.reader(type) or (lambda value: value)
    assert read(sent) == value
    if isinstance(value, Decimal):
        assert read(sent).as_tuple().exponent == min(value.as_tuple().exponent, 0)


@pytest.mark.parametrize(("codec", "type", "values"), CASES)
@given(data=st.data())
def test_a_text_of_the_wire_gives_the_same_literal_as_its_value(
    codec: Codec, type: str, values: st.SearchStrategy[Any], data: st.DataObject
) -> None:
    """Keys of rows that were read go back into URLs."""
    value = data.draw(values)
    kind = StructuredType(name="NS.T", properties={"A": Property(name="A", type=type)})
    sent = msgspec.json.decode(codec.encode({"A": value}, decimals="string", kind=kind))["A"]
    if type == "Edm.Double":
        assert float(codec.literal(sent, type).rstrip("d")) == value
    else:
        assert codec.literal(sent, type) == codec.literal(value, type)


def test_a_moment_of_another_zone_is_written_in_utc() -> None:
    moment = datetime(2026, 2, 3, 1, tzinfo=timezone(timedelta(hours=2)))
    assert edm.ticks_text(moment) == "/Date(1770073200000)/"
    assert v4.literal(moment) == "2026-02-02T23:00:00Z"


@pytest.mark.parametrize(
    ("type", "value"),
    [
        ("Edm.Guid", "1 or true"),
        ("Edm.Decimal", "1 or 1 eq 1"),
        ("Edm.Decimal", True),
        ("Edm.Int32", "5 "),
        ("Edm.Int32", Decimal("1.5")),
        ("Edm.DateTime", "tomorrow"),
        ("Edm.Date", NAIVE),
        ("Edm.Time", 5),
        ("Edm.Boolean", "maybe"),
        ("Edm.Double", "1d) or (true"),
        ("Edm.String", b"bytes"),
        ("Edm.Binary", "'"),
    ],
)
def test_a_value_of_another_type_is_refused_without_showing_it(type: str, value: Any) -> None:
    with pytest.raises(InputRejected) as refused:
        edm.coerced(value, type)
    assert str(refused.value) == f"is no {type}"


@pytest.mark.parametrize(
    "value",
    [
        datetime(2024, 3, 1, tzinfo=timezone(timedelta(hours=1))),
        datetime(2024, 3, 1, tzinfo=UTC),
        "2024-03-01T00:00:00+01:00",
    ],
)
def test_a_time_with_a_zone_is_refused_where_the_type_has_none(value: Any) -> None:
    """OD-P46: taken to UTC, the first of March became the last of February."""
    kind = StructuredType(
        name="NS.T", properties={"Day": Property(name="Day", type="Edm.DateTime", date_only=True)}
    )
    with pytest.raises(InputRejected, match=r"naive datetime .* or a date"):
        v2.literal(value, "Edm.DateTime")
    for query in (Query(where=field("Day").eq(value)), Query(equals={"Day": value})):
        with pytest.raises(InputRejected, match=r"Day: .*zone"):
            v2.options(query, kind)
    (misfit,) = misfits(value, kind.properties["Day"])
    assert misfit[0] == "WRONG_TYPE"
    if isinstance(value, datetime):
        with pytest.raises(InputRejected, match=r"Day: .*zone"):
            v2.encode({"Day": value}, kind=kind)


@pytest.mark.parametrize(
    "value",
    [
        date(2024, 3, 1),
        datetime(2024, 3, 1),  # noqa: DTZ001 (that is the point)
        "2024-03-01",
        "2024-03-01T00:00:00",
        "2024-03-01T00:00:00Z",
        "/Date(1709251200000)/",
    ],
)
def test_a_time_without_a_zone_stays_on_its_day(value: Any) -> None:
    """OD-P46."""
    assert v2.literal(value, "Edm.DateTime") == "datetime'2024-03-01T00:00:00'"


def test_a_number_of_endless_digits_costs_nothing() -> None:
    read = edm.reader("Edm.Int64")
    assert read is not None
    huge = Decimal("1E+999999999")
    assert read(huge) is huge


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1E+999999", "1E-999999"])
def test_a_decimal_that_is_no_number_is_refused(value: str) -> None:
    for codec in (v2, v4):
        with pytest.raises(InputRejected, match="no number"):
            codec.literal(Decimal(value))
