"""The OData V4 codec: literals, query options, JSON bodies to send and that came back."""

import base64
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
from msgspec import Raw, Struct, field

from sapmatch.model.intent import Record
from sapmatch.model.query import Condition, ODataValue, Query
from sapmatch.sap.odata import addresses, bodies, conditions, edm, expands
from sapmatch.sap.odata.codec import Decimals, Feed
from sapmatch.sap.odata.metadata import NO_TYPES, StructuredType, Types, Version

VERSION: Version = "V4"
ACCEPT: str = "application/json"

_JSON = "application/json"
_ETAGS = ("@odata.etag", "@etag")
_ADDRESSES = ("@odata.id", "@id", "@odata.editLink", "@editLink")


class _Feed(Struct):
    """OData 4.01 may leave out `odata.`; a singleton has no `value`."""

    value: list[Raw] | None = None
    context: str | None = field(default=None, name="@odata.context")
    next: str | None = field(default=None, name="@odata.nextLink")
    delta: str | None = field(default=None, name="@odata.deltaLink")
    count: int | str | None = field(default=None, name="@odata.count")
    context_401: str | None = field(default=None, name="@context")
    next_401: str | None = field(default=None, name="@nextLink")
    delta_401: str | None = field(default=None, name="@deltaLink")
    count_401: int | str | None = field(default=None, name="@count")


_feed = msgspec.json.Decoder(_Feed)
_row = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


def literal(value: ODataValue | None, type: str | None = None) -> str:
    """The value as URLs write it, not yet percent-encoded (OData V4 ABNF; OD-P60).

    A text of a type of the service's own is a member of an enumeration: `NS.Color'Red'`.
    Raises InputRejected, without the value, where it is none of the type.
    """
    if value is None:
        return "null"
    value = edm.coerced(value, type)
    match value:
        case bool():
            return "true" if value else "false"
        case int() | UUID():
            return str(value)
        case Decimal() | float():
            return edm.number_text(value)
        case bytes():
            return f"binary'{base64.urlsafe_b64encode(value).decode()}'"
        case timedelta():
            return f"duration'{edm.duration_text(value)}'"
        case datetime() | date() | time():
            return _moment(value)
    enumeration = type if type and not type.startswith("Edm.") else ""
    return enumeration + edm.text_literal(value)


def _moment(value: date | time) -> str:
    """What has no zone is taken for UTC: V4 knows no points in time without one."""
    if isinstance(value, datetime):
        return f"{edm.utc(value).replace(tzinfo=None).isoformat()}Z"
    return value.isoformat()


_DIALECT = conditions.Dialect("V4", literal)


def options(
    query: Query, kind: StructuredType | None = None, types: Types = NO_TYPES
) -> dict[str, str]:
    """Query options by name, not yet percent-encoded; those that are not needed are absent."""

    def inner(condition: Condition, target: StructuredType | None) -> str:
        return conditions.filter_text(condition, _DIALECT, target, types)

    given = {
        "$select": expands.columns(expands.own(query)),
        "$expand": expands.nested(query, inner, kind, types),
        "$filter": conditions.filter_of(query, _DIALECT, kind, types),
        "$orderby": expands.ordering(query.order_by),
        "$top": "" if query.top is None else str(query.top),
        "$skip": "" if query.skip is None else str(query.skip),
        "$count": "true" if query.inline_count else "",
    }
    return {name: text for name, text in given.items() if text}


def content_type(decimals: Decimals | None) -> str:
    """The type of a body that `encode` made: decimals in quotes need a word (OD-P40)."""
    return f"{_JSON};IEEE754Compatible=true" if decimals == "string" else _JSON


def encode(
    record: Record,
    *,
    decimals: Decimals | None = None,
    kind: StructuredType | None = None,
    types: Types = NO_TYPES,
) -> bytes:
    """The body of a write: decimals as exact numbers, or as strings where the service wants them.

    Raises InputRejected for a float, which cannot hold an amount, and for a value that is none of
    its field's type.
    """
    return bodies.Bodies(_written, decimals or "number", types).encode(record, kind)


def _written(value: Any, decimals: Decimals, type: str | None) -> Any:
    """A value as V4 writes it in JSON."""
    match value:
        case bool():
            return value
        case int() if type == "Edm.Int64" and decimals == "string":
            return str(value)
        case Decimal() | float():
            text = edm.number_text(value)
            exact = decimals == "string" and type not in edm.FLOATS
            return text if exact or text in edm.SPECIAL else Raw(text.encode())
        case date() | time():
            return _moment(value)
        case timedelta():
            return edm.duration_text(value)
        case bytes():
            return base64.urlsafe_b64encode(value).decode()
    return value


def feed(body: bytes) -> Feed:
    """A collection, or the one entity of a singleton (OD-P20). Raises one of UNREADABLE."""
    found = _feed.decode(body)
    rows = found.value
    if rows is None:
        if found.context is None and found.context_401 is None:
            raise msgspec.ValidationError("neither `value` nor a context")
        rows = [Raw(body)]
    count = found.count if found.count is not None else found.count_401
    return Feed(
        rows,
        found.next or found.next_401,
        found.delta or found.delta_401,
        None if count is None else int(count),
    )


def entity(body: bytes) -> Record:
    """One entity. Raises one of UNREADABLE."""
    return _row.decode(body)


def row(raw: Raw | bytes) -> Record:
    """One row with its values as JSON gives them, numbers exact."""
    return _row.decode(raw)


def etag_of(row: Record) -> str | None:
    """The ETag inside the row, untouched (OD-P66)."""
    return _first_text(row, _ETAGS)


def key_of(
    entity_set: str, row: Record, location: str | None, keys: Sequence[str] = ()
) -> dict[str, ODataValue]:
    """The key of a created entity from its address, or from its fields `keys`; else empty."""
    address = _first_text(row, _ADDRESSES) or location or ""
    return addresses.key_in(f"/{address}", entity_set, row, keys)


def result(body: bytes, name: str) -> object:  # noqa: ARG001 (V4 always calls it `value`)
    """What an operation returned: a record, a list of records, a value, or None.

    Raises one of UNREADABLE.
    """
    if not body.strip():
        return None
    found = _row.decode(body)
    bare = all(part == "value" or part.startswith("@") for part in found)
    return found["value"] if bare and "value" in found else found


def _first_text(row: Record, names: Sequence[str]) -> str | None:
    for name in names:
        if isinstance(row.get(name), str):
            return str(row[name])
    return None
