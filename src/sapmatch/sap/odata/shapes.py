"""What the rows of an entity set are made of, from $metadata (OD-P62, OD-P106)."""

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from sapmatch.model.errors import InputRejected
from sapmatch.model.query import EVERYTHING, Expand, Query
from sapmatch.model.shape import Field, Kind, Shape
from sapmatch.sap.odata import edm
from sapmatch.sap.odata.expands import distinct
from sapmatch.sap.odata.metadata import (
    EntitySet,
    Metadata,
    Navigation,
    Property,
    StructuredType,
    target_of,
)
from sapmatch.sap.odata.preflight import check_record

# What a type is to whoever stores it; a member of an enumeration is a text.
_KINDS: Final[Mapping[str, Kind]] = {
    "Edm.String": "text",
    "Edm.Guid": "text",
    "Edm.Duration": "text",  # of any length: no time of a day
    "Edm.Boolean": "boolean",
    "Edm.Decimal": "decimal",
    "Edm.DateTime": "datetime",
    "Edm.DateTimeOffset": "moment",
    "Edm.Date": "date",
    "Edm.Time": "time",
    "Edm.TimeOfDay": "time",
    "Edm.Binary": "binary",
    "Edm.Stream": "binary",
    **dict.fromkeys(edm.INTEGERS, "integer"),
    **dict.fromkeys(edm.FLOATS, "float"),
}
_WHOLE: Final = frozenset({"", "*"})
_Chosen: TypeAlias = Mapping[str, tuple[str, ...]]


def shape(metadata: Metadata, entity_set: str, query: Query = EVERYTHING) -> Shape:
    """Fields in the order of $metadata, those of the key whatever is selected, and expansions.

    A complex field without `fields` is one that $metadata does not describe. InputRejected where
    the service has no such entity set, field or navigation.
    """
    kind = metadata.type_of(entity_set)
    check_record(metadata, entity_set, query)
    found = metadata.entity_set(entity_set)
    return _Shapes(metadata).of(kind, found, query.select, query.expand, many=not found.single)


class _Shapes:
    """Shapes of one service: what a read and each expansion in it ask for."""

    def __init__(self, metadata: Metadata) -> None:
        self._metadata = metadata

    def of(
        self,
        kind: StructuredType,
        entity_set: EntitySet,
        select: Iterable[str],
        expand: Iterable[str | Expand],
        *,
        many: bool,
    ) -> Shape:
        chosen = _chosen(select)
        deltas = f"DeltaLinksOf{entity_set.name}" in self._metadata.entity_sets
        return Shape(
            entity_set=entity_set.name,
            version=self._metadata.version,
            keys=kind.keys,
            fields=self._fields(kind, chosen, ()),
            nested={
                each.path: self._nested(kind, entity_set, each, chosen.get(each.path, ()))
                for each in distinct(expand)
            },
            many=many,
            countable=entity_set.countable and not entity_set.single,
            pageable=entity_set.pageable and entity_set.topable and not entity_set.single,
            tracks_changes=entity_set.tracks_changes or deltas,
        )

    def _nested(
        self, kind: StructuredType, outer: EntitySet, each: Expand, below: tuple[str, ...]
    ) -> Shape:
        way = kind.navigations.get(each.path)
        target = target_of(way, self._metadata.types)
        if way is None or target is None:
            raise InputRejected(
                f"{outer.name}: {each.path}: $metadata does not describe what this leads to; "
                "read the entity set behind it on its own"
            )
        whole = not _WHOLE.isdisjoint(below)
        select = () if whole else (*each.select, *below)
        return self.of(target, self._behind(outer, way), select, each.expand, many=way.many)

    def _behind(self, outer: EntitySet, way: Navigation) -> EntitySet:
        """The set that holds the other entities; those inside their parent are in none."""
        sets = self._metadata.entity_sets
        bound = sets.get(outer.bindings.get(way.name, ""))
        same = (each for each in sets.values() if each.type == way.target)
        local = EntitySet(name=way.target.rpartition(".")[2], type=way.target)
        return bound or next(same, local)

    def _fields(
        self, kind: StructuredType, chosen: _Chosen, inside: tuple[str, ...]
    ) -> tuple[Field, ...]:
        whole = not chosen or "*" in chosen
        return tuple(
            self._field(each, () if whole else chosen.get(each.name, ()), kind.keys, inside)
            for each in kind.properties.values()
            if whole or each.name in chosen or each.name in kind.keys
        )

    def _field(
        self, each: Property, below: tuple[str, ...], keys: tuple[str, ...], inside: tuple[str, ...]
    ) -> Field:
        value = self._kind(each)
        parts = self._metadata.types.get(each.type)
        fields: tuple[Field, ...] = ()
        if parts is not None and each.type not in inside:  # a type may hold itself
            select = () if not _WHOLE.isdisjoint(below) else below
            fields = self._fields(parts, _chosen(select), (*inside, each.type))
        return Field(
            name=each.name,
            kind="collection" if each.many else value,
            label=each.label,
            max_length=each.max_length,
            precision=each.precision if value == "decimal" else None,
            scale=each.scale if value == "decimal" else None,
            nullable=each.nullable and each.name not in keys,
            filterable=each.filterable,
            sortable=each.sortable,
            fields=fields,
        )

    def _kind(self, field: Property) -> Kind:
        if field.type in self._metadata.enums:
            return "text"
        return "date" if field.date_only else _KINDS.get(field.type, "complex")


def _chosen(select: Iterable[str]) -> _Chosen:
    """First step of each path to what is selected behind it; nothing chosen is everything."""
    found: dict[str, tuple[str, ...]] = {}
    for name in select:
        first, _, rest = name.partition("/")
        found[first] = (*found.get(first, ()), rest)
    return found
