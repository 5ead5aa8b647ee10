"""What each kind of value becomes, and what fits none."""

from pathlib import Path
from typing import Any

import pyarrow.parquet
import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.shape import Field, Kind, Shape
from tests.builders.formats import ITEM, made, page, source, typed_lines

NESTED = {"to_Item": ITEM}


def field(kind: Kind, **more: Any) -> Field:
    return Field(name="A", kind=kind, **more)


@pytest.mark.parametrize(
    ("kind", "sent", "shown"),
    [
        ("text", '"10.00"', "10.00"),
        ("text", '"see /Date(0)/"', "see /Date(0)/"),
        ("text", '"\\u0000"', "\0"),
        ("integer", '"-9223372036854775808"', -9223372036854775808),
        ("integer", "42", 42),
        ("boolean", '"X"', True),
        ("boolean", '""', False),
        ("boolean", '"false"', False),
        ("float", '"1.5E-3"', 0.0015),
        ("float", "0.1", 0.1),
        ("float", '"NaN"', "NaN"),
        ("float", '"-INF"', "-INF"),
        ("date", r'"\/Date(1793577600000)\/"', "2026-11-02"),
        ("date", '"/Date(-86400000)/"', "1969-12-31"),
        ("date", '"/Date(-62135596800000)/"', "0001-01-01"),
        ("date", '"/Date(253402214400000)/"', "9999-12-31"),
        ("date", '"2026-11-02"', "2026-11-02"),
        ("date", '"2026-11-02T00:00:00"', "2026-11-02"),
        ("date", '""', None),
        ("datetime", '"/Date(1793610000123)/"', "2026-11-02T09:00:00.123"),
        ("datetime", '"/Date(-1)/"', "1969-12-31T23:59:59.999"),
        ("datetime", '"/Date(1793610000000+0060)/"', "2026-11-02T09:00:00"),
        ("datetime", '"2026-11-02T09:00:00.1234567"', "2026-11-02T09:00:00.123456"),
        ("datetime", '"2026-11-02"', "2026-11-02T00:00:00"),
        ("moment", '"/Date(0+0060)/"', "1970-01-01T00:00:00Z"),
        ("moment", '"/Date(0-0330)/"', "1970-01-01T00:00:00Z"),
        ("moment", '"9999-12-31T23:59:59.9999999Z"', "9999-12-31T23:59:59.999999Z"),
        ("moment", '"0001-01-01T00:00:00Z"', "0001-01-01T00:00:00Z"),
        ("moment", '"2016-07-02T09:00:00+09:00"', "2016-07-02T00:00:00Z"),
        ("moment", '"2016-07-02T09:00:00"', "2016-07-02T09:00:00Z"),
        ("moment", '"2016-07-02T09:00:00.123456789012Z"', "2016-07-02T09:00:00.123456Z"),
        ("time", '"PT14H05M06S"', "14:05:06"),
        ("time", '"PT5M"', "00:05:00"),
        ("time", '"P0DT1H2M3.5S"', "01:02:03.5"),
        ("time", '"23:59:59.999999"', "23:59:59.999999"),
        ("binary", '"AP/+"', "AP/+"),
        ("binary", '"AP_-_w"', "AP/+/w=="),
        ("complex", '{"Unknown":"1"}', '{"Unknown":"1"}'),
        ("collection", '{"results":["1",null]}', ["1", None]),
        ("collection", "[1.50]", ["1.50"]),
    ],
)
def test_a_value_is_typed_by_what_metadata_says(
    tmp_path: Path, kind: Kind, sent: str, shown: Any
) -> None:
    """OD-P43, P44, P45, P46, P47."""
    of = source(field(kind))
    assert typed_lines(tmp_path, of, page(tmp_path, f'{{"A":{sent}}}')) == [{"A": shown}]


