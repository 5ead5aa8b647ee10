"""Amounts and dates come back from every locale as they went in."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapmatch.reading.printed.dates import FoundDate, parse_date
from sapmatch.reading.printed.numbers import decimal_mark, parse_amount, unclear

# Thousands mark, decimal mark, size of a group.
LOCALES = {
    "de": (".", ",", 3),
    "en": (",", ".", 3),
    "fr": ("\u202f", ",", 3),
    "pl": ("\u00a0", ",", 3),
    "sv": (" ", ",", 3),
    "ch": ("'", ".", 3),
    "at": ("’", ",", 3),
    "in": (",", ".", 2),
    "plain": ("", ".", 3),
}
SIGNS = ("{}", "-{}", "{}-", "({})", "{} CR", "− {}")
MONTHS = {
    "en": "January February March April May June July August September October November December",
    "de": "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    "fr": "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    "nl": "januari februari maart april mei juni juli augustus september oktober november december",
    "es": "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre "
    "diciembre",
    "it": "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre "
    "dicembre",
    "pt": "janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro "
    "dezembro",
    "pl": "stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października "
    "listopada grudnia",
    "cs": "ledna února března dubna května června července srpna září října listopadu prosince",
    "da": "januar februar marts april maj juni juli august september oktober november december",
    "sv": "januari februari mars april maj juni juli augusti september oktober november december",
    "nb": "januar februar mars april mai juni juli august september oktober november desember",
    "fi": "tammikuuta helmikuuta maaliskuuta huhtikuuta toukokuuta kesäkuuta heinäkuuta elokuuta "
    "syyskuuta lokakuuta marraskuuta joulukuuta",
}
DATES = st.dates(min_value=date(1971, 1, 1), max_value=date(2069, 12, 31))


def printed(amount: Decimal, locale: str) -> str:
    """The amount as people of that locale print it."""
    thousands, mark, size = LOCALES[locale]
    whole, _, decimals = f"{amount:.2f}".partition(".")
    groups = [whole[-3:]]
    whole = whole[:-3]
    while whole:
        groups.insert(0, whole[-size:])
        whole = whole[:-size]
    return thousands.join(groups) + mark + decimals


@given(
    st.decimals(min_value=0, max_value=Decimal("99999999.99"), places=2),
    st.sampled_from(sorted(LOCALES)),
    st.sampled_from(SIGNS),
)
def test_an_amount_round_trips_through_every_locale(
    amount: Decimal, locale: str, sign: str
) -> None:
    text = sign.format(printed(amount, locale))
    assert parse_amount(text) == (amount if sign == "{}" else -amount)


@given(DATES, st.sampled_from(sorted(MONTHS)), st.sampled_from(("{} {} {}", "{}. {} {}")))
def test_a_date_round_trips_through_every_language(day: date, language: str, form: str) -> None:
    name = MONTHS[language].split()[day.month - 1]
    assert parse_date(form.format(day.day, name, day.year)) == FoundDate(day)


@given(DATES, st.sampled_from(("%d.%m.%Y", "%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%d %m %Y")))
def test_a_date_in_digits_round_trips(day: date, form: str) -> None:
    assert parse_date(day.strftime(form)) == FoundDate(day)


@given(DATES)
def test_of_a_date_with_slashes_both_meanings_are_kept(day: date) -> None:
    found = parse_date(day.strftime("%d/%m/%Y"))
    assert found is not None
    assert found.value == day
    assert (found.other is not None) == (day.day <= 12 and day.day != day.month)
    american = parse_date(day.strftime("%m/%d/%Y"), day_first=False)
    assert american == FoundDate(day)


@given(st.text(max_size=200))
def test_no_text_makes_a_parser_fail(text: str) -> None:
    amount, day = parse_amount(text), parse_date(text)
    assert amount is None or amount.is_finite()
    assert day is None or 1970 <= day.value.year < 2100


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 .234,56", "1234.56"),
        ("12, 50", "12.50"),
        ("1O,5O", "10.50"),
        ("l2.50", "12.50"),
        ("12.50 CR", "-12.50"),
        ("12.50 DR", "12.50"),
        ("12,50 €-", "-12.50"),
        ("¥11,578", "11578"),
        ("１２，３４５", "12345"),
        ("Pos. 1. 350.00", "350.00"),
    ],
)
def test_slips_of_ocr_and_rare_notations_are_read(text: str, value: str) -> None:
    assert parse_amount(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        "12-Mar-26",
        "12 Mar '26",
        "1er mars 2026",
        "O2.O3.2O26",
        "2026. 3. 2.",
        "Mar 2, '26",
        "5 kvě 26",
    ],
)
def test_short_and_torn_dates_are_read(text: str) -> None:
    assert parse_date(text) is not None


@pytest.mark.parametrize("text", ["31.02.2026", "31 juin 2026", "2 market 2026", "5 pri 2026"])
def test_an_impossible_date_is_refused(text: str) -> None:
    assert parse_date(text) is None


def test_one_slip_does_not_change_the_notation_of_a_document() -> None:
    assert decimal_mark(["1,50", "2,50", "3,50", "4,50", "5.50"]) == ","
    assert decimal_mark(["1,50", "5.50"]) is None


def test_an_amount_with_one_mark_and_three_digits_is_unclear_without_evidence() -> None:
    assert unclear("1.234", None) == (Decimal("1.234"), Decimal(1234))
    assert unclear("1.234", ",") is None
    assert unclear("1.234,50", None) is None
