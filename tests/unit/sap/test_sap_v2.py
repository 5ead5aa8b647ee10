"""The V2 JSON codec."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.query import Expand, ODataValue, Query, field
from sapmatch.sap.odata import v2
from sapmatch.sap.odata.codec import Codec
from sapmatch.sap.odata.metadata import Navigation, Property, StructuredType

GUID = "00505601-0203-1eda-b7a8-0123456789ab"
CODEC: Codec = v2  # the module keeps the protocol
KIND = StructuredType(
    name="NS.Order",
    keys=("Order",),
    properties={
        name: Property(name=name, type=edm)
        for name, edm in {
            "Order": "Edm.String",
            "Amount": "Edm.Decimal",
            "Large": "Edm.Int64",
            "Small": "Edm.Int32",
            "Day": "Edm.DateTime",
            "Factor": "Edm.Double",
            "Clock": "Edm.Time",
            "Id": "Edm.Guid",
        }.items()
    },
    navigations={"to_Item": Navigation(name="to_Item", target="NS.Item", many=True)},
)


def test_a_body_holds_decimals_as_strings_and_dates_as_ticks() -> None:
    """OD-P40, OD-P41, OD-P48, OD-P49."""
    body = v2.encode(
        {
            "Amount": Decimal("10.00"),
            "Large": Decimal("1E+3"),
            "Day": date(2026, 1, 2),
            "Moment": datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC),
            "Missing": None,
            "Flag": True,
            "to_Item": [{"Quantity": Decimal("0.500")}],
        }
    )
    assert msgspec.json.decode(body) == {
        "Amount": "10.00",
        "Large": "1000",
        "Day": "/Date(1767312000000)/",
        "Moment": "/Date(1767323045678)/",
        "Missing": None,
        "Flag": True,
        "to_Item": [{"Quantity": "0.500"}],
    }


def test_a_float_is_refused_by_the_name_of_its_field() -> None:
    with pytest.raises(InputRejected, match=r"to_Item\[1\]\.Price"):
        v2.encode({"to_Item": [{"Price": "1.5"}, {"Price": 1.5}]})


@pytest.mark.parametrize("body", [b'{"d":{"results":[{"A":1}]}}', b'{"d":[{"A":1}]}'])
def test_a_collection_may_be_a_bare_list(body: bytes) -> None:
    """OD-P20."""
    assert [bytes(raw) for raw in v2.feed(body).rows] == [b'{"A":1}']


@pytest.mark.parametrize(("count", "number"), [('"42"', 42), ("42", 42), ("null", None)])
def test_a_count_is_a_string_or_a_number_or_missing(count: str, number: int | None) -> None:
    """OD-P27."""
    body = f'{{"d":{{"results":[],"__count":{count}}}}}'.encode()
    assert v2.feed(body).count == number


def test_an_entity_may_be_wrapped_into_results() -> None:
    assert v2.entity(b'{"d":{"results":{"ID":"1"}}}') == {"ID": "1"}
    assert v2.entity(b'{"d":{"ID":"1","to_Item":{"results":[]}}}')["ID"] == "1"


def test_numbers_in_a_row_stay_exact() -> None:
    """OD-P41."""
    assert v2.entity(b'{"d":{"Amount":0.10}}') == {"Amount": Decimal("0.10")}


def same(found: dict[str, ODataValue], key: dict[str, ODataValue]) -> bool:
    """Equal in value and in type: True is 1 else."""
    return found == key and [*map(type, found.values())] == [*map(type, key.values())]


@pytest.mark.parametrize(
    ("uri", "key"),
    [
        ("/A_Inv(Invoice='51',Year='2026')", {"Invoice": "51", "Year": "2026"}),
        ("/A_Inv('51')", {"SupplierInvoice": "51"}),
        ("/A_Inv(A='%2FA%20O''B%2Cx',B='1')", {"A": "/A O'B,x", "B": "1"}),
        (f"/A_Inv(A=guid'{GUID}',B=7)", {"A": UUID(GUID), "B": 7}),
        ("/A_Inv(A=guid'0a-1',B=7)", {}),
        ("/A_Inv(A=what'1',B=7)", {}),
        ("/A_Inv(A=one,B=7)", {}),
        ("/A_Inv(7)", {"Number": 7}),
        ("/A_Inv('7')", {"Number": "7"}),
        ("/A_Inv(A=7L,B=2.50M)", {"A": 7, "B": Decimal("2.50")}),
        ("/A_Inv(A=true,B='true')", {"A": True, "B": "true"}),
        (
            "/A_Inv(A=datetime'2026-02-28T00%3A00%3A00',B=time'PT11H')",
            {"A": datetime(2026, 2, 28, tzinfo=UTC).replace(tzinfo=None), "B": time(11)},
        ),
        (
            "/A_Inv(A=datetimeoffset'2026-02-28T01:02:03Z',B='0051')",
            {"A": datetime(2026, 2, 28, 1, 2, 3, tzinfo=UTC), "B": "0051"},
        ),
        ("/A_Inv('unknown')", {}),
        ("/Other('51')", {}),
    ],
)
def test_the_key_of_a_created_entity_is_read_from_its_address(
    uri: str, key: dict[str, ODataValue]
) -> None:
    row = {
        "__metadata": {"uri": f"https://sap.example.com/srv{uri}"},
        "SupplierInvoice": "51",
        "Number": 7,
    }
    assert same(v2.key_of("A_Inv", row, None), key)
    location = f"https://sap.example.com/srv{uri}"
    assert same(v2.key_of("A_Inv", {"SupplierInvoice": "51", "Number": 7}, location), key)


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("/x/Bs('4711')?sap-client=100", {"ID": "4711"}),
        ("/x/Bs(ID='1',P=2)?sap-client=100", {"ID": "1", "P": 2}),
        ("/x/Bs(ID='1',P=2)#top", {"ID": "1", "P": 2}),
        ("Bs('4711')", {"ID": "4711"}),
        ("/x/Bs('a%3Fb%23')", {"ID": "a?b#"}),
        ("/x/Bs%28%2747%27%29", {"ID": "47"}),
        ("/x/Bs('a%2FBs(%27%27b%27%27)')", {"ID": "a/Bs('b')"}),
        ("/x/Bs('4711')/to_Item", {}),
        ("/x/Bs('1','2')", {}),
        ("/x/Bs('1',P='2')", {}),
        ("/x/Bs(P='1',P='2')", {}),
        ("/x/Bs(ID='1',P=)", {}),
        ("/x/Bs('47", {}),
        ("/x/Bs()", {}),
        ("//[x", {}),
    ],
)
def test_a_key_is_read_from_the_whole_of_an_address_or_not_at_all(
    address: str, key: dict[str, ODataValue]
) -> None:
    names = ("ID",) if len(key) < 2 else ("ID", "P")
    assert v2.key_of("Bs", {}, address, names) == key
    assert v2.key_of("Bs", {"__metadata": {"uri": address}}, None, names) == key


def test_a_real_page_is_read_row_by_row_as_it_came(real_data: Path) -> None:
    """OD-P20, OD-P24: rows recorded from a Gateway come through byte for byte."""
    body = (real_data / "sap-responses/entities/v2-AllDataTypes.json").read_bytes()
    found = v2.feed(body)
    assert found.rows
    assert all(bytes(raw) in body for raw in found.rows)
    assert v2.row(found.rows[0])["Id"] == "500000000"


def test_real_collections_of_other_systems_are_read(real_data: Path) -> None:
    folder = real_data / "sap-responses/entities"
    for name in (
        "v2_inlinecount.json",
        "v2_ticket_collection.json",
        "C_GLAccountHierarchyNode.json",
    ):
        assert v2.feed((folder / name).read_bytes()).rows, name
    assert v2.feed((folder / "v2_inlinecount.json").read_bytes()).count == 2


def test_a_real_created_entity_of_c4c_is_unwrapped(real_data: Path) -> None:
    answer = (real_data / "sap-responses/batch/c4c_deep_insert_response.txt").read_bytes()
    body = answer[answer.index(b'{"d"') :].partition(b"\n")[0].rstrip()
    row = v2.entity(body)
    assert v2.key_of("ServiceRequestCollection", row, None) == {
        "ObjectID": "00163E1379D01ED785B015D2038B098A"
    }
    assert v2.etag_of(row) == "W/\"datetimeoffset'2017-03-30T19%3A40%3A10.8490260Z'\""


def test_types_decide_how_values_are_written() -> None:
    """OD-P40: Int64 and Double are strings in V2 too; a text becomes what its field holds."""
    body = v2.encode(
        {
            "Amount": 5,
            "Large": 5,
            "Small": "5",
            "Day": "2026-01-02",
            "Factor": Decimal("0.5"),
            "Clock": time(11, 0),
            "Id": UUID(int=1),
            "to_Item": [{"Large": 7}],
        },
        kind=KIND,
        types={"NS.Item": KIND},
    )
    assert msgspec.json.decode(body) == {
        "Amount": "5",
        "Large": "5",
        "Small": 5,
        "Day": "/Date(1767312000000)/",
        "Factor": "0.5",
        "Clock": "PT11H00M00S",
        "Id": "00000000-0000-0000-0000-000000000001",
        "to_Item": [{"Large": "7"}],
    }


def test_what_sap_sent_goes_back_as_it_came() -> None:
    """OD-P47: a replacement (PUT) holds values that no type of Python holds."""
    sent = {"Day": "/Date(253402300800000)/", "Clock": "PT24H00M00S"}
    assert msgspec.json.decode(v2.encode(sent, kind=KIND)) == sent


def test_a_service_may_want_decimals_as_numbers() -> None:
    """OD-P40: the switch of a service."""
    body = v2.encode({"Amount": Decimal("10.00"), "Text": "1"}, decimals="number")
    assert body == b'{"Amount":10.00,"Text":"1"}'


def test_values_without_a_type_are_written_by_their_own() -> None:
    body = v2.encode({"A": 2**31, "B": timedelta(hours=30), "C": b"\x01\xff", "D": True})
    assert msgspec.json.decode(body) == {
        "A": "2147483648",
        "B": "P1DT06H00M00S",
        "C": "Af8=",
        "D": True,
    }


def test_a_value_that_is_none_of_its_type_is_named_by_its_field() -> None:
    with pytest.raises(InputRejected, match=r"^Amount: is no Edm\.Decimal$"):
        v2.encode({"Amount": True}, kind=KIND)


def test_options_are_those_of_v2() -> None:
    """OD-P27, OD-P58."""
    query = Query(
        select=("Order",),
        expand=("to_Item",),
        where=field("Order").contains("7"),
        order_by=("Order desc", "Day"),
        top=5,
        skip=10,
        inline_count=True,
    )
    assert v2.options(query) == {
        "$select": "Order,to_Item",  # Gateway leaves out what is expanded and not selected
        "$expand": "to_Item",
        "$filter": "substringof('7',Order)",
        "$orderby": "Order desc,Day",
        "$top": "5",
        "$skip": "10",
        "$inlinecount": "allpages",
    }
    assert v2.options(Query()) == {}


TEXT = Expand(path="to_Text", select=("T",))


@pytest.mark.parametrize(
    ("expand", "select"),
    [
        ((Expand(path="to_Item", expand=(TEXT,)),), "*,to_Item/to_Text/T,to_Item/*"),
        (
            ("to_Item", Expand(path="to_Item/to_Text", select=("T",))),
            "*,to_Item/to_Text/T,to_Item/*",
        ),
        (
            (Expand(path="to_Item", select=("A",)), Expand(path="to_Item", expand=(TEXT,))),
            "*,to_Item/A,to_Item/to_Text/T",
        ),
        ((Expand(path="to_Item", select=("A",)),) * 2, "*,to_Item/A"),
        ((Expand(path="to_Item", select=("*",)),), "*,to_Item/*"),
    ],
)  # fmt: skip
def test_no_column_of_an_expanded_entity_is_lost(
    expand: tuple[str | Expand, ...], select: str
) -> None:
    """OD-P80: `to_Item/to_Text/T` alone leaves out the item's own fields."""
    assert v2.options(Query(expand=expand))["$select"] == select


