"""What the rows of an entity set are made of, from small documents of our own."""

import pytest
from msgspec import json

from sapmatch.model.errors import InputRejected
from sapmatch.model.query import EVERYTHING, Expand, Query
from sapmatch.model.shape import Shape
from sapmatch.sap.odata.metadata import Metadata
from sapmatch.sap.odata.shapes import shape
from tests.builders import edmx

V2_TYPES = """
<EntityType Name="Order"><Key><PropertyRef Name="ID"/></Key>
 <Property Name="Changed" Type="Edm.DateTimeOffset" Precision="7" sap:label="Changed on"/>
 <Property Name="ID" Type="Edm.String" MaxLength="10" sap:label="Order"/>
 <Property Name="Day" Type="Edm.DateTime" sap:display-format="Date" sap:sortable="false"/>
 <Property Name="Local" Type="Edm.DateTime" Precision="7"/>
 <Property Name="Net" Type="Edm.Decimal" Precision="15" Scale="2" sap:filterable="false"/>
 <Property Name="Any" Type="Edm.Decimal"/>
 <Property Name="At" Type="Edm.Time"/>
 <Property Name="Guid" Type="Edm.Guid" Nullable="false"/>
 <Property Name="Count" Type="Edm.Int64"/>
 <Property Name="Small" Type="Edm.Byte"/>
 <Property Name="Factor" Type="Edm.Double"/>
 <Property Name="Open" Type="Edm.Boolean"/>
 <Property Name="File" Type="Edm.Binary"/>
 <Property Name="Place" Type="NS.Address"/>
 <NavigationProperty Name="to_Item" Relationship="NS.Has" FromRole="O" ToRole="I"/>
</EntityType>
<EntityType Name="Item"><Key><PropertyRef Name="ID"/><PropertyRef Name="No"/></Key>
 <Property Name="ID" Type="Edm.String"/><Property Name="No" Type="Edm.String"/>
 <Property Name="Quantity" Type="Edm.Decimal" Precision="13" Scale="3"/>
 <NavigationProperty Name="to_Text" Relationship="NS.Says" FromRole="I" ToRole="T"/>
</EntityType>
<EntityType Name="Text"><Key><PropertyRef Name="Lang"/></Key>
 <Property Name="Lang" Type="Edm.String"/><Property Name="Text" Type="Edm.String"/></EntityType>
<ComplexType Name="Address"><Property Name="Street" Type="Edm.String" MaxLength="40"/>
 <Property Name="Since" Type="Edm.DateTimeOffset"/></ComplexType>
<Association Name="Has"><End Role="O" Type="NS.Order" Multiplicity="1"/>
 <End Role="I" Type="NS.Item" Multiplicity="*"/></Association>
<Association Name="Says"><End Role="I" Type="NS.Item" Multiplicity="1"/>
 <End Role="T" Type="NS.Text" Multiplicity="0..1"/></Association>
"""
V2_SETS = """
<EntitySet Name="Orders" EntityType="NS.Order"/>
<EntitySet Name="Items" EntityType="NS.Item" sap:pageable="false" sap:countable="false"/>
<AssociationSet Name="Have" Association="NS.Has"><End Role="O" EntitySet="Orders"/>
 <End Role="I" EntitySet="Items"/></AssociationSet>
"""
V4_TYPES = """
<EntityType Name="Order"><Key><PropertyRef Name="ID"/></Key>
 <Property Name="ID" Type="Edm.String" MaxLength="10" Nullable="false"/>
 <Property Name="Day" Type="Edm.Date"/>
 <Property Name="At" Type="Edm.TimeOfDay"/>
 <Property Name="Long" Type="Edm.Duration"/>
 <Property Name="Net" Type="Edm.Decimal" Precision="15" Scale="variable"/>
 <Property Name="Color" Type="SELF.Color"/>
 <Property Name="Tags" Type="Collection(Edm.String)"/>
 <Property Name="Places" Type="Collection(SELF.Place)"/>
 <Property Name="Point" Type="Edm.GeographyPoint"/>
 <NavigationProperty Name="_Item" Type="Collection(SELF.Item)"/>
 <NavigationProperty Name="_Lost" Type="Other.Thing"/>
</EntityType>
<EntityType Name="Item"><Key><PropertyRef Name="No"/></Key>
 <Property Name="No" Type="Edm.Int32" Nullable="false"/><Property Name="Text" Type="Edm.String"/>
 <NavigationProperty Name="_Order" Type="SELF.Order"/></EntityType>
<ComplexType Name="Place"><Property Name="City" Type="Edm.String"/>
 <Property Name="Next" Type="SELF.Place"/></ComplexType>
<EnumType Name="Color"><Member Name="Red" Value="0"/></EnumType>
"""
V4_SETS = """
<EntitySet Name="Orders" EntityType="SELF.Order">
 <NavigationPropertyBinding Path="_Item" Target="Items"/></EntitySet>
<EntitySet Name="Items" EntityType="SELF.Item"/>
<Singleton Name="Newest" Type="SELF.Order"/>
"""
TRACKED = """<Annotations Target="SELF.Container/Orders">
 <Annotation Term="Cap.ChangeTracking"><Record>
  <PropertyValue Property="Supported" Bool="true"/></Record></Annotation></Annotations>"""


