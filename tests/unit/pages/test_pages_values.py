"""What amounts, dates and identifiers look like on paper."""

import pytest

from sapmatch.pages import values
from tests.builders.pages import line


def _found(shape: values.Shape, text: str, *, alone: bool = False) -> list[str]:
    return [value.text for value in values.values(shape, line(0, 0, text).words, alone=alone)]


@pytest.mark.parametrize(
    ("text", "amounts"),
    [
        ("1.234,56", ["1.234,56"]),
        ("1 234,56 €", ["1 234,56 €"]),
        ("$5,715.00", ["$5,715.00"]),
        ("EUR 9,90", ["EUR 9,90"]),
        ("-8,07", ["-8,07"]),
        ("(1'000.00)", ["(1'000.00)"]),
        ("19 % 12,25", ["12,25"]),
        ("198,00 37,62", ["198,00", "37,62"]),
        ("12.03.2014", []),
        ("GLN 4304171000002", []),
        ("4304171000002", []),
        ("2017-0010", []),
    ],
)
def test_amounts_are_taken_as_printed(text: str, amounts: list[str]) -> None:
    assert _found("amount", text) == amounts


def test_a_bare_integer_is_an_amount_only_where_it_stands_alone() -> None:
    assert _found("amount", "300", alone=True) == ["300"]
    assert _found("amount", "300", alone=False) == []
    assert _found("amount", "Room 300", alone=True) == []


@pytest.mark.parametrize(
    "text",
    [
        "2025-03-14",
        "14.03.2025",
        "3/14/25",
        "14. März 2025",
        "12 March 2020",
        "August 3 , 2014",
        "01-Jan-2021",
        "02 Juillet 2015",
        "3 de marzo de 2024",
        "24 mrt 2014",
    ],
)
def test_dates_are_found_in_every_language_we_label(text: str) -> None:
    assert _found("date", f"x {text} y") == [text]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("INV-100", ["INV-100"]),
        ("# RE-20140703/502 vom 03.07.2014", ["RE-20140703/502"]),
        (": 9314110911/00/M/00/N", ["9314110911/00/M/00/N"]),
        ("FA 2017", ["FA 2017"]),
        ("(387)", []),
        ("INV-7.", ["INV-7"]),
        ("14.03.2025", []),
        ("$19.00", []),
        ("see below", []),
    ],
)
def test_an_identifier_is_neither_a_date_nor_money(text: str, number: list[str]) -> None:
    assert _found("id", text) == number


def test_a_tax_id_may_be_printed_in_groups() -> None:
    assert _found("tax-id", "DE 232 446 240") == ["DE 232 446 240"]
    assert _found("tax-id", "12-3456789") == ["12-3456789"]
    assert _found("tax-id", "DE 12") == []


@pytest.mark.parametrize("text", ["3", "x14", "1.5 kg", "20 Stk.", "100,0000 Stk.", "3 m²"])
def test_a_quantity_may_carry_its_unit(text: str) -> None:
    assert _found("quantity", text) == [text]


def test_a_text_with_a_number_in_it_is_no_quantity() -> None:
    assert _found("quantity", "12 x 1,0l PET") == []


def test_a_name_is_mostly_letters_and_no_address_line() -> None:
    assert _found("name", "99 Speed Mart B.V.") == ["99 Speed Mart B.V."]
    assert _found("name", "(not to be used for payment)") == []
    assert _found("name", "GLN 4333741000005") == []
    assert _found("name", "sales@example.com") == []
