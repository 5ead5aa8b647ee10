"""NDJSON, CSV and Parquet of the same pages hold the same rows."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import duckdb
import pandas
import pyarrow
import pyarrow.parquet
import pytest

from sapmatch.extracting.formats import convert, suffix
from sapmatch.model.flow import Output
from sapmatch.model.shape import Field
from tests.builders.formats import PAGES, made, orders, page, source, typed_lines

Version = Literal["V2", "V4"]
Compression = Literal["none", "gzip", "zstd"]
VERSIONS: tuple[Version, ...] = ("V2", "V4")
ROWS: list[dict[str, Any]] = [
    {
        "Order": "0000001",
        "Count": 9007199254740993,
        "Net": Decimal("1234567890123.450"),
        "Rate": "1.50",
        "Weight": 0.1,
        "Blocked": True,
        "Day": date(2026, 11, 2),
        "Created": datetime(2026, 11, 2, 9, 0, 0, 123000),  # noqa: DTZ001
        "Changed": datetime(2026, 11, 2, 9, 0, 0, 123456, UTC),
        "Clock": time(14, 5, 6),
        "Logo": b"\x00\xff\xfe",
        "Address": {"City": "Köln", "Since": date(1969, 12, 31)},
        "Tags": ["a", 'b,"c"'],
        "Prices": [{"Amount": Decimal("1.10")}],
        "to_Item": [
            {"Item": "10", "Quantity": Decimal("5.000"), "Day": date(1970, 1, 1)},
            {"Item": "20", "Quantity": None, "Day": None},
        ],
        "to_Partner": {"Name": "M & Sons"},
    },
    dict.fromkeys(field.name for field in orders().shape.fields)
    | {"Order": "", "to_Item": None, "to_Partner": None},
    {
        "Order": 'line\nand "quote", comma',
        "Count": -5,
        "Net": Decimal("-0.001"),
        "Rate": "12345678901234567890.123456789012345678901234567890",
        "Weight": float("inf"),
        "Blocked": False,
        "Day": date(9999, 12, 31),
        "Created": datetime(1, 1, 1),  # noqa: DTZ001
        "Changed": datetime(1969, 12, 31, 23, 59, 59, 999000, UTC),
        "Clock": time(0, 0, 0, 500000),
        "Logo": b"",
        "Address": {"City": None, "Since": None},
        "Tags": [],
        "Prices": [],
        "to_Item": [],
        "to_Partner": None,
    },
]


def rows_of(version: Version) -> list[dict[str, Any]]:
    """V2 sends milliseconds only."""
    if version == "V4":
        return ROWS
    changed = datetime(2026, 11, 2, 9, 0, 0, 123000, UTC)
    return [{**ROWS[0], "Changed": changed}, *ROWS[1:]]


def page_of(version: Version) -> Path:
    return PAGES / f"orders_{version.lower()}.ndjson"


@pytest.mark.parametrize("version", VERSIONS)
def test_parquet_holds_each_value_as_its_type_and_both_protocols_give_the_same(
    tmp_path: Path, version: Version
) -> None:
    """OD-P29, P41, P42, P44, P45, P46, P48: exact decimals, typed dates, nulls kept."""
    path = made(tmp_path, orders(version), page_of(version), format="parquet")
    assert pyarrow.parquet.read_table(path).to_pylist() == rows_of(version)


@pytest.mark.parametrize("version", VERSIONS)
def test_duckdb_reads_equal_rows_from_the_three_formats(tmp_path: Path, version: Version) -> None:
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        whole = engine.read_parquet(str(made_as("parquet", version, tmp_path)))
        types = dict(zip(whole.columns, map(str, whole.types), strict=True))
        texts = {n: "VARCHAR" if t == "BLOB" else t for n, t in types.items()}
        lines = engine.from_query(
            "FROM read_json($path, columns=$types, format='newline_delimited')",
            params={"path": str(made_as("ndjson", version, tmp_path)), "types": texts},
        )
        cells = engine.from_query(
            "FROM read_csv($path, columns=$types, header=true, auto_detect=false, quote='\"', "
            "escape='\"', allow_quoted_nulls=false)",
            params={
                "path": str(made_as("csv", version, tmp_path)),
                "types": {n: "JSON" if is_nested(t) else t for n, t in texts.items()},
            },
        )
        back = ", ".join(
            f'from_base64("{n}") AS "{n}"' if t == "BLOB" else f'CAST("{n}" AS {t}) AS "{n}"'
            for n, t in types.items()
        )
        for other in (lines.project(back), cells.project(back)):
            assert whole.except_(other).count("*").fetchall() == [(0,)]
            assert other.except_(whole).count("*").fetchall() == [(0,)]
            assert other.count("*").fetchall() == [(3,)]


def is_nested(type: str) -> bool:
    return type.startswith("STRUCT") or type.endswith("[]")


def made_as(form: str, version: Version, folder: Path) -> Path:
    return made(folder, orders(version), page_of(version), format=form)


def test_pandas_reads_equal_values_from_the_three_formats(tmp_path: Path) -> None:
    parquet = pandas.read_parquet(made_as("parquet", "V4", tmp_path))
    lines = pandas.read_json(made_as("ndjson", "V4", tmp_path), lines=True, dtype=False)
    cells = pandas.read_csv(made_as("csv", "V4", tmp_path), dtype=str)
    assert list(parquet.columns) == list(lines.columns) == list(cells.columns) == list(ROWS[0])
    assert list(parquet["Net"]) == [ROWS[0]["Net"], None, ROWS[2]["Net"]]
    for frame in (lines, cells):
        assert [Decimal(n) for n in frame["Net"].dropna()] == [ROWS[0]["Net"], ROWS[2]["Net"]]
        assert frame["Net"].isna().tolist() == [False, True, False]
    assert list(parquet["Day"]) == [row["Day"] for row in ROWS]
    for frame in (lines, cells):
        assert frame["Changed"][0] == "2026-11-02T09:00:00.123456Z"
        assert pandas.Timestamp(frame["Changed"][0]) == parquet["Changed"][0]
        assert frame["Day"].dropna().tolist() == ["2026-11-02", "9999-12-31"]


def test_csv_tells_null_from_an_empty_text_and_quotes_what_needs_it(tmp_path: Path) -> None:
    """RFC 4180, lines end in LF."""
    of = source(Field(name="A", kind="text"), Field(name='B, "b"', kind="text"))
    rows: list[dict[str, Any]] = [
        {"A": "", 'B, "b"': None},
        {"A": "a\r\nb", 'B, "b"': 'say "x"'},
        {"A": "ü;'"},
    ]
    path = made(tmp_path, of, page(tmp_path, *rows), format="csv")
    assert path.read_bytes().decode() == ('A,"B, ""b"""\n"",\n"a\r\nb","say ""x"""\nü;\',\n')


