"""An EDMX document as a small tree, whatever its edition, in bounded time and memory."""

import re
from collections.abc import Iterable, Iterator
from typing import Final, TypeVar
from xml.parsers import expat

from msgspec import Struct

from sapmatch.model.errors import InputRejected

LARGEST = 32_000_000  # bytes
MOST_ELEMENTS = 1_000_000
MOST_KEPT = 250_000  # elements that matter to us, about 500 bytes each
DEEPEST = 64
LONGEST_TAG = 256_000  # bytes; also bounds what one element costs
_LONGEST_TEXT = 1_000
_CHUNK = 65_536

_EDM = re.compile(
    r"http://(schemas\.microsoft\.com/ado/\d{4}/\d{2}|docs\.oasis-open\.org/odata/ns)/edmx?"
)
_PREFIXES: Final = {
    "http://schemas.microsoft.com/ado/2007/08/dataservices/metadata": "m:",
    "http://www.sap.com/Protocols/SAPData": "sap:",
    "http://www.successfactors.com/edm/sap": "sap:",
}
# An attribute of one of these names in any other namespace is worth a warning (OD-P105).
_TELLING: Final = frozenset("creatable updatable deletable filterable sortable label".split())
_TAGS: Final = frozenset(
    """
    Edmx Reference Include Using DataServices Schema EntityType ComplexType EnumType TypeDefinition
    Key PropertyRef Property NavigationProperty ReferentialConstraint Principal Dependent
    Association End AssociationSet EntityContainer EntitySet Singleton NavigationPropertyBinding
    FunctionImport ActionImport Function Action Parameter ReturnType Annotations Annotation Record
    PropertyValue Collection PropertyPath Path String Bool EnumMember
    """.split()
)
_TEXT_TAGS: Final = frozenset(("PropertyPath", "Path", "String", "Bool", "EnumMember"))
_TERMS: Final = frozenset(
    """
    Computed Immutable OptimisticConcurrency Permissions Label FieldControl ISOCurrency Unit
    InsertRestrictions UpdateRestrictions DeleteRestrictions FilterRestrictions SortRestrictions
    CountRestrictions SearchRestrictions ReadRestrictions ChangeTracking TopSupported SkipSupported
    """.split()
)
T = TypeVar("T")


class Node(Struct):
    """An element of EDM or EDMX by its local name; attributes as `Name`, `sap:label`, `m:...`."""

    tag: str
    attributes: dict[str, str]
    line: int
    oasis: bool = False  # of CSDL 4
    children: list["Node"] = []
    text: str = ""

    @property
    def name(self) -> str:
        """Its Name, empty where it has none."""
        return self.attributes.get("Name", "")

    def get(self, attribute: str) -> str:
        """An attribute, empty where it is missing."""
        return self.attributes.get(attribute, "")

    def all(self, *tags: str) -> Iterator["Node"]:
        """The children of these names."""
        return (child for child in self.children if child.tag in tags)

    def first(self, tag: str) -> "Node | None":
        """The first child of this name."""
        return next(self.all(tag), None)


class Tree(Struct, frozen=True):
    """The root, and the foreign namespaces that hold attributes with names of SAP's."""

    root: Node
    strange: tuple[str, ...]


def read_tree(document: bytes) -> Tree:
    """The parts of the document that matter; InputRejected says what is wrong, and where.

    No DOCTYPE, thus no entities; nothing external is ever read.
    """
    if len(document) > LARGEST:
        raise _rejected(f"has {len(document)} bytes; at most {LARGEST} are read")
    long_tag = re.search(rb"<[^<]{%d}" % LONGEST_TAG, document)
    if long_tag:
        raise _rejected(f"at byte {long_tag.start()}: an element or text is longer than any of SAP")
    parser = expat.ParserCreate(None, " ")
    parser.buffer_text = True
    builder = _Builder(parser)
    try:
        for start in range(0, len(document), _CHUNK):
            parser.Parse(document[start : start + _CHUNK], False)
        parser.Parse(b"", True)
    except expat.ExpatError as exc:
        reason = expat.ErrorString(exc.code)
        where = f"line {exc.lineno}, column {exc.offset}"
        raise _rejected(f"{where}: is no complete XML ({reason}); fetch it again") from exc
    except (LookupError, ValueError) as exc:
        raise _rejected("is written in an encoding that XML does not allow") from exc
    return Tree(builder.finished(), tuple(sorted(builder.strange)))