def v2(container: str = V2_SETS) -> Metadata:
    return edmx.v2(V2_TYPES, container)


def v4() -> Metadata:
    return edmx.v4(V4_TYPES, V4_SETS, TRACKED)


def names(found: Shape) -> list[str]:
    return [field.name for field in found.fields]


def kinds(found: Shape) -> dict[str, str]:
    return {field.name: field.kind for field in found.fields}


def test_every_type_of_v2_has_a_kind() -> None:
    """OD-P45, OD-P46: a moment has its zone, SAP's local time has none, a day is neither."""
    found = shape(v2(), "Orders")
    assert (found.entity_set, found.version, found.keys) == ("Orders", "V2", ("ID",))
    assert kinds(found) == {
        "Changed": "moment", "ID": "text", "Day": "date", "Local": "datetime", "Net": "decimal",
        "Any": "decimal", "At": "time", "Guid": "text", "Count": "integer", "Small": "integer",
        "Factor": "float", "Open": "boolean", "File": "binary", "Place": "complex",
    }  # fmt: skip


def test_every_type_of_v4_has_a_kind() -> None:
    found = shape(v4(), "Orders")
    assert found.version == "V4"
    assert kinds(found) == {
        "ID": "text", "Day": "date", "At": "time", "Long": "text", "Net": "decimal",
        "Color": "text", "Tags": "collection", "Places": "collection", "Point": "complex",
    }  # fmt: skip


def test_digits_labels_and_limits_come_along() -> None:
    fields = {field.name: field for field in shape(v2(), "Orders").fields}
    net, unlimited, order = fields["Net"], fields["Any"], fields["ID"]
    assert (net.precision, net.scale, net.filterable, net.sortable) == (15, 2, False, True)
    assert (unlimited.precision, unlimited.scale) == (None, None)
    assert (order.label, order.max_length, order.nullable) == ("Order", 10, False)
    assert (fields["Day"].sortable, fields["Guid"].nullable, fields["Local"].nullable) == (
        False, False, True,
    )  # fmt: skip
    assert fields["Local"].precision is None  # digits of seconds are none of a decimal


def test_a_scale_that_varies_is_none() -> None:
    net = shape(v4(), "Orders").field("Net")
    assert net is not None
    assert (net.precision, net.scale) == (15, None)


def test_complex_values_and_collections_name_their_parts() -> None:
    place = shape(v2(), "Orders").field("Place")
    places = shape(v4(), "Orders").field("Places")
    tags = shape(v4(), "Orders").field("Tags")
    assert place
    assert places
    assert tags
    assert [(part.name, part.kind) for part in place.fields] == [
        ("Street", "text"), ("Since", "moment"),
    ]  # fmt: skip
    assert [part.name for part in places.fields] == ["City", "Next"]
    assert places.fields[1].fields == ()  # a place in a place in a place
    assert tags.fields == ()


def test_selected_fields_and_the_key_keep_the_order_of_the_document() -> None:
    assert names(shape(v2(), "Orders", Query(select=("Net", "Changed")))) == [
        "Changed",
        "ID",
        "Net",
    ]
    assert names(shape(v2(), "Orders", Query(select=("*",)))) == names(shape(v2(), "Orders"))


def test_a_part_of_a_complex_value_can_be_selected() -> None:
    found = shape(v2(), "Orders", Query(select=("Place/Street",)))
    assert names(found) == ["ID", "Place"]
    assert [part.name for part in found.fields[1].fields] == ["Street"]


