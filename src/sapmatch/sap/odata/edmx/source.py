"""The document while it is being read: what every part of the reader needs of it."""

from collections.abc import Iterator

from sapmatch.model.errors import InputRejected
from sapmatch.sap.odata.edmx.annotations import Annotations, Names, Terms
from sapmatch.sap.odata.edmx.tree import Node, Tree
from sapmatch.sap.odata.metadata import Version

_MOST_PROBLEMS = 100
_LONGEST_PROBLEM = 500


class Source:
    """Schemas, names and annotations of one document, and what could not be read of it."""

    def __init__(self, tree: Tree) -> None:
        services = tree.root.first("DataServices") or tree.root
        self.schemas = tuple(services.all("Schema"))
        if not self.schemas:
            raise InputRejected("$metadata: holds no Schema, thus describes nothing")
        includes = [each for part in tree.root.all("Reference") for each in part.all("Include")]
        usings = [each for schema in self.schemas for each in schema.all("Using")]
        self.names = Names([*includes, *usings, *self.schemas], self.schemas)
        self.version: Version = _version(tree.root, self.schemas[0])
        self._annotations = Annotations(self.schemas, self.names)
        self._problems: dict[str, None] = {}
        self._definitions = self.distinct("TypeDefinition")
        for namespace in tree.strange:
            self.complain(f"annotations of the unknown namespace {namespace} were left out")

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be read, once each, in the order of the document."""
        return tuple(self._problems)

    def complain(self, text: str) -> None:
        """Note what could not be read; it matters only once it is used (OD-P105)."""
        if len(self._problems) < _MOST_PROBLEMS:
            self._problems[text[:_LONGEST_PROBLEM]] = None

    def terms(self, target: str, node: Node) -> Terms:
        """What the vocabularies say of a part, by term."""
        return self._annotations.of(target, node)

    def value_type(self, text: str) -> tuple[str, bool, Node | None]:
        """The type of values, whether there are many, and the definition that it goes by.

        A type definition is another name for a type of OData, maybe with facets (CSDL 4.0,
        section 11): values are written and read as that type.
        """
        name, many = self.names.typed(text)
        node = self._definitions.get(name)
        if node is None:
            return name, many, None
        return self.names.resolve(node.get("UnderlyingType")), many, node

    def declared(self, *tags: str) -> Iterator[tuple[str, Node]]:
        """Elements of all schemas by full name; those without one are left out."""
        for schema in self.schemas:
            for node in schema.all(*tags):
                if node.name:
                    yield f"{schema.get('Namespace')}.{node.name}", node
                else:
                    self.complain(f"line {node.line}: <{node.tag}> has no Name")

    def distinct(self, *tags: str) -> dict[str, Node]:
        """The same; of two with one name the first counts."""
        found: dict[str, Node] = {}
        for name, node in self.declared(*tags):
            if name in found:
                self.complain(f"line {node.line}: {name} is there twice; the first counts")
            found.setdefault(name, node)
        return found


def _version(root: Node, schema: Node) -> Version:
    """The document's own version; the schema's edition where it names none."""
    said = root.get("Version")
    if said:
        return "V4" if said.startswith("4") else "V2"
    return "V4" if schema.oasis else "V2"
