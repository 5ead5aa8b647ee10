"""Dates and terms: labels in two lines, sentences about payment, and what is no invoice date."""

import pytest

from sapmatch.pages.expense import expense_document
from tests.builders.pages import Placed, page, summary


def _values(kind: str, *placed: Placed) -> list[str]:
    return summary(expense_document(page(*placed)), kind)


@pytest.mark.parametrize(
    ("sentence", "day"),
    [
        (
            "Zahlbar innerhalb 30 Tagen netto bis 04.07.2025, 3% Skonto in 10 Tagen bis 15.06.2025",
            "04.07.2025",
        ),
        ("Bitte überweisen Sie bis zum 24.07.2025:", "24.07.2025"),
        ("Please pay by 24 July 2025 at the latest", "24 July 2025"),
        ("Merci de régler avant le 24/07/2025", "24/07/2025"),
        ("Te betalen uiterlijk op 24-07-2025", "24-07-2025"),
    ],
)
def test_a_sentence_says_when_to_pay_without_the_discount(sentence: str, day: str) -> None:
    assert _values("DUE_DATE", (0, 0, sentence)) == [day]


def test_days_to_pay_in_a_sentence_are_terms() -> None:
    assert _values("PAYMENT_TERMS", (0, 0, "Payable within 30 days net")) == [
        "Payable within 30 days net"
    ]


def test_a_date_behind_a_label_of_terms_is_the_due_date() -> None:
    assert _values("DUE_DATE", (0, 0, "Zahlungsziel"), (300, 0, "21.05.2025")) == ["21.05.2025"]


def test_a_label_in_two_lines_is_one() -> None:
    lines = ((0, 0, "Due"), (300, 0, "Invoice"), (0, 22, "Date"), (300, 22, "Number"))
    below = ((0, 60, "2025-04-13"), (300, 60, "INV-7"))
    assert _values("DUE_DATE", *lines, *below) == ["2025-04-13"]
    assert _values("INVOICE_RECEIPT_ID", *lines, *below) == ["INV-7"]


def test_two_labels_with_values_of_their_own_stay_two() -> None:
    lines = ((0, 0, "Sales Tax"), (300, 0, "3.00"), (0, 22, "Total"), (300, 22, "103.00"))
    assert _values("TAX", *lines) == ["3.00"]
    assert _values("TOTAL", *lines) == ["103.00"]


def test_the_date_behind_the_number_is_that_of_the_invoice() -> None:
    lines = ((0, 0, "Rechnung Nr. 471102 vom 05.03.2025"), (0, 60, "Lieferdatum: 05.03.2025"))
    assert _values("INVOICE_RECEIPT_ID", *lines) == ["471102"]
    assert _values("INVOICE_RECEIPT_DATE", *lines) == ["05.03.2025"]


def test_the_date_of_another_paper_is_no_invoice_date() -> None:
    lines = ((0, 0, "Date de facture associée: 01/01/2025"), (0, 60, "Date: 31/01/2025"))
    assert _values("INVOICE_RECEIPT_DATE", *lines) == ["31/01/2025"]


def test_where_the_only_date_is_that_of_the_order_it_is_a_weak_guess() -> None:
    (field,) = [
        field
        for field in expense_document(page((0, 0, "Order Date:"), (300, 0, "03/31/17")))[
            "SummaryFields"
        ]
        if field["Type"]["Text"] == "INVOICE_RECEIPT_DATE"
    ]
    assert field["Type"]["Confidence"] < 50


def test_a_number_and_its_date_glued_by_ocr_are_cut() -> None:
    line = (0, 0, "Facturen°562044387du02Juillet2015")
    assert _values("INVOICE_RECEIPT_ID", line) == ["562044387"]
    assert _values("INVOICE_RECEIPT_DATE", line) == ["02Juillet2015"]


def test_the_sellers_own_order_is_no_purchase_order() -> None:
    lines = ((0, 0, "S/O NUMBER"), (300, 0, "1000090440"), (0, 60, "PO No"), (300, 60, "216138"))
    assert _values("PO_NUMBER", *lines) == ["216138"]
    assert "1000090440" in _values("OTHER", *lines)
