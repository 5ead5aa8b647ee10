"""$metadata (EDMX) of V2 and V4 into the one model of metadata.py."""

import hashlib
from collections.abc import Iterator, Mapping

from sapmatch.model.errors import InputRejected
from sapmatch.sap.odata.edmx.operations import operations
from sapmatch.sap.odata.edmx.sets import containers, entity_sets, restricted
from sapmatch.sap.odata.edmx.source import Source
from sapmatch.sap.odata.edmx.tree import LARGEST, read_tree
from sapmatch.sap.odata.edmx.types import enums, structured_types
from sapmatch.sap.odata.metadata import EntitySet, Metadata, StructuredType

__all__ = ["LARGEST", "parse_metadata"]


def parse_metadata(document: bytes) -> Metadata:
    """The whole service; what cannot be read is named in `problems` (OD-P105).

    Raises InputRejected, with the line where there is one, for what is no EDMX, truncated, too
    large or too deep, or holds a DOCTYPE.
    """
    source = Source(read_tree(document))
    types = restricted(source, structured_types(source))
    sets, found_enums = entity_sets(source), enums(source)
    calls = operations(source)
    if not types and not sets:
        raise InputRejected("$metadata: holds neither types nor entity sets")
    for name, use in _uses(sets, types):
        if not name.startswith("Edm.") and name not in types and name not in found_enums:
            source.complain(f"{use}: {name} is not in the document")
    return Metadata(
        version=source.version,
        namespace=_namespace(source),
        entity_sets=sets,
        types=types,
        operations=calls,
        enums=found_enums,
        problems=source.problems,
        sha256=hashlib.sha256(document).hexdigest(),
    )


def _namespace(source: Source) -> str:
    """That of the entity container, else of the first schema."""
    found = containers(source)
    return found[0][0].rpartition(".")[0] if found else source.schemas[0].get("Namespace")


def _uses(
    sets: Mapping[str, EntitySet], types: Mapping[str, StructuredType]
) -> Iterator[tuple[str, str]]:
    """Every type that is named, and where."""
    for each in sets.values():
        yield each.type, each.name
    for kind in types.values():
        for field in kind.properties.values():
            yield field.type, f"{kind.name}/{field.name}"
        for way in kind.navigations.values():
            yield way.target, f"{kind.name}/{way.name}"
