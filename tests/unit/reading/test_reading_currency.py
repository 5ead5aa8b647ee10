"""Currency by our own logic: only twelve codes come back, and a bare `$` says little."""

from typing import Any

import pytest

from sapmatch.reading.findings import Findings
from sapmatch.reading.printed.expense import read_expense
from tests.builders.reading import field, invoice_page


def currency(amount: str, text: str = "", *more: dict[str, Any]) -> tuple[str | None, Findings]:
    """The currency of a page with this total and this text."""
    total = field("TOTAL", amount, "Total")
    reading = read_expense([invoice_page(total, *more, text=text)])[0]
    return reading.invoice.currency, reading.found


@pytest.mark.parametrize(
    ("amount", "code"),
    [
        ("1.234,56 zł", "PLN"),
        ("1 234,56 Kč", "CZK"),
        ("12 345 Ft", "HUF"),
        ("99,90 lei", "RON"),
        ("AED 99.90", "AED"),
        ("1 234,56 NOK", "NOK"),
        ("DKK 99,90", "DKK"),
        ("SFr. 99.90", "CHF"),
        ("R$ 99,90", "BRL"),
        ("HK$99.90", "HKD"),
        ("₹1,23,456.00", "INR"),
        ("MYR 99.90", "MYR"),
        ("KES 1,234.50", "KES"),
        ("1.234,50 TRY", "TRY"),
    ],
)
def test_codes_and_signs_beyond_those_of_the_engine_are_known(amount: str, code: str) -> None:
    assert currency(amount)[0] == code


@pytest.mark.parametrize("text", ["Kedai SDN BHD", "ALL 3 PCS", "SVC 10", "TOP 100 PEN"])
def test_words_in_capitals_are_no_currency(text: str) -> None:
    assert currency("99.90 EUR", text)[0] == "EUR"
    assert currency("99.90", text)[0] in (None, "MYR")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("VAT: DE123456789", "EUR"),
        ("CHE-726.969.314 MWST", "CHF"),
        ("Org.nr. NO 874 485 519 MVA", "NOK"),
        ("Tel. +46 8 123 45", "SEK"),
        ("Tel. +49 30 123\nTVA FR11999999998", "EUR"),
        ("Warszawa, Polska", "PLN"),
        ("Estrel Foods K.K.", "JPY"),
        ("Wilmington, DE 19801", "USD"),
    ],
)
def test_without_any_sign_the_country_decides_with_a_low_score(text: str, code: str) -> None:
    found, said = currency("99.90", text)
    assert found == code
    assert said.confidence["currency"] < 0.7


def test_two_countries_with_two_currencies_decide_nothing() -> None:
    assert currency("99.90", "Warszawa, Polska\nStockholm, Sverige")[0] is None


@pytest.mark.parametrize(
    ("text", "code"), [("Oslo, Norge", "NOK"), ("København, Danmark", "DKK"), ("", None)]
)
def test_a_sign_that_several_countries_share_needs_the_country(text: str, code: str | None) -> None:
    assert currency("1 234,50 kr", text)[0] == code


def test_the_currency_of_the_total_wins_over_that_of_the_rest() -> None:
    tax = field("TAX", "EUR 3.00", "VAT")
    found, said = currency("SEK 120.00", "EUR 10.00\nEUR 11.00", tax)
    assert (found, said.problems) == ("SEK", [])


def test_two_currencies_at_the_total_go_to_a_person() -> None:
    """RE-16."""
    found, said = currency("SEK 120.00", "", field("TOTAL", "EUR 10.00", "Total"))
    problem = next(problem for problem in said.problems if problem.field == "currency")
    assert found is None
    assert problem.values == {"currency 1": "EUR", "currency 2": "SEK"}


def test_a_sign_of_several_currencies_is_said_to_be_one() -> None:
    code, found = currency("$ 99.90")
    assert code is None
    assert [problem.values for problem in found.problems] == [{"page": "$"}]
    assert "stands for several currencies" in found.problems[0].message


def test_a_currency_shows_the_line_that_told_it() -> None:
    assert currency("99.90", "All prices in NOK")[1].evidence["currency"].text == (
        "All prices in NOK"
    )
    assert currency("99.90", "Tel. +46 8 123 45")[1].evidence["currency"].text == (
        "Tel. +46 8 123 45"
    )