def counted(items: Iterable[T], what: str) -> Iterator[T]:
    """The items; InputRejected where a small document makes more of them than any service has."""
    for number, item in enumerate(items):
        if number >= MOST_KEPT:
            raise _rejected(f"makes more than {MOST_KEPT} {what}")
        yield item


def _rejected(text: str) -> InputRejected:
    return InputRejected(f"$metadata: {text}")


class _Builder:
    """Keeps what is known, counts everything, and stops at what no service would send."""

    def __init__(self, parser: expat.XMLParserType) -> None:
        self.strange: set[str] = set()
        self._parser = parser
        self._root: Node | None = None
        self._open: list[Node] = []
        self._skipped = 0  # depth inside an element that does not matter
        self._elements = 0
        self._kept = 0
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._doctype

    def finished(self) -> Node:
        """The root; InputRejected where it is something else than an EDMX document."""
        if self._root is None:
            raise _rejected("is empty")
        return self._root

    def _doctype(self, *_: object) -> None:
        raise self._stop("holds a DOCTYPE, which no service needs and which is never read")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._elements += 1
        if self._elements > MOST_ELEMENTS or self._kept > MOST_KEPT:
            raise self._stop(f"has over {self._elements - 1} elements; no service of SAP has")
        if len(self._open) + self._skipped >= DEEPEST:
            raise self._stop(f"elements stand more than {DEEPEST} deep inside each other")
        namespace, _, tag = name.rpartition(" ")
        if not self._open and not self._skipped:
            self._begin(namespace, tag, attributes)
        elif self._skipped or not _matters(namespace, tag, attributes):
            self._skipped += 1
        else:
            self._open[-1].children.append(self._node(namespace, tag, attributes))

    def _begin(self, namespace: str, tag: str, attributes: dict[str, str]) -> None:
        if tag != "Edmx" or not _EDM.fullmatch(namespace):
            shown = tag[:40] if tag.isidentifier() else "?"
            raise self._stop(f"is no EDMX: it begins with <{shown}> (an error or a logon page?)")
        self._root = self._node(namespace, tag, attributes)

    def _node(self, namespace: str, tag: str, attributes: dict[str, str]) -> Node:
        self._kept += 1
        line = self._parser.CurrentLineNumber
        oasis = namespace.startswith("http://docs.oasis-open.org/")
        node = Node(tag, self._named(attributes), line, oasis)
        self._open.append(node)
        return node

    def _named(self, attributes: dict[str, str]) -> dict[str, str]:
        named = {}
        for name, value in attributes.items():
            namespace, _, local = name.rpartition(" ")
            prefix = _PREFIXES.get(namespace)
            if not namespace or prefix:
                named[(prefix or "") + local] = value
            elif local in _TELLING:
                self.strange.add(namespace[:200])
        return named

    def _end(self, _: str) -> None:
        if self._skipped:
            self._skipped -= 1
        else:
            self._open.pop()

    def _text(self, text: str) -> None:
        if self._skipped or not self._open:
            return
        node = self._open[-1]
        if node.tag in _TEXT_TAGS and len(node.text) < _LONGEST_TEXT:
            node.text += text[:_LONGEST_TEXT]

    def _stop(self, text: str) -> InputRejected:
        return _rejected(f"line {self._parser.CurrentLineNumber}: {text}")


def _matters(namespace: str, tag: str, attributes: dict[str, str]) -> bool:
    if tag not in _TAGS or not _EDM.fullmatch(namespace):
        return False
    return tag != "Annotation" or attributes.get("Term", "").rpartition(".")[2] in _TERMS
