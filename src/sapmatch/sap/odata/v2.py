"""The OData V2 JSON codec: literals, bodies to send, bodies that came back."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import unquote
from uuid import UUID

import msgspec
from msgspec import Raw, Struct, field

from sapmatch.model.errors import InputRejected
from sapmatch.model.intent import Record
from sapmatch.model.ports import ODataValue

Value = ODataValue | UUID
UNREADABLE = (msgspec.MsgspecError, RecursionError, ValueError)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_INT32 = 2**31
_PREDICATE = re.compile(r"(?:(\w+)=)?(?:[a-z]*'((?:[^']|'')*)'|([^,']+))(?:,|$)")


class Feed(Struct):
    """A collection; `results` are the untouched rows."""

    results: list[Raw]
    next: str | None = field(default=None, name="__next")
    delta: str | None = field(default=None, name="__delta")
    count: int | str | None = field(default=None, name="__count")


class _Collection(Struct):
    d: Feed | list[Raw]


class _Single(Struct):
    d: dict[str, Any]


_collection = msgspec.json.Decoder(_Collection)
_single = msgspec.json.Decoder(_Single, float_hook=Decimal)
_row = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


def literal(value: Value) -> str:
    """The value as URLs write it, not yet percent-encoded (OData V2 URI conventions; OD-P60)."""
    match value:
        case bool():
            return "true" if value else "false"
        case int():
            return f"{value}L" if abs(value) >= _INT32 else str(value)
        case Decimal():
            return f"{value:f}M"
        case UUID():
            return f"guid'{value}'"
        case datetime():
            return _moment(value)
        case date():
            return f"datetime'{value.isoformat()}T00:00:00'"
    return "'" + value.replace("'", "''") + "'"


def _moment(value: datetime) -> str:
    """Edm.DateTime has no zone; a time that has one is Edm.DateTimeOffset."""
    if value.tzinfo is None:
        return f"datetime'{value.isoformat()}'"
    return f"datetimeoffset'{value.astimezone(UTC).replace(tzinfo=None).isoformat()}Z'"


def encode(record: Record) -> bytes:
    """The body of a write: decimals as strings, points in time as `/Date(ms)/` (OD-P40, OD-P49).

    Raises InputRejected for a float, which cannot hold an amount.
    """
    return msgspec.json.encode(_writable(record, ""))


def _writable(value: Any, path: str) -> Any:
    match value:
        case Mapping():
            return {name: _writable(part, f"{path}.{name}") for name, part in value.items()}
        case list() | tuple():
            return [_writable(part, f"{path}[{n}]") for n, part in enumerate(value)]
        case float():
            raise InputRejected(f"{path.lstrip('.')}: write it as a decimal in quotes, not a float")
        case Decimal():
            return f"{value:f}"
        case datetime():
            return _ticks(value.replace(tzinfo=value.tzinfo or UTC))
        case date():
            return _ticks(datetime(value.year, value.month, value.day, tzinfo=UTC))
    return value


def _ticks(moment: datetime) -> str:
    return f"/Date({(moment - _EPOCH) // timedelta(milliseconds=1)})/"


def feed(body: bytes) -> Feed:
    """A collection; `d` may be a bare list (OD-P20). Raises one of UNREADABLE."""
    found = _collection.decode(body).d
    return found if isinstance(found, Feed) else Feed(found)


def count_of(found: Feed) -> int | None:
    """`__count` is a string or a number, or missing (OD-P27)."""
    return None if found.count is None else int(found.count)


def entity(body: bytes) -> Record:
    """One entity; C4C wraps it into `results`. Raises one of UNREADABLE."""
    row = _single.decode(body).d
    inner = row.get("results")
    return inner if len(row) == 1 and isinstance(inner, dict) else row


def row(raw: Raw) -> Record:
    """One row with its values as JSON gives them, numbers exact."""
    return _row.decode(raw)


def etag_of(found: Record) -> str | None:
    """The ETag inside the row, untouched (OD-P66)."""
    metadata = found.get("__metadata")
    etag = metadata.get("etag") if isinstance(metadata, dict) else None
    return etag if isinstance(etag, str) else None


def key_of(entity_set: str, found: Record, location: str | None) -> dict[str, str]:
    """The key of a created entity from its address; empty where SAP gave none.

    A single key has no name in an address: it is the first field of that value, as SAP sends key
    fields first.
    """
    metadata = found.get("__metadata")
    address = metadata.get("uri") if isinstance(metadata, dict) else None
    _, named, predicate = unquote(str(address or location or "")).rpartition(f"/{entity_set}(")
    if not named:
        return {}
    parts = {
        name: text.replace("''", "'") or bare
        for name, text, bare in _PREDICATE.findall(predicate.removesuffix(")"))
    }
    if set(parts) != {""}:
        return parts
    names = [name for name, value in found.items() if str(value) == parts[""]]
    return {names[0]: parts[""]} if names else {}
