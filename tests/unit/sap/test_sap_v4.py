"""The V4 codec."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import msgspec
import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.query import Expand, ODataValue, Query, field
from sapmatch.sap.odata import v2, v4
from sapmatch.sap.odata.codec import Codec
from sapmatch.sap.odata.metadata import Navigation, Property, StructuredType

GUID = "00505601-0203-1eda-b7a8-0123456789ab"
CODEC: Codec = v4  # the module keeps the protocol
KIND = StructuredType(
    name="NS.Order",
    properties={
        "Amount": Property(name="Amount", type="Edm.Decimal"),
        "Large": Property(name="Large", type="Edm.Int64"),
        "Address": Property(name="Address", type="NS.Address"),
    },
    navigations={"_Item": Navigation(name="_Item", target="NS.Order", many=True)},
)


@pytest.mark.parametrize(
    ("value", "edm", "literal"),
    [
        (None, None, "null"),
        ("O'Brien", None, "'O''Brien'"),
        (True, None, "true"),
        (2**40, None, "1099511627776"),
        (Decimal("10.00"), None, "10.00"),
        (Decimal("1E+2"), None, "100"),
        (date(2026, 2, 3), None, "2026-02-03"),
        (date(2026, 2, 3), "Edm.DateTimeOffset", "2026-02-03T00:00:00Z"),
        (datetime(2026, 2, 3, 4, 5, 6, 7, tzinfo=UTC), None, "2026-02-03T04:05:06.000007Z"),
        (time(11), None, "11:00:00"),
        (timedelta(days=1, seconds=2), None, "duration'P1DT00H00M02S'"),
        (b"\xfb\xff", None, "binary'-_8='"),
        (UUID(int=1), None, "00000000-0000-0000-0000-000000000001"),
        ("00000000-0000-0000-0000-00000000000A", "Edm.Guid", str(UUID(int=10))),
        ("Red", "NS.Color", "NS.Color'Red'"),
        (4711, "Edm.String", "'4711'"),
    ],
)
def test_literals_have_neither_prefix_nor_suffix(
    value: ODataValue | None, edm: str | None, literal: str
) -> None:
    """OD-P60."""
    assert v4.literal(value, edm) == literal


def test_decimals_are_exact_numbers() -> None:
    """OD-P40, OD-P41: RAP wants numbers; no float comes near them."""
    record = {
        "Amount": Decimal("12345678901234567.10"),
        "Large": 2**60,
        "_Item": [{"Amount": "1.50"}],
    }
    body = v4.encode(record, kind=KIND, types={"NS.Order": KIND})
    assert body == (
        b'{"Amount":12345678901234567.10,"Large":1152921504606846976,"_Item":[{"Amount":1.50}]}'
    )
    assert v4.content_type(None) == "application/json"


def test_a_service_may_want_decimals_in_quotes() -> None:
    """OD-P40: CAP takes them with a word in the content type."""
    body = v4.encode({"Amount": Decimal("1.50"), "Large": 5}, decimals="string", kind=KIND)
    assert msgspec.json.decode(body) == {"Amount": "1.50", "Large": "5"}
    assert v4.content_type("string") == "application/json;IEEE754Compatible=true"


def test_a_body_holds_values_as_v4_writes_them() -> None:
    """OD-P48, OD-P49."""
    record = {
        "Day": date(2026, 1, 2),
        "At": datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
        "Clock": time(11),
        "Length": timedelta(hours=1),
        "Bytes": b"\xfb\xff",
        "None": None,
        "Partner@odata.bind": "A_Partner('1')",
        "Address": {"Street": "Am Platz"},
    }
    assert msgspec.json.decode(v4.encode(record)) == {
        "Day": "2026-01-02",
        "At": "2026-01-02T03:04:05.678901Z",
        "Clock": "11:00:00",
        "Length": "PT01H00M00S",
        "Bytes": "-_8=",
        "None": None,
        "Partner@odata.bind": "A_Partner('1')",
        "Address": {"Street": "Am Platz"},
    }


def test_a_float_is_refused_by_the_name_of_its_field() -> None:
    with pytest.raises(InputRejected, match=r"^_Item\[0\]\.Amount: write it as a decimal"):
        v4.encode({"_Item": [{"Amount": 1.5}]})


@pytest.mark.parametrize("codec", [v2, v4])
def test_what_odata_has_no_form_for_is_refused_by_the_name_of_its_field(codec: Codec) -> None:
    with pytest.raises(InputRejected, match=r"Items\[0\]\.Tags: .* set"):
        codec.encode({"Items": [{"Tags": {"a"}}]})


def test_a_body_that_is_nested_without_end_is_refused() -> None:
    record: dict[str, object] = {}
    record["A"] = record
    with pytest.raises(InputRejected, match="nested deeper than 50"):
        v4.encode(record)


def test_options_are_those_of_v4() -> None:
    """OD-P27."""
    query = Query(
        select=("Order",),
        expand=("_Item/_Text", "_Item", Expand(path="_Partner", select=("Name",), top=1)),
        where=field("Name").contains("x"),
        order_by=("Order desc",),
        top=5,
        skip=10,
        inline_count=True,
    )
    assert v4.options(query) == {
        "$select": "Order",
        "$expand": "_Item($expand=_Text),_Partner($select=Name;$top=1)",
        "$filter": "contains(Name,'x')",
        "$orderby": "Order desc",
        "$top": "5",
        "$skip": "10",
        "$count": "true",
    }
    assert v4.options(Query()) == {}


def test_an_expanded_entity_has_all_options_of_its_own() -> None:
    inner = Expand(
        path="_Item",
        select=("A", "B"),
        where=field("A").gt(Decimal(5)) | field("B").eq("x"),
        order_by=("A desc",),
        expand=(Expand(path="_Text", where=field("Language").eq("DE")),),
    )
    assert v4.options(Query(expand=(inner, "_Item/_Price"))) == {
        "$expand": "_Item($select=A,B;$filter=A gt 5 or B eq 'x';$orderby=A desc;"
        "$expand=_Text($filter=Language eq 'DE'),_Price)"
    }


def test_what_is_selected_by_a_path_stands_inside_the_expansion() -> None:
    """V4 takes no path through a navigation in $select; one through a complex value stays."""
    select = ("A", "Place/City", "_Item/B", "_Item/_Text/T", "_Partner/*", "_Partner/Name")
    expand = ("_Item/_Text", "_Item", "_Partner")
    assert v4.options(Query(select=select, expand=expand)) == {
        "$select": "A,Place/City",
        "$expand": "_Item($select=B;$expand=_Text($select=T)),_Partner",
    }


def test_two_different_options_for_one_navigation_are_refused() -> None:
    twice = (Expand(path="_Item", top=1), Expand(path="_Item", top=2))
    with pytest.raises(InputRejected, match="_Item: is expanded twice"):
        v4.options(Query(expand=twice))


@pytest.mark.parametrize(
    "query",
    [
        Query(select=("A,B",)),
        Query(select=("A&$top=1",)),
        Query(expand=("A($levels=max)",)),
        Query(order_by=("A desc,B",)),
        Query(order_by=("A upwards",)),
        Query(expand=(Expand(path="_Item", select=("A;$top=1",)),)),
    ],
)
def test_a_name_cannot_smuggle_in_an_option(query: Query) -> None:
    with pytest.raises(InputRejected):
        v4.options(query)


def test_a_collection_has_its_links_beside_it() -> None:
    """OD-P20, OD-P27."""
    body = b'{"@odata.context":"$metadata#A","@odata.count":2,"@odata.nextLink":"A?$skiptoken=1",'
    body += b'"@odata.deltaLink":"A?$deltatoken=2","value":[{"A": 1}]}'
    found = v4.feed(body)
    assert [bytes(row) for row in found.rows] == [b'{"A": 1}']
    assert (found.next, found.delta, found.count) == ("A?$skiptoken=1", "A?$deltatoken=2", 2)


def test_odata_4_01_may_leave_out_the_prefix() -> None:
    found = v4.feed(b'{"@context":"x","value":[],"@count":"7","@nextLink":"n","@deltaLink":"d"}')
    assert (found.next, found.delta, found.count) == ("n", "d", 7)


def test_a_singleton_is_one_row() -> None:
    body = b'{"@odata.context":"$metadata#Me","Name":"x"}'
    assert [bytes(row) for row in v4.feed(body).rows] == [body]


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"value":{}}', b'{"error":{}}', b'{"value":[', b"<html>"]
)
def test_what_is_no_collection_is_unreadable(body: bytes) -> None:
    from sapmatch.sap.odata.codec import UNREADABLE

    with pytest.raises(UNREADABLE):
        v4.feed(body)


def test_numbers_in_a_row_stay_exact() -> None:
    """OD-P41, OD-P42."""
    assert v4.row(b'{"A":0.10,"B":123456789012345678901}') == {
        "A": Decimal("0.10"),
        "B": 123456789012345678901,
    }


def test_an_etag_is_passed_through_untouched() -> None:
    """OD-P66."""
    assert v4.etag_of({"@odata.etag": "W/\"'1~'\""}) == "W/\"'1~'\""
    assert v4.etag_of({"@etag": "x"}) == "x"
    assert v4.etag_of({"etag": "no"}) is None


@pytest.mark.parametrize(
    ("row", "location", "key"),
    [
        ({}, "https://sap.example.com/srv/Order('51')", {"Order": "51"}),
        ({}, "Order(Order='51',IsActiveEntity=true)", {"Order": "51", "IsActiveEntity": True}),
        ({}, f"Order(ID={GUID},N=-7)", {"ID": UUID(GUID), "N": -7}),
        (
            {},
            "Order(Day=2026-02-28,At=2026-02-28T01:02:03.5Z,T=11:00:00,C=NS.Color'Red')",
            {
                "Day": date(2026, 2, 28),
                "At": datetime(2026, 2, 28, 1, 2, 3, 500_000, tzinfo=UTC),
                "T": time(11),
                "C": "Red",
            },
        ),
        ({}, "Order(Day=2026-02-31)", {}),
        ({"@odata.id": "Order(7)"}, None, {"Order": 7}),
        ({"Order": "51"}, None, {"Order": "51"}),
        ({"Other": "51"}, None, {}),
    ],
)
def test_the_key_of_a_created_entity_is_found(
    row: dict[str, object], location: str | None, key: dict[str, ODataValue]
) -> None:
    assert v4.key_of("Order", row, location, ("Order",)) == key


@pytest.mark.parametrize(
    ("body", "result"),
    [
        (b"", None),
        (b'{"@odata.context":"x","value":5}', 5),
        (b'{"value":null}', None),
        (b'{"@odata.context":"x","value":[{"A":1}]}', [{"A": 1}]),
        (b'{"@odata.context":"x","A":1,"value":2}', {"@odata.context": "x", "A": 1, "value": 2}),
    ],
)
def test_an_operation_returns_its_value_or_an_entity(body: bytes, result: object) -> None:
    assert v4.result(body, "Release") == result


def test_real_answers_are_read(real_data: Path) -> None:
    """OD-P20, OD-P66."""
    folder = real_data / "sap-responses"
    found = v4.feed((folder / "entities/v4_etag_collection.json").read_bytes())
    assert all(v4.etag_of(v4.row(row)) for row in found.rows)
    items = v4.feed((folder / "v4-demo/SOLineItemList.excerpt.json").read_bytes())
    assert len(items.rows) == 2
    created = v4.entity((folder / "v4-demo/POST-SalesOrderList_NEW1.json").read_bytes())
    assert v4.key_of("SalesOrderList", created, None, ("SalesOrderID",))
