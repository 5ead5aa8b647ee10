"""Entity and complex types with what they inherit, and the ways between them."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from sapmatch.model.errors import InputRejected
from sapmatch.sap.odata.edmx.properties import granted, label_of, property_of
from sapmatch.sap.odata.edmx.source import Source
from sapmatch.sap.odata.edmx.tree import Node
from sapmatch.sap.odata.metadata import Navigation, Property, StructuredType

_DEEPEST = 20  # base types above a type
_MOST_FIELDS = 250_000  # of all types together, inherited ones included


def enums(source: Source) -> dict[str, str]:
    """What lies under each enumeration."""
    return {
        name: source.names.resolve(node.get("UnderlyingType")) or "Edm.Int32"
        for name, node in source.distinct("EnumType").items()
    }


def structured_types(source: Source) -> dict[str, StructuredType]:
    """All entity and complex types by qualified name."""
    own = source.distinct("EntityType", "ComplexType")
    roads = {
        name: _association(node, source) for name, node in source.distinct("Association").items()
    }
    return _Types(source, own, roads).all()


class _Types:
    """Reads each type once, its base before it."""

    def __init__(
        self, source: Source, nodes: Mapping[str, Node], associations: Mapping[str, "_Association"]
    ) -> None:
        self._source = source
        self._nodes = nodes
        self._associations = associations
        self._done: dict[str, StructuredType] = {}
        self._fields = 0

    def all(self) -> dict[str, StructuredType]:
        for name in self._nodes:
            for each in reversed(self._lineage(name)):
                if each not in self._done:
                    self._done[each] = self._read(each)
        return {name: self._done[name] for name in self._nodes}

    def _lineage(self, name: str) -> list[str]:
        """The type and those above it that are not read yet."""
        found = [name]
        while base := self._base(found[-1]):
            if base in self._done:
                break
            if base in found or len(found) > _DEEPEST:
                raise InputRejected(f"$metadata: the base types of {name} have no end")
            found.append(base)
        return found

    def _base(self, name: str) -> str:
        base = self._source.names.resolve(self._nodes[name].get("BaseType"))
        if base and base not in self._nodes:
            self._source.complain(f"{name}: its base type {base} is not in the document")
            return ""
        return base

    def _read(self, name: str) -> StructuredType:
        node = self._nodes[name]
        base = self._done.get(self._base(name)) or StructuredType(name=name)
        properties = {**base.properties, **dict(self._properties(name, node))}
        navigations = {**base.navigations, **dict(self._navigations(name, node))}
        self._fields += len(properties) + len(navigations)
        self._fields += sum(len(each.keys) for each in navigations.values())
        if self._fields > _MOST_FIELDS:
            raise InputRejected(f"$metadata: {name}: over {_MOST_FIELDS} fields by inheritance")
        return StructuredType(
            name=name,
            keys=_keys(node) or base.keys,
            properties=properties,
            navigations=navigations,
            media=base.media or granted(node, "HasStream") or granted(node, "m:HasStream"),
            label=label_of(node, self._source.terms(name, node)),
        )

    def _properties(self, name: str, node: Node) -> Iterator[tuple[str, Property]]:
        for each in node.all("Property"):
            if each.name and each.get("Type"):
                yield each.name, property_of(each, name, self._source)
            else:
                self._source.complain(f"line {each.line}: a Property of {name} has no Name or Type")

    def _navigations(self, name: str, node: Node) -> Iterator[tuple[str, Navigation]]:
        for each in node.all("NavigationProperty"):
            if each.get("Type"):
                yield each.name, _by_type(each, self._source)
            else:
                yield each.name, self._by_association(each, name)

    def _by_association(self, node: Node, owner: str) -> Navigation:
        """V2: the association says where it leads; where it is missing nothing is known of that."""
        relationship = self._source.names.resolve(node.get("Relationship"))
        association = self._associations.get(relationship)
        there, here = node.get("ToRole"), node.get("FromRole")
        if association is None or there not in association.ends:
            self._source.complain(f"{owner}/{node.name}: {relationship} is not in the document")
            return Navigation(name=node.name, target=relationship, many=False)
        target, many = association.ends[there]
        fields = association.fields
        keys = dict(zip(fields.get(there, ()), fields.get(here, ()), strict=False))
        return Navigation(name=node.name, target=target, many=many, keys=keys)


class _Association(Struct, frozen=True):
    """By role: the type there and whether there are many, and the fields that are equal."""

    ends: dict[str, tuple[str, bool]]
    fields: dict[str, tuple[str, ...]]


def _association(node: Node, source: Source) -> _Association:
    constraint = node.first("ReferentialConstraint")
    parties = constraint.all("Principal", "Dependent") if constraint else ()
    return _Association(
        ends={
            end.get("Role"): (source.names.resolve(end.get("Type")), end.get("Multiplicity") == "*")
            for end in node.all("End")
        },
        fields={party.get("Role"): _refs(party) for party in parties},
    )


def _by_type(node: Node, source: Source) -> Navigation:
    target, many = source.names.typed(node.get("Type"))
    keys = {
        each.get("ReferencedProperty"): each.get("Property")
        for each in node.all("ReferentialConstraint")
    }
    return Navigation(name=node.name, target=target, many=many, keys=keys)


def _keys(node: Node) -> tuple[str, ...]:
    key = node.first("Key")
    return _refs(key) if key else ()


def _refs(node: Node) -> tuple[str, ...]:
    return tuple(each.name for each in node.all("PropertyRef"))
