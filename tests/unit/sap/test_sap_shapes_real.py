"""The shapes of SAP's own services, against their documents read by lxml (OD-P105, OD-P106)."""

from pathlib import Path

import pytest
from lxml import etree

from sapmatch.model.query import Query
from sapmatch.sap.odata.edmx import parse_metadata
from sapmatch.sap.odata.metadata import Metadata
from sapmatch.sap.odata.shapes import shape
from tests.unit.sap.test_sap_edmx_real import SERVICES

SAP = "{http://www.sap.com/Protocols/SAPData}"
KINDS = {
    "Edm.String": "text", "Edm.Guid": "text", "Edm.Boolean": "boolean", "Edm.Decimal": "decimal",
    "Edm.DateTime": "datetime", "Edm.DateTimeOffset": "moment", "Edm.Date": "date",
    "Edm.Time": "time", "Edm.TimeOfDay": "time", "Edm.Duration": "text", "Edm.Binary": "binary",
    "Edm.Stream": "binary", "Edm.Double": "float", "Edm.Single": "float", "Edm.Byte": "integer",
    "Edm.SByte": "integer", "Edm.Int16": "integer", "Edm.Int32": "integer", "Edm.Int64": "integer",
}  # fmt: skip


def local(element: etree._Element) -> str:
    return etree.QName(element).localname


class Document:
    """One file, looked at with nothing of ours."""

    def __init__(self, path: Path) -> None:
        self.root = etree.parse(path, etree.XMLParser(resolve_entities=False)).getroot()
        self.named = {
            (local(each), each.get("Name", "")): each
            for each in self.root.iter("{*}EntityType", "{*}EnumType", "{*}TypeDefinition")
        }

    def sets(self) -> dict[str, str]:
        found = self.root.iter("{*}EntitySet", "{*}Singleton")
        return {
            e.get("Name", ""): (e.get("EntityType") or e.get("Type") or "").rpartition(".")[2]
            for e in found
        }

    def line(self, name: str) -> list[etree._Element]:
        """The type after all those that it stems from."""
        kind = self.named["EntityType", name]
        base = kind.get("BaseType")
        return [*(self.line(base.rpartition(".")[2]) if base else []), kind]

    def keys(self, name: str) -> list[str]:
        return [
            e.get("Name", "")
            for kind in self.line(name)
            for e in kind.iterfind("{*}Key/{*}PropertyRef")
        ]

    def fields(self, name: str) -> dict[str, str]:
        return {
            e.get("Name", ""): self.kind(e)
            for kind in self.line(name)
            for e in kind.iterfind("{*}Property")
        }

    def kind(self, field: etree._Element) -> str:
        name = field.get("Type", "")
        if name.startswith("Collection("):
            return "collection"
        if ("EnumType", name.rpartition(".")[2]) in self.named:
            return "text"
        definition = self.named.get(("TypeDefinition", name.rpartition(".")[2]))
        if definition is not None and not name.startswith("Edm."):
            name = definition.get("UnderlyingType", "")
        if name == "Edm.DateTime" and field.get(f"{SAP}display-format") == "Date":
            return "date"
        return KINDS.get(name, "complex")


def read(real_data: Path, name: str) -> tuple[Document, Metadata]:
    path = real_data / "edmx" / f"{name}.edmx"
    return Document(path), parse_metadata(path.read_bytes())


@pytest.mark.parametrize("name", SERVICES)
def test_every_entity_set_has_the_shape_that_its_document_says(real_data: Path, name: str) -> None:
    document, metadata = read(real_data, name)
    assert document.sets().keys() == metadata.entity_sets.keys()
    for entity_set, kind in document.sets().items():
        found = shape(metadata, entity_set)
        assert list(found.keys) == document.keys(kind)
        assert {field.name: field.kind for field in found.fields} == document.fields(kind)
        assert [field.name for field in found.fields] == list(document.fields(kind))


@pytest.mark.parametrize("name", SERVICES)
def test_every_navigation_that_stays_in_the_document_can_be_expanded(
    real_data: Path, name: str
) -> None:
    _, metadata = read(real_data, name)
    for entity_set in metadata.entity_sets:
        ways = metadata.type_of(entity_set).navigations.values()
        known = [way for way in ways if way.target in metadata.types]
        nested = shape(metadata, entity_set, Query(expand=tuple(w.name for w in known))).nested
        assert {name: each.many for name, each in nested.items()} == {w.name: w.many for w in known}
        for way in known:
            assert nested[way.name].keys == metadata.types[way.target].keys


def test_the_purchase_order_item_of_v2_is_as_sap_documents_it(real_data: Path) -> None:
    _, metadata = read(real_data, "API_PURCHASEORDER_PROCESS_SRV")
    found = shape(metadata, "A_PurchaseOrderItem", Query(select=("NetPriceAmount",)))
    assert found.keys == ("PurchaseOrder", "PurchaseOrderItem")
    assert {field.name for field in found.fields} == {*found.keys, "NetPriceAmount"}
    price = found.field("NetPriceAmount")
    assert price is not None
    assert (price.kind, price.precision, price.scale) == ("decimal", 12, 3)
