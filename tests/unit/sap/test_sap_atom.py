"""Atom bodies of OData V2, read into the shape of V2 JSON."""

import json
from pathlib import Path
from typing import Any

import pytest

from sapmatch.sap.odata import atom, v2
from sapmatch.sap.odata.codec import Codec, Feed
from sapmatch.sap.odata.edmx import parse_metadata
from sapmatch.sap.odata.typed import row_reader

NAMESPACES = (
    'xmlns="http://www.w3.org/2005/Atom" '
    'xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata" '
    'xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices" '
    'xmlns:at="http://purl.org/atompub/tombstones/1.0"'
)
RELATED = "http://schemas.microsoft.com/ado/2007/08/dataservices/related"
BASE = "https://sap.example.com/sap/opu/odata/sap/API/"


def entry(properties: str, links: str = "", attributes: str = "") -> bytes:
    return (
        f"<entry {NAMESPACES} {attributes} xml:base='{BASE}'>"
        f"<id>{BASE}Orders('1')</id><category term='API.Order'/>"
        f"<link rel='edit' href=\"Orders('1')\"/>{links}"
        f"<content type='application/xml'><m:properties>{properties}</m:properties></content>"
        "</entry>"
    ).encode()


def feed(inside: str) -> Feed:
    return atom.feed(f"<feed {NAMESPACES} xml:base='{BASE}'>{inside}</feed>".encode())


def rows(found: Feed) -> list[Any]:
    return [json.loads(bytes(raw)) for raw in found.rows]


def test_atom_is_a_codec_of_v2() -> None:
    codec: Codec = atom
    assert codec.VERSION == "V2"


def test_the_recorded_atom_and_json_answers_are_the_same_rows(real_data: Path) -> None:
    """Every type of V2 once, recorded in both forms from one system."""
    folder = real_data / "sap-responses" / "entities"
    metadata = parse_metadata((real_data / "edmx" / "ZGW100_XX_S2_SRV.edmx").read_bytes())
    read = row_reader(metadata, "AllDataTypes", v2)
    from_atom = atom.feed((folder / "v2-AllDataTypes.atom.xml").read_bytes())
    from_json = v2.feed((folder / "v2-AllDataTypes.json").read_bytes())
    typed = [read(raw) for raw in from_atom.rows]
    assert typed == [read(raw) for raw in from_json.rows]
    assert len(typed) == 3
    assert {len(row) for row in typed} == {16}


def test_addresses_are_the_same_as_in_json(real_data: Path) -> None:
    folder = real_data / "sap-responses" / "entities"
    from_atom = atom.feed((folder / "v2-AllDataTypes.atom.xml").read_bytes())
    from_json = v2.feed((folder / "v2-AllDataTypes.json").read_bytes())
    ours = [row["__metadata"] for row in rows(from_atom)]
    assert ours == [row["__metadata"] for row in rows(from_json)]


def test_a_recorded_entry_without_fields_keeps_its_links(real_data: Path) -> None:
    body = (real_data / "sap-responses/entities/catalogservice.atom_entry.xml").read_bytes()
    row = atom.entity(body)
    assert set(row) == {"__metadata", "EntitySets", "TagCollection", "Annotations"}
    assert row["__metadata"]["uri"] == "ServiceCollection('ZSEPMRA_GR_POST_0001')"


def test_a_recorded_service_document_names_its_entity_sets(real_data: Path) -> None:
    body = (real_data / "sap-responses/entities/catalogservice.atom_service.xml").read_bytes()
    assert atom.service_document(body)[:3] == [
        "BusinessPartnerSet",
        "ProductSet",
        "SalesOrderSet",
    ]


def test_values_keep_what_json_would_say_of_them() -> None:
    """OD-P40, OD-P48: decimals stay text, null stays null, an empty text stays one."""
    body = entry(
        "<d:Text/><d:Null m:null='true' m:type='Edm.DateTime'/>"
        "<d:Amount m:type='Edm.Decimal'>10.00</d:Amount><d:Big m:type='Edm.Int64'>7</d:Big>"
        "<d:Flag m:type='Edm.Boolean'>true</d:Flag><d:Count m:type='Edm.Int32'>-7</d:Count>"
        "<d:Day m:type='Edm.DateTime'>2026-01-31T00:00:00</d:Day>"
        "<d:Address m:type='API.Address'><d:City>Köln</d:City><d:Zip m:null='true'/></d:Address>"
    )
    assert {k: v for k, v in atom.entity(body).items() if k != "__metadata"} == {
        "Text": "",
        "Null": None,
        "Amount": "10.00",
        "Big": "7",
        "Flag": True,
        "Count": -7,
        "Day": "2026-01-31T00:00:00",
        "Address": {"__metadata": {"type": "API.Address"}, "City": "Köln", "Zip": None},
    }


