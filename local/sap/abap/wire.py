"""The three forms of SOAP in which SAP takes calls: names, envelopes, faults."""

import base64
import binascii
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal
from xml.sax.saxutils import escape

from local.sap.abap.dictionary import Field, Function, Parameter
from local.sap.abap.faults import AbapFault
from local.sap.abap.values import Row

if TYPE_CHECKING:
    from lxml.etree import _Element

Style = Literal["soap_rfc", "soamanager", "mc_style"]
RFC = "urn:sap-com:document:sap:rfc:functions"
MC = "urn:sap-com:document:sap:soap:functions:mc-style"
_ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
_DATE = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_TIME = re.compile(r"(\d\d):(\d\d):(\d\d)")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class BadEnvelope(Exception):
    """What came is no call that SAP can read."""


@dataclass(frozen=True, slots=True)
class Received:
    """A call as it came; `sent` names the parameters in their order."""

    style: Style
    function: str
    parameters: Row
    sent: tuple[str, ...]


def spelled(name: str, style: Style) -> str:
    """A name on the wire: `_-BIC_-X`, or `BapiUserGetDetail` where names are CamelCase."""
    if style != "mc_style":
        return name.replace("/", "_-")
    parts = re.split("[_/]", name.lower())
    return "".join(part[:1].upper() + part[1:] for part in parts if part)


def namespace(style: Style) -> str:
    """The namespace of calls and answers."""
    return MC if style == "mc_style" else RFC


def read(
    body: bytes, style: Style, functions: Mapping[str, Function], *, lenient: bool = False
) -> Received:
    """The call in an envelope; BadEnvelope or AbapFault otherwise.

    `lenient` passes over parameters that the module does not have.
    """
    call = _body(_root(body))
    uri, _, local = call.tag[1:].partition("}") if call.tag[0] == "{" else ("", "", call.tag)
    if uri != namespace(style):
        raise BadEnvelope(f"No operation of namespace '{uri[:80]}' here")
    function = next((f for n, f in functions.items() if spelled(n, style) == local), None)
    if function is None:
        raise AbapFault("unknown_function", "FU_NOT_FOUND", f"Function module {local} not found")
    elements = [child for child in call if isinstance(child.tag, str)]
    known = {spelled(n, style): each for n, each in function.parameters.items()}
    parameters: Row = {}
    for each in elements:
        parameter = known.get(each.tag)  # elements of parameters have no namespace
        if parameter is None and lenient:
            continue
        if parameter is None or parameter.direction == "export":
            raise AbapFault("parameter", "RFC_INVALID_PARAMETER", f"{each.tag} is no parameter")
        parameters[parameter.name] = _value(each, parameter, style)
    names = [str(each.tag) for each in elements]
    if style != "soap_rfc" and names != sorted(names):
        raise BadEnvelope(f"Element '{_first_unsorted(names)}' is not expected here (xsd:sequence)")
    return Received(style, function.name, parameters, tuple(parameters))


def _first_unsorted(names: list[str]) -> str:
    return next(b for a, b in pairwise(names) if a > b)


def _root(body: bytes) -> "_Element":
    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadEnvelope("CX_ST_INVALID_XML: the envelope is not well-formed") from error
    if b"<!DOCTYPE" in body:
        raise BadEnvelope("A DTD is not allowed in SOAP")
    return root


def _body(root: "_Element") -> "_Element":
    if root.tag != f"{{{_ENVELOPE}}}Envelope":
        raise BadEnvelope("The root is no Envelope of SOAP 1.1")
    found = root.find(f"{{{_ENVELOPE}}}Body")
    calls = [] if found is None else [each for each in found if isinstance(each.tag, str)]
    if len(calls) != 1:
        raise BadEnvelope("Body must hold one call")
    return calls[0]


def _value(element: "_Element", parameter: Parameter, style: Style) -> Any:
    if parameter.is_scalar:
        return _scalar(element, parameter.fields[0])
    fields = {spelled(field.name, style): field for field in parameter.fields}
    if not parameter.is_table:
        return _row(element, fields, parameter.name)
    rows = [child for child in element if isinstance(child.tag, str)]
    for row in rows:
        if row.tag != "item":
            raise AbapFault("parameter", "RFC_INVALID_PARAMETER", f"{row.tag} is no item")
    return [_row(row, fields, parameter.name) for row in rows]


