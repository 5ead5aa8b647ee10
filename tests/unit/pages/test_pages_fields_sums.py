"""What names of sums mean, and tables of tax by rate."""

import pytest

from sapmatch.pages.expense import expense_document
from sapmatch.pages.labels import REFERENCE
from sapmatch.pages.sumnames import compose, is_amount
from tests.builders.pages import Placed, page, summary


@pytest.mark.parametrize(
    ("printed", "kind"),
    [
        ("Total (Excluding GST):", "SUBTOTAL"),
        ("Total Sales (Inclusive of GST)", "TOTAL"),
        ("TOTAL (GST INCL)", "TOTAL"),
        ("Grand Total EUR", "TOTAL"),
        ("Montant total TTC", "TOTAL"),
        ("Summe inkl. USt", "TOTAL"),
        ("Rechnungsbetrag ohne MwSt.", "SUBTOTAL"),
        ("Nettogesamtbetrag", "SUBTOTAL"),
        ("Sub-Total (GST)", "SUBTOTAL"),
        ("Totaal excl. BTW", "SUBTOTAL"),
        ("I alt ekskl. moms", "SUBTOTAL"),
        ("Součet bez DPH", "SUBTOTAL"),
        ("Razem brutto", "TOTAL"),
        ("Sum inkl. mva NOK", "TOTAL"),
        ("Laskun summa", "TOTAL"),
        ("GST payable (6%):", "TAX"),
        ("zzgl. 19 % MwSt.", "TAX"),
        ("MwSt-Betrag 19,0%", "TAX"),
        ("Enthaltene Umsatzsteuer", "TAX"),
        ("Total Amount Payable", "AMOUNT_DUE"),
        ("Noch zu zahlen", "AMOUNT_DUE"),
        ("Net à payer", "AMOUNT_DUE"),
        ("Bereits bezahlt", "AMOUNT_PAID"),
        ("Total QTY: 4", REFERENCE),
    ],
)
def test_the_words_of_a_sum_tell_what_it_is(printed: str, kind: str) -> None:
    found = compose(printed.split(), 0)
    assert found is not None
    assert found.type == kind


@pytest.mark.parametrize("printed", ["Amount", "Betrag", "Totally Fresh Market", "for you", "Note"])
def test_words_that_name_no_sum_are_none(printed: str) -> None:
    assert compose(printed.split(), 0) is None


def test_an_amount_of_nothing_in_particular_is_told_apart() -> None:
    assert is_amount("Amount (RM)".split())
    assert not is_amount("Tax (RM)".split())
    assert not is_amount("GST Summary".split())


def _values(kind: str, *placed: Placed) -> list[str]:
    return summary(expense_document(page(*placed)), kind)


def test_a_tax_summary_of_a_till_slip_gives_net_and_tax() -> None:
    slip = (
        (0, 0, "Total Sales (Inclusive GST)"),
        (500, 0, "42.40"),
        (0, 60, "GST Summary"),
        (300, 60, "Amount(RM)"),
        (500, 60, "Tax(RM)"),
        (0, 90, "SR @ 6%"),
        (340, 90, "40.00"),
        (510, 90, "2.40"),
    )
    assert _values("TOTAL", *slip) == ["42.40"]
    assert _values("SUBTOTAL", *slip) == ["40.00"]
    assert _values("TAX", *slip) == ["2.40"]


TABLE: tuple[Placed, ...] = (
    (0, 0, "MwSt"),
    (200, 0, "Netto"),
    (400, 0, "MwSt-Betrag"),
    (600, 0, "Brutto"),
    (0, 30, "19 %"),
    (200, 30, "100,00"),
    (400, 30, "19,00"),
    (600, 30, "119,00"),
    (0, 60, "7 %"),
    (200, 60, "200,00"),
    (400, 60, "14,00"),
    (600, 60, "214,00"),
)


def test_a_table_by_rate_gives_a_net_and_a_tax_per_row_and_no_total() -> None:
    assert _values("SUBTOTAL", *TABLE) == ["100,00", "200,00"]
    assert _values("TAX", *TABLE) == ["19,00", "14,00"]
    assert _values("TOTAL", *TABLE) == []


def test_the_sum_row_of_a_table_by_rate_is_surest() -> None:
    row = ((0, 90, "Summe"), (200, 90, "300,00"), (400, 90, "33,00"), (600, 90, "333,00"))
    fields = expense_document(page(*TABLE, *row))["SummaryFields"]
    taxes = {
        field["ValueDetection"]["Text"]: field["Type"]["Confidence"]
        for field in fields
        if field["Type"]["Text"] == "TAX"
    }
    assert max(taxes, key=lambda value: taxes[value]) == "33,00"
    assert _values("TOTAL", *TABLE, *row) == ["333,00"]


def test_base_and_tax_in_one_row_with_a_rate_are_told_apart() -> None:
    row = ((0, 0, "MwSt. 19%"), (400, 0, "198,00"), (600, 0, "37,62"))
    assert _values("SUBTOTAL", *row) == ["198,00"]
    assert _values("TAX", *row) == ["37,62"]


def test_a_rate_is_no_tax() -> None:
    assert _values("TAX", (0, 0, "MwSt.-%"), (400, 0, "19,00")) == []


def test_a_net_total_may_include_the_tax_on_a_till_slip() -> None:
    slip = ((0, 0, "NET TOTAL"), (400, 0, "174.90"))
    assert _values("SUBTOTAL", *slip) == _values("TOTAL", *slip) == ["174.90"]


def test_a_label_glued_to_its_amount_is_cut() -> None:
    """OCR drops blanks: documents.md section 4."""
    assert _values("TOTAL", (0, 0, "Grand TotalRM14.20")) == ["RM14.20"]
