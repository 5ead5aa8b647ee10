"""Vocabulary annotations (CSDL 4.0, section 14): what they say, by target and term."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sapmatch.sap.odata.edmx.tree import Node

_VOCABULARIES: Final = {
    "Org.OData.Core.V1": "Core",
    "Org.OData.Capabilities.V1": "Capabilities",
    "Org.OData.Measures.V1": "Measures",
    "com.sap.vocabularies.Common.v1": "Common",
}
_USUAL: Final = {name.lower(): name for name in _VOCABULARIES.values()}
_TYPES: Final = ("EntityType", "ComplexType", "EnumType", "TypeDefinition", "Association")
_TEXTS: Final = ("String", "EnumMember", "PropertyPath", "Int")
Terms = Mapping[str, Any]
NOTHING: Final[Terms] = {}


class Path(str):
    """A value that stands in a field of the entity: known only once that is read."""

    __slots__ = ()


class Names:
    """Qualified names, whatever alias of the document they are written with, or none at all."""

    def __init__(self, declarations: Iterable[Node], schemas: Iterable[Node]) -> None:
        self._aliases = {
            node.get("Alias"): node.get("Namespace") for node in declarations if node.get("Alias")
        }
        self._unqualified = {
            node.name: f"{schema.get('Namespace')}.{node.name}"
            for schema in schemas
            for node in schema.all(*_TYPES)
            if node.name
        }

    def resolve(self, name: str) -> str:
        """The name with the namespace instead of its alias."""
        namespace, _, local = name.rpartition(".")
        if not namespace:
            return self._unqualified.get(local, local)
        return f"{self._aliases.get(namespace, namespace)}.{local}"

    def typed(self, text: str) -> tuple[str, bool]:
        """A type and whether there are many: `Collection(NS.Item)` is (`NS.Item`, True)."""
        many = text.startswith("Collection(") and text.endswith(")")
        return self.resolve(text[11:-1] if many else text), many

    def term(self, name: str) -> str:
        """A term by the usual alias of its vocabulary, `Core.Computed`; empty for foreign ones."""
        namespace, _, local = self.resolve(name).rpartition(".")
        usual = _USUAL.get(namespace.removeprefix("SAP__").lower(), "")
        vocabulary = _VOCABULARIES.get(namespace, usual)
        return f"{vocabulary}.{local}" if vocabulary else ""


class Annotations:
    """Those inside an element, and those that an `Annotations` block puts on it from outside."""

    def __init__(self, schemas: Iterable[Node], names: Names) -> None:
        self._names = names
        self._outside: dict[str, dict[str, Any]] = {}
        for schema in schemas:
            for block in schema.all("Annotations"):
                if not block.get("Qualifier"):
                    target, slash, path = block.get("Target").partition("/")
                    full = names.resolve(target) + slash + path
                    self._outside.setdefault(full, {}).update(self._inside(block))

    def of(self, target: str, node: Node) -> Terms:
        """Values by term; `target` is the full name, such as `NS.Order/Amount`."""
        outside = self._outside.get(target, NOTHING)
        inside = self._inside(node)
        return {**inside, **outside} if inside else outside

    def _inside(self, node: Node) -> dict[str, Any]:
        """Those for every use (no Qualifier) and from the vocabularies that matter here."""
        found = {
            self._names.term(each.get("Term")): _value(each)
            for each in node.all("Annotation")
            if not each.get("Qualifier")
        }
        found.pop("", None)
        return found


def says(terms: Terms, term: str, part: str) -> Any:
    """A part of a term's record, None where nothing is said."""
    record = terms.get(term)
    return record.get(part) if isinstance(record, dict) else None


def paths(terms: Terms, term: str, part: str) -> frozenset[str]:
    """The fields that a term's record lists."""
    listed = says(terms, term, part)
    return frozenset(each for each in listed if isinstance(each, str)) if listed else frozenset()


def _value(node: Node) -> Any:
    """A constant or path; a record as dict, a collection as list; a tag without a value is true."""
    attributes = node.attributes
    if "Bool" in attributes:
        return attributes["Bool"].lower() != "false"
    if "Path" in attributes:
        return Path(attributes["Path"])
    for kind in _TEXTS:
        if kind in attributes:
            return attributes[kind]
    return _nested(node.children[0]) if node.children else True


def _nested(node: Node) -> Any:
    match node.tag:
        case "Record":
            return {each.get("Property"): _value(each) for each in node.all("PropertyValue")}
        case "Collection":
            return [_nested(each) for each in node.children]
        case "Bool":
            return node.text.strip().lower() != "false"
        case "Path":
            return Path(node.text.strip())
        case _:
            return node.text.strip()
