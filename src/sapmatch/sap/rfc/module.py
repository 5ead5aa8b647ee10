"""One function module as one flavour of SOAP names its parts, worked out once."""

import re
from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from sapmatch.model.rfc import Field, Flavour, FunctionInterface, Parameter

RFC: Final = "urn:sap-com:document:sap:rfc:functions"
_BETWEEN_WORDS = re.compile("_(?!-)")
_NEXT_WORD = re.compile("(?<!^)(?=[A-Z])")
MC_STYLE: Final = "urn:sap-com:document:sap:soap:functions:mc-style"


class Named(Struct, frozen=True):
    """A field and the tags around it."""

    field: Field
    begin: str
    end: str


class Part(Struct, frozen=True):
    """A parameter, the tags around it, and its fields by their names in the data dictionary."""

    parameter: Parameter
    position: int
    begin: str
    end: str
    empty: str
    fields: Mapping[str, Named]
    by_wire: Mapping[str, Field]  # by the names in an answer


class Module(Struct, frozen=True):
    """A function module; `parts` by parameter, `by_wire` by the names in an answer."""

    name: str
    namespace: str
    request: str
    answers: frozenset[str]
    parts: Mapping[str, Part]
    by_wire: Mapping[str, Part]
    always: tuple[str, ...]  # tables that each call asks for


def module_of(interface: FunctionInterface, flavour: Flavour) -> Module:
    """The module in the names of a flavour.

    SOAMANAGER wants parameters in the order of the alphabet and refuses any other; fields stay in
    the order of the data dictionary in all of them (CO-T35).
    """
    order = [parameter.name for parameter in interface.parameters]
    if flavour != "soap_rfc":
        order.sort(key=lambda name: wire_name(name, flavour))
    parts = {
        parameter.name: _part(parameter, order.index(parameter.name), flavour)
        for parameter in interface.parameters
    }
    request = wire_name(interface.name, flavour)
    return Module(
        name=interface.name,
        namespace=MC_STYLE if flavour == "mc_style" else RFC,
        request=request,
        answers=frozenset({f"{request}.Response", f"{request}Response"}),
        parts=parts,
        by_wire={wire_name(name, flavour): part for name, part in parts.items()},
        always=tuple(
            parameter.name
            for parameter in interface.parameters
            if parameter.name == "RETURN" and parameter.direction == "tables"
        ),
    )


def wire_name(name: str, flavour: Flavour) -> str:
    """`/BIC/X` as `_-BIC_-X` (CO-T31), and `CACHE_RESULTS` as `CacheResults` in mc-style."""
    escaped = name.replace("/", "_-")
    if flavour != "mc_style":
        return escaped
    words = _BETWEEN_WORDS.split(escaped)
    return "".join(word[:1].upper() + word[1:].lower() for word in words)


def plain_name(name: str, flavour: Flavour) -> str:
    """The name in the data dictionary of what no interface knows."""
    if flavour == "mc_style":
        name = _NEXT_WORD.sub("_", name).upper()
    return name.replace("_-", "/")


def _part(parameter: Parameter, position: int, flavour: Flavour) -> Part:
    tag = wire_name(parameter.name, flavour)
    fields = {each.name: _named(each, flavour) for each in parameter.fields}
    return Part(
        parameter=parameter,
        position=position,
        begin=f"<{tag}>",
        end=f"</{tag}>",
        empty=f"<{tag}/>",
        fields=fields,
        by_wire={wire_name(each.name, flavour): each for each in parameter.fields},
    )


def _named(field: Field, flavour: Flavour) -> Named:
    tag = wire_name(field.name, flavour)
    return Named(field, f"<{tag}>", f"</{tag}>")
