"""URLs from parts."""

import contextlib
import re
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapmatch.model.errors import InputRejected
from sapmatch.model.query import ODataValue
from sapmatch.sap.odata import urls, v2, v4
from sapmatch.sap.odata.codec import Codec
from sapmatch.sap.odata.metadata import Property, StructuredType

SERVICE = "/sap/opu/odata/sap/API_TEST_SRV"
KIND = StructuredType(
    name="NS.T",
    keys=("Id", "Day", "Amount"),
    properties={
        "Id": Property(name="Id", type="Edm.Guid"),
        "Day": Property(name="Day", type="Edm.DateTime"),
        "Amount": Property(name="Amount", type="Edm.Decimal"),
    },
)


@pytest.mark.parametrize(
    ("key", "predicate"),
    [
        ({"Name": "O'Brien"}, "('O''Brien')"),  # OD-P55
        ({"Name": "/BAZ/FOO"}, "('%2FBAZ%2FFOO')"),  # OD-P56
        ({"Invoice": "51", "Year": "2026"}, "(Invoice='51',Year='2026')"),  # OD-P57
        ({"Name": "Müller & Söhne"}, "('M%C3%BCller%20%26%20S%C3%B6hne')"),  # OD-P59
        ({"Order": "0000004711"}, "('0000004711')"),  # OD-P61
        ({"Name": "a#b?c%20+"}, "('a%23b%3Fc%2520%2B')"),
        ({"Name": "x') or 1 eq 1 or ('"}, "('x'')%20or%201%20eq%201%20or%20(''')"),
    ],
)
def test_a_key_is_encoded_once_and_from_its_parts(key: dict[str, str], predicate: str) -> None:
    assert urls.key_predicate(key, codec=v2).replace("%28", "(").replace("%29", ")") == predicate


@given(st.text(max_size=40).filter(lambda text: text.isprintable()))
def test_a_key_can_be_decoded_to_what_it_was(text: str) -> None:
    predicate = urls.key_predicate({"Name": text}, codec=v2)
    assert "/" not in predicate
    assert unquote(predicate)[2:-2].replace("''", "'") == text


def test_a_slash_may_stay_plain_for_proxies_that_refuse_it() -> None:
    """OD-P56."""
    path = urls.resource("/srv/", "A_Order", {"Name": "/BAZ/FOO"}, codec=v2, slash="plain")
    assert path == "/srv/A_Order('/BAZ/FOO')"


def test_the_type_of_a_key_field_decides_its_literal() -> None:
    """OD-P60: keys of rows are texts, and still become guids and dates."""
    key: dict[str, ODataValue] = {
        "Id": "34c6020a-aaaa-1111-2222-af75a376b0f9",
        "Day": "/Date(1767312000000)/",
        "Amount": "1.50",
    }
    assert unquote(urls.key_predicate(key, codec=v2, kind=KIND)) == (
        "(Id=guid'34c6020a-aaaa-1111-2222-af75a376b0f9',"
        "Day=datetime'2026-01-02T00:00:00',Amount=1.50M)"
    )
    assert unquote(urls.key_predicate(key, codec=v4, kind=KIND)) == (
        "(Id=34c6020a-aaaa-1111-2222-af75a376b0f9,Day=2026-01-02T00:00:00Z,Amount=1.50)"
    )


@pytest.mark.parametrize("codec", [v2, v4])
@given(text=st.text(max_size=40))
def test_no_text_becomes_more_than_one_value_of_its_type(codec: Codec, text: str) -> None:
    """What V4 writes without quotes is a value of its type, or nothing at all."""
    key: dict[str, ODataValue] = {"Id": text, "Day": "2026-01-02", "Amount": "1"}
    predicate = "refused"
    with contextlib.suppress(InputRejected):
        predicate = urls.key_predicate(key, codec=codec, kind=KIND)
    assert predicate == "refused" or re.fullmatch(r"\(Id=(guid')?[0-9a-f-]{36}'?,Day=.*", predicate)


def test_every_key_field_has_to_be_given() -> None:
    with pytest.raises(InputRejected, match="Day is missing; Amount is missing; X is no key field"):
        urls.key_predicate({"Id": "1", "X": "1"}, codec=v2, kind=KIND)


@pytest.mark.parametrize("codec", [v2, v4])
@pytest.mark.parametrize("value", [["1"], {"A": "1"}, object()])
def test_a_key_field_takes_one_value(codec: Codec, value: Any) -> None:
    """OD-P60; also where the field is of an enumeration of the service's own."""
    own = StructuredType(
        name="NS.T", keys=("Id",), properties={"Id": Property(name="Id", type="NS.Color")}
    )
    for kind in (None, own):
        with pytest.raises(InputRejected, match=r"^Id: .*one value"):
            urls.key_predicate({"Id": value}, codec=codec, kind=kind)


def test_arguments_of_a_function_stand_in_brackets() -> None:
    given: dict[str, ODataValue | None] = {"A": "x/y", "B": None, "C": "5"}
    types = {"A": "Edm.String", "B": "Edm.String", "C": "Edm.Int32"}
    assert urls.arguments(given, types, v4) == "(A='x%2Fy',B=null,C=5)"
    assert urls.arguments({}, types, v4) == "()"


def test_options_use_percent_twenty_for_a_space() -> None:
    """OD-P59."""
    given = {"$filter": "A eq 'ü+&;='", "$orderby": "A desc", "$expand": "I($top=1;$select=A,B)"}
    assert urls.encoded_options(given) == [
        "$filter=A%20eq%20'%C3%BC%2B%26%3B%3D'",
        "$orderby=A%20desc",
        "$expand=I($top=1;$select=A,B)",
    ]


def test_a_service_may_have_slashes_around_it_or_not() -> None:
    assert urls.service_root(SERVICE.strip("/") + "/") == f"{SERVICE}/"
    assert urls.resource(f"{SERVICE}/", "A_Order", codec=v2) == f"{SERVICE}/A_Order"


@pytest.mark.parametrize(
    "service", ["", "https://evil.example/x", "/a/../b", "/a?b", "/a#b", "/a b", "/a%2F", "//evil"]
)
def test_a_service_is_a_path_and_nothing_else(service: str) -> None:
    if service == "//evil":  # slashes around a path mean nothing, so this is a path
        assert urls.service_root(service) == "/evil/"
        return
    with pytest.raises(InputRejected, match="must be a path"):
        urls.service_root(service)


@pytest.mark.parametrize("name", ["", "A?x", "A/B", "A B", "$batch", "1A", "A('1')"])
def test_a_name_that_could_change_the_url_is_refused(name: str) -> None:
    with pytest.raises(InputRejected, match="no name"):
        urls.resource(SERVICE, name, codec=v2)
    with pytest.raises(InputRejected, match="no name"):
        urls.key_predicate({name: "1", "B": "1"}, codec=v2)
    with pytest.raises(InputRejected, match="no name"):
        urls.arguments({name: "1"}, {}, v4)
    with pytest.raises(InputRejected, match="no name"):
        urls.name_of(name)


def test_a_key_without_fields_is_refused() -> None:
    with pytest.raises(InputRejected, match="without fields"):
        urls.resource(SERVICE, "A_Order", {}, codec=v2)
    row: dict[str, Any] = {"Order": None}  # as SAP may send it
    with pytest.raises(InputRejected, match="every key field a value"):
        urls.resource(SERVICE, "A_Order", row, codec=v2)
