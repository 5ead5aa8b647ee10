"""Numbers and dates as people print them."""

from datetime import date
from decimal import Decimal

import pytest

from sapmatch.reading.printed.dates import day_comes_first, find_dates, parse_date
from sapmatch.reading.printed.numbers import all_readings, decimal_mark, parse_amount
from sapmatch.reading.printed.payment import ibans


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1 234,56 €", "1234.56"),
        ("1\u202f234\u00a0567,89", "1234567.89"),
        ("CHF 1'234.56", "1234.56"),
        ("1’234.50", "1234.50"),
        ("$5,715.00", "5715.00"),
        ("$899.99 S", "899.99"),
        ("RM14.20", "14.20"),
        ("12,50", "12.50"),
        ("0,125", "0.125"),
        ("1,234", "1234"),
        ("1.234.567", "1234567"),
        ("1,23,456.00", "123456.00"),
        ("1234,567", "1234.567"),
        ("-12.50", "-12.50"),
        ("- € 12,50", "-12.50"),
        ("12.50-", "-12.50"),
        ("(12.50)", "-12.50"),
        ("$(12.50)", "-12.50"),
        ("Total (2 items) 34.00", "34.00"),
        ("19 % 12,00", "12.00"),
        ("3 1,350.00", "1350.00"),
        ("7 pcs", "7"),
    ],
)
def test_an_amount_is_read_in_every_notation(text: str, value: str) -> None:
    assert parse_amount(text) == Decimal(value)


@pytest.mark.parametrize("text", ["", "n/a", "19%", "GLN 4304171000002", "1.2.3.4,5,6", "²"])
def test_a_text_without_amount_has_none(text: str) -> None:
    assert parse_amount(text) is None


def test_the_document_decides_what_a_single_separator_means() -> None:
    assert decimal_mark(["1.234", "0,52", "520,00"]) == ","
    assert decimal_mark(["1.234", "0.52", "1,50"]) is None
    assert parse_amount("1.234", mark=".") == Decimal("1.234")
    assert parse_amount("1.234", mark=",") == Decimal(1234)


def test_every_meaning_of_a_number_is_considered_when_comparing() -> None:
    assert {Decimal("1.234"), Decimal(1234)} <= all_readings("Gesamt 1.234")
    assert Decimal("34.50") in all_readings("2 34,50")


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-02",
        "2026/3/2",
        "02.03.2026",
        "2.3.26",
        "2 March 2026",
        "2nd of March, 2026",
        "02-Mar-2026",
        "02MAR2026",
        "March 2, 2026",
        "Monday, 2 March 2026",
        "2. März 2026",
        "2 mars 2026",
        "2 maart 2026",
        "2 de marzo de 2026",
        "2 marzo 2026",
        "2026年3月2日",
    ],
)
def test_a_date_is_read_in_every_notation(text: str) -> None:
    found = parse_date(text)
    assert found is not None
    assert (found.value, found.other) == (date(2026, 3, 2), None)


def test_an_unclear_date_keeps_both_meanings_until_something_decides() -> None:
    found = parse_date("03/04/2026")
    assert found is not None
    assert (found.value, found.other) == (date(2026, 4, 3), date(2026, 3, 4))
    by_month = parse_date("03/04/2026", day_first=False)
    assert by_month is not None
    assert (by_month.value, by_month.other) == (date(2026, 3, 4), None)


def test_a_date_that_reads_the_same_both_ways_is_clear() -> None:
    found = parse_date("04/04/2026")
    assert found is not None
    assert found.other is None


@pytest.mark.parametrize("text", ["", "30.02.2026", "13/13/2026", "1.2.3", "99-99-9999", "v2.3.20"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_date(text) is None


def test_the_clear_dates_of_a_page_say_which_comes_first() -> None:
    assert day_comes_first("31/01/2026 and 03/04/2026") is True
    assert day_comes_first("01/31/2026 and 03/04/2026") is False
    assert day_comes_first("03/04/2026 and 31.01.2026") is None


def test_two_digit_years_from_70_are_of_the_last_century() -> None:
    assert [found.value.year for found in find_dates("12.11.92 12.11.26")] == [1992, 2026]


def test_only_an_account_with_right_check_digits_is_one() -> None:
    assert list(ibans("IBAN: DE02 1203 0000 0000 2020 51 BIC X")) == ["DE02120300000000202051"]
    assert list(ibans("DE03 1203 0000 0000 2020 51")) == []