@pytest.mark.parametrize(
    ("precision", "scale", "sent", "shown"),
    [
        (38, 0, "99999999999999999999999999999999999999", "99999999999999999999999999999999999999"),
        (38, 38, "0.12345678901234567890123456789012345678", None),
        (38, 6, "-12345678901234567890123456789012.123456", None),
        (16, 3, "1234567890123.1", "1234567890123.100"),
        (5, 2, "20.10", "20.10"),
        (5, 2, "20.1000", "20.10"),
        (5, 2, "-0.00", "0.00"),
        (None, None, "20.10", "20.10"),
        (2, 2, "-0.50", "-0.50"),
        (13, None, "0.1234567890123456789", None),
        (40, 2, "12345678901234567890123456789012345678.90", None),
    ],
)
@pytest.mark.parametrize("form", ["text", "number"])
def test_decimals_are_exact_whether_sap_sends_texts_or_numbers(
    tmp_path: Path,
    precision: int | None,
    scale: int | None,
    sent: str,
    shown: str | None,
    form: str,
) -> None:
    """OD-P40, P41: V4 sends numbers where a service ignores IEEE754Compatible."""
    of = source(field("decimal", precision=precision, scale=scale), version="V4")
    value = sent if form == "number" else f'"{sent}"'
    for gap in ("", " "):
        rows = page(tmp_path, f'{{"A"{gap}:{gap}{value}}}', '{"A":null}')
        assert typed_lines(tmp_path, of, rows) == [{"A": shown or sent}, {"A": None}]


def test_decimals_of_unknown_size_stay_texts_and_the_others_have_their_own_type(
    tmp_path: Path,
) -> None:
    fields = [
        Field(name="Known", kind="decimal", precision=16, scale=3),
        Field(name="Unknown", kind="decimal", precision=16),
        Field(name="Large", kind="decimal", precision=39, scale=0),
        Field(name="Odd", kind="decimal", precision=2, scale=3),
    ]
    path = made(tmp_path, source(*fields), page(tmp_path), format="parquet")
    types = [str(each) for each in pyarrow.parquet.read_schema(path).types]
    assert types == ["decimal128(16, 3)", "string", "string", "string"]


def test_numbers_inside_nested_rows_keep_their_digits_too(tmp_path: Path) -> None:
    of = source(field("text"), version="V4", nested=NESTED)
    rows = page(tmp_path, '{"A":"1","to_Item":[{"Item":"1","Quantity":1234567890.120}]}')
    (row,) = typed_lines(tmp_path, of, rows)
    assert row["to_Item"][0]["Quantity"] == "1234567890.120"


def test_a_number_on_the_border_of_two_blocks_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sapmatch.extracting.formats.exact._BLOCK", 64)
    of = source(field("decimal", precision=30, scale=10), version="V4")
    for shift in range(0, 64, 7):
        rows = page(tmp_path, {"B": "x" * shift}, '{"A":12345678901234567890.1234567890}')
        assert typed_lines(tmp_path, of, rows)[1] == {"A": "12345678901234567890.1234567890"}


@pytest.mark.parametrize(
    ("kind", "sent"),
    [
        ("decimal", '"1,50"'),
        ("decimal", '"1.505"'),
        ("decimal", '"1000.00"'),
        ("decimal", '"1e2"'),
        ("decimal", "1.5e-9"),
        ("decimal", "true"),
        ("decimal", '{"a":1}'),
        ("integer", '"1.5"'),
        ("integer", '"0x1F"'),
        ("integer", "9223372036854775808"),
        ("float", '"1_0"'),
        ("boolean", '"maybe"'),
        ("date", '"2026-02-30"'),
        ("date", '"0000-00-00"'),
        ("date", '"0000-01-01"'),
        ("date", '"infinity"'),
        ("date", '"/Date(1)/"'),
        ("date", '"/Date(253402300800000)/"'),
        ("date", '"/Date(999999999999999999)/"'),
        ("date", '"/Date(999999999999999999999)/"'),
        ("date", '"/Date()/"'),
        ("datetime", '"/Date(-62135596800001)/"'),
        ("datetime", '"2026-11-02T09:00:00+02:00"'),
        ("datetime", '"2026-11-02T25:00:00"'),
        ("datetime", '"2026-11-02T24:00:00"'),
        ("moment", '"2026-11-02T24:00:00Z"'),
        ("moment", '"0001-01-01T00:00:00+01:00"'),
        ("moment", '"9999-12-31T23:59:59-01:00"'),
        ("moment", '"yesterday"'),
        ("float", '"1E400"'),
        ("time", '"PT24H00M00S"'),
        ("time", '"PT"'),
        ("time", '"P1DT0H"'),
        ("time", '"24:00:00"'),
        ("time", '"PT1H99M"'),
        ("binary", '"A"'),
        ("binary", '"!!!!"'),
        ("collection", '"1"'),
    ],
)
def test_a_value_that_does_not_fit_is_named_by_its_place_alone(
    tmp_path: Path, kind: Kind, sent: str
) -> None:
    """OD-P47, P50: no NULL in place of data, and no value in the message."""
    of = source(field("text"), Field(name="Bad", kind=kind, precision=5, scale=2))
    good, bad = '{"A":"1","Bad":null}', f'{{"A":"1","Bad":{sent}}}'
    pages = [page(tmp_path, good, name="one"), page(tmp_path, good, bad, good, bad, name="two")]
    with pytest.raises(InputRejected) as caught:
        made(tmp_path, of, *pages, format="parquet")
    assert str(caught.value) == (
        "A_Order: Bad: does not fit its type in 2 rows, first in row 3: leave the field out "
        "with select, or store the rows with values = raw"
    )
    assert caught.value.__cause__ is None
    assert not list(tmp_path.glob("part*"))