@pytest.mark.parametrize(
    "expand",
    [
        ("to_Item/to_Text",),
        ("to_Item", "to_Item/to_Text"),
        (Expand(path="to_Item", expand=(Expand(path="to_Text"),)),),
        (Expand(path="to_Item/to_Text"),),
    ],
)
def test_expansions_are_nested_however_they_are_written(expand: tuple[str | Expand, ...]) -> None:
    found = shape(v2(), "Orders", Query(expand=expand))
    item = found.nested["to_Item"]
    text = item.nested["to_Text"]
    assert (item.entity_set, item.many, item.keys) == ("Items", True, ("ID", "No"))
    assert (item.countable, item.pageable) == (False, False)
    assert (text.entity_set, text.many, names(text)) == ("Text", False, ["Lang", "Text"])


def test_fields_of_an_expansion_are_selected_by_path_in_v2() -> None:
    query = Query(select=("Day", "to_Item/Quantity"), expand=("to_Item",))
    found = shape(v2(), "Orders", query)
    assert names(found) == ["ID", "Day"]
    assert names(found.nested["to_Item"]) == ["ID", "No", "Quantity"]
    whole = shape(v2(), "Orders", Query(select=("Day", "to_Item"), expand=("to_Item",)))
    assert names(whole.nested["to_Item"]) == ["ID", "No", "Quantity"]


def test_fields_of_an_expansion_are_selected_inside_it_in_v4() -> None:
    back = Expand(path="_Order", select=("Day",))
    query = Query(expand=(Expand(path="_Item", select=("Text",), expand=(back,)),))
    item = shape(v4(), "Orders", query).nested["_Item"]
    assert (item.entity_set, names(item)) == ("Items", ["No", "Text"])
    order = item.nested["_Order"]
    assert (order.entity_set, order.many, names(order)) == ("Orders", False, ["ID", "Day"])


def test_what_a_set_can_do_is_known() -> None:
    assert not shape(v2(), "Orders").tracks_changes
    assert shape(v4(), "Orders").tracks_changes
    assert not shape(v4(), "Items").tracks_changes
    orders = shape(v2(), "Orders")
    assert (orders.countable, orders.pageable, orders.many) == (True, True, True)
    newest = shape(v4(), "Newest")
    assert (newest.countable, newest.pageable, newest.many) == (False, False, False)


def test_an_entity_set_with_delta_links_beside_it_tracks_changes() -> None:
    """OD-P30: an ODP service."""
    links = '<EntitySet Name="DeltaLinksOfOrders" EntityType="NS.Text"/>'
    assert shape(v2(V2_SETS + links), "Orders").tracks_changes
    annotated = '<EntitySet Name="Orders" EntityType="NS.Order" sap:change-tracking="true"/>'
    assert shape(v2(annotated), "Orders").tracks_changes


def test_a_set_without_top_cannot_be_paged_by_skip() -> None:
    """OD-P26: that takes both."""
    container = '<EntitySet Name="Orders" EntityType="NS.Order" sap:topable="false"/>'
    assert not shape(v2(container), "Orders").pageable


@pytest.mark.parametrize(
    ("entity_set", "query", "near"),
    [
        ("Ordres", EVERYTHING, "Orders"),
        ("Orders", Query(select=("Chnged",)), "Changed"),
        ("Orders", Query(expand=("to_Itme",)), "to_Item"),
        ("Orders", Query(expand=("to_Item/to_Txt",)), "to_Text"),
        ("Orders", Query(select=("to_Item/Qantity",), expand=("to_Item",)), "Quantity"),
    ],
)
def test_a_misspelt_name_is_refused_with_the_nearest(
    entity_set: str, query: Query, near: str
) -> None:
    """OD-P62."""
    with pytest.raises(InputRejected, match=rf"there is .*\b{near}\b"):
        shape(v2(), entity_set, query)


def test_a_navigation_out_of_the_document_is_refused() -> None:
    """OD-P105."""
    with pytest.raises(InputRejected, match=r"Orders: _Lost: .* on its own"):
        shape(v4(), "Orders", Query(expand=("_Lost",)))


def test_a_shape_can_be_stored_and_read_again() -> None:
    found = shape(v2(), "Orders", Query(expand=("to_Item/to_Text",)))
    assert json.decode(json.encode(found), type=Shape) == found
