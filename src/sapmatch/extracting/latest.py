"""The latest time of change among rows, from where the next run goes on."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import Raw

from sapmatch.extracting.keys import Columns, Row
from sapmatch.extracting.run import Plan, Source, value_of
from sapmatch.model.errors import InputRejected
from sapmatch.model.shape import Kind

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST = datetime(1900, 1, 1, tzinfo=UTC)  # before it, as 0001-01-01: SAP's way to say never
_TICKS = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")  # milliseconds in UTC (OD-P44)
_decoder = msgspec.json.Decoder(float_hook=Decimal)


class Latest:
    """Reads the field with the time of change of a source in mode timestamp.

    It is never after the moment at which the run was planned: a row that changes after it was read
    has a later time than that, and the next run finds it. Times without a zone are taken for UTC.
    """

    def __init__(self, plan: Plan, source: Source) -> None:
        name = source.changed_field or ""
        field = source.shape.field(name)
        if field is None:
            raise InputRejected(
                f"{source.entity_set}: has no field {name or '(none named)'} with the time of "
                "change; set `field` of the entity set to one that its rows have"
            )
        self._kind: Kind = field.kind
        self._columns = Columns(source.entity_set, (name,))
        self._end = datetime.fromisoformat(plan.planned_at)

    def of(self, rows: Sequence[Row], before: str | None) -> str | None:
        """The latest of these rows and of `before`, as text; dates and times in ISO form."""
        seen = [self._value(raw) for (raw,) in self._columns.of(rows)]
        if before is not None:
            seen.append(value_of(before, self._kind))
        latest = max((value for value in seen if value is not None), default=None)
        return latest.isoformat() if isinstance(latest, date) else latest and str(latest)

    def _value(self, raw: Raw) -> Any:
        """None where no change has a time, or one that no calendar holds (OD-P47)."""
        value = _decoder.decode(raw)
        if value is None or value == "":
            return None
        try:
            if self._kind not in ("date", "datetime", "moment"):
                return value_of(str(value), self._kind)
            moment = min(_moment(value), self._end)
        except (ValueError, OverflowError, ArithmeticError):
            return None
        if moment < _FIRST:
            return None
        if self._kind == "date":
            return moment.date()
        return moment if self._kind == "moment" else moment.replace(tzinfo=None)


def _moment(text: str) -> datetime:
    """V2's milliseconds or ISO."""
    found = _TICKS.fullmatch(text)
    if found:
        return _EPOCH + timedelta(milliseconds=int(found[1]))
    moment = datetime.fromisoformat(text)
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
