"""Which entity a deletion is about: its key fields, with the values that rows hold (OD-P38)."""

from collections.abc import Sequence
from typing import Final

from msgspec import Raw

from sapmatch.model.errors import InputRejected
from sapmatch.model.intent import Record
from sapmatch.sap.odata.addresses import json_value, literals_in
from sapmatch.sap.odata.codec import UNREADABLE, Codec
from sapmatch.sap.odata.metadata import Metadata

_CONTEXTS: Final = ("@odata.context", "@context")
_ADDRESSES: Final = ("@odata.id", "@id", "id")


def removed_keys(
    metadata: Metadata, entity_set: str, codec: Codec, deleted: Sequence[Raw]
) -> tuple[Record, ...]:
    """The key of each deleted row by its fields, else by its address.

    InputRejected names the entity set where a key cannot be read.
    """
    read = _Keys(metadata, entity_set, codec)
    return tuple(read.of(raw) for raw in deleted)


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
