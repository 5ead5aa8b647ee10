"""Which entity a deletion is about: its key fields, with the values that rows hold (OD-P38)."""

from collections.abc import Sequence
from typing import Final

import msgspec
from msgspec import Raw, Struct

from sapmatch.model.errors import InputRejected
from sapmatch.model.intent import Record
from sapmatch.sap.odata.addresses import json_value, literals_in
from sapmatch.sap.odata.codec import UNREADABLE, Codec
from sapmatch.sap.odata.metadata import Metadata

_CONTEXTS: Final = ("@odata.context", "@context")
_ADDRESSES: Final = ("@odata.id", "@id", "id")


class Settled(Struct, frozen=True):
    """Rows and deletions of one page; `removed` are the keys of the deleted."""

    rows: tuple[Raw, ...]
    deleted: tuple[Raw, ...]
    removed: tuple[Record, ...]


def settled(
    metadata: Metadata, entity_set: str, codec: Codec, rows: Sequence[Raw], gone: Sequence[bool]
) -> Settled:
    """What a page comes to: where a key comes and goes on it, what it says last (OD-P38).

    The key of a deleted row is that of its fields, else that of its address. InputRejected names
    the entity set where a key cannot be read.
    """
    keys = _Keys(metadata, entity_set, codec)
    found = [
        keys.of(raw) if is_gone else keys.shown(raw)
        for raw, is_gone in zip(rows, gone, strict=True)
    ]
    last = {_token(key): at for at, key in enumerate(found) if key}
    kept = [at for at, key in enumerate(found) if key is None or last[_token(key)] == at]
    deleted = [at for at in kept if gone[at]]
    return Settled(
        tuple(rows[at] for at in kept if not gone[at]),
        tuple(rows[at] for at in deleted),
        tuple(found[at] or {} for at in deleted),
    )


def _token(key: Record) -> bytes:
    return msgspec.json.encode(list(key.values()))


class _Keys:
    def __init__(self, metadata: Metadata, entity_set: str, codec: Codec) -> None:
        kind = metadata.type_of(entity_set)
        self._entity_set = entity_set
        self._codec = codec
        self._types = {name: kind.properties[name].type for name in kind.keys}

    def of(self, raw: Raw) -> Record:
        try:
            row = self._codec.row(raw)
            key = self._shown(row) or self._addressed(row)
        except (InputRejected, *UNREADABLE) as exc:
            raise self._unknown() from exc
        if key is None:
            raise self._unknown()
        return key

    def shown(self, raw: Raw) -> Record | None:
        """The key fields of a row that is there."""
        try:
            return self._shown(self._codec.row(raw))
        except UNREADABLE:
            return None

    def _shown(self, row: Record) -> Record | None:
        """Its own fields; a V4 `$deletedEntity` has none, its `id` is an address."""
        found = {name: row.get(name) for name in self._types}
        if not found or None in found.values() or _is_deleted_entity(row):
            return None
        return found

    def _addressed(self, row: Record) -> Record | None:
        literals = literals_in(_address(row), self._entity_set)
        if len(self._types) == 1 and literals.keys() == {""}:
            literals = dict.fromkeys(self._types, literals[""])
        if not literals or literals.keys() != self._types.keys():
            return None
        version = self._codec.VERSION
        return {n: json_value(literals[n], kind, version) for n, kind in self._types.items()}

    def _unknown(self) -> InputRejected:
        return InputRejected(
            f"{self._entity_set}: SAP says that a row was deleted, and not which one: neither "
            "its key fields nor its address can be read; load everything anew, and report it to SAP"
        )


def _is_deleted_entity(row: Record) -> bool:
    return any(str(row.get(name, "")).endswith("/$deletedEntity") for name in _CONTEXTS)


def _address(row: Record) -> str:
    metadata = row.get("__metadata")
    inner = metadata if isinstance(metadata, dict) else {}
    found = [*(row.get(name) for name in _ADDRESSES), inner.get("uri"), inner.get("id")]
    return next((each for each in found if isinstance(each, str)), "")
