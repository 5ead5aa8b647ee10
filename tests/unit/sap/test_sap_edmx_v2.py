import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.sap.odata.metadata import Property
from tests.builders.edmx import ORDER, ORDERS, v2

ITEM = """<EntityType Name="Item"><Key><PropertyRef Name="Order"/><PropertyRef Name="ID"/></Key>
 <Property Name="Order" Type="Edm.String" Nullable="false"/>
 <Property Name="ID" Type="Edm.String" Nullable="false"/>
 <NavigationProperty Name="to_Order" Relationship="NS.Items" FromRole="many" ToRole="one"/>
</EntityType>"""
WAY = '<NavigationProperty Name="to_Item" Relationship="NS.Items" FromRole="one" ToRole="many"/>'
ASSOCIATION = """<Association Name="Items">
 <End Type="NS.Order" Multiplicity="1" Role="one"/>
 <End Type="NS.Item" Multiplicity="*" Role="many"/>
 <ReferentialConstraint>
  <Principal Role="one"><PropertyRef Name="ID"/></Principal>
  <Dependent Role="many"><PropertyRef Name="Order"/></Dependent>
 </ReferentialConstraint></Association>"""
ITEMS = """<EntitySet Name="Items" EntityType="NS.Item"/>
<AssociationSet Name="x" Association="NS.Items">
 <End EntitySet="Orders" Role="one"/><End EntitySet="Items" Role="many"/></AssociationSet>"""


def field_of(attributes: str, **namespaces: str) -> Property:
    """The field `F` with these attributes."""
    more = f'<Property Name="F" {attributes}/>'
    return v2(ORDER.format(more=more), **namespaces).type_of("Orders").properties["F"]


def test_a_field_may_do_everything_that_nobody_forbids() -> None:
    """OD-P62."""
    assert field_of('Type="Edm.Decimal" Precision="13" Scale="3"') == Property(
        name="F", type="Edm.Decimal", precision=13, scale=3
    )


@pytest.mark.parametrize("flag", ["creatable", "updatable", "filterable", "sortable"])
def test_what_sap_forbids_of_a_field_is_known(flag: str) -> None:
    """OD-P62."""
    found = field_of(f'Type="Edm.String" sap:{flag}="false"')
    assert not getattr(found, flag)
    assert sum((found.creatable, found.updatable, found.filterable, found.sortable)) == 3


def test_what_sap_says_of_a_field_is_known() -> None:
    """OD-P62."""
    found = field_of(
        'Type="Edm.Decimal" sap:label="Amount" sap:unit="Currency" sap:field-control="F_fc" '
        'sap:required-in-filter="true" ConcurrencyMode="Fixed" MaxLength="Max"'
    )
    assert (found.label, found.unit, found.field_control) == ("Amount", "Currency", "F_fc")
    assert found.required_in_filter
    assert found.is_etag
    assert found.max_length is None


def test_a_day_is_told_from_a_moment() -> None:
    assert field_of('Type="Edm.DateTime" sap:display-format="Date"').date_only
    assert not field_of('Type="Edm.DateTime"').date_only
    assert not field_of('Type="Edm.String" sap:display-format="Date"').date_only


def test_the_annotations_of_successfactors_count_too() -> None:
    """OD-P105."""
    other = "http://www.successfactors.com/edm/sap"
    assert not field_of('Type="Edm.String" sap:filterable="false"', sap=other).filterable


def test_annotations_of_an_unknown_namespace_are_left_out_and_named() -> None:
    """OD-P105."""
    other = "http://example.com/ours"
    found = v2(ORDER.format(more='<Property Name="F" Type="Edm.String" sap:label="x"/>'), sap=other)
    assert found.type_of("Orders").properties["F"].label == ""
    (problem,) = found.problems
    assert other in problem


@pytest.mark.parametrize("edition", ["2006/04", "2007/05", "2008/09", "2009/11"])
def test_every_edition_of_the_schema_is_read(edition: str) -> None:
    found = v2(edm=f"http://schemas.microsoft.com/ado/{edition}/edm")
    assert found.version == "V2"
    assert found.type_of("Orders").keys == ("ID",)


def test_what_sap_says_of_an_entity_set_is_known() -> None:
    """OD-P62."""
    found = v2(
        container=(
            '<EntitySet Name="Orders" EntityType="NS.Order" sap:label="Orders" '
            'sap:creatable="false" sap:updatable="false" sap:deletable="false" '
            'sap:pageable="false" sap:addressable="false" sap:countable="false" '
            'sap:searchable="true" sap:requires-filter="true" sap:change-tracking="true"/>'
        )
    ).entity_set("Orders")
    refused = (found.creatable, found.updatable, found.deletable, found.pageable)
    assert (*refused, found.topable, found.addressable, found.countable) == (False,) * 7
    assert (found.searchable, found.requires_filter, found.tracks_changes) == (True,) * 3
    assert found.label == "Orders"


def test_a_set_that_is_not_pageable_may_be_topable() -> None:
    """OD-P62: `sap:topable` stands for itself, and is as `sap:pageable` where it is left out."""
    text = '<EntitySet Name="Orders" EntityType="NS.Order" {}/>'
    found = v2(container=text.format('sap:pageable="false" sap:topable="true"'))
    assert (found.entity_set("Orders").topable, found.entity_set("Orders").pageable) == (
        True,
        False,
    )
    found = v2(container=text.format('sap:topable="false"'))
    assert (found.entity_set("Orders").topable, found.entity_set("Orders").pageable) == (
        False,
        True,
    )


