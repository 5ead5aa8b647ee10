"""SQL of one plain value: from the text that SAP sent to its type, and from there to a text."""

from collections.abc import Callable, Mapping

from sapmatch.extracting.formats.sql import literal
from sapmatch.model.shape import Kind

MOST_DIGITS = 38  # of a decimal column; Parquet and pandas take no more either

_TICKS = r"^/Date\((-?\d{1,15})(?:[+-]\d{1,5})?\)/$"
_DAY = r"\d{4}-\d{2}-\d{2}"
_CLOCK = r"(?:[01]\d|2[0-3]):\d{2}(?::\d{2}(?:\.\d{1,12})?)?"
_ZONE = r"(?:Z|[+-]\d{2}:?\d{2})?"
_FULL = r"PT\d{2}H\d{2}M\d{2}(?:\.\d{1,12})?S"
_DURATION = r"P(?:0D)?T(?:\d{1,2}H)?(?:\d{1,2}M)?(?:\d{1,2}(?:\.\d{1,12})?S)?"
_NUMBER = r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?"
_NO_NUMBER = r"[+-]?INF|NaN"
# 0001-01-01 and 9999-12-31 in ms: what the calendars of Python and Parquet readers hold.
_FIRST, _LAST = -62_135_596_800_000, 253_402_300_799_999
_DAY_MS = 86_400_000


def typed(kind: Kind, x: str, precision: int | None = None, scale: int | None = None) -> str:
    """The text `x` as its type; NULL where it is none of that type."""
    if kind == "decimal":
        return _decimal(x, precision, scale) if is_exact(precision, scale) else x
    change = _TYPED.get(kind)
    return change(x) if change else x


def is_exact(precision: int | None, scale: int | None) -> bool:
    """Whether a decimal gets a column of its own type; else it stays a text."""
    return (
        precision is not None
        and scale is not None
        and 0 < precision <= MOST_DIGITS
        and 0 <= scale <= precision
    )


def is_text(kind: Kind, precision: int | None = None, scale: int | None = None) -> bool:
    """Whether every text is a value of it."""
    return kind not in _TYPED and not (kind == "decimal" and is_exact(precision, scale))


def shown(kind: Kind, x: str, precision: int | None = None, scale: int | None = None) -> str:
    """A typed value as JSON holds it: what has no form of its own there is a text."""
    if (
        kind == "decimal" and precision == scale and is_exact(precision, scale)
    ):  # DuckDB writes such a one as `.5`
        return f"regexp_replace(CAST({x} AS VARCHAR), '^(-?)[.]', '\\10.')"
    change = _SHOWN.get(kind)
    return change(x) if change else x


def _matches(x: str, pattern: str) -> str:
    return f"regexp_full_match({x}, {literal(pattern)})"


def _decimal(x: str, precision: int | None, scale: int | None) -> str:
    """A cast would round what has more decimals than the type."""
    digits = rf"[+-]?\d{{1,400}}(?:\.\d{{0,{scale}}}0*)?"
    return (
        f"CASE WHEN {_matches(x, digits)} THEN TRY_CAST({x} AS DECIMAL({precision}, {scale})) END"
    )


def _integer(x: str) -> str:
    return f"CASE WHEN {_matches(x, '[+-]?[0-9]{1,19}')} THEN TRY_CAST({x} AS BIGINT) END"


def _float(x: str) -> str:
    """A number that a double cannot hold is no infinity."""
    value = f"TRY_CAST({x} AS DOUBLE)"
    fits = f"{_matches(x, _NUMBER)} AND isfinite({value})"
    return f"CASE WHEN {fits} OR {_matches(x, _NO_NUMBER)} THEN {value} END"


def _boolean(x: str) -> str:
    """ABAP's own truth is X, and a blank is false."""
    return (
        f"CASE lower(trim({x})) WHEN 'true' THEN true WHEN 'false' THEN false "
        "WHEN 'x' THEN true WHEN '' THEN false WHEN '1' THEN true WHEN '0' THEN false END"
    )


def _ticks(x: str, change: str) -> str:
    """`/Date(ms)/` by the SQL `change` of `ms`: UTC already, whatever the offset (OD-P44)."""
    ms = f"TRY_CAST(regexp_extract({x}, {literal(_TICKS)}, 1) AS BIGINT)"
    known = f"ms BETWEEN {_FIRST} AND {_LAST}"
    # A list of one, so that the text is searched once.
    return f"list_transform([{ms}], lambda ms: CASE WHEN {known} THEN {change} END)[1]"


