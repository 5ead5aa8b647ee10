"""Metadata that no service would send ends in a typed error, in bounded time and memory."""

import re
import time
import tracemalloc
from collections.abc import Callable

import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.sap.odata.edmx import LARGEST, parse_metadata
from tests.builders.edmx import ORDER, ORDERS, v2_document

SECONDS = 8.0  # on a slow and busy machine
MEMORY = 150_000_000  # bytes
EDM = 'xmlns="http://schemas.microsoft.com/ado/2008/09/edm"'
OPEN = (
    '<e:Edmx Version="1.0" xmlns:e="http://schemas.microsoft.com/ado/2007/06/edmx">'
    f'<e:DataServices><Schema Namespace="NS" {EDM}>'
)
CLOSE = "</Schema></e:DataServices></e:Edmx>"


def laughs() -> bytes:
    """A billion laughs."""
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    return f'<!DOCTYPE x [<!ENTITY a0 "ha">{entities}]><x>&a9;</x>'.encode()


def external() -> bytes:
    doctype = '<!DOCTYPE e:Edmx [<!ENTITY secret SYSTEM "file:///etc/passwd">]>'
    return f"{doctype}{OPEN}&secret;{CLOSE}".encode()


def fifty_megabytes() -> bytes:
    return (OPEN + '<EntityType Name="A"/>').encode() + b" " * 50_000_000 + CLOSE.encode()


