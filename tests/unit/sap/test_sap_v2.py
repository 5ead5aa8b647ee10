"""The V2 JSON codec."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.sap.odata import v2


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
    assert [bytes(raw) for raw in v2.feed(body).results] == [b'{"A":1}']


@pytest.mark.parametrize(("count", "number"), [('"42"', 42), ("42", 42), ("null", None)])
def test_a_count_is_a_string_or_a_number_or_missing(count: str, number: int | None) -> None:
    """OD-P27."""
    body = f'{{"d":{{"results":[],"__count":{count}}}}}'.encode()
    assert v2.count_of(v2.feed(body)) == number


def test_an_entity_may_be_wrapped_into_results() -> None:
    assert v2.entity(b'{"d":{"results":{"ID":"1"}}}') == {"ID": "1"}
    assert v2.entity(b'{"d":{"ID":"1","to_Item":{"results":[]}}}')["ID"] == "1"


def test_numbers_in_a_row_stay_exact() -> None:
    """OD-P41."""
    assert v2.entity(b'{"d":{"Amount":0.10}}') == {"Amount": Decimal("0.10")}


@pytest.mark.parametrize(
    ("uri", "key"),
    [
        ("/A_Inv(Invoice='51',Year='2026')", {"Invoice": "51", "Year": "2026"}),
        ("/A_Inv('51')", {"SupplierInvoice": "51"}),
        ("/A_Inv(A='%2FA%20O''B%2Cx',B='1')", {"A": "/A O'B,x", "B": "1"}),
        ("/A_Inv(A=guid'0a-1',B=7)", {"A": "0a-1", "B": "7"}),
        ("/A_Inv(7)", {"Number": "7"}),
        ("/A_Inv('unknown')", {}),
        ("/Other('51')", {}),
    ],
)
def test_the_key_of_a_created_entity_is_read_from_its_address(
    uri: str, key: dict[str, str]
) -> None:
    row = {
        "__metadata": {"uri": f"https://sap.example.com/srv{uri}"},
        "SupplierInvoice": "51",
        "Number": 7,
    }
    assert v2.key_of("A_Inv", row, None) == key
    location = f"https://sap.example.com/srv{uri}"
    assert v2.key_of("A_Inv", {"SupplierInvoice": "51", "Number": 7}, location) == key


def test_a_real_page_is_read_row_by_row_as_it_came(real_data: Path) -> None:
    """OD-P20, OD-P24: rows recorded from a Gateway come through byte for byte."""
    body = (real_data / "sap-responses/entities/v2-AllDataTypes.json").read_bytes()
    found = v2.feed(body)
    assert found.results
    assert all(bytes(raw) in body for raw in found.results)
    assert v2.row(found.results[0])["Id"] == "500000000"


def test_real_collections_of_other_systems_are_read(real_data: Path) -> None:
    folder = real_data / "sap-responses/entities"
    for name in (
        "v2_inlinecount.json",
        "v2_ticket_collection.json",
        "C_GLAccountHierarchyNode.json",
    ):
        assert v2.feed((folder / name).read_bytes()).results, name
    assert v2.count_of(v2.feed((folder / "v2_inlinecount.json").read_bytes())) == 2


def test_a_real_created_entity_of_c4c_is_unwrapped(real_data: Path) -> None:
    answer = (real_data / "sap-responses/batch/c4c_deep_insert_response.txt").read_bytes()
    body = answer[answer.index(b'{"d"') :].partition(b"\n")[0].rstrip()
    row = v2.entity(body)
    assert v2.key_of("ServiceRequestCollection", row, None) == {
        "ObjectID": "00163E1379D01ED785B015D2038B098A"
    }
    assert v2.etag_of(row) == "W/\"datetimeoffset'2017-03-30T19%3A40%3A10.8490260Z'\""
