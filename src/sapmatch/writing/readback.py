"""Reading back: is what SAP holds what was meant to be written?"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from msgspec import Struct

from sapmatch.model.flow import KNOWN_KEYS
from sapmatch.model.intent import Intent, Record
from sapmatch.model.ports import SapReader
from sapmatch.model.query import Query
from sapmatch.writing.identity import SAME_DOCUMENT

# Only these are compared: people release, block and complete a parked invoice in the meantime.
_COMPARED = {"A_SupplierInvoice": ("DocumentCurrency", "InvoiceGrossAmount")}
_DELETED = "2"  # SupplierInvoiceStatus (data element RBSTAT)
_V2_DATE = re.compile(r"/Date\((-?\d+)(?:[+-]\d{4})?\)/")
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d(T[\d:.]+)?(Z|[+-]\d\d:\d\d)?")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_PREDICATE = re.compile(r"(?:(\w+)=)?'((?:[^']|'')*)'")


class Hit(Struct, frozen=True, kw_only=True):
    """A document found under the reference; `differing` names fields with another value."""

    key: dict[str, str]
    differing: tuple[str, ...] = ()
    reversed: bool = False


def find(sap: SapReader, intent: Intent, payload: Record) -> list[Hit]:
    """Documents under the intent's reference, parked and held ones included, that are the same one.

    Reversed and deleted ones are marked: they are no reason to refuse a new entry (MA-P47).
    """
    rows = [
        entity.row
        for entity in sap.find(intent.service, intent.entity_set, Query(equals=intent.reference))
    ]
    identity = SAME_DOCUMENT.get(intent.entity_set, ())
    same = [row for row in rows if not _unlike(_only(payload, identity), row)]
    compared = _only(payload, _COMPARED.get(intent.entity_set, tuple(payload)))
    return [
        Hit(
            key=key_of(intent.entity_set, row),
            differing=_unlike(compared, row),
            reversed=_is_reversed(row),
        )
        for row in same
    ]


def differences(wanted: Mapping[str, Any], row: Record) -> tuple[str, ...]:
    """Names of fields whose value in SAP is another one; nested entities are not compared."""
    return tuple(
        name
        for name, value in wanted.items()
        if not _nested(value) and (name not in row or not _same(value, row[name]))
    )


def key_of(entity_set: str, row: Record) -> dict[str, str]:
    """The entity key of a row: from the known key fields, else from the address that SAP gave it.

    Empty where the row shows neither.
    """
    known = KNOWN_KEYS.get(entity_set, ())
    if known and all(name in row for name in known):
        return {name: str(row[name]) for name in known}
    address = (row.get("__metadata") or {}).get("uri") or ""
    predicate = unquote(address.rpartition(f"{entity_set}(")[2])
    pairs = [(name, text.replace("''", "'")) for name, text in _PREDICATE.findall(predicate)]
    return {name or _field_with(text, row): text for name, text in pairs}


def _field_with(text: str, row: Record) -> str:
    """The name of a single key, which the address leaves out: the first field of that value."""
    return next((name for name, value in row.items() if value == text), "key")


def _unlike(wanted: Record, row: Record) -> tuple[str, ...]:
    """As differences, but as lenient as SAP: fields it does not show, capitals, leading zeros."""
    shown = {name: value for name, value in wanted.items() if name in row and not _nested(value)}
    return tuple(name for name, value in shown.items() if _loose(value) != _loose(row[name]))


def _only(payload: Record, names: tuple[str, ...]) -> Record:
    return {name: payload[name] for name in names if name in payload}


def _is_reversed(row: Record) -> bool:
    return bool(
        row.get("ReverseDocument")
        or row.get("IsReversed") is True
        or row.get("SupplierInvoiceStatus") == _DELETED
    )


def _nested(value: Any) -> bool:
    return isinstance(value, dict | list)


def _same(wanted: Any, shown: Any) -> bool:
    """Decimals lose their trailing zeros on the way; without a point a number may be a text."""
    one, other = _plain(wanted), _plain(shown)
    if isinstance(one, Decimal) or isinstance(other, Decimal):
        return _decimal(one) == _decimal(other)
    return one == other


def _decimal(plain: object) -> object:
    return Decimal(plain) if isinstance(plain, str) and _NUMBER.fullmatch(plain) else plain


def _plain(value: Any) -> object:
    """A value in one form, whichever way it was written."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return value
    text = str(value).rstrip()
    moment = _moment(text)
    if moment is not None:
        return moment
    return Decimal(text).normalize() if _NUMBER.fullmatch(text) and "." in text else text


def _loose(value: Any) -> object:
    plain = _plain(value)
    if not isinstance(plain, str):
        return plain
    return Decimal(plain).normalize() if _NUMBER.fullmatch(plain) else plain.casefold()


def _moment(text: str) -> int | None:
    """Milliseconds since 1970 of a V2 or ISO date; a time without zone counts as UTC."""
    found = _V2_DATE.fullmatch(text)
    if found:
        return int(found[1])
    if not _ISO_DATE.fullmatch(text):
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return int(moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1000)
