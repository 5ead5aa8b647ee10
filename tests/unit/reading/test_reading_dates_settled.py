"""Dates that a page settles, and due dates that follow from terms."""

from datetime import date
from typing import Any

import pytest

from sapmatch.reading.printed.expense import Reading, read_expense
from sapmatch.reading.printed.payment import net_days
from tests.builders.reading import field, page


def read(*fields: tuple[str, str, str], text: str = "") -> Reading:
    """The invoice that these fields (type, text, label) and lines make."""
    seen: list[dict[str, Any]] = [field(kind, value, label) for kind, value, label in fields]
    return read_expense([page(*seen, text=text)])[0]


def issued(value: str, *others: tuple[str, str, str], text: str = "") -> date | None:
    """The issue date, None where it stayed unclear."""
    reading = read(("INVOICE_RECEIPT_DATE", value, "Date"), *others, text=text)
    unclear = any(problem.field == "issue_date" for problem in reading.found.problems)
    return None if unclear else reading.invoice.issue_date


def test_the_days_to_pay_settle_both_dates() -> None:
    terms = ("PAYMENT_TERMS", "30 days", "Terms")
    assert issued("03/04/2026", ("DUE_DATE", "04/03/2026", "Due"), terms) == date(2026, 3, 4)
    assert issued("04/03/2026", ("DUE_DATE", "03/04/2026", "Due"), terms) == date(2026, 3, 4)


def test_a_due_date_is_not_before_the_issue_date() -> None:
    assert issued("05/04/2026", ("DUE_DATE", "04/06/2026", "Due")) == date(2026, 4, 5)


def test_a_date_near_the_clear_one_is_meant() -> None:
    assert issued("03/12/2026", ("DELIVERY_DATE", "10 March 2026", "Shipped")) == date(2026, 3, 12)


@pytest.mark.parametrize(
    ("label", "text", "day"),
    [
        ("Rechnungsdatum", "", date(2026, 4, 3)),
        ("Date", "London, United Kingdom", date(2026, 4, 3)),
        ("Date", "Manila, Philippines", date(2026, 3, 4)),
        ("Date", "Total 12.00 EUR", None),
        ("Date", "Toronto, Canada", None),
    ],
)
def test_country_and_language_settle_a_date(label: str, text: str, day: date | None) -> None:
    reading = read(("INVOICE_RECEIPT_DATE", "03/04/2026", label), text=text)
    unclear = [problem for problem in reading.found.problems if problem.field == "issue_date"]
    if text.endswith("EUR"):
        assert reading.invoice.issue_date == date(2026, 4, 3)
    elif day is None:
        assert unclear[0].values == {"day first": "2026-04-03", "month first": "2026-03-04"}
    else:
        assert (reading.invoice.issue_date, unclear) == (day, [])


@pytest.mark.parametrize(
    ("terms", "days"),
    [
        ("30 days net", 30),
        ("Net 30", 30),
        ("n/30", 30),
        ("zahlbar innerhalb 14 Tagen", 14),
        ("10 Tage 2 % Skonto, 30 Tage netto", 30),
        ("2% 10 days, net 30", 30),
        ("à 30 jours", 30),
        ("Betaling binnen 60 dagen", 60),
        ("60 días", 60),
        ("a 30 giorni", 30),
        ("30 dias", 30),
        ("przelew 30 dni", 30),
        ("splatnost 14 dnů", 14),
        ("netto 10 dager", 10),
        ("30 dagar netto", 30),
        ("Netto 8 dage", 8),
        ("14 päivää netto", 14),
        ("Due on receipt", 0),
        ("sofort ohne Abzug", 0),
        ("30 days end of month", None),
        ("30 jours fin de mois", None),
        ("14 days or 30 days", None),
        ("by bank transfer", None),
        ("2% 10 days", None),
        ("9999 days", None),
    ],
)
def test_terms_say_how_many_days_there_are_to_pay(terms: str, days: int | None) -> None:
    assert net_days(terms) == days


def test_a_due_date_that_is_not_printed_is_not_invented() -> None:
    terms = ("PAYMENT_TERMS", "30 Tage netto", "Zahlungsziel")
    invoice = read(("INVOICE_RECEIPT_DATE", "02.03.2026", "Datum"), terms).invoice
    assert (invoice.due_date, invoice.payment.terms) == (None, "30 Tage netto")


def test_terms_in_free_text_count_and_those_of_late_payment_do_not() -> None:
    dated = ("INVOICE_RECEIPT_DATE", "02.03.2026", "Datum")
    stated = read(dated, text="Bitte zahlen Sie innerhalb von 14 Tagen.")
    assert stated.invoice.payment.terms == "Bitte zahlen Sie innerhalb von 14 Tagen."
    late = read(dated, text="Bei Zahlungsverzug nach 30 Tagen fallen Zinsen an.")
    assert late.invoice.payment.terms is None
