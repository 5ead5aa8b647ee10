"""What makes two writes the same write, and the names under which they are kept."""

import hashlib
from collections.abc import Mapping, Sequence

import msgspec

from sapmatch.model.flow import KNOWN_KEYS, KNOWN_REFERENCES, WriteBack
from sapmatch.model.intent import Intent, Operation, Record
from sapmatch.writing.moments import without_time

# A reference may be used again: with these it is the same business document (MA-P46, MA-P47).
SAME_DOCUMENT = {
    "A_SupplierInvoice": ("CompanyCode", "DocumentDate", "SupplierInvoiceIsCreditMemo")
}


def reference_fields(flow: WriteBack) -> tuple[str, ...]:
    """Fields by which SAP can be searched for what the flow creates; none where none are known."""
    return flow.reference or KNOWN_REFERENCES.get(flow.entity_set, ())


def key_fields(flow: WriteBack) -> tuple[str, ...]:
    """Fields of the entity key that an update, upsert or delete is addressed by."""
    return KNOWN_KEYS.get(flow.entity_set) or flow.reference


def intent_id(
    connection: str,
    client: str,
    operation: Operation,
    entity_set: str,
    business_key: Mapping[str, str],
    revision: str = "",
) -> str:
    """SHA-256 of what makes a write unique: the same inputs give the same id after any restart.

    `revision` tells apart writes that may follow each other on one business key; what may happen
    only once, an insert from a match, has none.
    """
    parts = (connection, client, operation, entity_set, business_key, revision)
    return hashlib.sha256(encoded(parts)).hexdigest()


def corrected_id(refused: str) -> str:
    """The id of what is planned in the place of a refused intent, with another content."""
    return hashlib.sha256(f"{refused}#corrected".encode()).hexdigest()


def business_key(flow: WriteBack, record: Record) -> dict[str, str]:
    """What makes an insert the same business document, whatever else its record holds."""
    reference = {name: str(record.get(name, "")) for name in reference_fields(flow)}
    fields = SAME_DOCUMENT.get(flow.entity_set, ())
    same = {name: without_time(record.get(name) or "") for name in fields}
    return {name: value.upper() for name, value in (reference | same).items()}


def request_id(intent: str, generation: int) -> str:
    """The id under which SAP may recognise a repeated request (OData repeatable requests)."""
    return hashlib.sha256(f"{intent}#{generation}".encode()).hexdigest()[:32]


def encoded(value: Record | Sequence[object]) -> bytes:
    """Canonical JSON: sorted names, decimals as strings as V2 takes them (OD-P40)."""
    return msgspec.json.encode(value, order="deterministic")


def payload_key(payload: bytes) -> str:
    """Where the payload lies: named by its content, so it never changes."""
    return f"intents/{hashlib.sha256(payload).hexdigest()}.json"


def subject(intent: Intent) -> tuple[str, ...]:
    """What a write is about; of two about the same document the second waits for the first.

    Items of a document count as the document: in SAP they share its ETag and its lock. Names that
    differ in capitals and leading zeros alone may be the same for SAP.
    """
    head = KNOWN_KEYS.get(intent.entity_set, ("",))[0]
    if head in intent.key:
        return head, _as_in_sap(intent.key[head])
    return _named(intent, intent.key or intent.reference)


def subjects(intent: Intent) -> frozenset[tuple[str, ...]]:
    """All that a write may be known as: its document, and its record itself."""
    return frozenset({subject(intent), *record_names(intent)})


def record_names(intent: Intent) -> frozenset[tuple[str, ...]]:
    """The record under its key, and under its reference: SAP may not have given it a key yet."""
    return frozenset(_named(intent, names) for names in (intent.key, intent.reference) if names)


def _named(intent: Intent, names: Mapping[str, str]) -> tuple[str, ...]:
    pairs = sorted(names.items())
    return intent.entity_set, *(part for name, value in pairs for part in (name, _as_in_sap(value)))


def _as_in_sap(value: str) -> str:
    return value.upper().lstrip("0")
