import pytest

from sapmatch.model.errors import InputRejected
from tests.builders.edmx import ORDER, v4

FIELDS = """<Property Name="Amount" Type="Edm.Decimal" Precision="15" Scale="variable"/>
<Property Name="Currency" Type="Edm.String" MaxLength="3"/>"""
LABEL = "com.sap.vocabularies.Common.v1.Label"


def on(target: str, *annotations: str) -> str:
    """Annotations on a part, from outside."""
    return f'<Annotations Target="{target}">{"".join(annotations)}</Annotations>'


def on_set(*annotations: str) -> str:
    return on("SELF.Container/Orders", *annotations)


def record(term: str, **parts: str) -> str:
    """A Capabilities term: booleans as text, field names separated by spaces."""
    values = "".join(
        f'<PropertyValue Property="{name}" Bool="{text}"/>'
        if text in ("true", "false")
        else f'<PropertyValue Property="{name}"><Collection>'
        + "".join(f"<PropertyPath>{path}</PropertyPath>" for path in text.split())
        + "</Collection></PropertyValue>"
        for name, text in parts.items()
    )
    return f'<Annotation Term="Cap.{term}"><Record>{values}</Record></Annotation>'


def test_what_the_vocabularies_say_of_a_field_counts_like_saps_attributes() -> None:
    """OD-P62."""
    found = v4(
        ORDER.format(more=FIELDS),
        annotations=on("SELF.Order/ID", '<Annotation Term="C.Immutable"/>')
        + on(
            "com.example.orders.Order/Amount",
            '<Annotation Term="C.Computed" Bool="true"/>',
            f'<Annotation Term="{LABEL}" String="Total"/>',
            '<Annotation Term="Org.OData.Measures.V1.ISOCurrency" Path="Currency"/>',
        )
        + on("SELF.Order/Currency", '<Annotation Term="C.Computed" Bool="false"/>'),
    ).type_of("Orders")
    order, amount, currency = found.properties.values()
    assert (order.creatable, order.updatable) == (True, False)
    assert (amount.creatable, amount.updatable) == (False, False)
    assert (amount.label, amount.unit, amount.scale) == ("Total", "Currency", None)
    assert (currency.creatable, currency.updatable) == (True, True)


def test_an_annotation_inside_the_field_counts_too() -> None:
    more = '<Property Name="F" Type="Edm.Byte"><Annotation Term="C.Computed"/></Property>'
    found = v4(ORDER.format(more=more)).type_of("Orders").properties["F"]
    assert not found.creatable


def test_field_control_counts_where_it_is_fixed() -> None:
    term = "com.sap.vocabularies.Common.v1.FieldControl"
    fixed = f'EnumMember="{term}Type/ReadOnly"'
    found = v4(
        ORDER.format(more=FIELDS),
        annotations=on("SELF.Order/Amount", f'<Annotation Term="{term}" {fixed}/>')
        + on("SELF.Order/Currency", f'<Annotation Term="{term}" Path="ReadOnly"/>'),
    ).type_of("Orders")
    assert not found.properties["Amount"].updatable
    assert found.properties["Currency"].updatable


@pytest.mark.parametrize(
    ("flags", "writable"),
    [
        ("Write {}Read", True),
        ("Read {}Write", True),
        ("ReadWrite", True),
        ("Read", False),
        ("Filter {}Read", False),
        ("None", False),
    ],
)
def test_permissions_are_flags_in_any_order(flags: str, writable: bool) -> None:
    """CSDL 4.0, 14.3.5: members of an enumeration stand beside each other with spaces."""
    term = "Org.OData.Core.V1.Permission"
    value = f"{term}/" + flags.format(f"{term}/")
    annotation = f'<Annotation Term="{term}s" EnumMember="{value}"/>'
    types = ORDER.format(more=FIELDS)
    found = v4(types, annotations=on("SELF.Order/Amount", annotation)).type_of("Orders")
    assert found.properties["Amount"].updatable is writable
    assert found.properties["Amount"].creatable is writable


def test_an_annotation_with_a_qualifier_is_for_somebody_else() -> None:
    found = v4(
        annotations=on("SELF.Order/ID", f'<Annotation Term="{LABEL}" Qualifier="x" String="No"/>')
    )
    assert found.type_of("Orders").properties["ID"].label == ""


