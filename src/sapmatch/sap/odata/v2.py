"""The OData V2 codec: literals, query options, JSON bodies to send and that came back."""

import base64
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

import msgspec
from msgspec import Raw, Struct, field

from sapmatch.model.intent import Record
from sapmatch.model.query import ODataValue, Query
from sapmatch.sap.odata import addresses, bodies, conditions, edm, expands
from sapmatch.sap.odata.codec import Decimals, Feed
from sapmatch.sap.odata.metadata import NO_TYPES, StructuredType, Types, Version

VERSION: Version = "V2"
ACCEPT: str = "application/json"

_INT32 = 2**31
_SUFFIXES: Final = {
    "Edm.Decimal": "M",
    "Edm.Int64": "L",
    "Edm.Double": "d",
    "Edm.Single": "f",
}


class _Feed(Struct):
    """`results` are the untouched rows; of C4C it is an object where there is one entity."""

    results: list[Raw]
    next: str | None = field(default=None, name="__next")
    delta: str | None = field(default=None, name="__delta")
    count: int | str | None = field(default=None, name="__count")


class _Collection(Struct):
    d: _Feed | list[Raw]


class _Single(Struct):
    d: dict[str, Any]


class _Result(Struct):
    d: Any = None


_collection = msgspec.json.Decoder(_Collection)
_single = msgspec.json.Decoder(_Single, float_hook=Decimal)
_row = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)
_result = msgspec.json.Decoder(_Result, float_hook=Decimal)


def literal(value: ODataValue | None, type: str | None = None) -> str:
    """The value as URLs write it, not yet percent-encoded (OData V2 URI conventions; OD-P60).

    Raises InputRejected, without the value, where it is none of the type.
    """
    if value is None:
        return "null"
    value = edm.coerced(value, type)
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            wide = abs(value) >= _INT32 if type is None else type == "Edm.Int64"
            return f"{value}L" if wide else str(value)
        case Decimal() | float():
            return edm.number_text(value) + _SUFFIXES.get(type or "", "M")
        case UUID():
            return f"guid'{value}'"
        case bytes():
            return f"X'{value.hex().upper()}'"
        case datetime() | date():
            return _moment(value, type)
        case time() | timedelta():
            return f"time'{edm.time_text(value)}'"
    return edm.text_literal(value)


def _moment(value: date, type: str | None) -> str:
    """Edm.DateTime has no zone; a time that has one is Edm.DateTimeOffset."""
    if not isinstance(value, datetime):
        return f"datetime'{value.isoformat()}T00:00:00'"
    if type == "Edm.DateTimeOffset" or value.tzinfo is not None:
        return f"datetimeoffset'{edm.utc(value).replace(tzinfo=None).isoformat()}Z'"
    return f"datetime'{value.isoformat()}'"


_DIALECT = conditions.Dialect("V2", literal)


def options(
    query: Query, kind: StructuredType | None = None, types: Types = NO_TYPES
) -> dict[str, str]:
    """Query options by name, not yet percent-encoded; those that are not needed are absent."""
    select, navigations = expands.flat(query)
    given = {
        "$select": expands.columns(select),
        "$expand": ",".join(navigations),
        "$filter": conditions.filter_of(query, _DIALECT, kind, types),
        "$orderby": expands.ordering(query.order_by),
        "$top": "" if query.top is None else str(query.top),
        "$skip": "" if query.skip is None else str(query.skip),
        "$inlinecount": "allpages" if query.inline_count else "",
    }
    return {name: text for name, text in given.items() if text}


def content_type(decimals: Decimals | None) -> str:  # noqa: ARG001 (V2 has one for both)
    """The type of a body that `encode` made."""
    return "application/json"


def encode(
    record: Record,
    *,
    decimals: Decimals | None = None,
    kind: StructuredType | None = None,
    types: Types = NO_TYPES,
) -> bytes:
    """The body of a write: decimals as strings, points in time as `/Date(ms)/` (OD-P40, OD-P49).

    Raises InputRejected for a float, which cannot hold an amount, and for a value that is none of
    its field's type.
    """
    return bodies.Bodies(_written, decimals or "string", types).encode(record, kind)


def _written(value: Any, decimals: Decimals, type: str | None) -> Any:
    """A value as V2 writes it in JSON."""
    match value:
        case bool():
            return value
        case int() if type == "Edm.Int64" or (type is None and abs(value) >= _INT32):
            return str(value)
        case Decimal() | float():
            text = edm.number_text(value)
            quoted = decimals == "string" or text in edm.SPECIAL
            return text if quoted else Raw(text.encode())
        case date():
            return edm.ticks_text(value)
        case time() | timedelta():
            return edm.time_text(value)
        case bytes():
            return base64.b64encode(value).decode()
    return value


def feed(body: bytes) -> Feed:
    """A collection; `d` may be a bare list (OD-P20), the count a text (OD-P27).

    Raises one of UNREADABLE.
    """
    found = _collection.decode(body).d
    if not isinstance(found, _Feed):
        return Feed(found)
    count = None if found.count is None else int(found.count)
    return Feed(found.results, found.next, found.delta, count)


def entity(body: bytes) -> Record:
    """One entity; C4C wraps it into `results`. Raises one of UNREADABLE."""
    found = _single.decode(body).d
    inner = found.get("results")
    return inner if len(found) == 1 and isinstance(inner, dict) else found


def row(raw: Raw | bytes) -> Record:
    """One row with its values as JSON gives them, numbers exact."""
    return _row.decode(raw)


def etag_of(row: Record) -> str | None:
    """The ETag inside the row, untouched (OD-P66)."""
    metadata = row.get("__metadata")
    etag = metadata.get("etag") if isinstance(metadata, dict) else None
    return etag if isinstance(etag, str) else None


def key_of(
    entity_set: str, row: Record, location: str | None, keys: Sequence[str] = ()
) -> dict[str, ODataValue]:
    """The key of a created entity from its address; empty where SAP gave none.

    A single key has no name in an address: it is the one of `keys`, or else the first field of
    that value, as SAP sends key fields first.
    """
    metadata = row.get("__metadata")
    address = metadata.get("uri") if isinstance(metadata, dict) else None
    return addresses.key_in(str(address or location or ""), entity_set, row, keys)


def result(body: bytes, name: str) -> object:
    """What an operation returned: a record, a list of records, a value, or None.

    A value stands under the operation's name. Raises one of UNREADABLE.
    """
    if not body.strip():
        return None
    found = _result.decode(body).d
    if isinstance(found, Mapping) and len(found) == 1 and name in found:
        found = found[name]
    return found["results"] if isinstance(found, Mapping) and "results" in found else found
