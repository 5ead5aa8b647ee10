"""Fields: facets, SAP's attributes and what the vocabularies say of them."""

from typing import Final

from sapmatch.sap.odata.edmx.annotations import Path, Terms
from sapmatch.sap.odata.edmx.source import Source
from sapmatch.sap.odata.edmx.tree import Node
from sapmatch.sap.odata.metadata import Property

_LONGEST_NUMBER: Final = 9  # digits
_NOT_WRITTEN: Final = frozenset({"ReadOnly", "Inapplicable"})
_WRITING: Final = frozenset({"Write", "ReadWrite"})


def property_of(node: Node, owner: str, source: Source) -> Property:
    """One field of the type `owner`."""
    kind, many, definition = source.value_type(node.get("Type"))
    terms = source.terms(f"{owner}/{node.name}", node)
    writable = not (terms.get("Core.Computed") is True or _read_only(terms))
    return Property(
        name=node.name,
        type=kind,
        many=many,
        nullable=not denied(node, "Nullable"),
        max_length=_facet("MaxLength", node, definition),
        precision=_facet("Precision", node, definition),
        scale=_facet("Scale", node, definition),
        label=label_of(node, terms),
        unit=_unit(node, terms),
        creatable=writable and not denied(node, "sap:creatable"),
        updatable=writable
        and terms.get("Core.Immutable") is not True
        and not denied(node, "sap:updatable"),
        filterable=not denied(node, "sap:filterable"),
        sortable=not denied(node, "sap:sortable"),
        required_in_filter=granted(node, "sap:required-in-filter"),
        date_only=kind == "Edm.DateTime" and node.get("sap:display-format") == "Date",
        is_etag=node.get("ConcurrencyMode") == "Fixed",
        field_control=node.get("sap:field-control") or None,
    )


def denied(node: Node, attribute: str) -> bool:
    """Whether an attribute says no; what is not said is yes."""
    return node.get(attribute).lower() in ("false", "0")


def granted(node: Node, attribute: str) -> bool:
    """Whether an attribute says yes; what is not said is no."""
    return node.get(attribute).lower() in ("true", "1")


def number(text: str) -> int | None:
    """A facet; None for `max`, `variable` and the like."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER else None


def _facet(name: str, node: Node, definition: Node | None) -> int | None:
    """That of the field itself, else of the definition of its type."""
    return number(node.get(name) or (definition.get(name) if definition else ""))


def label_of(node: Node, terms: Terms) -> str:
    """The label that SAP shows to people."""
    said = terms.get("Common.Label")
    return node.get("sap:label") or (said if isinstance(said, str) else "")


def _read_only(terms: Terms) -> bool:
    permissions = _members(terms.get("Core.Permissions"))
    controlled = not _NOT_WRITTEN.isdisjoint(_members(terms.get("Common.FieldControl")))
    return controlled or bool(permissions and _WRITING.isdisjoint(permissions))


def _members(said: object) -> frozenset[str]:
    """Those of an enumeration, `NS.Permission/Read NS.Permission/Write`, in any order."""
    if not isinstance(said, str) or isinstance(said, Path):
        return frozenset()
    return frozenset(each.rpartition("/")[2] for each in said.split())


def _unit(node: Node, terms: Terms) -> str | None:
    said = (terms.get("Measures.ISOCurrency"), terms.get("Measures.Unit"))
    return node.get("sap:unit") or next(
        (str(each) for each in said if isinstance(each, Path)), None
    )