def test_capabilities_say_what_may_be_done_with_a_set() -> None:
    """OD-P62."""
    found = v4(
        annotations=on_set(
            record("InsertRestrictions", Insertable="false"),
            record("UpdateRestrictions", Updatable="false"),
            record("DeleteRestrictions", Deletable="false"),
            record("ReadRestrictions", Readable="false"),
            record("CountRestrictions", Countable="false"),
            record("SearchRestrictions", Searchable="false"),
            record("FilterRestrictions", RequiresFilter="true"),
            record("ChangeTracking", Supported="true"),
            '<Annotation Term="Cap.SkipSupported" Bool="false"/>',
        )
    ).entity_set("Orders")
    refused = (found.creatable, found.updatable, found.deletable, found.addressable)
    assert (*refused, found.countable, found.searchable, found.pageable) == (False,) * 7
    assert (found.requires_filter, found.tracks_changes) == (True, True)


@pytest.mark.parametrize(("term", "topable"), [("SkipSupported", True), ("TopSupported", False)])
def test_a_set_may_take_one_of_top_and_skip_alone(term: str, topable: bool) -> None:
    """OD-P62: Capabilities.V1 has a term for each."""
    terms = on_set(f'<Annotation Term="Cap.{term}" Bool="false"/>')
    found = v4(annotations=terms).entity_set("Orders")
    assert (found.topable, found.pageable) == (topable, not topable)


def test_a_set_without_annotations_may_do_everything() -> None:
    found = v4().entity_set("Orders")
    allowed = (found.creatable, found.updatable, found.deletable, found.addressable)
    assert (*allowed, found.countable, found.searchable, found.pageable, found.topable) == (
        True,
    ) * 8
    assert (found.requires_filter, found.tracks_changes) == (False, False)


def test_a_capability_that_depends_on_the_entity_forbids_nothing() -> None:
    dynamic = """<Annotation Term="Cap.UpdateRestrictions"><Record>
      <PropertyValue Property="Updatable" Path="__Control/Updatable"/></Record></Annotation>"""
    assert v4(annotations=on_set(dynamic)).entity_set("Orders").updatable


def test_restrictions_of_a_set_reach_its_fields() -> None:
    """OD-P62."""
    found = v4(
        ORDER.format(more=FIELDS),
        annotations=on_set(
            record("FilterRestrictions", NonFilterableProperties="Amount", RequiredProperties="ID"),
            record("SortRestrictions", NonSortableProperties="Amount Currency"),
            record("UpdateRestrictions", NonUpdatableProperties="Currency"),
            '<Annotation Term="C.OptimisticConcurrency"><Collection>'
            "<PropertyPath>Amount</PropertyPath></Collection></Annotation>",
        ),
    ).type_of("Orders")
    order, amount, currency = found.properties.values()
    assert (order.filterable, order.required_in_filter, order.sortable) == (True, True, True)
    assert (amount.filterable, amount.sortable, amount.is_etag) == (False, False, True)
    assert (currency.filterable, currency.sortable, currency.updatable) == (True, False, False)


def test_a_set_that_cannot_be_filtered_has_no_filterable_field() -> None:
    """OD-P62."""
    found = v4(
        annotations=on_set(
            record("FilterRestrictions", Filterable="false"),
            record("SortRestrictions", Sortable="false"),
        )
    )
    field = found.type_of("Orders").properties["ID"]
    assert (field.filterable, field.sortable) == (False, False)


def test_a_field_is_limited_only_where_every_set_of_its_type_says_so() -> None:
    twin = '<EntitySet Name="{}" EntityType="SELF.Order"/>'
    limits = record("FilterRestrictions", NonFilterableProperties="ID")
    sets = twin.format("Orders") + twin.format("Archive")
    assert (
        v4(container=sets, annotations=on_set(limits)).type_of("Orders").properties["ID"].filterable
    )
    both = on_set(limits) + on("SELF.Container/Archive", limits)
    field = v4(container=sets, annotations=both).type_of("Orders").properties["ID"]
    assert not field.filterable