def test_a_navigation_knows_where_it_leads_and_by_which_fields() -> None:
    found = v2(ORDER.format(more=WAY) + ITEM + ASSOCIATION, ORDERS + ITEMS)
    down = found.type_of("Orders").navigations["to_Item"]
    up = found.type_of("Items").navigations["to_Order"]
    assert (down.target, down.many, down.keys) == ("NS.Item", True, {"Order": "ID"})
    assert (up.target, up.many, up.keys) == ("NS.Order", False, {"ID": "Order"})
    assert found.entity_set("Orders").bindings == {"to_Item": "Items"}
    assert found.entity_set("Items").bindings == {"to_Order": "Orders"}
    assert found.problems == ()


def test_a_dangling_navigation_is_named_and_harms_nothing_else() -> None:
    """OD-P105."""
    found = v2(ORDER.format(more=WAY))
    (problem,) = {each for each in found.problems if "to_Item" in each}
    assert "NS.Items is not in the document" in problem
    assert found.types.get(found.type_of("Orders").navigations["to_Item"].target) is None


def test_a_dangling_type_matters_only_once_it_is_used() -> None:
    """OD-P105."""
    found = v2(container=ORDERS + '<EntitySet Name="Lost" EntityType="NS.Nowhere"/>')
    assert found.problems == ("Lost: NS.Nowhere is not in the document",)
    assert found.type_of("Orders").keys == ("ID",)
    with pytest.raises(InputRejected, match=r"NS\.Nowhere"):
        found.type_of("Lost")


def test_fields_of_base_types_come_first() -> None:
    base = '<EntityType Name="Big" BaseType="NS.Order"><Property Name="F" Type="Edm.Byte"/>'
    found = v2(
        f"{base}</EntityType>" + ORDER.format(more=""),
        '<EntitySet Name="Orders" EntityType="NS.Big"/>',
    ).type_of("Orders")
    assert found.keys == ("ID",)
    assert list(found.properties) == ["ID", "F"]


def test_a_missing_base_type_leaves_the_own_fields() -> None:
    """OD-P105."""
    found = v2(ORDER.format(more="").replace('"Order"', '"Order" BaseType="NS.Lost"', 1))
    assert list(found.type_of("Orders").properties) == ["ID"]
    assert found.problems == ("NS.Order: its base type NS.Lost is not in the document",)


def test_base_types_that_go_in_a_circle_are_refused() -> None:
    circle = "".join(
        f'<EntityType Name="{one}" BaseType="NS.{other}"/>' for one, other in ("AB", "BA")
    )
    with pytest.raises(InputRejected, match="have no end"):
        v2(circle)


def test_types_of_several_schemas_find_each_other() -> None:
    other = (
        '</Schema><Schema Namespace="DATA" xmlns="http://schemas.microsoft.com/ado/2008/09/edm">'
    )
    found = v2(
        '<ComplexType Name="Nothing"/>' + other + ORDER.format(more=""),
        '<EntitySet Name="Orders" EntityType="DATA.Order"/>',
    )
    assert found.type_of("Orders").name == "DATA.Order"
    assert found.problems == ()


def test_function_imports_say_how_they_are_called() -> None:
    found = v2(
        container=ORDERS
        + """<FunctionImport Name="Release" ReturnType="NS.Order" EntitySet="Orders"
          m:HttpMethod="POST" sap:action-for="NS.Order" sap:label="Release it">
         <Parameter Name="ID" Type="Edm.String" Mode="In" MaxLength="10" Nullable="false"/>
         <Parameter Name="Why" Type="Edm.String" Mode="In" Nullable="true"/>
         <Parameter Name="Said" Type="Edm.String" Mode="Out"/></FunctionImport>
        <FunctionImport Name="Count" ReturnType="Collection(Edm.Int32)"/>
        <FunctionImport Name="Odd" m:HttpMethod="PUT"/>"""
    )
    release, count = found.overloads("Release")[0], found.overloads("Count")[0]
    assert (release.kind, release.method, release.entity_set) == ("action", "POST", "Orders")
    assert (release.returns, release.returns_many) == ("NS.Order", False)
    assert (release.action_for, release.bound_to, release.label) == ("NS.Order", None, "Release it")
    assert [(each.name, each.nullable) for each in release.parameters] == [
        ("ID", False),
        ("Why", True),
    ]
    assert release.parameters[0].max_length == 10
    assert (count.kind, count.method, count.returns) == ("function", "GET", "Edm.Int32")
    assert count.returns_many
    assert found.problems == ("NS.All/Odd: is called by PUT",)


def test_an_unknown_entity_set_is_answered_with_the_nearest() -> None:
    with pytest.raises(InputRejected, match="Orders"):
        v2().entity_set("Order")


def test_the_same_bytes_have_the_same_hash() -> None:
    """OD-P106."""
    assert v2().sha256 == v2().sha256
    assert v2().sha256 != v2(container=ORDERS + " ").sha256
