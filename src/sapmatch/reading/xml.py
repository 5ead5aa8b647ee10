"""XML without DTD, entities and network, seen by local names."""

import codecs
import re
from collections.abc import Iterator

from lxml import etree

from sapmatch.reading.limits import ReadLimits, Refused

_PROLOG = re.compile(rb"(?:[^<]|<[?!-])*?<(?:!DOCTYPE|!ENTITY)", re.IGNORECASE)
_PROLOG_SIZE = 65_536
_DECLARATION = re.compile(
    rb"(?:\xef\xbb\xbf)?<\?xml[^>]{0,100}?encoding\s*=\s*[\"']([^\"']{0,100})[\"'][^>]{0,100}>"
)


class Node:
    """One element; a path is local names, `Item/Name|Title` takes either at its second step."""

    __slots__ = ("_element",)

    def __init__(self, element: etree._Element) -> None:
        self._element = element

    @property
    def name(self) -> str:
        """The local name."""
        return etree.QName(self._element).localname

    @property
    def namespace(self) -> str:
        """The namespace, empty where there is none."""
        return etree.QName(self._element).namespace or ""

    @property
    def path(self) -> str:
        """Where it stands, as an XPath of local names."""
        names = [etree.QName(item).localname for item in self._element.iterancestors()]
        return "/".join(["", *reversed(names), self.name])

    def all(self, path: str) -> list["Node"]:
        """Every element under the path, in document order per step."""
        elements = [self._element]
        for step in filter(None, path.split("/")):
            names = [f"{{*}}{name}" for name in step.split("|")]
            elements = [child for item in elements for child in item.iterchildren(*names)]
        return [Node(element) for element in elements]

    def one(self, path: str) -> "Node | None":
        """The first element under the path."""
        return next(iter(self.all(path)), None)

    def text(self, path: str | None = None) -> str | None:
        """The text with single spaces, of the element or of the first one under the path."""
        if path is not None:
            found = self.one(path)
            return found.text() if found else None
        return " ".join((self._element.text or "").split()) or None

    def attribute(self, name: str) -> str | None:
        """The value of an attribute without namespace."""
        return self._element.get(name)


def parse_xml(data: bytes, limits: ReadLimits) -> Node:
    """The root element; raises Refused for a DTD, for broken, too deep or too large XML."""
    if _PROLOG.match(data[:_PROLOG_SIZE].replace(b"\0", b"")):
        raise _doctype()
    if data.count(b"<") > limits.max_xml_tags:
        raise Refused(
            "reject", "TOO_LARGE", f"The XML has more than {limits.max_xml_tags:,} tags: split it."
        )
    root = _root(data.lstrip(b" \t\r\n"))
    if root.getroottree().docinfo.internalDTD is not None:
        raise _doctype()
    if _deeper(root, limits.max_xml_depth):
        raise Refused(
            "reject",
            "BROKEN",
            f"The XML is nested deeper than {limits.max_xml_depth} levels: no e-invoice is.",
        )
    return Node(root)


def _root(data: bytes) -> etree._Element:
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        return etree.fromstring(_declared(data), parser)
    except etree.XMLSyntaxError as exc:
        raise Refused(
            "reject",
            "BROKEN",
            f"The XML is not well-formed (line {exc.lineno}) or nested too deeply: "
            "ask the sender for the original file.",
        ) from exc


def _declared(data: bytes) -> bytes:
    """Without a declared encoding that does not exist: what it hides is nearly always UTF-8."""
    declaration = _DECLARATION.match(data)
    if not declaration:
        return data
    try:
        codecs.lookup(declaration.group(1).decode("ascii", "replace"))
    except (LookupError, ValueError):
        return data[declaration.end() :]
    return data


def _doctype() -> Refused:
    return Refused(
        "reject",
        "XML_ENTITIES",
        "The XML carries a DOCTYPE, which no e-invoice needs and attacks use: "
        "ask the sender for a file without it.",
    )


def _deeper(root: etree._Element, limit: int) -> bool:
    return any(depth > limit for depth in _depths(root))


def _depths(root: etree._Element) -> Iterator[int]:
    depth = 0
    for event, _ in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        yield depth
