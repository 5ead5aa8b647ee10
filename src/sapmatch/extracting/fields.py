"""Typed access to one row of SAP, every mistake noted with its place."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from sapmatch.model.errors import Problem
from sapmatch.model.intent import Record

T = TypeVar("T")

_DATE = re.compile(r"/Date\((-?\d{1,17})(?:[+-]\d{4})?\)/")
_ISO_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
# Edm.Decimal as SAP sends it, in a sane size: no exponent, no NaN, no infinity.
_NUMBER = re.compile(r"-?\d{1,15}(?:\.\d{1,9})?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_CURRENCY = re.compile(r"[A-Z]{3}[A-Z0-9]{0,2}")  # ISO 4217, or SAP's own with more decimals
_CODE = "a currency code such as EUR"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_decoder = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)


class Row(Struct, frozen=True):
    """One row and where it stands; whatever is wrong with it goes to `problems`."""

    entity_set: str
    number: int
    record: Record
    problems: list[Problem]

    def text(self, field: str) -> str:
        """A text without blanks around it; empty where the field is missing or null."""
        value = self.record.get(field)
        if value is None:
            return ""
        if not isinstance(value, str):
            return self._wrong(field, "a text", "")
        text = value.strip()
        if not text.isprintable() and _CONTROL.search(text):
            return self._wrong(field, "free of control characters", "")
        return text

    def words(self, field: str) -> str:
        """A text that people wrote; control characters in it are blanks."""
        value = self.record.get(field)
        if isinstance(value, str):
            return _CONTROL.sub(" ", value).strip()
        return self.text(field)

    def joint(self, field: str) -> str:
        """A number to join by: services differ in leading zeros; `0` is none (MA-P02, MA-P03)."""
        return self.text(field).lstrip("0")

    def reference(self, field: str) -> str:
        """A number of another record; `0` is none (MA-P03)."""
        value = self.text(field)
        return value if value.strip("0") else ""

    def needed(self, field: str) -> str:
        """A text that must be there."""
        value = self.text(field)
        return value or self._wrong(field, "there", "")

    def currency(self, field: str) -> str:
        """A currency that must be there."""
        code = self.needed(field)
        return code if not code or _CURRENCY.fullmatch(code) else self._wrong(field, _CODE, "")

    def given(self, field: str) -> bool:
        """Whether the field is there with a value."""
        return self.record.get(field) not in (None, "")

    def require(self, *fields: str) -> None:
        """Note which of the fields are not there."""
        for field in fields:
            if not self.given(field):
                self._wrong(field, "there", None)

    def own_number(self, field: str) -> Decimal | None:
        """A plain decimal in a field that the settings name; None where it is empty, or none is."""
        return self.number_of(field) if self._owns(field) and self.given(field) else None

    def own_flag(self, field: str) -> bool:
        """A boolean in a field that the settings name; False where none is."""
        return self._owns(field) and self.flag(field)

    def _owns(self, field: str) -> bool:
        if field and field not in self.record:
            self._wrong(field, "there, and [matching.item_fields] names it", None)
        return bool(field)

    def days(self, field: str) -> int:
        """A whole number of days from 0 up; 0 where the field is not there."""
        number = self.quantity(field)
        if number == number.to_integral_value():
            return int(number)
        return self._wrong(field, "a number of days", 0)

    def number_of(self, field: str, missing: str = "0") -> Decimal:
        """A plain decimal; `missing` where the field is not there or empty."""
        value = self.record.get(field)
        number = _plain_number(missing if value is None or value == "" else str(value).strip())
        return self._wrong(field, "a plain number", Decimal(missing)) if number is None else number

    def quantity(self, field: str, missing: str = "0") -> Decimal:
        """A number that is not negative."""
        number = self.number_of(field, missing)
        return number if number >= 0 else self._wrong(field, "from 0 up", Decimal(missing))

    def factor(self, field: str) -> Decimal:
        """A number to divide by; SAP leaves 0 where it means 1."""
        return self.quantity(field, "1") or Decimal(1)

    def flag(self, field: str, missing: bool = False) -> bool:
        """A boolean, or SAP's `X`."""
        value = self.record.get(field)
        if value is None or isinstance(value, bool):
            return missing if value is None else value
        if value in ("", "X", "true", "false"):
            return value in ("X", "true")
        return self._wrong(field, "a boolean", missing)

    def day(self, field: str) -> date | None:
        """A calendar day as SAP means it, without a shift of time zones."""
        value = self.text(field)
        found = _DATE.fullmatch(value)
        try:
            if found:
                return date(1970, 1, 1) + timedelta(milliseconds=int(found[1]))
            if _ISO_DAY.match(value):
                return date.fromisoformat(value[:10])
        except (OverflowError, ValueError):
            return self._wrong(field, "a day of the calendar", None)
        return self._wrong(field, "a date", None) if value else None

    def moment(self, field: str) -> datetime | None:
        """A point in time with its zone; None where the field is missing or has none."""
        value = self.text(field)
        found = _DATE.fullmatch(value)
        try:
            if found:
                return _EPOCH + timedelta(milliseconds=int(found[1]))
            moment = datetime.fromisoformat(value) if value else None
        except (OverflowError, ValueError):
            return self._wrong(field, "a point in time", None)
        return moment.astimezone(UTC) if moment and moment.tzinfo else None

    def needed_day(self, field: str) -> date:
        """A calendar day that must be there."""
        day = self.day(field)
        if day is None and not self.text(field):
            self.needed(field)
        return day or date.min

    def nested(self, field: str) -> list[Record]:
        """Expanded rows of a navigation; none where it was not expanded."""
        value = self.record.get(field)
        rows = value.get("results", []) if isinstance(value, dict) else value
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    def expanded(self, field: str) -> bool:
        """Whether the rows of a navigation came along, even if there are none."""
        value = self.record.get(field)
        return isinstance(value.get("results") if isinstance(value, dict) else value, list)

    def _wrong(self, field: str, expected: str, instead: T) -> T:
        place = f"{self.entity_set}[{self.number}].{field}"
        message = f"{self.entity_set}, record {self.number}: {field} is not {expected}"
        if all(place != problem.field for problem in self.problems):  # the first says it
            self.problems.append(Problem(code="ROW", message=message, field=place))
        return instead


@lru_cache(maxsize=16_384)  # prices and quantities are a few numbers again and again
def _plain_number(text: str) -> Decimal | None:
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def read_row(name: str, number: int, row: bytes | Record, problems: list[Problem]) -> Row:
    """One row of an entity set; what is no JSON object is noted, and is a row without fields."""
    try:
        record = row if isinstance(row, dict) else _decoder.decode(row)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        message = f"{name}, record {number}: is no JSON object"
        problems.append(Problem(code="ROW", message=message, field=f"{name}[{number}]"))
        record = {}
    return Row(name, number, record, problems)
