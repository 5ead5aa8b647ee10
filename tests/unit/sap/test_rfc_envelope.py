"""Calls as bytes."""

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.rfc import Field, Flavour, FunctionInterface, Parameter
from sapmatch.sap.rfc.envelope import Envelope
from sapmatch.sap.rfc.interfaces import INTERFACES
from sapmatch.sap.rfc.module import MC_STYLE, RFC, module_of, plain_name, wire_name

PLACE = "[connections.s4]"


def written(
    function: str = "BAPI_USER_GETLIST",
    imports: Mapping[str, Any] | None = None,
    tables: Mapping[str, Any] | None = None,
    *,
    want: tuple[str, ...] = (),
    flavour: Flavour = "soap_rfc",
    refuses_long: bool = True,
) -> ElementTree.Element:
    """The request element, as a parser sees it that is not ours."""
    module = module_of(INTERFACES.get(function) or CUSTOM, flavour)
    body = Envelope(PLACE, refuses_long=refuses_long).of(module, imports or {}, tables or {}, want)
    return ElementTree.fromstring(body)[0][0]


CUSTOM = FunctionInterface(
    name="/BIC/X",
    parameters=(
        Parameter(name="/BIC/P", direction="import", kind="scalar", fields=(Field(name="/BIC/P"),)),
        Parameter(
            name="T", direction="tables", kind="table", fields=(Field(name="/BIC/F", length=4),)
        ),
    ),
)


def names(element: ElementTree.Element) -> list[str]:
    return [child.tag for child in element]


def text(element: ElementTree.Element, path: str) -> str | None:
    return element.findtext(path)


def test_parameters_carry_no_namespace_and_the_module_carries_saps() -> None:
    request = written(imports={"MAX_ROWS": 10})
    assert request.tag == f"{{{RFC}}}BAPI_USER_GETLIST"
    assert names(request) == ["MAX_ROWS", "RETURN"]


def test_a_table_that_is_wanted_is_sent_empty() -> None:
    """CO-T30: SAP returns no other."""
    request = written(want=("USERLIST",))
    assert names(request) == ["USERLIST", "RETURN"]
    assert list(request[0]) == []


def test_a_slash_in_a_name_is_escaped() -> None:
    """CO-T31."""
    request = written("/BIC/X", {"/BIC/P": "a"}, {"T": [{"/BIC/F": "b"}]})
    assert request.tag == f"{{{RFC}}}_-BIC_-X"
    assert names(request) == ["_-BIC_-P", "T"]
    assert text(request, "T/item/_-BIC_-F") == "b"


def test_soamanager_gets_parameters_by_alphabet_and_fields_as_the_dictionary_has_them() -> None:
    """CO-T35."""
    given = {"USERNAME": "JDOE", "ADDRESS": {"LASTNAME": "Doe", "FIRSTNAME": "J"}, "LOGONDATA": {}}
    loose = written("BAPI_USER_CREATE1", given)
    strict = written("BAPI_USER_CREATE1", given, flavour="soamanager")
    assert names(loose) == ["USERNAME", "LOGONDATA", "ADDRESS", "RETURN"]
    assert names(strict) == ["ADDRESS", "LOGONDATA", "RETURN", "USERNAME"]
    assert names(strict[0]) == ["FIRSTNAME", "LASTNAME"]


def test_mc_style_has_names_of_its_own() -> None:
    given = {"USERNAME": "JDOE", "CACHE_RESULTS": " "}
    request = written("BAPI_USER_GET_DETAIL", given, want=("ACTIVITYGROUPS",), flavour="mc_style")
    assert request.tag == f"{{{MC_STYLE}}}BapiUserGetDetail"
    assert names(request) == ["Activitygroups", "CacheResults", "Return", "Username"]
    assert text(request, "CacheResults") == " "


@pytest.mark.parametrize("value", ["Müller & Söhne", "<b>", "\U0001f600", 'a"b', "a\r\nb", "]]>"])
def test_every_sign_that_xml_can_carry_arrives(value: str) -> None:
    """CO-T33."""
    request = written("BAPI_USER_CREATE1", {"ADDRESS": {"LASTNAME": value}})
    assert text(request, "ADDRESS/LASTNAME") == value


def test_what_cannot_be_sent_names_parameter_and_field() -> None:
    """CO-T33."""
    with pytest.raises(InputRejected, match=r"ADDRESS\.LASTNAME holds a control character"):
        written("BAPI_USER_CREATE1", {"ADDRESS": {"LASTNAME": "a\x07"}})


def test_what_is_too_long_is_refused_with_all_other_mistakes() -> None:
    """CO-T40."""
    with pytest.raises(InputRejected) as caught:
        written(
            "BAPI_USER_CREATE1",
            {"USERNAME": "X" * 13, "ADDRESS": {"LASTNAME": "geheim" * 7, "LASTNAM": "x"}},
            {"RETURN": [{"TYPE": "EE"}]},
        )
    assert [each.field for each in caught.value.problems] == ["USERNAME", "ADDRESS", "RETURN.TYPE"]
    assert "at most 12 fit" in str(caught.value)
    assert "geheim" not in str(caught.value)


def test_what_is_too_long_is_cut_off_where_that_is_set() -> None:
    request = written("BAPI_USER_GET_DETAIL", {"USERNAME": "X" * 13}, refuses_long=False)
    assert text(request, "USERNAME") == "X" * 12


@pytest.mark.parametrize(
    ("imports", "tables", "word"),
    [
        ({"MAX_ROW": 1}, {}, "MAX_ROW is no parameter"),
        ({"ROWS": 1}, {}, "ROWS is no parameter"),
        ({"MAX_ROWS": {"A": "1"}}, {}, "MAX_ROWS is no structure"),
        ({}, {"MAX_ROWS": [{"A": "1"}]}, "MAX_ROWS is no parameter"),
        ({}, {"USERLIST": [{"NAME": "1"}]}, "USERLIST has no field NAME"),
    ],
)
def test_a_mistaken_name_is_refused_because_sap_would_ignore_it(
    imports: dict[str, Any], tables: dict[str, Any], word: str
) -> None:
    with pytest.raises(InputRejected, match=word):
        written(imports=imports, tables=tables)


def test_nothing_is_sent_for_an_import_that_is_left_open() -> None:
    assert names(written(imports={"MAX_ROWS": None})) == ["RETURN"]


@pytest.mark.parametrize(
    ("name", "wire"),
    [("CACHE_RESULTS", "CacheResults"), ("MESSAGE_V1", "MessageV1"), ("/BIC/NEW_X", "_-bic_-newX")],
)
def test_names_of_mc_style_come_back_as_they_were(name: str, wire: str) -> None:
    """CO-T31."""
    assert wire_name(name, "mc_style") == wire
    assert plain_name(wire, "mc_style") == name
    assert plain_name(wire_name(name, "soap_rfc"), "soap_rfc") == name
