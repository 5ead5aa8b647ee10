"""The WSDLs of the stand-in: by hand or not they say what its dictionary says."""

from pathlib import Path

import pytest

from local.sap.abap import wsdl
from local.sap.abap.dictionary import Parameter, functions
from local.sap.abap.wire import Style, namespace, spelled
from sapmatch.model.rfc import FieldType
from sapmatch.sap.rfc.wsdl import interface_of

TYPES: dict[FieldType, str] = {
    "char": "C",
    "string": "S",
    "numc": "N",
    "date": "D",
    "time": "T",
    "int": "I",
    "raw": "X",
}
BY_HAND = sorted(Path(wsdl.__file__).with_name("wsdl").glob("*.wsdl"))
Shape = dict[str, tuple[str, str, list[tuple[str, str, int]]]]


def of_dictionary(name: str) -> Shape:
    """Direction, kind and fields of each parameter."""
    return {
        each.name: (each.direction, _kind(each), [(f.name, f.type, f.length) for f in each.fields])
        for each in functions()[name].parameters.values()
    }


def _kind(parameter: Parameter) -> str:
    if parameter.is_scalar:
        return "scalar"
    return "table" if parameter.is_table else "structure"


def of_wsdl(document: bytes, name: str, expected: Shape) -> Shape:
    """The same, as our client reads it."""
    interface = interface_of(document, name)
    assert interface is not None
    shape: Shape = {}
    # CamelCase does not say whether NAME_2 or NAME2 was meant.
    names = {spelled(each, "mc_style"): each for each in expected}
    for each in interface.parameters:
        parameter = names[spelled(each.name, "mc_style")]
        fields = expected[parameter][2]
        known = {spelled(field, "mc_style"): (field, kind) for field, kind, _ in fields}
        found = [(*known[spelled(f.name, "mc_style")], f.type, f.length) for f in each.fields]
        shape[parameter] = (
            each.direction,
            each.kind,
            [(n, k if k in TYPES[t] else t, 0 if k in "DT" else size) for n, k, t, size in found],
        )
    return shape


@pytest.mark.parametrize("file", BY_HAND, ids=lambda file: file.name)
def test_a_wsdl_by_hand_says_what_the_dictionary_says(file: Path) -> None:
    name, style, _ = file.name.split(".")
    expected = of_dictionary(name)
    assert of_wsdl(file.read_bytes(), name, expected) == expected
    assert f'targetNamespace="{namespace(_style(style))}"' in file.read_text()


def _style(text: str) -> Style:
    styles: dict[str, Style] = {
        "soap_rfc": "soap_rfc",
        "soamanager": "soamanager",
        "mc_style": "mc_style",
    }
    return styles[text]


@pytest.mark.parametrize("style", ["soap_rfc", "soamanager", "mc_style"])
@pytest.mark.parametrize("name", sorted(functions()))
def test_our_client_reads_the_wsdl_of_every_module(name: str, style: Style) -> None:
    """A module that nobody described is called by what SAP's WSDL says of it."""
    expected = of_dictionary(name)
    document = wsdl.described([functions()[name]], style, "http://127.0.0.1/x", "x")
    assert of_wsdl(document, name, expected) == expected