def test_columns_of_ones_own_choice_below_a_navigation_stay_as_they_are() -> None:
    query = Query(select=("ID", "to_Item/to_Text/T"), expand=("to_Item/to_Text",))
    assert v2.options(query)["$select"] == "ID,to_Item/to_Text/T"


def test_a_navigation_is_not_expanded_twice_with_different_columns() -> None:
    """The last one would win, and the columns of the first be lost without a word."""
    twice = tuple(Expand(path="to_Item", select=(name,)) for name in "AB")
    with pytest.raises(InputRejected, match="to_Item: is expanded twice"):
        v2.options(Query(expand=twice))


def test_columns_of_an_expanded_entity_stand_in_the_one_select() -> None:
    inner = Expand(path="to_Item", select=("Quantity",), expand=(Expand(path="to_Text"),))
    assert v2.options(Query(expand=(inner,))) == {
        "$select": "*,to_Item/Quantity,to_Item/to_Text",
        "$expand": "to_Item,to_Item/to_Text",
    }


@pytest.mark.parametrize(
    "inner",
    [
        Expand(path="to_Item", top=1),
        Expand(path="to_Item", order_by=("A",)),
        Expand(path="to_Head", expand=(Expand(path="to_Item", where=field("A").eq("1")),)),
    ],
)
def test_v2_refuses_what_only_v4_can_expand(inner: Expand) -> None:
    with pytest.raises(InputRejected, match="to_Item: OData V2 can neither"):
        v2.options(Query(expand=(inner,)))


@pytest.mark.parametrize(
    ("body", "result"),
    [
        (b"", None),
        (b'{"d":null}', None),
        (b'{"d":{"Release":{"Success":true}}}', {"Success": True}),
        (b'{"d":{"Price":"10.00"}}', "10.00"),
        (b'{"d":{"results":[{"A":1}]}}', [{"A": 1}]),
        (b'{"d":{"Release":{"results":[1,2]}}}', [1, 2]),
        (b'{"d":{"SalesOrder":"1","A":0.10}}', {"SalesOrder": "1", "A": Decimal("0.10")}),
        (b'{"d":[{"A":1}]}', [{"A": 1}]),
    ],
)
def test_an_operation_returns_what_stands_under_its_name(body: bytes, result: object) -> None:
    name = "Price" if b"Price" in body else "Release"
    assert v2.result(body, name) == result


def test_a_key_without_an_address_comes_from_the_fields() -> None:
    assert v2.key_of("A_Inv", {"Year": 2026, "Draft": True}, None, ("Year", "Draft")) == {
        "Year": 2026,
        "Draft": True,
    }
    assert v2.key_of("A_Inv", {"X": "51"}, "/srv/A_Inv('51')", ("Invoice",)) == {"Invoice": "51"}
