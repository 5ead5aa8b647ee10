"""Rows by $metadata."""

import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.sap.odata import v2, v4
from sapmatch.sap.odata.codec import Codec
from sapmatch.sap.odata.edmx import parse_metadata
from sapmatch.sap.odata.metadata import (
    EntitySet,
    Metadata,
    Navigation,
    Property,
    StructuredType,
    Version,
)
from sapmatch.sap.odata.typed import row_reader


def service(version: Version = "V2", **more: Any) -> Metadata:
    order = StructuredType(
        name="NS.Order",
        keys=("Order",),
        properties={
            "Order": Property(name="Order", type="Edm.String"),
            "Amount": Property(name="Amount", type="Edm.Decimal"),
            "Day": Property(name="Day", type="Edm.DateTime", date_only=True),
            "At": Property(name="At", type="Edm.DateTimeOffset"),
            "Address": Property(name="Address", type="NS.Address"),
            "Prices": Property(name="Prices", type="Edm.Decimal", many=True),
            "Color": Property(name="Color", type="NS.Color"),
            "Weight": Property(name="Weight", type="NS.Weight"),
            "Lost": Property(name="Lost", type="NS.NotThere"),
        },
        navigations={
            "to_Item": Navigation(name="to_Item", target="NS.Item", many=True),
            "to_Lost": Navigation(name="to_Lost", target="NS.NotThere", many=False),
        },
    )
    item = StructuredType(
        name="NS.Item",
        properties={"Quantity": Property(name="Quantity", type="Edm.Decimal")},
        navigations={"to_Order": Navigation(name="to_Order", target="NS.Order", many=False)},
    )
    address = StructuredType(
        name="NS.Address", properties={"Since": Property(name="Since", type="Edm.Date")}
    )
    return Metadata(
        version=version,
        namespace="NS",
        entity_sets={"Orders": EntitySet(name="Orders", type="NS.Order")},
        types={each.name: each for each in (order, item, address)},
        enums={"NS.Color": "Edm.Int32", "NS.Weight": "Edm.Decimal"},
        **more,
    )


def typed(row: Any, codec: Codec = v2) -> dict[str, Any]:
    return row_reader(service(codec.VERSION), "Orders", codec)(msgspec.json.encode(row))


def test_fields_have_the_values_of_their_types() -> None:
    """OD-P41, OD-P46, OD-P48: scale, day without a zone, null as null."""
    row = {"Order": "0001", "Amount": "10.00", "Day": "/Date(1770076800000)/", "At": None}
    assert typed(row) == {
        "Order": "0001",
        "Amount": Decimal("10.00"),
        "Day": date(2026, 2, 3),
        "At": None,
    }


def test_what_sap_says_about_a_row_is_left_out() -> None:
    """OD-P29."""
    deferred = {"__deferred": {"uri": "https://sap.example.com/x"}}
    row = {"__metadata": {"etag": "x"}, "Order": "1", "to_Item": deferred, "to_Lost": deferred}
    assert typed(row) == {"Order": "1"}
    sent = {"@odata.etag": "x", "Order": "1", "Amount@odata.type": "#Decimal", "Amount": 1}
    assert typed(sent, v4) == {"Order": "1", "Amount": Decimal(1)}


@pytest.mark.parametrize(
    ("nested", "items"),
    [
        ({"results": [{"__metadata": {}, "Quantity": "1.500"}]}, [{"Quantity": Decimal("1.500")}]),
        ({"results": [], "__next": "x"}, []),
        ([{"Quantity": "2"}], [{"Quantity": Decimal(2)}]),
        (None, None),
        ({"Quantity": "2"}, {"Quantity": Decimal(2)}),
        ([1, "odd"], [1, "odd"]),
        (
            [{"to_Order": {"Amount": "1", "to_Item": {"results": [{"Quantity": "3"}]}}}],
            [{"to_Order": {"Amount": Decimal(1), "to_Item": [{"Quantity": Decimal(3)}]}}],
        ),
    ],
)
def test_expanded_entities_are_typed_by_their_own_type(nested: Any, items: Any) -> None:
    """OD-P80: nested results, bare lists, null, one entity, and types that lead to each other."""
    assert typed({"to_Item": nested}) == {"to_Item": items}


def test_complex_values_collections_and_own_types_are_typed() -> None:
    row = {
        "Address": {"Since": "2026-02-03"},
        "Prices": ["1.0", None, 2],
        "Color": "Red",
        "Weight": "1.50",
    }
    assert typed(row, v4) == {
        "Address": {"Since": date(2026, 2, 3)},
        "Prices": [Decimal("1.0"), None, Decimal(2)],
        "Color": "Red",
        "Weight": Decimal("1.50"),
    }
    assert typed({"Prices": {"results": ["1"]}}) == {"Prices": [Decimal(1)]}