def many(element: str) -> bytes:
    """As much of it as the largest document holds."""
    return (OPEN + element * (31_000_000 // len(element)) + CLOSE).encode()


def deep() -> bytes:
    return (OPEN + "<EntityType>" * 1_000_000).encode()


def deep_and_foreign() -> bytes:
    return (OPEN + '<x xmlns="http://example.com/">' + "<y>" * 5_000_000).encode()


def many_attributes() -> bytes:
    attributes = " ".join(f'a{n}=""' for n in range(1_000_000))
    return f'{OPEN}<EntityType Name="A" {attributes}/>{CLOSE}'.encode()


def long_name() -> bytes:
    return f'{OPEN}<EntityType Name="{"A" * 20_000_000}"/>{CLOSE}'.encode()


def long_chain() -> bytes:
    """Base types over base types: each has the fields of all above it."""
    types = "".join(
        f'<EntityType Name="T{n}" BaseType="NS.T{n + 1}"><Property Name="P{n}" Type="Edm.Byte"/>'
        "</EntityType>"
        for n in range(50_000)
    )
    return f"{OPEN}{types}{CLOSE}".encode()


def wide_heirs() -> bytes:
    """One type with many fields and many heirs."""
    fields = "".join(f'<Property Name="P{n}" Type="Edm.Byte"/>' for n in range(20_000))
    heirs = "".join(f'<EntityType Name="H{n}" BaseType="NS.A"/>' for n in range(20_000))
    return f'{OPEN}<EntityType Name="A">{fields}</EntityType>{heirs}{CLOSE}'.encode()


def many_overloads() -> bytes:
    """Functions of one name times imports of that name."""
    functions = '<Function Name="F"/>' * 20_000
    imports = '<FunctionImport Name="I" Function="NS.F"/>' * 20_000
    container = f'<EntityContainer Name="C">{imports}</EntityContainer>'
    return f"{OPEN}{functions}{container}{CLOSE}".replace('"1.0"', '"4.0"').encode()


def many_ways() -> bytes:
    """Association sets times navigations."""
    ways = '<NavigationProperty Name="n" Relationship="NS.A" FromRole="a" ToRole="b"/>' * 20_000
    ends = '<End Role="a" EntitySet="S"/><End Role="b" EntitySet="S"/>'
    sets = f'<AssociationSet Association="NS.A">{ends}</AssociationSet>' * 20_000
    container = f'<EntityContainer Name="C">{sets}</EntityContainer>'
    return f'{OPEN}<EntityType Name="T">{ways}</EntityType>{container}{CLOSE}'.encode()


HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "entities": (laughs, "DOCTYPE"),
    "an external entity": (external, "DOCTYPE"),
    "50 MB": (fifty_megabytes, "50000"),
    "many types": (lambda: many('<EntityType Name="A"/>'), "elements"),
    "many foreign elements": (lambda: many("<x:y xmlns:x='z'/>"), "elements"),
    "deep nesting": (deep, "deep"),
    "deep nesting of what is skipped": (deep_and_foreign, "deep"),
    "many attributes": (many_attributes, "longer"),
    "a long name": (long_name, "longer"),
    "a long chain of base types": (long_chain, "no end"),
    "a wide type with many heirs": (wide_heirs, "by inheritance"),
    "many overloads": (many_overloads, "functions and actions"),
    "many ways": (many_ways, "ways between entity sets"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_document_ends_in_an_error_soon(name: str) -> None:
    document, said = HOSTILE[name][0](), HOSTILE[name][1]
    began = time.process_time()
    with pytest.raises(InputRejected, match=said):
        parse_metadata(document)
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize("name", ["entities", "a wide type with many heirs", "many overloads"])
def test_a_small_hostile_document_takes_little_memory(name: str) -> None:
    document = HOSTILE[name][0]()
    tracemalloc.start()
    try:
        with pytest.raises(InputRejected):
            parse_metadata(document)
        assert tracemalloc.get_traced_memory()[1] < MEMORY
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (b"", "no element"),
        (b"{}", "not well-formed"),
        (b"<html><body>Log on</body></html>", "<html>"),
        (b'<error xmlns="http://example.com"><code>1</code></error>', "<error>"),
        (v2_document()[:-10], "fetch it again"),
        (v2_document() + b"x", "line"),
        (b"\x00\x01\x02", "not well-formed"),
        (b'<?xml version="1.0" encoding="utf-7"?><a/>', "encoding"),
        (b'<?xml version="1.0" encoding="no-such"?><a/>', "encoding"),
        (OPEN.partition("<Schema")[0].encode() + b"</e:DataServices></e:Edmx>", "no Schema"),
        ((OPEN + CLOSE).encode(), "neither types nor entity sets"),
        (v2_document().replace(b"NS.Order", b"\xff"), "not well-formed"),
    ],
)
def test_what_is_no_metadata_is_refused_with_the_reason(document: bytes, said: str) -> None:
    with pytest.raises(InputRejected, match=said):
        parse_metadata(document)


def test_an_error_shows_nothing_of_the_document() -> None:
    with pytest.raises(InputRejected) as caught:
        parse_metadata(b"<Edmx secret='canary'><canary")
    assert "canary" not in str(caught.value)


def test_a_document_of_the_largest_size_is_read() -> None:
    document = v2_document()
    padded = document + b"\n" * 200_000
    assert len(padded) < LARGEST
    assert parse_metadata(padded).type_of("Orders").keys == ("ID",)


def test_utf_16_is_read_as_well() -> None:
    text = v2_document(ORDER.format(more='<Property Name="Größe" Type="Edm.Byte"/>')).decode()
    found = parse_metadata(text.replace("utf-8", "utf-16").encode("utf-16"))
    assert "Größe" in found.type_of("Orders").properties


def test_parts_without_a_name_are_named_by_their_line_and_left_out() -> None:
    """OD-P105."""
    nameless = ORDER.format(more='<Property Type="Edm.Byte"/>') + '<EntityType sap:label="x"/>'
    found = parse_metadata(v2_document(nameless, ORDERS + '<EntitySet EntityType="NS.Order"/>'))
    assert list(found.entity_sets) == ["Orders"]
    assert list(found.type_of("Orders").properties) == ["ID"]
    assert len(found.problems) == 3
    assert all("line" in problem for problem in found.problems)


def test_of_two_with_one_name_the_first_counts() -> None:
    """OD-P105."""
    twice = ORDER.format(more="") + ORDER.format(more="").replace("ID", "Other")
    found = parse_metadata(v2_document(twice, ORDERS * 2))
    assert found.type_of("Orders").keys == ("ID",)
    assert len(found.problems) == 2


def test_the_list_of_problems_has_an_end() -> None:
    lost = "".join(f'<EntitySet Name="S{n}" EntityType="NS.T{n}"/>' for n in range(1_000))
    found = parse_metadata(v2_document(container=lost))
    assert len(found.entity_sets) == 1_000
    assert len(found.problems) == 100


def test_any_single_attribute_may_be_damaged() -> None:
    """OD-P105: a service with one odd part is still read, or refused with a reason."""
    document = v2_document(
        ORDER.format(more='<Property Name="F" Type="Edm.Decimal" Scale="2" sap:label="x"/>'),
        ORDERS + '<FunctionImport Name="Go" ReturnType="NS.Order" m:HttpMethod="POST"/>',
    )
    read = 0
    for found in re.finditer(rb'(?<=\s)(?!xmlns)[\w:]+="[^"]*"', document):
        for damage in (b"", b'Odd=""', found.group().partition(b"=")[0] + b'="A.B(x)"'):
            try:
                parse_metadata(document[: found.start()] + damage + document[found.end() :])
                read += 1
            except InputRejected:
                assert b"xml" in found.group() or found.start() < document.index(b"<edmx:Edmx")
    assert read > 40
