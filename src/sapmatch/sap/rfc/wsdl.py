"""Interfaces of function modules that nobody described, out of SAP's WSDL."""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from sapmatch.model.errors import InputRejected, LogonRefused
from sapmatch.model.rfc import Direction, Field, FieldType, Flavour, FunctionInterface, Parameter
from sapmatch.sap.logon import SSO, is_logon_page
from sapmatch.sap.rfc.module import plain_name, wire_name
from sapmatch.sap.rfc.tree import Node, read_tree
from sapmatch.sap.session import SapSession

PATH: Final = "/sap/bc/soap/wsdl11"
_XSD: Final = "http://www.w3.org/2001/XMLSchema"
_BUILT_IN: Final[Mapping[str, FieldType]] = {
    "string": "char",
    "date": "date",
    "time": "time",
    "dateTime": "char",
    "int": "int",
    "integer": "int",
    "long": "int",
    "short": "int",
    "byte": "int",
    "unsignedInt": "int",
    "unsignedShort": "int",
    "unsignedByte": "int",
    "decimal": "decimal",
    "double": "float",
    "float": "float",
    "base64Binary": "raw",
    "hexBinary": "raw",
}
_DIGITS = re.compile(r"\\d[*+]|\\d\{\d*,?\d*\}|\[0-9\][*+]|(\\d)+")
_DAY = re.compile(r"\\d\\d\\d\\d-\\d\\d-\\d\\d|\\d\{4\}-\\d\{2\}-\\d\{2\}")
_HOUR = re.compile(r"\\d\\d:\\d\\d:\\d\\d|\\d\{2\}:\\d\{2\}:\\d\{2\}")
_FLAVOURS: Final[tuple[Flavour, ...]] = ("soap_rfc", "mc_style")
_DEEPEST = 16  # types of types


def fetched(session: SapSession, function: str, binding: str | None) -> FunctionInterface | None:
    """The interface as SAP describes it: of a binding by itself, else by the node for all modules.

    None where SAP has no WSDL of it, be it for want of the module or of the node.
    """
    if binding:
        url = session.url(binding, ["wsdl"])
    else:
        url = session.url(PATH, [f"services={quote(function, safe='')}"])
    answer = session.read("GET", url, {"Accept": "text/xml"})
    if answer.refusal:
        raise answer.refusal
    if answer.status == HTTPStatus.OK and is_logon_page(answer.body):
        raise LogonRefused(f"{session.place}: a web page came instead of a WSDL; {SSO}", "sso")
    if answer.status != HTTPStatus.OK or b"definitions" not in answer.body[:10_000]:
        return None
    try:
        return interface_of(answer.body, function)
    except InputRejected as exc:
        raise InputRejected(f"{session.place}: {exc}") from exc


def interface_of(document: bytes, function: str) -> FunctionInterface | None:
    """The interface of one module in a WSDL of any flavour; None where it holds another one.

    InputRejected where it is no readable WSDL.
    """
    wsdl = _Wsdl(read_tree(document, "WSDL"))
    for flavour in _FLAVOURS:
        request = wire_name(function, flavour)
        sent = wsdl.elements.get(request)
        if sent is not None:
            answers = (wsdl.elements.get(f"{request}{end}") for end in (".Response", "Response"))
            back = next((node for node in answers if node is not None), None)
            camel = flavour == "mc_style"
            return FunctionInterface(
                name=function, parameters=tuple(_parameters(wsdl, sent, back, camel=camel))
            )
    return None