def test_typed_ndjson_holds_decimals_as_texts_and_moments_in_utc(tmp_path: Path) -> None:
    first, empty, third = typed_lines(tmp_path, orders(), page_of("V2"))
    assert (first["Net"], third["Net"]) == ("1234567890123.450", "-0.001")
    assert first["Changed"] == "2026-11-02T09:00:00.123Z"
    assert first["Created"] == "2026-11-02T09:00:00.123"
    assert (first["Clock"], first["Logo"], third["Weight"]) == ("14:05:06", "AP/+", "INF")
    assert list(first) == list(ROWS[0])
    assert [name for name, value in empty.items() if value is not None] == ["Order"]


@pytest.mark.parametrize("form", ["ndjson", "csv", "parquet"])
@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_the_same_rows_give_the_same_bytes(tmp_path: Path, form: str, compression: str) -> None:
    """RE-11."""
    found = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        pages = [page_of("V2"), page_of("V4"), page_of("V2")]
        to = made(tmp_path / name, orders(), *pages, format=form, compression=compression)
        assert not list((tmp_path / name / "work").iterdir())
        found.append(to.read_bytes())
    assert found[0] == found[1]


@pytest.mark.parametrize("compression", ["gzip", "zstd"])
def test_compressed_files_hold_what_the_others_hold(tmp_path: Path, compression: str) -> None:
    for form in ("csv", "ndjson"):
        plain = made(tmp_path, orders(), page_of("V2"), format=form)
        packed = made(tmp_path, orders(), page_of("V2"), format=form, compression=compression)
        with pyarrow.input_stream(packed, compression=compression) as stream:
            assert stream.read() == plain.read_bytes()


@pytest.mark.parametrize(
    ("asked", "inside"), [("none", "SNAPPY"), ("zstd", "ZSTD"), ("gzip", "GZIP")]
)
def test_parquet_is_compressed_inside(tmp_path: Path, asked: str, inside: str) -> None:
    path = made(tmp_path, orders(), page_of("V2"), format="parquet", compression=asked)
    metadata = pyarrow.parquet.read_metadata(path)
    assert metadata.row_group(0).column(0).compression == inside
    assert path.suffix == ".parquet"


def test_files_are_named_by_form_and_compression() -> None:
    assert suffix(Output()) == ".ndjson"
    assert suffix(Output(compression="gzip")) == ".ndjson.gz"
    assert suffix(Output(format="csv", compression="zstd")) == ".csv.zst"
    assert suffix(Output(format="parquet", compression="zstd")) == ".parquet"


@pytest.mark.parametrize("pages", [0, 1])
def test_an_output_without_rows_still_has_its_columns(tmp_path: Path, pages: int) -> None:
    empty = [page(tmp_path)] * pages
    of = orders()
    assert made(tmp_path, of, *empty).read_bytes() == b""
    assert made(tmp_path, of, *empty, format="csv").read_text() == ",".join(ROWS[0]) + "\n"
    found = pyarrow.parquet.read_table(made(tmp_path, of, *empty, format="parquet"))
    full = pyarrow.parquet.read_table(made(tmp_path, of, page_of("V2"), format="parquet"))
    assert (found.num_rows, found.schema) == (0, full.schema)


def test_rows_stay_in_the_order_of_their_pages(tmp_path: Path) -> None:
    of = source(Field(name="N", kind="integer"))
    pages = [
        page(tmp_path, *({"N": number} for number in range(start, start + 3000)), name=f"{start}")
        for start in (6000, 0, 3000)
    ]
    found = pyarrow.parquet.read_table(made(tmp_path, of, *pages, format="parquet"))
    assert found["N"].to_pylist() == [*range(6000, 9000), *range(6000)]
    lines = [row["N"] for row in typed_lines(tmp_path, of, *pages)]
    assert lines == found["N"].to_pylist()


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_raw_rows_are_the_bytes_that_sap_sent(tmp_path: Path, compression: Compression) -> None:
    """No page is read as JSON, and nothing of $metadata is needed."""
    odd = tmp_path / "odd.ndjson"
    odd.write_bytes('{ "A" : 1.50,\t"B":"\\"\\u0001ü, \'\u2028" }\n{"A":\n'.encode())
    pages = [page_of("V4"), odd, page_of("V2")]
    form = Output(compression=compression)
    to = tmp_path / f"part{suffix(form)}"
    assert convert(pages, source(), form, to, workspace=tmp_path / "work") == 8
    codec = None if compression == "none" else compression
    with pyarrow.input_stream(to, compression=codec) as stream:
        assert stream.read() == b"".join(path.read_bytes() for path in pages)
    assert not convert([], source(), form, to, workspace=tmp_path / "work")
