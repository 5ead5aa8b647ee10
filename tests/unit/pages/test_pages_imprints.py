"""Tax numbers in imprints, names that look like sums, windows above long tables."""

import pytest

from sapmatch.pages.expense import expense_document
from tests.builders.pages import Placed, items, page, summary


def _read(kind: str, *placed: Placed) -> list[str]:
    return summary(expense_document(page(*placed)), kind)


@pytest.mark.parametrize("label", ["VAT No.", "USt-IdNr.", "GB VAT"])
def test_a_number_of_the_form_of_a_vat_id_needs_no_colon_before_it(label: str) -> None:
    imprint = (60, 900, f"Larkfield Tools, 3 Mill Lane, Leeds. {label} GB766684529")
    alone = (60, 900, f"{label} GB766684529")
    for line in (imprint, alone) if label != "GB VAT" else (alone,):
        assert _read("VENDOR_VAT_NUMBER", line) == ["GB766684529"]


def test_an_iban_is_no_vat_id_although_it_looks_like_one() -> None:
    assert _read("VENDOR_VAT_NUMBER", (60, 60, "IBAN: NO9386011117947")) == []


def test_a_company_called_like_a_sum_has_its_name() -> None:
    """Polish `Zakład`, a workshop, is Czech `základ`, a tax base."""
    lines = (
        (60, 60, "Sprzedawca:"),
        (60, 90, "Zakład Kowalski Sp. z o.o."),
        (60, 120, "ul. Polna 8"),
    )
    assert _read("VENDOR_NAME", *lines) == ["Zakład Kowalski Sp. z o.o."]


def test_a_street_with_two_numbers_holds_no_amount() -> None:
    lines = (
        (60, 60, "Larkfield Tools Pty Ltd"),
        (60, 90, "9 Quarry Road"),
        (60, 120, "Ballarat VIC 3350"),
        (60, 300, "Harrow Events Pty Ltd"),
        (60, 330, "Level 3, 88 Collins Street"),
        (60, 360, "Melbourne VIC 3000"),
        (60, 1300, "Thank you"),
    )
    assert _read("RECEIVER_NAME", *lines) == ["Harrow Events Pty Ltd"]


def test_the_tax_number_of_a_buyer_is_no_sender_s_register() -> None:
    lines = (
        (60, 60, "Larkfield Fisk A/S"),
        (60, 90, "Havnevej 18"),
        (60, 120, "6700 Esbjerg"),
        (560, 240, "Harrow ApS"),
        (560, 270, "Nørregade 22"),
        (560, 300, "8000 Aarhus C"),
        (560, 330, "CVR-nr.: DK29189757"),
        (60, 1300, "www.larkfield.example"),
    )
    assert _read("RECEIVER_NAME", *lines) == ["Harrow ApS"]
    assert _read("RECEIVER_VAT_NUMBER", *lines) == ["DK29189757"]


def test_a_date_stands_behind_the_number_below_their_common_label() -> None:
    lines = ((60, 60, "Rechnungs-Nr./Datum"), (60, 90, "90012345 / 12.03.2024"))
    assert _read("INVOICE_RECEIPT_ID", *lines) == ["90012345"]
    assert _read("INVOICE_RECEIPT_DATE", *lines) == ["12.03.2024"]


def test_a_currency_behind_the_name_of_a_sum_changes_nothing() -> None:
    """Czech `s DPH` is with the tax."""
    lines = ((60, 60, "Celkem s DPH CZK"), (600, 60, "56 557,31"))
    assert _read("TOTAL", *lines) == ["56 557,31"]


def test_an_amount_may_end_with_the_stop_of_its_currency() -> None:
    lines = ((60, 60, "Nettobeløb"), (600, 60, "3.699,75 kr."))
    assert _read("SUBTOTAL", *lines) == ["3.699,75 kr."]


def test_what_stands_below_a_sum_is_no_text_of_the_last_item() -> None:
    document = expense_document(
        page(
            (60, 100, "Item"), (420, 100, "Quantity"), (600, 100, "Price"), (800, 100, "Amount"),
            (60, 130, "Hammer"), (420, 130, "2"), (600, 130, "10.00"), (800, 130, "20.00"),
            (60, 160, "Anvil"), (420, 160, "1"), (600, 160, "80.00"), (800, 160, "80.00"),
            (600, 190, "Subtotal"), (800, 190, "100.00"),
            (600, 220, "less discount"), (800, 220, "-5.00"),
            (600, 250, "Net amount"), (800, 250, "95.00"),
        )
    )  # fmt: skip
    assert [item["ITEM"] for item in items(document)] == ["Hammer", "Anvil"]
    assert summary(document, "DISCOUNT") == ["-5.00"]


def test_carriage_is_an_item_where_the_sum_needs_it() -> None:
    """`Transporte` in a table is carried over, on a bill it was paid for."""
    document = expense_document(
        page(
            (60, 100, "Cemento gris"), (600, 100, "4.958,28"),
            (60, 130, "Transporte"), (600, 130, "843,73"),
            (60, 160, "Base imponible"), (600, 160, "5.802,01"),
        )
    )  # fmt: skip
    assert [item["ITEM"] for item in items(document)] == ["Cemento gris", "Transporte"]
