"""The entity that is read: 30 fields of a purchase order item, declared for V2 and V4."""

from string import Template
from typing import Literal, NamedTuple

Version = Literal["V2", "V4"]
ENTITY_SET = "Items"
KEY = ("PurchaseOrder", "PurchaseOrderItem")
# V2 services lie under odata, V4 services under odata4 (SAP Gateway).
SERVICES: dict[Version, str] = {
    "V2": "/sap/opu/odata/sap/BENCH_SRV",
    "V4": "/sap/opu/odata4/sap/bench/srvd/sap/bench/0001",
}


class Field(NamedTuple):
    """One property; `facets` are the further attributes of its declaration."""

    name: str
    type: str
    facets: str = ""


FIELDS = (
    Field("PurchaseOrder", "String", 'Nullable="false" MaxLength="10"'),
    Field("PurchaseOrderItem", "String", 'Nullable="false" MaxLength="5"'),
    Field("PurchaseOrderItemText", "String", 'MaxLength="40"'),
    Field("CompanyCode", "String", 'MaxLength="4"'),
    Field("Plant", "String", 'MaxLength="4"'),
    Field("StorageLocation", "String", 'MaxLength="4"'),
    Field("MaterialGroup", "String", 'MaxLength="9"'),
    Field("Material", "String", 'MaxLength="40"'),
    Field("Supplier", "String", 'MaxLength="10"'),
    Field("SupplierMaterialNumber", "String", 'MaxLength="35"'),
    Field("DocumentCurrency", "String", 'MaxLength="5"'),
    Field("TaxCode", "String", 'MaxLength="2"'),
    Field("PurchaseOrderQuantityUnit", "String", 'MaxLength="3"'),
    Field("OrderQuantity", "Decimal", 'Precision="13" Scale="3"'),
    Field("NetPriceAmount", "Decimal", 'Precision="14" Scale="3"'),
    Field("NetPriceQuantity", "Decimal", 'Precision="5" Scale="0"'),
    Field("NetAmount", "Decimal", 'Precision="14" Scale="3"'),
    Field("GrossAmount", "Decimal", 'Precision="14" Scale="3"'),
    Field("ItemNetWeight", "Decimal", 'Precision="13" Scale="3"'),
    Field("OverdelivTolrtdLmtRatioInPct", "Decimal", 'Precision="3" Scale="1"'),
    Field("CreationDate", "Date"),
    Field("ScheduleLineDeliveryDate", "Date"),
    Field("PriceDate", "Date"),
    Field("LastChangeDateTime", "DateTimeOffset"),
    Field("ScheduleLines", "Int32"),
    Field("RevisionNumber", "Int16"),
    Field("IsCompletelyDelivered", "Boolean"),
    Field("IsFinallyInvoiced", "Boolean"),
    Field("GoodsReceiptIsExpected", "Boolean"),
    Field("AccountAssignmentCategory", "String", 'MaxLength="1"'),
)
# V2 has no type for a day: SAP says by a note of its own that the time means nothing.
_TYPES: dict[Version, dict[str, str]] = {
    "V2": {"Date": 'Type="Edm.DateTime" sap:display-format="Date"'},
    "V4": {"Date": 'Type="Edm.Date"'},
}
_PLAIN = 'Type="Edm.{}"'
_TEMPLATES: dict[Version, Template] = {
    "V2": Template("""<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx">
<edmx:DataServices xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"
  m:DataServiceVersion="2.0">
<Schema Namespace="BENCH_SRV" xmlns="http://schemas.microsoft.com/ado/2008/09/edm"
  xmlns:sap="http://www.sap.com/Protocols/SAPData">
<EntityType Name="Item"><Key>$keys</Key>$properties</EntityType>
<EntityContainer Name="Entities" m:IsDefaultEntityContainer="true">
<EntitySet Name="$entity_set" EntityType="BENCH_SRV.Item"/></EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>"""),
    "V4": Template("""<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>
<Schema Namespace="BENCH_SRV" xmlns="http://docs.oasis-open.org/odata/ns/edm">
<EntityType Name="Item"><Key>$keys</Key>$properties</EntityType>
<EntityContainer Name="Entities">
<EntitySet Name="$entity_set" EntityType="BENCH_SRV.Item"/></EntityContainer>
</Schema></edmx:DataServices></edmx:Edmx>"""),
}


def metadata(version: Version) -> bytes:
    """The $metadata document."""
    types = _TYPES[version]
    properties = "".join(
        f'<Property Name="{name}" {types.get(kind, _PLAIN.format(kind))} {facets}/>'
        for name, kind, facets in FIELDS
    )
    keys = "".join(f'<PropertyRef Name="{name}"/>' for name in KEY)
    text = _TEMPLATES[version].substitute(keys=keys, properties=properties, entity_set=ENTITY_SET)
    return text.encode()
