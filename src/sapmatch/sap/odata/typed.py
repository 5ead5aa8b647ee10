"""Rows with the values that $metadata says they hold, read by a plan made once for each type.

What SAP says about a row (`__metadata`, links, annotations) is left out, `{"results": [...]}`
becomes a list (OD-P29, OD-P80); fields that $metadata does not know stay as they came.
"""

from collections.abc import Callable, Sequence
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
# A field's name, the class of the values that are finished, and what is done to the others.
_Field = tuple[str, type | None, _Change]


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
        fields = self._fields(kind) if kind else []
        nested = self._nested(kind) if kind else []

        def fill(row: Record) -> Record:
            clean(row)
            _convert(row, fields)
            if nested:
                _descend(row, nested)
            return row

        return fill

    def _fields(self, kind: StructuredType) -> list[_Field]:
        """The single values that have to be touched at all."""
        return [
            (field.name, edm.FINISHED.get(self._type(field)), change)
            for field in kind.properties.values()
            if not field.many
            and (change := edm.parser(self._type(field), date_only=field.date_only))
        ]

    def _nested(self, kind: StructuredType) -> list[tuple[str, _Change]]:
        """What holds other values: collections, complex values and navigations."""
        fields = [
            (field.name, self._of_records(field.type) if own else self._of_values(field))
            for field in kind.properties.values()
            if (own := field.type in self._metadata.types) or field.many
        ]
        return fields + [
            (name, self._of_records(link.target)) for name, link in kind.navigations.items()
        ]

    def _type(self, field: Property) -> str:
        return self._metadata.enums.get(field.type, field.type)

    def _of_values(self, field: Property) -> _Change:
        return partial(_each, edm.reader(self._type(field), date_only=field.date_only))

    def _of_records(self, type: str) -> _Change:
        """Entities behind a navigation, or complex values: one of them or many."""

        def one(value: Any) -> Any:
            return self.of(type)(value) if isinstance(value, dict) else value

        return partial(_each, one)


def _convert(row: Record, fields: Sequence[_Field]) -> None:
    """Each field in place. Where one cannot be read it stays as it is, and the next one follows."""
    rest = iter(fields)
    while True:
        try:
            for name, finished, change in rest:
                value = row.get(name)
                if value is not None and value.__class__ is not finished:
                    row[name] = change(value)
        except edm.ODD:
            continue
        return


def _descend(row: Record, nested: Sequence[tuple[str, _Change]]) -> None:
    for name, change in nested:
        value = row.get(name)
        if isinstance(value, dict) and "__deferred" in value:
            del row[name]
        elif value is not None:
            row[name] = change(value)


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