class _Wsdl:
    """The types of all schemas by their names, which SAP uses once."""

    def __init__(self, root: Node) -> None:
        self.elements: dict[str, Node] = {}
        self.types: dict[str, Node] = {}
        self._prefixes: dict[str, str] = {}
        for node in root.everywhere():
            for name, value in node.attributes.items():
                if name.startswith("xmlns"):
                    self._prefixes[name.partition(":")[2]] = value
            if node.tag == "schema":
                for child in node.children:
                    if child.tag == "element":
                        self.elements.setdefault(child.name, child)
                    elif child.tag in ("complexType", "simpleType"):
                        self.types.setdefault(child.name, child)

    def type_of(self, element: Node) -> Node | str:
        """The node of its type, or the name of a type of XML Schema."""
        inner = element.first("complexType") or element.first("simpleType")
        return inner if inner is not None else self.named(element.get("type"))

    def named(self, name: str) -> Node | str:
        """A type by its name."""
        prefix, _, local = name.rpartition(":")
        if self._prefixes.get(prefix) == _XSD or local not in self.types:
            return local
        return self.types[local]

    def inside(self, node: Node | str) -> list[Node]:
        """The elements of a complex type; none of a simple one."""
        if isinstance(node, str) or node.tag != "complexType":
            return []
        groups = (each for each in node.everywhere() if each.tag in ("sequence", "all"))
        group = next(groups, None)
        return [each for each in group.children if each.tag == "element"] if group else []


def _parameters(wsdl: _Wsdl, sent: Node, back: Node | None, *, camel: bool) -> Iterator[Parameter]:
    into = {each.name: each for each in wsdl.inside(wsdl.type_of(sent))}
    out = {each.name: each for each in wsdl.inside(wsdl.type_of(back))} if back else {}
    for name, element in (into | out).items():
        kind = wsdl.type_of(element)
        elements = wsdl.inside(kind)
        is_table = [each.name for each in elements] == ["item"]
        direction: Direction = "import" if name in into else "export"
        if name in into and name in out:
            direction = "tables" if is_table else "changing"
        yield _parameter(wsdl, _plain(name, camel=camel), direction, kind, camel=camel)


def _parameter(
    wsdl: _Wsdl, name: str, direction: Direction, kind: Node | str, *, camel: bool
) -> Parameter:
    elements = wsdl.inside(kind)
    if not elements:
        field = _field(wsdl, name, kind)
        return Parameter(name=name, direction=direction, kind="scalar", fields=(field,))
    if [each.name for each in elements] == ["item"]:
        fields = _fields(wsdl, wsdl.type_of(elements[0]), camel=camel)
        return Parameter(name=name, direction=direction, kind="table", fields=fields)
    fields = _fields(wsdl, kind, camel=camel)
    return Parameter(name=name, direction=direction, kind="structure", fields=fields)


def _fields(wsdl: _Wsdl, row: Node | str, *, camel: bool) -> tuple[Field, ...]:
    """The fields of a row; those of an inner structure are kept as text where they come."""
    return tuple(
        _field(wsdl, _plain(each.name, camel=camel), wsdl.type_of(each))
        for each in wsdl.inside(row)
    )


def _field(wsdl: _Wsdl, name: str, kind: Node | str) -> Field:
    """Its type by what it restricts, its length by the facets."""
    facets: dict[str, str] = {}
    for _ in range(_DEEPEST):
        restriction = kind.first("restriction") if isinstance(kind, Node) else None
        if restriction is None:
            break
        for each in restriction.children:
            facets.setdefault(each.tag, each.get("value"))
        kind = wsdl.named(restriction.get("base"))
    base = kind if isinstance(kind, str) else "string"
    found = _BUILT_IN.get(base, "char")
    pattern = facets.get("pattern", "")
    if found == "char" and pattern:
        found = _by_pattern(pattern)
    if found == "char" and "maxLength" not in facets and "length" not in facets:
        found = "string"
    length = facets.get("maxLength") or facets.get("length") or facets.get("totalDigits") or "0"
    decimals = facets.get("fractionDigits", "0")
    return Field(name=name, type=found, length=_number(length), decimals=_number(decimals))


def _by_pattern(pattern: str) -> FieldType:
    if _DAY.search(pattern):
        return "date"
    if _HOUR.search(pattern):
        return "time"
    return "numc" if _DIGITS.fullmatch(pattern) else "char"


def _plain(name: str, *, camel: bool) -> str:
    return plain_name(name, "mc_style" if camel else "soap_rfc")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else 0
