"""Atom, the other form of OData V2 bodies, read into the shape that V2 JSON has.

Booleans and integers become JSON values where `m:type` says so, all other values stay the text
that Atom writes (decimals and dates too): with $metadata both forms give the same typed row.
Some systems, Cloud for Customer among them, answer so inside a $batch.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final
from urllib.parse import urljoin
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import msgspec
from msgspec import Raw

from sapmatch.model.intent import Record
from sapmatch.sap.odata import v2
from sapmatch.sap.odata.codec import Feed
from sapmatch.sap.odata.metadata import Version

VERSION: Final[Version] = "V2"
ACCEPT: Final = "application/atom+xml"
MAX_DEPTH = 100
MAX_ELEMENTS = 1_000_000

literal = v2.literal
options = v2.options
content_type = v2.content_type
encode = v2.encode
row = v2.row
etag_of = v2.etag_of
key_of = v2.key_of

_ATOM = "{http://www.w3.org/2005/Atom}"
_APP = "{http://www.w3.org/2007/app}"
_META = "{http://schemas.microsoft.com/ado/2007/08/dataservices/metadata}"
_DELETED = "{http://purl.org/atompub/tombstones/1.0}deleted-entry"
_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_RELATED = "http://schemas.microsoft.com/ado/2007/08/dataservices/related/"
_INTEGERS = frozenset({"Edm.Byte", "Edm.SByte", "Edm.Int16", "Edm.Int32"})
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def feed(body: bytes) -> Feed:
    """A collection; a deleted entry is a row whose `__metadata` says `deleted`.

    ValueError where the body is no feed, or beyond MAX_DEPTH or MAX_ELEMENTS.
    """
    root = _parsed(body, f"{_ATOM}feed")
    if root.find(f"{_ATOM}id") is None and root.find(f"{_ATOM}entry") is None:
        raise ValueError("a feed without entries and without an id (RFC 4287, 4.1.1)")
    base = root.get(_BASE, "")
    count = root.findtext(f"{_META}count")
    return Feed(
        rows=[Raw(msgspec.json.encode(record)) for record in _records(root, base)],
        next=_link(root, base, "next"),
        delta=_link(root, base, "delta"),
        count=int(count) if count else None,
    )


def entity(body: bytes) -> Record:
    """One entity; ValueError where the body is none."""
    return _record(_parsed(body, f"{_ATOM}entry"), "")


def result(body: bytes, name: str) -> object:
    """What an operation returned: a record, a list of them, a value, or None."""
    root = _parsed(body)
    if root.tag == f"{_ATOM}feed":
        return list(_records(root, root.get(_BASE, "")))
    if root.tag == f"{_ATOM}entry":
        return _record(root, "")
    if _name(root) != name:
        raise ValueError(f"<{_name(root)}> is no result of {name}")
    elements = [child for child in root if _name(child) == "element"]
    return [_value(child) for child in elements] if elements else _value(root)


def service_document(body: bytes) -> list[str]:
    """The addresses of a service's entity sets, relative to its root; ValueError."""
    root = _parsed(body, f"{_APP}service")
    return [found.get("href", "") for found in root.iter(f"{_APP}collection")]


class _Bounded(ElementTree.TreeBuilder):
    """Stops at a DOCTYPE (no entities, nothing external), and where the document has no end."""

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0
        self._elements = 0

    def doctype(self, *_: object) -> None:
        raise ValueError("DOCTYPE")

    def start(self, tag: str, attrs: dict[str, str], /) -> Element:
        self._depth += 1
        self._elements += 1
        if self._depth > MAX_DEPTH or self._elements > MAX_ELEMENTS:
            raise ValueError("more elements than any answer has")
        # Entries that were cut out of a feed have lost its namespace.
        return super().start(tag if tag.startswith("{") else _ATOM + tag, attrs)

    def end(self, tag: str, /) -> Element:
        self._depth -= 1
        return super().end(tag if tag.startswith("{") else _ATOM + tag)


def _parsed(body: bytes, tag: str | None = None) -> Element:
    parser = ElementTree.XMLParser(target=_Bounded())  # noqa: S314  no DOCTYPE, no entities
    try:
        parser.feed(body)
        root: Element = parser.close()
    except (ElementTree.ParseError, LookupError) as exc:
        raise ValueError(f"no complete XML: {exc}") from exc
    if tag is not None and root.tag != tag:
        raise ValueError(f"<{_name(root)}> where <{tag.rpartition('}')[2]}> should be")
    return root


def _records(node: Element, base: str) -> Iterator[Record]:
    for child in node:
        if child.tag == f"{_ATOM}entry":
            yield _record(child, base)
        elif child.tag == _DELETED:
            yield {"__metadata": {"uri": urljoin(base, child.get("ref", "")), "deleted": True}}


def _record(node: Element, base: str) -> Record:
    base = urljoin(base, node.get(_BASE, ""))
    links = node.findall(f"{_ATOM}link")
    found = {"__metadata": _metadata(node, links, base)}
    for path in (f"{_ATOM}content/{_META}properties", f"{_META}properties"):
        if (properties := node.find(path)) is not None:
            found |= _fields(properties)
    for link in links:
        relation = link.get("rel", "")
        if relation.startswith(_RELATED):
            found[relation.removeprefix(_RELATED)] = _related(link, base)
    return found


def _metadata(node: Element, links: Sequence[Element], base: str) -> Record:
    addresses = {link.get("rel"): urljoin(base, link.get("href", "")) for link in links}
    identity = node.findtext(f"{_ATOM}id")
    category = node.find(f"{_ATOM}category")
    found = {
        "id": identity,
        "uri": addresses.get("edit") or addresses.get("self") or identity,
        "type": None if category is None else category.get("term"),
        "etag": node.get(f"{_META}etag"),
    }
    return {name: text for name, text in found.items() if text}


def _related(link: Element, base: str) -> Any:
    """What was read along, else where it is to be found."""
    inline = link.find(f"{_META}inline")
    if inline is None:
        return {"__deferred": {"uri": urljoin(base, link.get("href", ""))}}
    inner = inline.find(f"{_ATOM}feed")
    if inner is not None:
        results: Record = {"results": list(_records(inner, urljoin(base, inner.get(_BASE, ""))))}
        further = _link(inner, base, "next")
        return results | ({"__next": further} if further else {})
    entry = inline.find(f"{_ATOM}entry")
    if entry is not None:
        return _record(entry, base)
    return {"results": []} if "type=feed" in link.get("type", "") else None


def _link(node: Element, base: str, relation: str) -> str | None:
    for link in node.findall(f"{_ATOM}link"):
        if link.get("rel") == relation:
            return urljoin(base, link.get("href", ""))
    return None


def _fields(node: Element) -> Record:
    found = {_name(child): _value(child) for child in node}
    if len(found) != len(node):
        raise ValueError(f"a field comes twice in <{_name(node)}>")
    return found


def _value(node: Element) -> Any:
    if node.get(f"{_META}null") == "true":
        return None
    kind = node.get(f"{_META}type", "")
    if len(node) or (kind and not kind.startswith("Edm.")):
        return ({"__metadata": {"type": kind}} if kind else {}) | _fields(node)
    text = node.text or ""
    if kind == "Edm.Boolean":
        return _BOOLEANS.get(text.strip(), text)
    return int(text) if kind in _INTEGERS else text


def _name(node: Element) -> str:
    return node.tag.rpartition("}")[2]
