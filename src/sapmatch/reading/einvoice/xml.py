"""XML without DTD, entities and network, seen by local names."""

import re
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

from sapmatch.reading.einvoice.encoding import as_utf8
from sapmatch.reading.einvoice.foreign import foreign_format
from sapmatch.reading.limits import ReadLimits, Refused

_PROLOG = re.compile(
    rb"(?:[^<]|<[?!-])*?<(?:!DOCTYPE(?:\s+([\w:.-]{1,80}))?|!ENTITY)", re.IGNORECASE
)
_PROLOG_SIZE = 65_536


class Node:
    """One element; a path is local names, `Item/Name|Title` takes either at its second step."""

    __slots__ = ("_children", "_element", "_parent", "_path", "_place", "name")

    def __init__(
        self, element: etree._Element, name: str, parent: "Node | None" = None, place: int = 1
    ) -> None:
        self._element = element
        self._parent = parent
        self._place = place  # among the siblings of the same local name, from 1
        self._children: dict[str, list[Node]] | None = None
        self._path: str | None = None
        self.name = name

    @property
    def namespace(self) -> str:
        """The namespace, empty where there is none."""
        return etree.QName(self._element).namespace or ""

    @property
    def path(self) -> str:
        """Where it stands: an XPath of local names, with a position where a name repeats."""
        if self._path is None:
            above = self._parent.path if self._parent else ""
            alone = not self._parent or len(self._parent.by_name()[self.name]) == 1
            self._path = f"{above}/{self.name}" + ("" if alone else f"[{self._place}]")
        return self._path

    def by_name(self) -> dict[str, list["Node"]]:
        """The children, by local name; looked up once."""
        if self._children is None:
            self._children = {}
            for child in self._element.iterchildren(tag=etree.Element):
                name = _local(child.tag)
                same = self._children.setdefault(name, [])
                same.append(Node(child, name, self, len(same) + 1))
        return self._children

    def all(self, path: str) -> list["Node"]:
        """Every element under the path; of two names in one step, those of the first come first."""
        nodes = [self]
        for names in _steps(path):
            found: list[Node] = []
            for node in nodes:
                children = node.by_name()
                for name in names:
                    found += children.get(name, ())
            nodes = found
        return nodes

    def each(self, path: str) -> Iterator["Node"]:
        """Every element under the path; its children are forgotten when the next one is asked."""
        for node in self.all(path):
            yield node
            node._children = None

    def one(self, path: str) -> "Node | None":
        """The first element under the path."""
        return next(iter(self.all(path)), None)

    def text(self, path: str = "") -> str | None:
        """The text with single spaces, of the element or of the first one under the path."""
        found = self.one(path)
        return " ".join((found._element.text or "").split()) or None if found else None

    def attribute(self, name: str) -> str | None:
        """The value of an attribute without namespace, None where it is blank."""
        return (self._element.get(name) or "").strip() or None


@lru_cache(maxsize=1024)
def _steps(path: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(step.split("|")) for step in path.split("/") if step)


@lru_cache(maxsize=4096)
def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def parse_xml(data: bytes, limits: ReadLimits) -> Node:
    """The root element; raises Refused for a DTD, for broken, too deep or too large XML."""
    try:
        document = as_utf8(data)
    except UnicodeError as exc:
        raise _broken("it is in no known encoding") from exc
    if prolog := _PROLOG.match(document[:_PROLOG_SIZE]):
        raise _doctype((prolog[1] or b"").decode("utf-8", "replace"))
    if document.count(b"<") + document.count(b"=") > limits.max_xml_tags:
        raise _too_large(f"{limits.max_xml_tags:,} tags and attributes")
    root = _root(document)
    if root.getroottree().docinfo.internalDTD is not None:
        raise _doctype(_local(root.tag))
    _check_shape(root, limits)
    return Node(root, _local(root.tag))


def _root(document: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=True,  # a long text is an attachment; size, tags and depth are bounded here
        remove_comments=True,
        remove_pis=True,
        encoding="utf-8",
    )
    try:
        return etree.fromstring(document, parser)
    except etree.XMLSyntaxError as exc:
        raise _broken(f"it is not well-formed (line {exc.lineno}) or nested too deeply") from exc


def _too_large(what: str) -> Refused:
    return Refused("reject", "TOO_LARGE", f"The XML has more than {what}: split it.")


def _broken(why: str) -> Refused:
    message = f"The XML cannot be read: {why}. Ask the sender for the original file."
    return Refused("reject", "BROKEN", message)


def _doctype(name: str) -> Refused:
    """Some formats always carry one: they are named, the others look like an attack."""
    return foreign_format(name) or Refused(
        "reject",
        "XML_ENTITIES",
        "The XML carries a DOCTYPE, which no e-invoice needs and attacks use: "
        "ask the sender for a file without it.",
    )


def _check_shape(root: etree._Element, limits: ReadLimits) -> None:
    """Raises Refused for more levels, or more elements of one name in one, than invoices have."""
    above: list[Counter[str]] = []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            above.pop()
            continue
        if above:
            above[-1][element.tag] += 1
            if above[-1][element.tag] > limits.max_xml_siblings:
                raise _too_large(f"{limits.max_xml_siblings:,} lines or other parts of one kind")
        above.append(Counter())
        if len(above) > limits.max_xml_depth:
            raise Refused(
                "reject",
                "BROKEN",
                f"The XML is nested deeper than {limits.max_xml_depth} levels: no e-invoice is.",
            )
