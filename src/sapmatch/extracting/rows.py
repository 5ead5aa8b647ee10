"""Rows of SAP as lines: as they came, or with plain values."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct, field

from sapmatch.model.intent import Record

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  Edm.DateTime has no zone
_DATE = re.compile(r"/Date\((-?\d+)([+-]\d{4})?\)/")


class _Metadata(Struct):
    uri: str | None = None


class _Identity(Struct):
    metadata: _Metadata | None = field(default=None, name="__metadata")
    id: str | None = field(default=None, name="@odata.id")


_identity = msgspec.json.Decoder(_Identity)
_row = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


def entity_key(row: bytes | msgspec.Raw) -> str | None:
    """The entity's own address as SAP sent it, None where it sent none."""
    identity = _identity.decode(row)
    return identity.metadata.uri if identity.metadata else identity.id


class Distinct:
    """Lets each entity pass once: SAP repeats rows across pages while its data moves (OD-P24).

    Rows without an address all pass. `repeated` counts those that were held back.
    """

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self.repeated = 0
        self.first: str | None = None
        self.last: str | None = None

    def of(self, rows: Iterable[bytes | msgspec.Raw]) -> Iterator[bytes | msgspec.Raw]:
        """The rows that were not there before."""
        for row in rows:
            key = entity_key(row)
            if key is not None and key in self._seen:
                self.repeated += 1
                continue
            if key is not None:
                self._note(key)
            yield row

    def _note(self, key: str) -> None:
        self._seen.add(key)
        self.first = self.first or key
        self.last = key


def raw_line(row: bytes | msgspec.Raw) -> bytes:
    """The row as SAP sent it, without white space between its values, as one line."""
    return msgspec.json.format(bytes(row), indent=-1) + b"\n"


def typed_line(row: bytes | msgspec.Raw) -> bytes:
    """The row with plain values as one line of JSON."""
    return msgspec.json.encode(typed(row)) + b"\n"


def typed(row: bytes | msgspec.Raw) -> Record:
    """The row with ISO dates, decimals as strings, and without SAP's notes on itself.

    `__metadata`, `__deferred` links and annotations are left out (OD-P29), `{"results": [...]}`
    becomes the list. Edm.DateTime has no zone (OD-P46): a date at midnight, else a plain date and
    time; Edm.DateTimeOffset is UTC with Z. What no calendar holds stays as it came (OD-P47).
    """
    return {name: _typed(value) for name, value in _row.decode(row).items() if _kept(name, value)}


def _kept(name: str, value: Any) -> bool:
    if name.startswith("__") or "@" in name:
        return False
    return not (isinstance(value, dict) and "__deferred" in value)


def _typed(value: Any) -> Any:
    if isinstance(value, str):
        return _plain_date(value)
    if isinstance(value, list):
        return [_typed(part) for part in value]
    if isinstance(value, dict):
        if isinstance(value.get("results"), list):
            return _typed(value["results"])
        return {name: _typed(part) for name, part in value.items() if _kept(name, part)}
    return value


def _plain_date(value: str) -> str:
    found = _DATE.fullmatch(value)
    if not found:
        return value
    try:
        moment = _EPOCH + timedelta(milliseconds=int(found[1]))
    except OverflowError:
        return value
    # The milliseconds are UTC already; the offset only says where they were entered (OD-P44).
    if found[2]:
        return moment.replace(tzinfo=UTC).isoformat().replace("+00:00", "Z")
    return moment.date().isoformat() if moment.time() == time() else moment.isoformat()
