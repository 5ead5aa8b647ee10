"""Reading back: when two values are the same, and which key a row has."""

from typing import Any

import pytest

from sapmatch.writing.readback import differences, key_of


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ("119.00", "119.000"),
        ("119.00", 119.0),
        ("20.000", "20"),
        ("20", "20.000"),
        (20, "20.000"),
        ("/Date(1793577600000)/", "/Date(1793577600000+0000)/"),
        ("/Date(1793577600000)/", "2026-11-02T00:00:00"),
        ("2026-11-02", "/Date(1793577600000)/"),
        ("", None),
        ("text", "text  "),
        (True, True),
    ],
)
def test_the_same_value_in_another_dress_is_no_difference(wanted: Any, shown: Any) -> None:
    assert differences({"A": wanted}, {"A": shown}) == ()


@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ("119.00", "119.01"),
        ("007", "7"),
        ("010", "10"),
        ("20.001", "20"),
        ("20.000", "x"),
        ("20.0", ""),
        ("text", "Text"),
        ("", "x"),
        (True, False),
        (True, "true"),
        ("/Date(1793577600000)/", "/Date(1793577600001)/"),
        ("2026-99-99", "2026-11-02"),
    ],
)
def test_another_value_is_a_difference(wanted: Any, shown: Any) -> None:
    assert differences({"A": wanted}, {"A": shown}) == ("A",)


def test_a_field_that_sap_does_not_show_is_different_and_nested_ones_are_not_compared() -> None:
    assert differences({"A": "x", "to_Item": [{"B": 1}]}, {}) == ("A",)


@pytest.mark.parametrize(
    ("entity_set", "row", "key"),
    [
        (
            "A_SupplierInvoice",
            {"SupplierInvoice": "51", "FiscalYear": "2026"},
            {"SupplierInvoice": "51", "FiscalYear": "2026"},
        ),
        (
            "Z_Pair",
            {"__metadata": {"uri": "https://sap/Z_Pair(A='O''Brien',B='x%2Fy')"}},
            {"A": "O'Brien", "B": "x/y"},
        ),
        (
            "Z_Thing",
            {"__metadata": {"uri": "https://sap/Z_Thing('17')"}, "Thing": "17", "Other": "17"},
            {"Thing": "17"},
        ),
        (
            "Z_Thing",
            {"__metadata": {"uri": "https://sap/Z_Thing(guid'0050-17')"}, "Thing": "0050-17"},
            {"Thing": "0050-17"},
        ),
        ("Z_Thing", {"@odata.id": "Z_Thing(17)", "Thing": 17}, {"Thing": "17"}),
        ("Z_Pair", {"@id": "../Z_Pair(A='x',B=7)"}, {"A": "x", "B": "7"}),
        ("Z_Thing", {"Thing": "17"}, {}),
    ],
)
def test_the_key_comes_from_known_fields_or_from_saps_address(
    entity_set: str, row: dict[str, Any], key: dict[str, str]
) -> None:
    assert key_of(entity_set, row) == key
