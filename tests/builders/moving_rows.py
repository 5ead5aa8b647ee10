"""Which rows meet a condition, as SAP would say."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from sapmatch.model.intent import Record
from sapmatch.model.query import AllOf, AnyOf, Comparison, Condition, Not
from sapmatch.model.shape import Kind, Shape

_DATE = re.compile(r"/Date\((-?\d+)([+-]\d{4})?\)/")
_COMPARED = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
}


def fits(row: Record, condition: Condition, shape: Shape) -> bool:
    """Whether the row meets it; null meets no comparison but that with null."""
    match condition:
        case AllOf(conditions):
            return all(fits(row, part, shape) for part in conditions)
        case AnyOf(conditions):
            return any(fits(row, part, shape) for part in conditions)
        case Not(inner):
            return not fits(row, inner, shape)
        case Comparison(operand, comparator, value):
            field = shape.field(operand.path)
            assert field is not None, f"{shape.entity_set} has no field {operand.path}"
            held = row.get(operand.path)
            if held is None or value is None:
                return bool(_COMPARED[comparator](held, value)) and comparator in ("eq", "ne")
            return bool(_COMPARED[comparator](meaning(held, field.kind), value))
    raise AssertionError(f"{condition} is none that is known here")


def meaning(value: Any, kind: Kind) -> Any:
    """What a value in a row stands for."""
    match kind:
        case "integer":
            return int(value)
        case "decimal":
            return Decimal(str(value))
        case "date" | "datetime" | "moment":
            moment = _moment(value)
            return moment.date() if kind == "date" else moment
    return value


def _moment(value: str) -> datetime:
    found = _DATE.fullmatch(value)
    if not found:
        day = date.fromisoformat(value) if len(value) == 10 else None
        return datetime(day.year, day.month, day.day) if day else datetime.fromisoformat(value)  # noqa: DTZ001
    moment = datetime(1970, 1, 1) + timedelta(milliseconds=int(found[1]))  # noqa: DTZ001
    return moment.replace(tzinfo=UTC) if found[2] else moment