def test_navigations_singletons_and_their_bindings_are_read() -> None:
    way = """<NavigationProperty Name="_Item" Type="Collection(SELF.Order)">
      <ReferentialConstraint Property="ID" ReferencedProperty="Parent"/></NavigationProperty>"""
    found = v4(
        ORDER.format(more=way),
        """<EntitySet Name="Orders" EntityType="SELF.Order">
         <NavigationPropertyBinding Path="_Item" Target="SELF.Container/Orders"/></EntitySet>
        <Singleton Name="Newest" Type="SELF.Order"/>""",
    )
    item = found.type_of("Orders").navigations["_Item"]
    assert (item.target, item.many, item.keys) == (
        "com.example.orders.Order",
        True,
        {"Parent": "ID"},
    )
    assert found.entity_set("Orders").bindings == {"_Item": "Orders"}
    assert found.entity_set("Newest").single
    assert not found.entity_set("Orders").single


def test_enumerations_say_what_lies_under_them() -> None:
    found = v4(
        ORDER.format(more='<Property Name="F" Type="SELF.Colour"/>')
        + '<EnumType Name="Colour"/><EnumType Name="Big" UnderlyingType="Edm.Int64"/>'
    )
    assert found.enums == {
        "com.example.orders.Colour": "Edm.Int32",
        "com.example.orders.Big": "Edm.Int64",
    }
    assert found.type_of("Orders").properties["F"].type == "com.example.orders.Colour"
    assert found.problems == ()


def test_a_type_definition_is_another_name_for_a_type_with_its_facets() -> None:
    """CSDL 4.0, section 11; a facet of the field itself goes first."""
    more = (
        '<Property Name="F" Type="SELF.Money"/><Property Name="G" Type="SELF.Money" Scale="3"/>'
        '<Property Name="H" Type="Collection(SELF.Text)"/>'
    )
    found = v4(
        ORDER.format(more=more)
        + '<TypeDefinition Name="Money" UnderlyingType="Edm.Decimal" Precision="15" Scale="2"/>'
        + '<TypeDefinition Name="Text" UnderlyingType="Edm.String" MaxLength="4"/>'
    )
    fields = found.type_of("Orders").properties
    assert (fields["F"].type, fields["F"].precision, fields["F"].scale) == ("Edm.Decimal", 15, 2)
    assert (fields["G"].precision, fields["G"].scale) == (15, 3)
    assert (fields["H"].type, fields["H"].many, fields["H"].max_length) == ("Edm.String", True, 4)
    assert (found.enums, found.problems) == ({}, ())


def test_functions_and_actions_are_told_apart_and_bound_ones_know_to_what() -> None:
    found = v4(
        ORDER.format(more="")
        + """<Action Name="Release" IsBound="true">
         <Parameter Name="_it" Type="SELF.Order"/><Parameter Name="Why" Type="Edm.String"/></Action>
        <Function Name="Late" IsBound="true">
         <Parameter Name="_them" Type="Collection(SELF.Order)"/>
         <ReturnType Type="Collection(SELF.Order)"/></Function>
        <Function Name="Now"><ReturnType Type="Edm.DateTimeOffset"/></Function>""",
        '<EntitySet Name="Orders" EntityType="SELF.Order"/>'
        '<FunctionImport Name="Clock" Function="SELF.Now" EntitySet="Orders"/>'
        '<ActionImport Name="Lost" Action="SELF.Lost"/>',
    )
    clock = found.overloads("Clock")[0]
    assert (clock.kind, clock.method, clock.returns) == ("function", "GET", "Edm.DateTimeOffset")
    assert (clock.bound_to, clock.entity_set) == (None, "Orders")
    order = "com.example.orders.Order"
    release = found.overloads("Release", bound_to=order)[0]
    assert (release.name, release.kind) == ("com.example.orders.Release", "action")
    assert [each.name for each in release.parameters] == ["Why"]
    late = found.overloads("com.example.orders.Late", bound_to=order)[0]
    assert (late.bound_to_many, late.returns, late.returns_many) == (True, order, True)
    assert any("SELF.Lost" in each or "orders.Lost" in each for each in found.problems)
    with pytest.raises(InputRejected, match="Release"):
        found.overloads("Release")[0]
