"""WSDLs of function modules: written by hand where there is a file, else from the dictionary."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from xml.sax.saxutils import quoteattr

from local.sap.abap.dictionary import Field, Function, Parameter
from local.sap.abap.wire import Style, namespace, spelled

_FILES = Path(__file__).with_name("wsdl")
_HEAD = """<?xml version="1.0" encoding="utf-8"?>
<wsdl:definitions xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/"
 xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/"
 xmlns:tns="{tns}" targetNamespace="{tns}">
<wsdl:types><xsd:schema targetNamespace="{tns}" xmlns:tns="{tns}"
 elementFormDefault="unqualified" attributeFormDefault="qualified">
"""


def described(functions: Sequence[Function], style: Style, address: str, service: str) -> bytes:
    """The WSDL of one or more function modules."""
    file = _FILES / f"{functions[0].name}.{style}.wsdl"
    if len(functions) == 1 and file.is_file():
        text = file.read_text(encoding="utf-8")
        return text.replace('"ADDRESS"', quoteattr(address)).encode()
    return "".join(_rendered(functions, style, address, service)).encode()


def _rendered(
    functions: Sequence[Function], style: Style, address: str, service: str
) -> Iterator[str]:
    yield _HEAD.format(tns=namespace(style))
    yield from _types(functions, style)
    for function in functions:
        yield from _elements(function, style)
    yield "</xsd:schema></wsdl:types>\n"
    for function in functions:
        name = spelled(function.name, style)
        yield _message(name, name) + _message(f"{name}Response", _response(function, style))
    yield from _port(functions, style)
    yield from _binding(functions, style, service)
    yield (
        f'<wsdl:service name="{service}"><wsdl:port name="{service}" binding="tns:{service}">'
        f"<soap:address location={quoteattr(address)}/></wsdl:port></wsdl:service>\n"
        "</wsdl:definitions>\n"
    )


def _response(function: Function, style: Style) -> str:
    return spelled(function.name, style) + (".Response" if style == "soap_rfc" else "Response")


def _message(name: str, element: str) -> str:
    part = f'<wsdl:part name="parameters" element="tns:{element}"/>'
    return f'<wsdl:message name="{name}">{part}</wsdl:message>\n'


def _port(functions: Iterable[Function], style: Style) -> Iterator[str]:
    yield '<wsdl:portType name="PortType">\n'
    for each in functions:
        name = spelled(each.name, style)
        yield (
            f'<wsdl:operation name="{name}"><wsdl:input message="tns:{name}"/>'
            f'<wsdl:output message="tns:{name}Response"/></wsdl:operation>\n'
        )
    yield "</wsdl:portType>\n"


def _binding(functions: Iterable[Function], style: Style, service: str) -> Iterator[str]:
    yield (
        f'<wsdl:binding name="{service}" type="tns:PortType">'
        '<soap:binding transport="http://schemas.xmlsoap.org/soap/http" style="document"/>\n'
    )
    for each in functions:
        name = spelled(each.name, style)
        action = f"{namespace(style)}:{service}:{name}Request"
        if style == "soap_rfc":
            action = f"http://www.sap.com/{name}"
        yield (
            f'<wsdl:operation name="{name}"><soap:operation soapAction="{action}"/>'
            '<wsdl:input><soap:body use="literal"/></wsdl:input>'
            '<wsdl:output><soap:body use="literal"/></wsdl:output></wsdl:operation>\n'
        )
    yield "</wsdl:binding>\n"


def _types(functions: Iterable[Function], style: Style) -> Iterator[str]:
    done: set[str] = set()
    for function in functions:
        for parameter in function.parameters.values():
            if not parameter.is_scalar and parameter.structure not in done:
                done.add(parameter.structure)
                yield _structure(parameter, style)


def _structure(parameter: Parameter, style: Style) -> str:
    name = spelled(parameter.structure, style)
    fields = "".join(_field(field, spelled(field.name, style)) for field in parameter.fields)
    table = "TableOf" + name if style == "mc_style" else f"TABLE_OF_{name}"
    return (
        f'<xsd:complexType name="{name}"><xsd:sequence>{fields}</xsd:sequence></xsd:complexType>\n'
        f'<xsd:complexType name="{table}"><xsd:sequence><xsd:element name="item" '
        f'type="tns:{name}" minOccurs="0" maxOccurs="unbounded"/></xsd:sequence>'
        "</xsd:complexType>\n"
    )


def _field(field: Field, name: str, least: int = 0) -> str:
    return f'<xsd:element name="{name}" minOccurs="{least}">{_type(field)}</xsd:element>'


def _type(field: Field) -> str:
    simple = "<xsd:simpleType><xsd:restriction base={0}>{1}</xsd:restriction></xsd:simpleType>"
    if field.type == "D":
        return simple.format('"xsd:string"', '<xsd:pattern value="\\d\\d\\d\\d-\\d\\d-\\d\\d"/>')
    if field.type == "T":
        return simple.format('"xsd:string"', '<xsd:pattern value="\\d\\d:\\d\\d:\\d\\d"/>')
    if field.type == "I":
        return simple.format('"xsd:int"', "")
    limit = f'<xsd:maxLength value="{field.length}"/>' if field.length else ""
    if field.type == "X":
        return simple.format('"xsd:base64Binary"', limit)
    digits = '<xsd:pattern value="\\d*"/>' if field.type == "N" else ""
    return simple.format('"xsd:string"', limit + digits)


def _elements(function: Function, style: Style) -> Iterator[str]:
    """Requests take IMPORT and TABLES, answers hold EXPORT and TABLES."""
    parameters = list(function.parameters.values())
    if style != "soap_rfc":
        parameters.sort(key=lambda each: spelled(each.name, style))
    name = spelled(function.name, style)
    yield _element(name, (each for each in parameters if each.direction != "export"), style)
    back = (each for each in parameters if each.direction != "import")
    yield _element(_response(function, style), back, style)


def _element(name: str, parameters: Iterable[Parameter], style: Style) -> str:
    # RFC had no order of its own parameters; SOAMANAGER's are a sequence.
    group = "all" if style == "soap_rfc" else "sequence"
    inside = "".join(_parameter(each, style) for each in parameters)
    return (
        f'<xsd:element name="{name}"><xsd:complexType><xsd:{group}>{inside}</xsd:{group}>'
        "</xsd:complexType></xsd:element>\n"
    )


def _parameter(parameter: Parameter, style: Style) -> str:
    name = spelled(parameter.name, style)
    if parameter.is_scalar:
        return _field(parameter.fields[0], name)
    kind = spelled(parameter.structure, style)
    if parameter.is_table:
        kind = "TableOf" + kind if style == "mc_style" else f"TABLE_OF_{kind}"
    return f'<xsd:element name="{name}" minOccurs="0" type="tns:{kind}"/>'
