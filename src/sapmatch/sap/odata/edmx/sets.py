"""Entity sets and singletons: what may be done with each, and where its navigations lead."""

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from sapmatch.sap.odata.edmx.annotations import Terms, paths, says
from sapmatch.sap.odata.edmx.properties import denied, granted, label_of
from sapmatch.sap.odata.edmx.source import Source
from sapmatch.sap.odata.edmx.tree import Node, counted
from sapmatch.sap.odata.metadata import EntitySet, Property, StructuredType


def containers(source: Source) -> list[tuple[str, Node]]:
    """Entity containers by full name, the default one first."""
    found = source.distinct("EntityContainer").items()
    return sorted(found, key=lambda pair: not granted(pair[1], "m:IsDefaultEntityContainer"))


def entity_sets(source: Source) -> dict[str, EntitySet]:
    """All sets and singletons by name."""
    bound = _bindings(source)
    return {
        node.name: _entity_set(node, terms, source, bound.get(node.name, {}))
        for node, terms in _declared(source)
    }


def restricted(source: Source, types: Mapping[str, StructuredType]) -> dict[str, StructuredType]:
    """The types with what their entity sets say of single fields.

    Where a type has several sets, only what all of them say counts for its fields.
    """
    said: dict[str, list[Terms]] = {}
    for node, terms in _declared(source):
        said.setdefault(_type_of(node, source), []).append(terms)
    return {
        name: _limited(kind, said[name]) if any(said.get(name, ())) else kind
        for name, kind in types.items()
    }


def _declared(source: Source) -> Iterator[tuple[Node, Terms]]:
    seen: set[str] = set()
    for container, parent in containers(source):
        for node in parent.all("EntitySet", "Singleton"):
            if not node.name or node.name in seen:
                why = "is there already" if node.name else "has no Name"
                source.complain(f"line {node.line}: entity set {node.name} {why}")
                continue
            seen.add(node.name)
            yield node, source.terms(f"{container}/{node.name}", node)


def _type_of(node: Node, source: Source) -> str:
    return source.names.resolve(node.get("EntityType") or node.get("Type"))


def _entity_set(node: Node, terms: Terms, source: Source, bound: Mapping[str, str]) -> EntitySet:
    return EntitySet(
        name=node.name,
        type=_type_of(node, source),
        single=node.tag == "Singleton",
        creatable=_may(node, "sap:creatable", terms, "InsertRestrictions", "Insertable"),
        updatable=_may(node, "sap:updatable", terms, "UpdateRestrictions", "Updatable"),
        deletable=_may(node, "sap:deletable", terms, "DeleteRestrictions", "Deletable"),
        topable=_topable(node) and terms.get("Capabilities.TopSupported") is not False,
        pageable=not denied(node, "sap:pageable")
        and terms.get("Capabilities.SkipSupported") is not False,
        addressable=_may(node, "sap:addressable", terms, "ReadRestrictions", "Readable"),
        countable=_may(node, "sap:countable", terms, "CountRestrictions", "Countable"),
        searchable=_searchable(node, terms, source),
        requires_filter=granted(node, "sap:requires-filter")
        or says(terms, "Capabilities.FilterRestrictions", "RequiresFilter") is True,
        tracks_changes=granted(node, "sap:change-tracking")
        or says(terms, "Capabilities.ChangeTracking", "Supported") is True,
        deep_update=_deep_update(terms),
        label=label_of(node, terms),
        bindings={**bound, **_own_bindings(node)},
    )


def _may(node: Node, attribute: str, terms: Terms, term: str, part: str) -> bool:
    return not denied(node, attribute) and says(terms, f"Capabilities.{term}", part) is not False


def _deep_update(terms: Terms) -> bool:
    """Supported, where the record is there at all and does not deny it (Capabilities.V1)."""
    said = says(terms, "Capabilities.UpdateRestrictions", "DeepUpdateSupport")
    return isinstance(said, dict) and said.get("Supported", True) is True


def _topable(node: Node) -> bool:
    """V2: where nothing is said of $top, what is said of pages holds for it."""
    return not denied(node, "sap:topable" if node.get("sap:topable") else "sap:pageable")


def _searchable(node: Node, terms: Terms, source: Source) -> bool:
    """V2 services say so where it works, V4 services where it does not."""
    if source.version == "V2":
        return granted(node, "sap:searchable")
    return says(terms, "Capabilities.SearchRestrictions", "Searchable") is not False


def _own_bindings(node: Node) -> dict[str, str]:
    """V4: a target may be written with its container, `NS.Container/Orders`."""
    return {
        each.get("Path"): each.get("Target").rpartition("/")[2]
        for each in node.all("NavigationPropertyBinding")
    }


def _bindings(source: Source) -> dict[str, dict[str, str]]:
    """V2: set to navigation to set, by the sets that stand at both ends of an association."""
    found: dict[str, dict[str, str]] = {}
    for here, way, there in counted(_roads(source), "ways between entity sets"):
        found.setdefault(here, {})[way] = there
    return found


def _roads(source: Source) -> Iterator[tuple[str, str, str]]:
    """Set, navigation, set."""
    ways: dict[str, list[Node]] = {}
    for _, kind in source.declared("EntityType"):
        for way in kind.all("NavigationProperty"):
            ways.setdefault(source.names.resolve(way.get("Relationship")), []).append(way)
    for _, container in containers(source):
        for pair in container.all("AssociationSet"):
            sets = {end.get("Role"): end.get("EntitySet") for end in pair.all("End")}
            for way in ways.get(source.names.resolve(pair.get("Association")), ()):
                here, there = sets.get(way.get("FromRole")), sets.get(way.get("ToRole"))
                if here and there:
                    yield here, way.name, there


def _limited(kind: StructuredType, sets: list[Terms]) -> StructuredType:
    no_filter = _everywhere(sets, "FilterRestrictions", "NonFilterableProperties", "Filterable")
    no_sort = _everywhere(sets, "SortRestrictions", "NonSortableProperties", "Sortable")
    no_update = _everywhere(sets, "UpdateRestrictions", "NonUpdatableProperties")
    no_insert = _everywhere(sets, "InsertRestrictions", "NonInsertableProperties")
    required = _everywhere(sets, "FilterRestrictions", "RequiredProperties")
    etags = frozenset.intersection(*(_etags(terms) for terms in sets))

    def limited(each: Property) -> Property:
        return replace(
            each,
            filterable=each.filterable and each.name not in no_filter,
            sortable=each.sortable and each.name not in no_sort,
            updatable=each.updatable and each.name not in no_update,
            creatable=each.creatable and each.name not in no_insert,
            required_in_filter=each.required_in_filter or each.name in required,
            is_etag=each.is_etag or each.name in etags,
        )

    return replace(kind, properties={name: limited(each) for name, each in kind.properties.items()})


class _All(frozenset[str]):
    """Every field there is."""

    def __contains__(self, _: object) -> bool:
        return True


def _everywhere(sets: list[Terms], term: str, part: str, whole: str = "") -> frozenset[str]:
    """Fields that every set lists; a set that rules out the whole thing lists them all."""
    name = f"Capabilities.{term}"
    partly = [paths(terms, name, part) for terms in sets if says(terms, name, whole) is not False]
    return frozenset.intersection(*partly) if partly else _All()


def _etags(terms: Terms) -> frozenset[str]:
    listed = terms.get("Core.OptimisticConcurrency")
    if not isinstance(listed, list):
        return frozenset()
    return frozenset(each for each in listed if isinstance(each, str))
