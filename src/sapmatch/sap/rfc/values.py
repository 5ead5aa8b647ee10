"""Values of function modules as text on the wire, and back."""

import base64
import binascii
import re
from collections.abc import Mapping
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import Final

from sapmatch.model.rfc import Field, FieldType, RfcScalar

# What XML 1.0 cannot carry, however it is escaped.
UNSENDABLE: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_NO_DATE = "0000-00-00"
_NO_TIME = ("", "24:00:00")
_DATE = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})")
_TIME = re.compile(r"([0-9]{2}):?([0-9]{2}):?([0-9]{2})(?:\.[0-9]+)?Z?")
_BOUNDED: Final = frozenset({"char", "numc", "raw"})
_KINDS: Final[Mapping[FieldType, tuple[type, ...]]] = {
    "char": (str,),
    "string": (str,),
    "numc": (str, int),
    "date": (date, str),
    "time": (time, str),
    "int": (int,),
    "decimal": (Decimal, int, str),
    "float": (float, int, Decimal),
    "raw": (bytes,),
}


def wire_text(value: RfcScalar, field: Field) -> str:
    """The value as XML Schema writes it, not escaped; None is what SAP calls initial.

    ValueError says what is wrong with it, and never what it was.
    """
    if value is None:
        return _NO_DATE if field.type == "date" else ""
    if isinstance(value, str):  # nearly all
        return _written(value, field)
    if isinstance(value, bool) or not isinstance(value, _KINDS[field.type]):
        raise ValueError(f"is a {type(value).__name__}, and the field is {field.type}")
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, date | time):
        return value.isoformat()[:10] if isinstance(value, date) else f"{value:%H:%M:%S}"
    if field.type == "numc":
        return f"{value:0{field.length or 1}d}"
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def _written(text: str, field: Field) -> str:
    if UNSENDABLE.search(text):
        raise ValueError("holds a control character, which no XML can carry")
    kind = field.type
    if kind in ("char", "string"):
        return text
    if str not in _KINDS[kind]:
        raise ValueError(f"is text, and the field is {kind}")
    if kind == "date":
        found = value_of(text, field)
        return found.isoformat() if isinstance(found, date) else _NO_DATE
    if kind == "time":
        moment = value_of(text, field)
        return f"{moment:%H:%M:%S}" if isinstance(moment, time) else ""
    if kind == "numc" and not ((text.isascii() and text.isdigit()) or not text):
        raise ValueError("is NUMC: digits only")
    if kind == "decimal" and not isinstance(value_of(text, field), Decimal):
        raise ValueError("is no decimal number")
    return text


def value_of(text: str, field: Field) -> RfcScalar:
    """What the text of an answer means; ValueError where the field cannot hold it."""
    kind = field.type
    if kind == "char":
        return text.rstrip(" ")
    if kind in ("string", "numc"):
        return text
    if kind == "date":
        return _date(text)
    if kind == "time":
        return _time(text)
    if kind == "raw":
        return _raw(text)
    return _number(text, kind)


def _date(text: str) -> date | None:
    found = _DATE.fullmatch(text.strip())
    if not found:
        if text.strip():
            raise ValueError("is no date")
        return None
    year, month, day = map(int, found.groups())
    return date(year, month, day) if year or month or day else None


def _time(text: str) -> time | None:
    text = text.strip()
    if text in _NO_TIME:
        return None
    found = _TIME.fullmatch(text)
    if not found:
        raise ValueError("is no time")
    hour, minute, second = map(int, found.groups())
    return time(hour, minute, second)


def _raw(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=False)
    except binascii.Error as exc:
        raise ValueError("is no base64") from exc


def _number(text: str, kind: FieldType) -> RfcScalar:
    text = text.strip() or "0"
    if kind == "int":
        return int(text)
    if kind == "float":
        return float(text)
    try:
        number = Decimal(text)
    except InvalidOperation as exc:
        raise ValueError("is no decimal number") from exc
    if not number.is_finite():
        raise ValueError("is no decimal number")
    return number


def fitting(field: Field, value: RfcScalar, *, refuses: bool) -> RfcScalar:
    """The value where it fits into the field (CO-T40).

    What is too long is a ValueError where that `refuses`, else cut off as SAP's connectors do.
    """
    most = field.length
    if not most or not isinstance(value, str | bytes) or field.type not in _BOUNDED:
        return value
    length = size_of(value)
    if length <= most:
        return value
    if refuses:
        raise ValueError(
            f"has {length} characters, at most {most} fit; shorten it, or set "
            "rfc.failWhenTruncating = false to have it cut off"
        )
    return _cut(value, most)


def size_of(value: str | bytes) -> int:
    """As SAP counts: an emoji is two characters."""
    if isinstance(value, bytes) or value.isascii():
        return len(value)
    return len(value) + sum(sign > "\uffff" for sign in value)


def _cut(value: str | bytes, most: int) -> str | bytes:
    kept = value[:most]
    while size_of(kept) > most:
        kept = kept[:-1]
    return kept