@pytest.mark.parametrize("form", ["ndjson", "csv"])
def test_the_texts_of_other_formats_are_checked_as_strictly(tmp_path: Path, form: str) -> None:
    rows = page(tmp_path, {"A": "2026-11-02"}, {"A": "soon"})
    with pytest.raises(InputRejected, match=r"A_Order: A: .* first in row 2:"):
        made(tmp_path, source(field("date")), rows, format=form)


@pytest.mark.parametrize(
    ("nested", "path"),
    [
        ('{"results":[{"Item":"1"},{"Item":"2","Quantity":"many"}]}', "to_Item.Quantity"),
        ('[{"Item":"1","Day":"soon"}]', "to_Item.Day"),
        ('{"results":["lost"]}', "to_Item"),
        ('[{"Item":"1"},7]', "to_Item"),
        ('"lost"', "to_Item"),
        ('{"Item":"1"}', "to_Item"),
    ],
)
def test_a_nested_value_that_does_not_fit_is_named_by_its_path(
    tmp_path: Path, nested: str, path: str
) -> None:
    of = source(field("text"), nested=NESTED)
    rows = page(tmp_path, '{"A":"1","to_Item":[]}', f'{{"A":"2","to_Item":{nested}}}')
    with pytest.raises(
        InputRejected, match=f"A_Order: {path}: does not fit its type in 1 rows, fi"
    ):
        made(tmp_path, of, rows, format="parquet")


def test_the_fields_of_a_single_nested_row_are_checked_like_the_others(tmp_path: Path) -> None:
    one = Shape(
        entity_set="A_Item", version="V2", keys=(), fields=ITEM.fields, nested=NESTED, many=False
    )
    of = source(field("text"), nested={"to_One": one})
    for sent, path in (
        ('{"Day":"soon"}', "to_One.Day"),
        ('{"to_Item":[{"Day":"soon"}]}', "to_One.to_Item.Day"),
        ("[]", "to_One"),
    ):
        rows = page(tmp_path, f'{{"A":"2","to_One":{sent}}}')
        with pytest.raises(InputRejected, match=f"A_Order: {path}: .* first in row 1:"):
            made(tmp_path, of, rows)


@pytest.mark.parametrize("line", ["[1]", "7", '"x"', '{"A":', '{"A":"1"}{"A":"2"}', '{"A":1.5}}'])
def test_a_line_that_is_no_row_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(InputRejected, match="two: row 2 is no JSON object"):
        made(
            tmp_path,
            source(field("text")),
            page(tmp_path, '{"A":"1"}', name="one"),
            page(tmp_path, '{"A":"1"}', line, name="two"),
        )


def test_a_row_beyond_the_size_of_a_typed_row_is_named(tmp_path: Path) -> None:
    rows = page(tmp_path, {"A": "x"}, {"A": "x" * (40 << 20)})
    with pytest.raises(InputRejected, match=r"row 2 has 4194\d+ bytes, and .* takes 16777216"):
        made(tmp_path, source(field("text")), rows, format="csv")
    with pytest.raises(InputRejected, match="compression = gzip"):
        made(tmp_path, source(), rows, values="raw", compression="zstd")
    assert made(tmp_path, source(), rows, values="raw").read_bytes() == rows.read_bytes()


def test_text_that_no_file_could_hold_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputRejected, match=r"row 1 is no JSON|cannot be read"):
        made(tmp_path, source(field("text")), page(tmp_path, r'{"A":"\ud800"}'))
