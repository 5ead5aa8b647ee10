import pytest

from sapmatch.sap.odata.drift import BREAKING, drift, is_breaking
from sapmatch.sap.odata.metadata import Metadata
from tests.builders.edmx import ORDER, ORDERS, v2, v4

AMOUNT = '<Property Name="Amount" Type="Edm.Decimal" Precision="15" Scale="3"/>'
RELEASE = (
    '<FunctionImport Name="Release" ReturnType="NS.Order" m:HttpMethod="POST">{}</FunctionImport>'
)
ID = '<Parameter Name="ID" Type="Edm.String"/>'


def with_field(text: str) -> Metadata:
    return v2(ORDER.format(more=text))


def test_the_same_document_did_not_change() -> None:
    assert drift(v2(), v2()) == ()


def test_another_order_and_other_labels_are_no_difference() -> None:
    old = with_field(AMOUNT + '<Property Name="F" Type="Edm.Byte" sap:label="Old"/>')
    new = with_field('<Property Name="F" Type="Edm.Byte" sap:label="New"/>' + AMOUNT)
    assert old.sha256 != new.sha256
    assert drift(old, new) == ()


def test_what_is_gone_breaks_and_what_is_new_does_not() -> None:
    old, new = with_field(AMOUNT), v2(container=ORDERS.replace('"Orders"', '"Archive"'))
    assert drift(old, new) == (
        "breaking: NS.Order/Amount is gone",
        "breaking: entity set Orders is gone",
        "compatible: entity set Archive is new",
    )
    assert drift(v2(), with_field(AMOUNT)) == ("compatible: NS.Order/Amount is new",)


@pytest.mark.parametrize(
    ("new", "said"),
    [
        (AMOUNT.replace("Decimal", "Double"), "type Edm.Decimal became Edm.Double"),
        (AMOUNT.replace("Edm.Decimal", "Collection(Edm.Decimal)"), "Collection(Edm.Decimal)"),
        (AMOUNT.replace('"15"', '"13"'), "precision 15 became 13"),
        (AMOUNT.replace("/>", ' Nullable="false"/>'), "now needs a value"),
        (AMOUNT.replace("/>", ' sap:unit="Currency"/>'), "unit none became Currency"),
        (AMOUNT.replace("/>", ' sap:creatable="false"/>'), "is no longer creatable"),
        (AMOUNT.replace("/>", ' sap:updatable="false"/>'), "is no longer updatable"),
        (AMOUNT.replace("/>", ' sap:filterable="false"/>'), "is no longer filterable"),
        (AMOUNT.replace("/>", ' sap:sortable="false"/>'), "is no longer sortable"),
        (AMOUNT.replace("/>", ' sap:required-in-filter="true"/>'), "now needs a place in every"),
    ],
)
def test_a_field_that_allows_less_breaks_and_the_way_back_does_not(new: str, said: str) -> None:
    (found,) = drift(with_field(AMOUNT), with_field(new))
    assert found.startswith(f"{BREAKING}NS.Order/Amount")
    assert said in found
    (back,) = drift(with_field(new), with_field(AMOUNT))
    changed = " type " in found or " unit " in found
    assert is_breaking(back) is changed


def test_more_room_breaks_nothing() -> None:
    text = '<Property Name="F" Type="Edm.String" MaxLength="{}"/>'
    old, new = with_field(text.format(10)), with_field(text.format("Max"))
    assert drift(old, new) == ("compatible: NS.Order/F: max_length 10 became unlimited",)
    assert drift(new, old) == ("breaking: NS.Order/F: max_length unlimited became 10",)


@pytest.mark.parametrize("flag", ["creatable", "updatable", "deletable", "topable", "addressable"])
def test_a_set_that_allows_less_breaks(flag: str) -> None:
    less = v2(container=ORDERS.replace("/>", f' sap:{flag}="false"/>'))
    assert drift(v2(), less) == (f"breaking: entity set Orders is no longer {flag}",)
    assert drift(less, v2()) == (f"compatible: entity set Orders is now {flag}",)


def test_a_set_that_asks_for_more_breaks() -> None:
    more = v2(container=ORDERS.replace("/>", ' sap:requires-filter="true"/>'))
    assert drift(v2(), more) == ("breaking: entity set Orders now needs a filter",)
    tracked = v2(container=ORDERS.replace("/>", ' sap:change-tracking="true"/>'))
    assert drift(tracked, v2()) == ("breaking: entity set Orders no longer tracks changes",)


def test_another_key_breaks() -> None:
    more = ORDER.format(more='<Property Name="Year" Type="Edm.String"/>')
    year = v2(more.replace("</Key>", '<PropertyRef Name="Year"/></Key>'))
    assert drift(v2(more), year) == ("breaking: NS.Order: key ID became ID, Year",)


@pytest.mark.parametrize(
    ("old", "new", "said", "breaks"),
    [
        (RELEASE.format(""), "", "action Release is gone", True),
        ("", RELEASE.format(""), "action Release is new", False),
        (RELEASE.format(""), RELEASE.format(ID), "parameter ID is new", False),
        (
            RELEASE.format(""),
            RELEASE.format(ID.replace("/>", ' Nullable="false"/>')),
            "must have a value",
            True,
        ),
        (RELEASE.format(ID), RELEASE.format(""), "parameter ID is gone", True),
        (RELEASE.format(ID), RELEASE.format(ID.replace("String", "Int32")), "type Edm", True),
        (
            RELEASE.format(""),
            RELEASE.format("").replace("NS.Order", "Collection(NS.Order)"),
            "result NS.Order became Collection(NS.Order)",
            True,
        ),
    ],
)
def test_a_function_that_is_called_otherwise_breaks(
    old: str, new: str, said: str, breaks: bool
) -> None:
    (found,) = drift(v2(container=ORDERS + old), v2(container=ORDERS + new))
    assert said in found
    assert is_breaking(found) is breaks


def test_a_function_that_became_a_write_is_gone_as_a_function() -> None:
    was = RELEASE.format("").replace("POST", "GET")
    found = drift(v2(container=ORDERS + was), v2(container=ORDERS + RELEASE.format("")))
    assert found == (
        "breaking: function Release is gone",
        "compatible: action Release is new",
    )


def test_another_protocol_breaks_first_of_all() -> None:
    found = drift(v2(), v4())
    assert found[0] == "breaking: OData V2 became V4"
    assert [is_breaking(each) for each in found] == sorted(map(is_breaking, found), reverse=True)


def overload(*names: str) -> str:
    parameters = "".join(f'<Parameter Name="{name}" Type="Edm.String"/>' for name in names)
    return f'<Function Name="Find">{parameters}<ReturnType Type="Edm.String"/></Function>'


def offered(*functions: str) -> Metadata:
    imported = ORDERS + '<FunctionImport Name="Find" Function="SELF.Find"/>'
    return v4("".join(functions), container=imported)


def test_overloads_are_told_apart_by_their_parameters_in_any_order() -> None:
    one, two = overload("A"), overload("A", "B")
    assert drift(offered(one, two), offered(two, one)) == ()
    assert drift(offered(one), offered(two, one)) == ("compatible: function Find(A, B) is new",)
    assert drift(offered(one, two), offered(one)) == ("breaking: function Find(A, B) is gone",)
