"""Rows of SAP as lines: as they came, or with plain values."""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Struct, field

from sapmatch.model.intent import Record

WINDOW = 50_000  # rows; twice as many addresses are kept at most, about 30 MB
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
    """Holds a row back where one of the last WINDOW rows was the same entity.

    SAP repeats rows at the border of two pages while its data moves (OD-P24); what comes again
    later than that passes, so that memory does not grow with the rows: the count that a run is
    held against tells of it (RE-19). Rows without an address all pass. `repeated` counts those that
    were held back.
    """

    def __init__(self) -> None:
        self._recent: set[str] = set()
        self._older: set[str] = set()
        self.repeated = 0
        self.first: str | None = None
        self.last: str | None = None

    def of(self, rows: Iterable[bytes | msgspec.Raw]) -> Iterator[bytes | msgspec.Raw]:
        """The rows that were not there just before."""
        for row in rows:
            key = entity_key(row)
            if key is not None:
                if key in self._recent or key in self._older:
                    self.repeated += 1
                    continue
                self._note(key)
            yield row

    def _note(self, key: str) -> None:
        if len(self._recent) >= WINDOW:
            self._older, self._recent = self._recent, set()
        self._recent.add(key)
        self.first = self.first or key
        self.last = key


def raw_line(row: bytes | msgspec.Raw) -> bytes:
    """The row as SAP sent it, as one line: only one of several lines loses its white space."""
    line = bytes(row)
    if b"\n" in line or b"\r" in line:
        line = msgspec.json.format(line, indent=-1)
    return line + b"\n"


def raw_lines(rows: Sequence[bytes | msgspec.Raw]) -> bytes:
    """The rows of a page, as `raw_line` makes each."""
    lines = b"\n".join([*rows, b""])
    if lines.count(b"\n") == len(rows) and b"\r" not in lines:
        return lines
    return b"".join(map(raw_line, rows))


def typed_lines(rows: Sequence[bytes | msgspec.Raw]) -> bytes:
    """The rows of a page with plain values, each as one line of JSON."""
    return b"".join(msgspec.json.encode(typed(row)) + b"\n" for row in rows)


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