def test_odd_values_and_unknown_fields_stay_as_they_came() -> None:
    """OD-P47, OD-P50, OD-P105."""
    row = {"Day": "/Date(999999999999999)/", "Amount": "n/a", "New": {"a": [1]}, "Lost": "2.0"}
    assert typed(row) == row


@pytest.mark.parametrize("raw", [b"[]", b"5", b'{"A":', b'{"A":"\xff"}', b'{"A":' + b"[" * 5000])
def test_a_row_that_is_no_object_is_refused(raw: bytes) -> None:
    read = row_reader(service(), "Orders", v2)
    with pytest.raises(InputRejected, match="Orders: a row of SAP's answer is no readable JSON"):
        read(raw)


def test_an_entity_set_that_is_not_there_is_refused_at_once() -> None:
    with pytest.raises(InputRejected, match="Order: is no entity set of NS; there is Orders"):
        row_reader(service(), "Order", v2)


def test_every_type_of_a_real_v2_gateway_is_read(real_data: Path) -> None:
    """OD-P40 to OD-P50 on a recorded answer with every Edm type."""
    document = (real_data / "edmx/ZGW100_XX_S2_SRV.edmx").read_bytes()
    read = row_reader(parse_metadata(document), "AllDataTypes", v2)
    body = (real_data / "sap-responses/entities/v2-AllDataTypes.json").read_bytes()
    rows = [read(raw) for raw in v2.feed(body).rows]
    assert len(rows) == 3
    row = rows[0]
    assert row.pop("Binary")[:2] == b"\x15\x1c"
    assert row == {
        "Id": "500000000",
        "Boolean": True,
        "Byte": 127,
        "Decimal": Decimal("123.456"),
        "Double": 1.7976931348623157e308,
        "Single": 3.4028234663852886e38,
        "Guid": UUID("484f2eb4-f60d-4652-8673-6517d7c64d0e"),
        "Int16": 32767,
        "Int32": 2147483647,
        "Int64": 9223372036854775807,
        "SByte": -128,
        "String": "Some string",
        "Time": time(11, 10, 59),
        "DateTime": datetime(1984, 12, 8, 1, 1, 1),  # noqa: DTZ001
        "DateTimeOffset": datetime(2002, 10, 10, 16, 0, 1, tzinfo=UTC),
    }


def test_every_type_of_a_real_v4_service_is_read(real_data: Path) -> None:
    """OD-P40 to OD-P50 on an answer with every Edm type of V4."""
    document = (real_data / "edmx/ZGW100-like.v4.edmx").read_bytes()
    read = row_reader(parse_metadata(document), "AllDataTypes", v4)
    body = (real_data / "sap-responses/entities/v4-AllDataTypes.json").read_bytes()
    row = read(v4.feed(body).rows[0])
    assert not [name for name in row if "@" in name]
    assert row["GeographyPoint"] == {
        "type": "Point",
        "coordinates": [Decimal("142.1"), Decimal("64.1")],
    }
    assert math.isclose(row["Double"], 9.402823466385289e38)
    wanted = {
        "Binary": b"OData",
        "Date": date(2012, 12, 3),
        "DateTimeOffset": datetime(2002, 10, 10, 16, 0, 1, tzinfo=UTC),
        "Decimal": Decimal("123.456"),
        "Duration": timedelta(days=12, hours=23, minutes=59, seconds=59, microseconds=999999),
        "Guid": UUID("484f2eb4-f60d-4652-8673-6517d7c64d0e"),
        "Int64": 9223372036854775807,
        "Single": 3.14,
        "TimeOfDay": time(7, 59, 59, 999000),
    }
    assert {name: row[name] for name in wanted} == wanted


def test_an_odd_value_keeps_no_other_from_its_type() -> None:
    """OD-P50: in a row with several of them, and for what follows them."""
    row = {"Amount": "n/a", "Day": "/Date(1770076800000)/", "At": "never", "Weight": "1.50"}
    assert typed(row) == {**row, "Day": date(2026, 2, 3), "Weight": Decimal("1.50")}
    assert typed({"At": "never", "to_Item": [{"Quantity": "?"}, {"Quantity": "1"}]}) == {
        "At": "never",
        "to_Item": [{"Quantity": "?"}, {"Quantity": Decimal(1)}],
    }
