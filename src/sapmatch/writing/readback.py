"""Reading back: is what SAP holds what was meant to be written?"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import unquote

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.flow import KNOWN_KEYS
from sapmatch.model.intent import ANY_VALUE, Entity, Intent, Look, Record
from sapmatch.writing.identity import SAME_DOCUMENT, encoded
from sapmatch.writing.moments import moment, without_time

# Only these are compared: people release, block and complete a parked invoice in the meantime.
_COMPARED = {"A_SupplierInvoice": ("DocumentCurrency", "InvoiceGrossAmount")}
_DELETED = "2"  # SupplierInvoiceStatus (data element RBSTAT)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_PREDICATE = re.compile(r"(?:(\w+)=)?(?:\w*'((?:[^']|'')*)'|([\w.-]+))")


class Hit(Struct, frozen=True, kw_only=True):
    """A document found under the reference; `differing` names fields with another value."""

    key: dict[str, str]
    differing: tuple[str, ...] = ()
    reversed: bool = False


def look(intent: Intent) -> Look | None:
    """How SAP is asked for the record of an intent; None where nothing names it.

    An insert is searched by its reference, in every status: posted, parked and held ones count.
    """
    by_key = intent.operation != "insert" and bool(intent.key)
    if not by_key and not intent.reference:
        return None
    return Look(
        service=intent.service,
        entity_set=intent.entity_set,
        key=dict(intent.key) if by_key else {},
        equals={} if by_key else intent.reference,
    )


def in_capitals(asked: Look) -> Look | None:
    """The same question where SAP put the reference into capitals; None where it is no other."""
    capitals = {name: value.upper() for name, value in asked.equals.items()}
    return None if capitals == asked.equals else replace(asked, equals=capitals)


def hits(intent: Intent, payload: Record, entities: Sequence[Entity]) -> list[Hit]:
    """Those found under the intent's reference that are the same business document.

    Reversed and deleted ones are marked: they are no reason to refuse a new entry (MA-P47).
    """
    identity = _days(_only(payload, SAME_DOCUMENT.get(intent.entity_set, ())))
    compared = _only(payload, _COMPARED.get(intent.entity_set, tuple(payload)))
    return [
        Hit(
            key=key_of(intent.entity_set, entity.row),
            differing=unlike(compared, entity.row),
            reversed=is_reversed(entity.row),
        )
        for entity in entities
        if not unlike(identity, _days(_only(entity.row, tuple(identity))))
    ]


def happened(intent: Intent, payload: Record, entity: Entity | None) -> bool:
    """Whether SAP shows what a change, a deletion or a call was meant to bring about.

    What an upsert created is compared as leniently as an insert.
    """
    if intent.operation == "delete":
        return entity is None or entity.row.get("SupplierInvoiceStatus") == _DELETED
    if entity is None:
        return False
    if intent.operation == "call":
        return all(_shows(entity.row.get(name), value) for name, value in intent.effect.items())
    if _was_created(intent):
        return not unlike(payload, entity.row)
    return not differences(payload, entity.row)


def is_done(intent: Intent, payload: Record, entity: Entity | None) -> bool:
    """Whether SAP shows that nothing is left to do: of nested changes it does not (OD-P80)."""
    changes = intent.operation in ("update", "upsert") and not _was_created(intent)
    unseen = changes and any(_nested(value) for value in payload.values())
    return not unseen and happened(intent, payload, entity)


def _was_created(intent: Intent) -> bool:
    """Whether an upsert was sent as a create: there was nothing `before`."""
    return intent.operation == "upsert" and intent.sent_at is not None and not intent.before


def amounts(payload: Record) -> Record:
    """The fields with decimals: amounts, prices and quantities."""
    return {
        name: value
        for name, value in payload.items()
        if not _nested(value) and _NUMBER.fullmatch(str(value)) and "." in str(value)
    }


def not_taken(payload: Record, former: Record, row: Record) -> tuple[str, ...]:
    """Fields of a change that hold what they held before, and amounts that hold anything else.

    Texts may come back in another form than they were sent in, amounts may not (OD-P70).
    """
    exact = amounts(payload)
    kept = (name for name in unlike(payload, row) if row[name] == former.get(name))
    other = (name for name in exact if name not in row or unlike({name: exact[name]}, row))
    return tuple(dict.fromkeys((*other, *kept)))


def fingerprint(payload: Record, row: Record) -> str:
    """A hash of what the fields of a change hold now, to see whether others changed them."""
    held = {name: row.get(name) for name in payload}
    return hashlib.sha256(encoded(held)).hexdigest()


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
    predicate = unquote(_address(row).rpartition(f"{entity_set}(")[2])
    return {
        name or _field_with(text or number, row): text.replace("''", "'") or number
        for name, text, number in _PREDICATE.findall(predicate)
    }


def _address(row: Record) -> str:
    """Where SAP has the row: OData V2, V4 and V4.01 write it differently."""
    metadata = row.get("__metadata") or {}
    return str(metadata.get("uri") or row.get("@odata.id") or row.get("@id") or "")


def _field_with(text: str, row: Record) -> str:
    """The name of a single key, which the address leaves out: the first field of that value."""
    return next((name for name, value in row.items() if str(value) == text), "key")


def _shows(value: Any, wanted: str) -> bool:
    """Whether a field holds the effect of a call; initial values of SAP hold nothing."""
    text = str(value).lower() if isinstance(value, bool) else value
    if wanted == ANY_VALUE:
        return value is not None and bool(str(text).strip("0. ")) and text != "false"
    return _same(wanted, text)


def unlike(wanted: Record, row: Record) -> tuple[str, ...]:
    """As differences, but as lenient as SAP: fields it does not show, capitals, leading zeros."""
    shown = {name: value for name, value in wanted.items() if name in row and not _nested(value)}
    return tuple(name for name, value in shown.items() if _loose(value) != _loose(row[name]))


def _days(record: Record) -> Record:
    """A date that came with a time of day is another one for nobody but us."""
    return {name: without_time(value or "") for name, value in record.items()}


def _only(payload: Record, names: tuple[str, ...]) -> Record:
    return {name: payload[name] for name in names if name in payload}


def is_reversed(row: Record) -> bool:
    """Whether SAP shows the document as cancelled or deleted."""
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
    at = moment(text)
    if at is not None:
        return at
    return Decimal(text).normalize() if _NUMBER.fullmatch(text) and "." in text else text


def _loose(value: Any) -> object:
    plain = _plain(value)
    if isinstance(plain, bool):
        return str(plain).lower()  # a table holds texts
    if not isinstance(plain, str):
        return plain
    return Decimal(plain).normalize() if _NUMBER.fullmatch(plain) else plain.casefold()