def _iso(x: str, form: str, value: str) -> str:
    """No calendar of ours holds the year 0."""
    return f"CASE WHEN {_matches(x, form)} AND {x} >= '0001' THEN {value} END"


def _date(x: str) -> str:
    """A day; a time of the day beside midnight would be lost."""
    day = f"CASE WHEN ms % {_DAY_MS} = 0 THEN CAST(epoch_ms(ms) AS DATE) END"
    midnight = rf"{_DAY}(?:T00:00(?::00(?:\.0{{1,12}})?)?Z?)?"
    iso = _iso(x, midnight, f"TRY_CAST(left({x}, 10) AS DATE)")
    return f"coalesce({_ticks(x, day)}, {iso})"


def _time_of(x: str, form: str, type: str) -> str:
    ticks = _ticks(x, f"CAST(epoch_ms(ms) AS {type})")
    return f"coalesce({ticks}, {_iso(x, form, f'TRY_CAST({x} AS {type})')})"


def _datetime(x: str) -> str:
    """As the clock in SAP shows it: it has no zone (OD-P46), and one of another zone is none."""
    return _time_of(x, f"{_DAY}(?:[T ]{_CLOCK}Z?)?", "TIMESTAMP")


def _moment(x: str) -> str:
    """UTC; without an offset it is UTC already (OD-P45). One may lead out of the calendar."""
    ends = "BETWEEN '0001-01-01 00:00:00Z'::TIMESTAMPTZ AND '9999-12-31 23:59:59.999999Z'"
    value = _time_of(x, f"{_DAY}[T ]{_CLOCK}{_ZONE}", "TIMESTAMPTZ")
    return f"list_transform([{value}], lambda u: CASE WHEN u {ends} THEN u END)[1]"


def _time(x: str) -> str:
    """V2 sends a time of day as a duration, V4 as a clock shows it; 24:00 is none."""
    clock = f"replace(replace(substr({x}, 3, len({x}) - 3), 'H', ':'), 'M', ':')"
    return (
        f"CASE WHEN {_matches(x, _FULL)} AND {x} < 'PT24' THEN TRY_CAST({clock} AS TIME) "
        f"WHEN {_matches(x, _CLOCK)} THEN TRY_CAST({x} AS TIME) "
        f"WHEN {_matches(x, _DURATION)} THEN {_sparse_time(x)} END"
    )


def _sparse_time(x: str) -> str:
    """A duration some parts of which are not there."""

    def part(letter: str) -> str:
        return f"lpad(regexp_extract({x}, '([0-9]+)(?:[.][0-9]+)?{letter}', 1), 2, '0')"

    clock = f"{part('H')} || ':' || {part('M')} || ':' || {part('S')}"
    whole = f"{clock} || regexp_extract({x}, '[.][0-9]+')"
    sane = f"NOT ends_with({x}, 'T') AND {part('H')} < '24'"
    return f"CASE WHEN {sane} THEN TRY_CAST({whole} AS TIME) END"


def _binary(x: str) -> str:
    """Base64 of V2, or base64url of V4; the padding may be missing there."""
    plain = f"replace(replace(rtrim({x}, '='), '-', '+'), '_', '/')"
    padding = f"repeat('=', (4 - len({plain}) % 4) % 4)"
    return (
        f"CASE WHEN {_matches(x, '[A-Za-z0-9+/_-]*={0,2}')} AND len({plain}) % 4 <> 1 "
        f"THEN from_base64({plain} || {padding}) END"
    )


_TYPED: Mapping[Kind, Callable[[str], str]] = {
    "boolean": _boolean,
    "integer": _integer,
    "float": _float,
    "date": _date,
    "datetime": _datetime,
    "moment": _moment,
    "time": _time,
    "binary": _binary,
}
_SHOWN: Mapping[Kind, Callable[[str], str]] = {
    "decimal": lambda x: f"CAST({x} AS VARCHAR)",
    "date": lambda x: f"CAST({x} AS VARCHAR)",
    "time": lambda x: f"CAST({x} AS VARCHAR)",
    "datetime": lambda x: f"replace(CAST({x} AS VARCHAR), ' ', 'T')",
    "moment": lambda x: (
        f"replace(CAST({x} AT TIME ZONE 'UTC' AS VARCHAR), ' ', 'T') || 'Z'"  # not +00
    ),
    "binary": lambda x: f"to_base64({x})",
    # JSON has no number for these three, as OData has not.
    "float": lambda x: (
        f"CASE WHEN isfinite({x}) THEN to_json({x}) WHEN isnan({x}) THEN to_json('NaN') "
        f"WHEN {x} > 0 THEN to_json('INF') WHEN {x} < 0 THEN to_json('-INF') END"
    ),
}
