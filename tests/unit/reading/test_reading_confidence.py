"""Confidence is the share of right values among such values; cross-checks decide."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sapmatch.model.invoice import Invoice, Party
from sapmatch.reading import confidence
from sapmatch.reading.findings import Findings
from sapmatch.reading.printed.expense import read_expense
from tests.builders.reading import SUMS, field, invoice_page, page

Page = dict[str, Any]
SHARES: Mapping[str, Mapping[str, tuple[float, float]]] = {
    "total": {"proven": (99.0, 99.0), "alone": (7.0, 9.0)},
    "other": {"labelled": (19.0, 19.0), "guessed": (0.0, 1.0)},
}


def read(*documents: Page) -> tuple[Invoice, Findings]:
    """The only invoice of an answer."""
    (reading,) = read_expense(documents)
    return reading.invoice, reading.found


def class_of(name: str, *documents: Page, knows: Callable[[Party], bool] | None = None) -> str:
    """The class that a field falls into."""
    invoice, found = read(*documents)
    return dict(confidence.classes(invoice, found, knows))[name][1]


def test_the_confidence_is_the_share_that_was_counted() -> None:
    invoice, found = read(invoice_page(*SUMS))
    said = confidence.calibrated(invoice, found, shares=SHARES)
    assert said["total"] == 0.99  # never as sure as an XML
    assert confidence.share(SHARES, ("total", "alone")) == 0.75


def test_a_class_that_was_never_measured_says_one_half() -> None:
    assert confidence.share(SHARES, ("total", "rival")) == 0.5


def test_a_field_without_a_table_is_as_sure_as_all_fields_together() -> None:
    assert confidence.share(SHARES, ("delivery_date", "labelled")) == 0.975


def test_net_and_tax_that_make_the_total_prove_all_three() -> None:
    for name in ("net", "tax", "total"):
        assert class_of(name, invoice_page(*SUMS)) == "proven"


def test_a_sum_that_is_not_kept_speaks_against_the_total() -> None:
    """RE-16; documents.md section 5: 1420.00 + 269.80 is not 1589.80."""
    wrong = [
        field("SUBTOTAL", "1.420,00 €", "Netto"),
        field("TAX", "269,80 €", "USt"),
        field("TOTAL", "1.589,80 €", "Gesamt"),
    ]
    assert class_of("total", invoice_page(*wrong)) == "contradicted"


def test_a_larger_sum_on_the_page_is_a_rival_even_of_a_total_that_proves_itself() -> None:
    """The row of one tax rate adds up as well as the sums of all rates."""
    larger = field("AMOUNT_DUE", "990,00 EUR", "Zu zahlen")
    assert class_of("total", invoice_page(*SUMS, larger)) == "rival"


def test_two_numbers_with_a_label_each_doubt_each_other() -> None:
    other = field("INVOICE_RECEIPT_ID", "R-99", "Invoice No", confidence=90)
    assert class_of("number", invoice_page(*SUMS)) == "labelled"
    assert class_of("number", invoice_page(*SUMS, other)) == "rival"


@pytest.mark.parametrize(
    "number", ["02/03/2026", "+49 40 1234567", "Invoice", "12", "5620du02Juillet"]
)
def test_a_number_that_looks_like_something_else_is_odd(number: str) -> None:
    label = field("INVOICE_RECEIPT_ID", number, "Rechnungsnummer")
    document = page(field("INVOICE_RECEIPT_DATE", "02.03.2026", "Datum"), label)
    invoice, found = read(document)
    if invoice.number is not None:
        assert dict(confidence.classes(invoice, found))["number"][1] == "odd"


def test_a_letter_among_digits_may_be_a_digit() -> None:
    """documents.md section 4: OCR takes 0 for O and 1 for l."""
    document = page(field("INVOICE_RECEIPT_ID", "P0S01/00012", "Invoice No"), *SUMS)
    assert class_of("number", document) == "confusable"


def test_what_the_engine_doubts_is_faint_whatever_its_label() -> None:
    document = page(field("INVOICE_RECEIPT_ID", "R-17", "Invoice No", confidence=45), *SUMS)
    assert class_of("number", document) == "faint"


def test_a_due_date_before_the_issue_date_doubts_both() -> None:
    due = field("DUE_DATE", "01.01.2020", "Fällig")
    document = invoice_page(*SUMS, due)
    assert class_of("issue_date", document) == "out of order"
    assert class_of("due_date", document) == "out of order"


def test_check_digits_and_other_tax_numbers_decide_about_a_vat_id() -> None:
    """documents.md section 6: a wrong buyer reported with 0.95 (devify #50)."""
    right = field("VENDOR_VAT_NUMBER", "DE136695976", "USt-IdNr.")
    misread = field("VENDOR_VAT_NUMBER", "DE136695977", "USt-IdNr.")
    other = field("RECEIVER_VAT_NUMBER", "ATU13585627", "UID Kunde")
    assert class_of("seller.vat_id", invoice_page(right, *SUMS)) == "checks, only"
    assert class_of("seller.vat_id", invoice_page(right, other, *SUMS)) == "checks, one of several"
    assert class_of("seller.vat_id", invoice_page(misread, *SUMS)) == "fails, only"


def test_a_seller_that_master_data_holds_is_known() -> None:
    asked: list[Party] = []

    def knows(seller: Party) -> bool:
        asked.append(seller)
        return True

    assert class_of("seller.name", invoice_page(*SUMS), knows=knows) == "known"
    assert [seller.name for seller in asked] == ["Schrauben Nord GmbH"]


def test_lines_are_proven_by_their_sum_or_by_quantity_and_price() -> None:
    def row(amount: str) -> list[dict[str, Any]]:
        cells = (("ITEM", "Dose"), ("QUANTITY", "2"), ("UNIT_PRICE", "30,00"), ("PRICE", amount))
        return [field(kind, text) for kind, text in cells]

    summed = invoice_page(*SUMS, rows=[row("100,00")])
    multiplied = invoice_page(*SUMS, rows=[row("60,00")])
    neither = invoice_page(*SUMS, rows=[row("61,00")])
    assert class_of("lines[0].net", summed) == "sum"
    assert class_of("lines[0].net", multiplied) == "product"
    assert class_of("lines[0].net", neither) == "alone"


def test_every_rule_has_measured_shares_and_every_share_is_one() -> None:
    shares = confidence._measured()
    assert {"number", "issue_date", "currency", "total", "seller.name", "other"} <= shares.keys()
    for rows in shares.values():
        for right, of in rows.values():
            assert 0 <= right <= of
            assert of >= 1


def test_the_shares_lie_in_the_package_for_people_to_read() -> None:
    text = Path(confidence.__file__).with_name("shares.toml").read_text(encoding="utf-8")
    assert text.startswith("# Of the invoices in each class")


def test_a_page_with_nothing_on_it_has_no_confidence() -> None:
    assert confidence.calibrated(*read(page(text=""))).keys() == {"type"}


def test_a_total_that_nothing_proves_is_less_sure() -> None:
    proven, alone = read(invoice_page(*SUMS)), read(invoice_page(SUMS[2]))
    assert alone[0].total == Decimal("119.00")
    said = [confidence.calibrated(*each)["total"] for each in (proven, alone)]
    assert said[0] > said[1]
