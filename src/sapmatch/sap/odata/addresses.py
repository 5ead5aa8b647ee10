"""Keys out of the addresses that SAP gives its entities, as values that can be given back."""

import base64
import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote, unquote

from sapmatch.model.errors import InputRejected
from sapmatch.model.intent import Record
from sapmatch.model.query import ODataValue
from sapmatch.sap.odata import edm
from sapmatch.sap.odata.metadata import Version

_LITERAL = r"(?:[\w.]*'(?:[^']|'')*'|[^,'()=]+)"
_PREDICATE = re.compile(rf"(?:{_LITERAL}|\w+={_LITERAL}(?:,\w+={_LITERAL})*)\)")
_PART = re.compile(rf"(?:(\w+)=)?({_LITERAL})[,)]")
_QUOTED = re.compile(r"([\w.]*)'(.*)'", re.DOTALL)
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:T.{1,40})?")

# The types of what stands in quotes behind a word, and of what stands without quotes.
_QUOTED_TYPES: Final[Mapping[str, str]] = {
    "": "Edm.String",
    "guid": "Edm.Guid",
    "datetime": "Edm.DateTime",
    "datetimeoffset": "Edm.DateTimeOffset",
    "time": "Edm.Time",
    "duration": "Edm.Duration",
}
_BARE_TYPES: Final = (
    (re.compile("true|false"), "Edm.Boolean"),
    (re.compile(r"(-?\d{1,19})[lL]?"), "Edm.Int64"),
    (re.compile(r"(-?\d{1,400}(?:\.\d{1,400})?)[mMdDfF]?"), "Edm.Decimal"),
    (_GUID, "Edm.Guid"),
    (re.compile(r"\d{4}-\d\d-\d\d"), "Edm.Date"),
    (_MOMENT, "Edm.DateTimeOffset"),
    (re.compile(r"\d\d:\d\d(?::\d\d(?:\.\d{1,12})?)?"), "Edm.TimeOfDay"),
)
_NUMBERS: Final = edm.INTEGERS | edm.FLOATS | {"Edm.Decimal"}


def key_in(
    address: str, entity_set: str, row: Record, keys: Sequence[str]
) -> dict[str, ODataValue]:
    """The key in the address of an entity, else from the fields `keys` of its row.

    A single key has no name in an address: it is the one of `keys`, or else the first field of
    that value, as SAP sends key fields first. The literals of an address tell their types.
    """
    parts = _values(literals_in(address, entity_set))
    if not parts:
        return {name: row[name] for name in keys if row.get(name) is not None}
    if "" not in parts:
        return parts
    wanted = canonical(parts[""])
    names = keys or [name for name, value in row.items() if canonical(value) == wanted]
    return {names[0]: parts[""]} if names else {}


def literals_in(address: str, entity_set: str) -> dict[str, str]:
    """The literals of the key in an address by name, a single one maybe without.

    Empty where the address is none of an entity of the set, or not all of it can be read.
    """
    path = re.split("[?#]", address, maxsplit=1)[0].replace("%28", "(").replace("%29", ")")
    predicate = unquote(f"/{path}".rpartition(f"/{quote(entity_set)}(")[2])
    found = _PART.findall(predicate) if _PREDICATE.fullmatch(predicate) else []
    parts: dict[str, str] = dict(found)
    return parts if len(parts) == len(found) else {}


def json_value(literal: str, edm_type: str, version: Version) -> Any:
    """What rows of that version hold in JSON for a literal of the type.

    A V4 decimal is a Decimal. Raises InputRejected where the literal is none of the type.
    """
    quoted = _QUOTED.fullmatch(literal)
    if edm_type == "Edm.String" and not (quoted and not quoted[1]):
        raise InputRejected("is no Edm.String")
    text = quoted[2].replace("''", "'") if quoted else literal
    if edm_type in _NUMBERS and not quoted:
        text = text.rstrip("mMlLdDfF")
    if version == "V2" and edm_type == "Edm.Binary":
        return _from_hex(text)
    value = edm.coerced(text, edm_type)
    match value:
        case bool():
            return value
        case int():
            return str(value) if version == "V2" and edm_type == "Edm.Int64" else value
        case Decimal() | float():
            return text if version == "V2" else value
        case date() if version == "V2":
            ticks = edm.ticks_text(value)
            return ticks[:-2] + "+0000)/" if edm_type == "Edm.DateTimeOffset" else ticks
    return text


def canonical(value: Any) -> str:
    """The same text for the same value, whether it is typed, as JSON has it, or a text."""
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case date():
            return edm.utc(value).isoformat()
        case str() if _GUID.fullmatch(value):
            return value.lower()
        case str() if edm.is_ticks(value) or _MOMENT.fullmatch(value):
            try:
                return edm.moment(value).isoformat()
            except edm.ODD:
                return value
    return str(value)


def _values(literals: Mapping[str, str]) -> dict[str, ODataValue]:
    """Values by name; empty where one cannot be read."""
    try:
        return {name: _value(literal) for name, literal in literals.items()}
    except InputRejected:
        return {}


def _from_hex(text: str) -> str:
    """Base64, as V2 rows hold what V2 addresses write in hexadecimal digits."""
    try:
        return base64.b64encode(bytes.fromhex(text)).decode()
    except ValueError as exc:
        raise InputRejected("is no Edm.Binary") from exc


def _value(literal: str) -> ODataValue:
    """What a literal stands for; InputRejected where it is none that a key is written in."""
    quoted = _QUOTED.fullmatch(literal)
    if quoted:
        # A member of an enumeration, `NS.Color'Red'`, is a text as well.
        edm_type = "Edm.String" if "." in quoted[1] else _QUOTED_TYPES.get(quoted[1])
        return _typed(quoted[2].replace("''", "'"), edm_type)
    for form, edm_type in _BARE_TYPES:
        found = form.fullmatch(literal)
        if found:
            return _typed(found[found.lastindex or 0], edm_type)
    return _typed(literal, None)


def _typed(text: str, edm_type: str | None) -> ODataValue:
    if edm_type is None:
        raise InputRejected("is no literal of a key")
    value: ODataValue = edm.coerced(text, edm_type)
    return value