def _row(element: "_Element", fields: Mapping[str, Field], place: str) -> Row:
    found: Row = {}
    for child in element:
        if not isinstance(child.tag, str):
            continue
        field = fields.get(child.tag)
        if field is None:
            text = f"{place} has no field {child.tag}"
            raise AbapFault("parameter", "RFC_INVALID_PARAMETER", text)
        found[field.name] = _scalar(child, field)
    return found


def _scalar(element: "_Element", field: Field) -> Any:
    """Days and times in ISO form only; bytes in base64."""
    if len(element):
        raise BadEnvelope(f"{field.name} is no structure")
    text = element.text or ""
    if not text.strip():
        return field.initial
    try:
        return _parsed(text, field)
    except (ValueError, binascii.Error) as error:
        raise BadEnvelope(f"CX_SY_CONVERSION_NO_NUMBER: {field.name} cannot be read") from error


def _parsed(text: str, field: Field) -> Any:
    if field.type == "X":
        return base64.b64decode(text, validate=True)
    pattern = {"D": _DATE, "T": _TIME}.get(field.type)
    if pattern is None:
        return text
    match = pattern.fullmatch(text.strip())
    if match is None:
        raise ValueError(text)
    return "".join(match.groups())


def answer(function: Function, found: Row, received: Received) -> bytes:
    """The envelope of the answer: all EXPORT parameters, and those TABLES that were sent."""
    style = received.style
    shown = [
        parameter
        for parameter in function.parameters.values()
        if parameter.direction == "export"
        or (parameter.direction == "tables" and parameter.name in received.sent)
    ]
    if style != "soap_rfc":
        shown.sort(key=lambda each: spelled(each.name, style))
    parts = "".join(_written(each, found[each.name], style) for each in shown)
    name = spelled(function.name, style) + (".Response" if style == "soap_rfc" else "Response")
    return _enveloped(f'<n0:{name} xmlns:n0="{namespace(style)}">{parts}</n0:{name}>')


def _enveloped(inside: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<soap-env:Envelope xmlns:soap-env="{_ENVELOPE}"><soap-env:Header/>'
        f"<soap-env:Body>{inside}</soap-env:Body></soap-env:Envelope>"
    ).encode()


def _written(parameter: Parameter, value: Any, style: Style) -> str:
    name = spelled(parameter.name, style)
    if parameter.is_scalar:
        inside = _text(value, parameter.fields[0])
    elif parameter.is_table:
        inside = "".join(f"<item>{_fields(parameter, row, style)}</item>" for row in value)
    else:
        inside = _fields(parameter, value, style)
    return f"<{name}>{inside}</{name}>" if inside else f"<{name}/>"


def _fields(parameter: Parameter, row: Row, style: Style) -> str:
    return "".join(_elements(parameter, row, style))


def _elements(parameter: Parameter, row: Row, style: Style) -> Iterator[str]:
    for field in parameter.fields:
        name = spelled(field.name, style)
        text = _text(row[field.name], field)
        yield f"<{name}>{text}</{name}>" if text else f"<{name}/>"


def _text(value: Any, field: Field) -> str:
    if field.type == "D":
        return f"{value[:4]}-{value[4:6]}-{value[6:]}"
    if field.type == "T":
        return f"{value[:2]}:{value[2:4]}:{value[4:]}"
    if field.type == "X":
        return base64.b64encode(value).decode()
    return escape(_CONTROL.sub("#", str(value)))


def fault(error: AbapFault, function: str, style: Style) -> bytes:
    """A SOAP fault as each form has it: the key of the exception, and its text."""
    if style == "soap_rfc" or not function:
        detail = (
            f'<rfc:Error xmlns:rfc="{RFC}"><message>{escape(error.message)}</message></rfc:Error>'
        )
    else:
        name = f"{spelled(function, style)}.Exception"
        detail = (
            f'<n0:{name} xmlns:n0="{namespace(style)}"><Name>{escape(error.key)}</Name>'
            f"<Text>{escape(error.message)}</Text>"
            f"<Message><ID>00</ID><Number>000</Number></Message></n0:{name}>"
        )
    return _enveloped(
        "<soap-env:Fault><faultcode>soap-env:Client</faultcode>"
        f'<faultstring xml:lang="en">{escape(error.key)}</faultstring>'
        f"<detail>{detail}</detail></soap-env:Fault>"
    )
