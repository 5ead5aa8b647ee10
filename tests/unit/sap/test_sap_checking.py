"""What $metadata rules out of a change, each mistake with the path of its field (OD-P62)."""

from typing import Any

import pytest

from sapmatch.model.intent import Change
from sapmatch.sap.odata.checking import problems
from sapmatch.sap.odata.metadata import Metadata
from tests.builders import edmx

_FIELDS = """
 <Property Name="Note" Type="Edm.String" MaxLength="4"/>
 <Property Name="Price" Type="Edm.Decimal" Precision="5" Scale="2"/>
 <Property Name="Shown" Type="Edm.String" sap:creatable="false" sap:updatable="false"/>"""
_ITEM = """<EntityType Name="Item"><Key><PropertyRef Name="ID"/><PropertyRef Name="Line"/></Key>
 <Property Name="ID" Type="Edm.String" Nullable="false" MaxLength="10"/>
 <Property Name="Line" Type="Edm.Int32" Nullable="false"/>
 <Property Name="Price" Type="Edm.Decimal" Precision="5" Scale="2"/></EntityType>
<Association Name="Below"><End Type="NS.Order" Role="o" Multiplicity="1"/>
 <End Type="NS.Item" Role="i" Multiplicity="*"/></Association>"""
_WAY = '<NavigationProperty Name="to_Item" Relationship="NS.Below" FromRole="o" ToRole="i"/>'
_SETS = """<EntitySet Name="Orders" EntityType="NS.Order"/>
<EntitySet Name="Items" EntityType="NS.Item"/>
<EntitySet Name="Fixed" EntityType="NS.Order" sap:creatable="false" sap:updatable="false"
  sap:deletable="false"/>
<FunctionImport Name="Post" m:HttpMethod="POST" ReturnType="NS.Order" EntitySet="Orders">
 <Parameter Name="ID" Type="Edm.String" Mode="In" Nullable="false" MaxLength="10"/>
 <Parameter Name="Day" Type="Edm.DateTime" Mode="In" Nullable="true"/></FunctionImport>
<FunctionImport Name="Rate" m:HttpMethod="GET" ReturnType="Edm.Decimal"/>"""
V2 = edmx.v2(edmx.ORDER.format(more=_FIELDS + _WAY) + _ITEM, _SETS)
V4 = edmx.v4(
    edmx.ORDER.format(more='<Property Name="Note" Type="Edm.String" MaxLength="4"/>')
    + """<Action Name="Post" IsBound="true"><Parameter Name="_it" Type="SELF.Order"/>
 <Parameter Name="Days" Type="Edm.Int16" Nullable="false"/></Action>
<Action Name="CloseAll" IsBound="true"><Parameter Name="_it" Type="Collection(SELF.Order)"/>
</Action><Action Name="Reset"><Parameter Name="Name" Type="Edm.String" MaxLength="3"/></Action>""",
    """<EntitySet Name="Orders" EntityType="SELF.Order"/>
<ActionImport Name="Reset" Action="SELF.Reset"/>""",
)


def change(kind: Any, record: dict[str, Any] | None = None, **more: Any) -> Change:
    fields = {"entity_set": "Orders", "record": record or {}, **more}
    return Change(kind=kind, service="/s", **fields)


def told(metadata: Metadata, wanted: Change) -> set[tuple[str, str | None]]:
    return {(each.code, each.field) for each in problems(metadata, wanted)}


KEY = {"ID": "1"}


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (change("create", {"Note": "four", "Price": "1.25", "to_Item": [{"Line": 1}]}), set()),
        (
            change("create", {
                "Note": "fiver", "Price": "1.255", "Shown": "x", "Nope": 1,
                "to_Item": [{"Line": 1}, {"Line": "x", "Price": "1000"}],
            }),
            {
                ("TOO_LONG", "Note"), ("TOO_PRECISE", "Price"), ("READ_ONLY", "Shown"),
                ("UNKNOWN_FIELD", "Nope"), ("WRONG_TYPE", "to_Item[1].Line"),
                ("TOO_LARGE", "to_Item[1].Price"),
            },
        ),
        (change("create", {"Price": 1.5}), {("WRONG_TYPE", "Price")}),
        (change("create", entity_set="Fixed"), {("NO_CREATE", None)}),
        (change("create", entity_set="Nope"), {("UNKNOWN_NAME", None)}),
        (change("update", {"Note": "new"}, key=KEY), set()),
        (
            change("update", {"Shown": "x"}, key={"Number": "1"}),
            {("READ_ONLY", "Shown"), ("KEY_MISSING", "ID"), ("NO_KEY", "Number")},
        ),
        (change("update", {"Note": "x"}, key=KEY, entity_set="Fixed"), {("NO_UPDATE", None)}),
        (change("update", {"Price": "1"}, key={"ID": "1", "Line": "ten"}, entity_set="Items"),
         {("WRONG_TYPE", "Line")}),
        (change("update", {"Note": "x", "to_Item": [{"Line": 1, "Price": "1"}]}, key=KEY), set()),
        (
            change("update", {"Note": "fiver", "to_Item": [{"Line": 1, "Price": "1.234"}]},
                   key=KEY),
            {("TOO_LONG", "Note"), ("TOO_PRECISE", "to_Item[0].Price")},
        ),
        (change("update", {"to_Item": [{"Price": "1"}]}, key=KEY), {("NESTED", "to_Item")}),
        (change("delete", key=KEY), set()),
        (change("delete", entity_set="Fixed"), {("KEY_MISSING", "ID"), ("NO_DELETE", None)}),
        (change("call", {"ID": "1", "Day": "2026-11-02"}, function="Post"), set()),
        (change("call", key=KEY, function="Post"), set()),
        (
            change("call", {"Day": "soon"}, key={"ID": "12345678901"}, function="Post"),
            {("WRONG_TYPE", "Day"), ("TOO_LONG", "ID")},
        ),
        (change("call", {"Week": "1"}, function="Post"),
         {("PARAMETER", "Week"), ("PARAMETER", "ID")}),
        (change("call", function="Nope"), {("UNKNOWN_NAME", None)}),
        (change("call", function="Rate"), {("UNKNOWN_NAME", None)}),
    ],
)  # fmt: skip
def test_every_mistake_of_a_change_is_told_at_once_by_its_path(
    wanted: Change, found: set[tuple[str, str | None]]
) -> None:
    """OD-P62, OD-P80: records below it included."""
    assert told(V2, wanted) == found


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (change("call", {"Days": 3}, key=KEY, function="Post"), set()),
        (change("call", {"Days": 40000}, key=KEY, function="Post"), {("TOO_LARGE", "Days")}),
        (change("call", key=KEY, function="Post"), {("PARAMETER", "Days")}),
        (change("call", {"Days": 3}, key={"No": "1"}, function="Post"),
         {("KEY_MISSING", "ID"), ("NO_KEY", "No")}),
        (change("call", key=KEY, function="CloseAll"), set()),
        (change("call", {"Name": "all"}, key=KEY, function="Reset"), set()),
        (change("call", {"Name": "most"}, entity_set="", function="Reset"), {("TOO_LONG", "Name")}),
    ],
)  # fmt: skip
def test_the_key_of_a_call_goes_to_what_is_called_on_a_record(
    wanted: Change, found: set[tuple[str, str | None]]
) -> None:
    """Where it is only the record whose effect is read, nothing is asked of it."""
    assert told(V4, wanted) == found


def test_no_message_holds_a_value() -> None:
    """OD-P89."""
    found = problems(V2, change("create", {"Note": "canary", "Price": "canary"}))
    assert len(found) == 2
    assert "canary" not in str(found)
