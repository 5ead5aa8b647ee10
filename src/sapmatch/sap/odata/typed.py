"""Rows with the values that $metadata says they hold, read by a plan made once for each type.

What SAP says about a row (`__metadata`, links, annotations) is left out, `{"results": [...]}`
becomes a list (OD-P29, OD-P80); fields that $metadata does not know stay as they came.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from msgspec import Raw

from sapmatch.model.errors import InputRejected
from sapmatch.model.intent import Record
from sapmatch.sap.odata import edm
from sapmatch.sap.odata.codec import UNREADABLE, Codec
from sapmatch.sap.odata.metadata import Metadata, Property, StructuredType, Version

_Change = Callable[[Any], Any]
_Fill = Callable[[Record], Record]
_LEFT_OUT: Any = object()


def row_reader(
    metadata: Metadata, entity_set: str, codec: Codec
) -> Callable[[Raw | bytes], Record]:
    """What reads one row of the entity set; expanded entities are typed by their own type.

    It raises InputRejected where a row is no JSON object. Raises InputRejected at once for an
    entity set that $metadata does not hold.
    """
    fill = _Plans(metadata, codec.VERSION).of(metadata.type_of(entity_set).name)
    decode = codec.row

    def read(raw: Raw | bytes) -> Record:
        try:
            return fill(decode(raw))
        except UNREADABLE as exc:
            raise InputRejected(
                f"{entity_set}: a row of SAP's answer is no readable JSON object; read it raw to "
                "see it"
            ) from exc

    return read


class _Plans:
    """One plan for each type, made when the first row needs it: types may lead to each other."""

    def __init__(self, metadata: Metadata, version: Version) -> None:
        self._metadata = metadata
        self._clean = _without_metadata if version == "V2" else _without_annotations
        self._known: dict[str, _Fill] = {}

    def of(self, type: str) -> _Fill:
        """What types a record in place."""
        found = self._known.get(type)
        if found is None:
            found = self._known[type] = self._made(self._metadata.types.get(type))
        return found

    def _made(self, kind: StructuredType | None) -> _Fill:
        clean = self._clean
        changes = self._changes(kind) if kind else []

        def fill(row: Record) -> Record:
            clean(row)
            for name, change in changes:
                value = row.get(name)
                if value is not None:
                    row[name] = value = change(value)
                    if value is _LEFT_OUT:
                        del row[name]
            return row

        return fill

    def _changes(self, kind: StructuredType) -> list[tuple[str, _Change]]:
        """Only the fields that have to be touched at all."""
        fields = [(name, self._of_field(each)) for name, each in kind.properties.items()]
        links = [(name, self._of_records(each.target)) for name, each in kind.navigations.items()]
        return [(name, change) for name, change in fields + links if change is not None]

    def _of_field(self, field: Property) -> _Change | None:
        if field.type in self._metadata.types:
            return self._of_records(field.type)
        underlying = self._metadata.enums.get(field.type, field.type)
        change = edm.reader(underlying, date_only=field.date_only)
        return partial(_each, change) if field.many else change

    def _of_records(self, type: str) -> _Change:
        """Entities behind a navigation, or complex values: one of them or many."""

        def change(value: Any) -> Any:
            if isinstance(value, dict):
                if "__deferred" in value:
                    return _LEFT_OUT
                value = _unwrapped(value)
            return _each(one, value)

        def one(value: Any) -> Any:
            return self.of(type)(value) if isinstance(value, dict) else value

        return change


def _each(change: _Change | None, value: Any) -> Any:
    """The change on a value, or on each of a list; V2 wraps a list into `results`."""
    if isinstance(value, dict):
        value = _unwrapped(value)
    if isinstance(value, list):
        return [_each(change, part) for part in value]
    return value if change is None or value is None else change(value)


def _unwrapped(value: Record) -> Any:
    nested = value.get("results")
    return nested if isinstance(nested, list) else value


def _without_metadata(row: Record) -> None:
    row.pop("__metadata", None)


def _without_annotations(row: Record) -> None:
    for name in [name for name in row if "@" in name]:
        del row[name]