def test_etag_and_key_are_found_as_in_json() -> None:
    """OD-P66: the ETag passes through untouched."""
    row = atom.entity(entry("<d:ID>1</d:ID>", attributes="m:etag=\"W/&quot;'~1'&quot;\""))
    assert atom.etag_of(row) == "W/\"'~1'\""
    assert atom.key_of("Orders", row, None) == {"ID": "1"}


def test_links_are_deferred_or_hold_what_was_read_along() -> None:
    """OD-P28, OD-P29: with the next link of a collection that SAP cut off."""
    inner = entry("<d:No>10</d:No>").decode()
    links = (
        f"<link rel='{RELATED}/Later' type='application/atom+xml;type=feed' href='L'/>"
        f"<link rel='{RELATED}/Items' type='application/atom+xml;type=feed' href='I'><m:inline>"
        f"<feed>{inner}<link rel='next' href='I?$skiptoken=2'/></feed></m:inline></link>"
        f"<link rel='{RELATED}/Head' type='application/atom+xml;type=entry' href='H'>"
        f"<m:inline>{inner}</m:inline></link>"
        f"<link rel='{RELATED}/None' type='application/atom+xml;type=entry' href='N'>"
        "<m:inline/></link>"
        f"<link rel='{RELATED}/Nothing' type='application/atom+xml;type=feed' href='N'>"
        "<m:inline/></link>"
    )
    row = atom.entity(entry("<d:ID>1</d:ID>", links))
    assert row["Later"] == {"__deferred": {"uri": BASE + "L"}}
    assert [item["No"] for item in row["Items"]["results"]] == ["10"]
    assert row["Items"]["__next"] == BASE + "I?$skiptoken=2"
    assert row["Head"]["No"] == "10"
    assert row["None"] is None
    assert row["Nothing"] == {"results": []}


def test_a_feed_has_links_a_count_and_tombstones() -> None:
    """OD-P20, OD-P27, OD-P38."""
    inner = entry("<d:ID>1</d:ID>").decode()
    found = feed(
        f"<m:count>41</m:count>{inner}<at:deleted-entry ref=\"Orders('2')\" when='2026-01-01'/>"
        "<link rel='next' href='Orders?$skiptoken=a%20b'/>"
        "<link rel='delta' href=\"Orders?!deltatoken='D1'\"/>"
    )
    first, second = rows(found)
    assert first["ID"] == "1"
    assert second == {"__metadata": {"uri": BASE + "Orders('2')", "deleted": True}}
    assert found.count == 41
    assert found.next == BASE + "Orders?$skiptoken=a%20b"
    assert found.delta == BASE + "Orders?!deltatoken='D1'"


def test_fields_of_media_entities_stand_outside_of_the_content() -> None:
    body = (
        f"<entry {NAMESPACES}><id>Files('1')</id><content type='image/png' src='x'/>"
        "<m:properties><d:ID>1</d:ID></m:properties></entry>"
    )
    assert atom.entity(body.encode())["ID"] == "1"


@pytest.mark.parametrize(
    ("body", "value"),
    [
        ("<d:Sum {0} m:type='Edm.Decimal'>1.50</d:Sum>", "1.50"),
        ("<d:Sum {0} m:null='true'/>", None),
        ("<d:Sum {0}><d:element>1</d:element><d:element>2</d:element></d:Sum>", ["1", "2"]),
        ("<feed {0}/>", []),
    ],
)
def test_results_of_function_imports_are_values_or_lists(body: str, value: object) -> None:
    assert atom.result(body.format(NAMESPACES).encode(), "Sum") == value


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<feed",
        b"<feeds></feeds>",
        b"<?xml version='1.0' encoding='nonsense'?><feed/>",
        b"<feed xmlns='http://www.w3.org/2005/Atom'/>",
        f"<feed {NAMESPACES}><entry>".encode(),
        f"<!DOCTYPE feed [<!ENTITY a 'aaaa'>]><feed {NAMESPACES}>&a;</feed>".encode(),
        entry("<d:ID>1</d:ID>"),
    ],
)
def test_what_is_no_feed_is_unreadable(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        atom.feed(body)


@pytest.mark.parametrize(
    "properties",
    ["<d:ID>1</d:ID><d:ID>2</d:ID>", "<d:No m:type='Edm.Int32'>x</d:No>", "<d:A>" * 200],
)
def test_what_would_make_a_wrong_row_is_unreadable(properties: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        atom.entity(entry(properties))


def test_a_document_without_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atom, "MAX_ELEMENTS", 100)
    with pytest.raises(ValueError, match="more elements"):
        feed("<entry/>" * 100)
    assert len(feed("<entry/>" * 99).rows) == 99
