"""Small $metadata documents of our own making."""

from sapmatch.sap.odata.edmx import parse_metadata
from sapmatch.sap.odata.metadata import Metadata

_V2 = """<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="1.0" xmlns:edmx="http://schemas.microsoft.com/ado/2007/06/edmx"
  xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"
  xmlns:sap="{sap}">
 <edmx:DataServices m:DataServiceVersion="2.0">
  <Schema Namespace="NS" xmlns="{edm}">{types}
   <EntityContainer Name="All" m:IsDefaultEntityContainer="true">{container}</EntityContainer>
  </Schema>
 </edmx:DataServices>
</edmx:Edmx>"""
_V4 = """<?xml version="1.0" encoding="utf-8"?>
<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">
 <edmx:Reference Uri="core"><edmx:Include Namespace="Org.OData.Core.V1" Alias="C"/></edmx:Reference>
 <edmx:Reference Uri="capabilities">
  <edmx:Include Namespace="Org.OData.Capabilities.V1" Alias="Cap"/></edmx:Reference>
 <edmx:DataServices>
  <Schema Namespace="com.example.orders" Alias="SELF" xmlns="http://docs.oasis-open.org/odata/ns/edm">
   {types}
   <EntityContainer Name="Container">{container}</EntityContainer>
   {annotations}
  </Schema>
 </edmx:DataServices>
</edmx:Edmx>"""
ORDER = """<EntityType Name="Order"><Key><PropertyRef Name="ID"/></Key>
 <Property Name="ID" Type="Edm.String" Nullable="false" MaxLength="10"/>{more}</EntityType>"""
ORDERS = '<EntitySet Name="Orders" EntityType="NS.Order"/>'


def v2_document(
    types: str = ORDER.format(more=""),
    container: str = ORDERS,
    *,
    edm: str = "http://schemas.microsoft.com/ado/2008/09/edm",
    sap: str = "http://www.sap.com/Protocols/SAPData",
) -> bytes:
    """A V2 service with the namespace NS."""
    return _V2.format(types=types, container=container, edm=edm, sap=sap).encode()


def v2(types: str = ORDER.format(more=""), container: str = ORDERS, **namespaces: str) -> Metadata:
    """The same, parsed."""
    return parse_metadata(v2_document(types, container, **namespaces))


def v4_document(
    types: str = ORDER.format(more=""),
    container: str = '<EntitySet Name="Orders" EntityType="SELF.Order"/>',
    annotations: str = "",
) -> bytes:
    """A V4 service with the namespace com.example.orders, alias SELF."""
    return _V4.format(types=types, container=container, annotations=annotations).encode()


def v4(
    types: str = ORDER.format(more=""),
    container: str = '<EntitySet Name="Orders" EntityType="SELF.Order"/>',
    annotations: str = "",
) -> Metadata:
    """The same, parsed."""
    return parse_metadata(v4_document(types, container, annotations))
