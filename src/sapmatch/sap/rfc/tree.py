"""A document of XML as a tree of all it holds, in bounded time and memory."""

from collections.abc import Iterator
from xml.parsers import expat

from msgspec import Struct

from sapmatch.model.errors import InputRejected

LARGEST = 16_000_000  # bytes
MOST_ELEMENTS = 300_000
DEEPEST = 64


class Node(Struct):
    """An element by its name without prefix; attributes as they are written."""

    tag: str
    attributes: dict[str, str]
    children: list["Node"]

    @property
    def name(self) -> str:
        """Its attribute `name`, empty where it has none."""
        return self.get("name")

    def get(self, attribute: str) -> str:
        """An attribute, empty where it is missing."""
        return self.attributes.get(attribute, "")

    def first(self, tag: str) -> "Node | None":
        """The first child of this name."""
        return next((child for child in self.children if child.tag == tag), None)

    def everywhere(self) -> Iterator["Node"]:
        """Itself and all below, from above."""
        left = [self]
        while left:
            node = left.pop()
            yield node
            left += reversed(node.children)


def read_tree(document: bytes, what: str) -> Node:
    """The root; InputRejected says why the document cannot be read.

    No DOCTYPE, thus no entities; nothing external is ever read.
    """
    if len(document) > LARGEST:
        raise InputRejected(f"{what}: has {len(document)} bytes; at most {LARGEST} are read")
    parser = expat.ParserCreate()
    builder = _Builder(what)
    parser.StartElementHandler = builder.start
    parser.EndElementHandler = builder.end
    parser.StartDoctypeDeclHandler = builder.doctype
    try:
        parser.Parse(document, True)
    except expat.ExpatError as exc:
        reason = expat.ErrorString(exc.code)
        raise InputRejected(f"{what}: line {exc.lineno}: is no complete XML ({reason})") from exc
    except (LookupError, ValueError) as exc:
        raise InputRejected(f"{what}: is written in an encoding that XML does not allow") from exc
    return builder.root.children[0]


class _Builder:
    def __init__(self, what: str) -> None:
        self.root = Node("", {}, [])
        self._what = what
        self._open = [self.root]
        self._count = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._count > MOST_ELEMENTS or len(self._open) > DEEPEST:
            raise InputRejected(f"{self._what}: is larger or deeper than any of SAP")
        node = Node(name.rpartition(":")[2], attributes, [])
        self._open[-1].children.append(node)
        self._open.append(node)

    def end(self, _: str) -> None:
        self._open.pop()

    def doctype(self, *_: object) -> None:
        raise InputRejected(f"{self._what}: holds a DOCTYPE, which is never read")
