"""Fields and line items of pages whose lines are placed by hand."""

import pytest

from sapmatch.pages.expense import expense_document
from tests.builders.pages import INVOICE, Placed, items, page, summary


def test_a_plain_invoice_gives_its_fields_and_items() -> None:
    document = expense_document(page(*INVOICE))
    assert summary(document, "INVOICE_RECEIPT_ID") == ["INV-4711"]
    assert summary(document, "INVOICE_RECEIPT_DATE") == ["2025-03-14"]
    assert summary(document, "PO_NUMBER") == ["4500000123"]
    assert summary(document, "VENDOR_NAME") == ["Example Tools GmbH"]
    assert summary(document, "SUBTOTAL") == ["100.50"]
    assert summary(document, "TAX") == ["19.10"]
    assert summary(document, "TOTAL") == ["119.60"]
    assert items(document) == [
        {
            "ITEM": "Hammer",
            "QUANTITY": "2",
            "UNIT_PRICE": "10.00",
            "PRICE": "20.00",
            "EXPENSE_ROW": "Hammer 2 10.00 20.00",
        },
        {
            "ITEM": "Anvil",
            "QUANTITY": "1",
            "UNIT_PRICE": "80.50",
            "PRICE": "80.50",
            "EXPENSE_ROW": "Anvil 1 80.50 80.50",
        },
    ]


def _value(kind: str, *placed: Placed) -> list[str]:
    return summary(expense_document(page(*placed)), kind)


def _surest(kind: str, *placed: Placed) -> str:
    fields = expense_document(page(*placed))["SummaryFields"]
    found = [field for field in fields if field["Type"]["Text"] == kind]
    return str(max(found, key=lambda field: field["Type"]["Confidence"])["ValueDetection"]["Text"])


def test_a_value_may_stand_below_its_label() -> None:
    headings = ((0, 0, "Invoice Date:"), (300, 0, "Due Date:"), (600, 0, "Reference:"))
    below = ((0, 30, "03/20/2023"), (300, 30, "04/04/2023"), (600, 30, "CUSTREF"))
    assert _value("INVOICE_RECEIPT_DATE", *headings, *below) == ["03/20/2023"]
    assert _value("DUE_DATE", *headings, *below) == ["04/04/2023"]


def test_of_sums_below_a_heading_the_last_one_is_the_total() -> None:
    heading = ((0, 0, "Nettobetrag"), (300, 0, "MwSt-Betrag"), (600, 0, "Endbetrag"))
    rates = ((0, 30, "321,40"), (300, 30, "61,07"), (600, 30, "382,47"))
    total = ((0, 60, "448,99"), (300, 60, "70,00"), (600, 60, "518,99"))
    for kind, value in (("SUBTOTAL", "448,99"), ("TAX", "70,00"), ("TOTAL", "518,99")):
        assert _surest(kind, *heading, *rates, *total) == value


def test_several_labels_in_one_line_keep_their_own_values() -> None:
    line = (0, 0, "Invoice No: 77-1 Date: 14.03.2025")
    assert _value("INVOICE_RECEIPT_ID", line) == ["77-1"]
    assert _value("INVOICE_RECEIPT_DATE", line) == ["14.03.2025"]


def test_a_total_with_unknown_words_is_less_sure() -> None:
    """One page may print many totals; the reader ranks them (documents.md 1, trap 2)."""
    document = expense_document(
        page(
            (0, 0, "Total 0% zone seven:"), (400, 0, "7.61"), (0, 30, "Total:"), (400, 30, "33.05")
        )
    )
    totals = {
        field["ValueDetection"]["Text"]: field["Type"]["Confidence"]
        for field in document["SummaryFields"]
        if field["Type"]["Text"] == "TOTAL"
    }
    assert totals["33.05"] > totals["7.61"]


def test_a_company_called_supplier_is_no_label() -> None:
    assert _value("VENDOR_NAME", (0, 0, "Lieferant GmbH"), (0, 400, "x")) == ["Lieferant GmbH"]


def test_a_vat_id_behind_the_word_vat_is_no_tax_and_given_twice() -> None:
    line = (0, 0, "TVA: FR11999999998")
    assert _value("TAX", line) == []
    assert _value("VENDOR_VAT_NUMBER", line) == ["FR11999999998"]
    assert _value("TAX_PAYER_ID", line) == ["FR11999999998"]


def test_nothing_is_invented_on_a_page_without_an_invoice() -> None:
    document = expense_document(page((0, 0, "dear reader"), (0, 40, "nothing to see here")))
    types = {field["Type"]["Text"] for field in document["SummaryFields"]}
    assert types <= {"VENDOR_NAME"}
    assert document["LineItemGroups"] == []


def test_text_below_an_item_belongs_to_it() -> None:
    rows = ((0, 40, "Anvil"), (400, 40, "1"), (600, 40, "80.50"), (0, 64, "black, 20 kg"))
    head = ((0, 0, "Description"), (400, 0, "Qty"), (600, 0, "Amount"))
    (item,) = items(expense_document(page(*head, *rows)))
    assert item["ITEM"] == "Anvil\nblack, 20 kg"
    assert item["EXPENSE_ROW"] == "Anvil 1 80.50\nblack, 20 kg"


def test_a_number_glued_to_its_neighbour_goes_to_its_own_column() -> None:
    head = ((0, 0, "Description"), (300, 0, "SKU"), (400, 0, "Qty"), (600, 0, "Amount"))
    (item,) = items(
        expense_document(
            page(*head, (0, 40, "Router"), (300, 40, "NET-RT-01 1"), (600, 40, "9.99"))
        )
    )
    assert (item["PRODUCT_CODE"], item["QUANTITY"]) == ("NET-RT-01", "1")


def test_of_two_prices_the_first_is_that_of_a_unit() -> None:
    head = ((0, 0, "Description"), (300, 0, "Qty"), (450, 0, "Price"), (600, 0, "Amount"))
    row = ((0, 40, "Fee"), (300, 40, "3"), (450, 40, "$10.00"), (600, 40, "$30.00"))
    (item,) = items(expense_document(page(*head, *row)))
    assert (item["UNIT_PRICE"], item["PRICE"]) == ("$10.00", "$30.00")


def test_of_two_texts_the_first_is_the_product_code() -> None:
    head = ((0, 0, "Artikel"), (200, 0, "Bezeichnung"), (450, 0, "Menge"), (600, 0, "Betrag"))
    row = ((0, 40, "HZ-50"), (200, 40, "Zylinder"), (450, 40, "3"), (600, 40, "30,00"))
    (item,) = items(expense_document(page(*head, *row)))
    assert (item["PRODUCT_CODE"], item["ITEM"]) == ("HZ-50", "Zylinder")


def test_sums_beside_other_text_stay_in_the_summary() -> None:
    head = ((0, 0, "Description"), (400, 0, "Quantity"), (600, 0, "Amount"))
    rows = ((0, 40, "Oil"), (400, 40, "2"), (600, 40, "1.80"))
    sums = ((0, 64, "Thank you"), (400, 64, "Total HT"), (600, 64, "1.80"))
    document = expense_document(page(*head, *rows, *sums))
    assert [item["EXPENSE_ROW"] for item in items(document)] == ["Oil 2 1.80"]
    assert summary(document, "SUBTOTAL") == ["1.80"]


def test_a_subtotal_between_items_does_not_end_the_table() -> None:
    head = ((0, 0, "Description"), (400, 0, "Quantity"), (600, 0, "Amount"))
    rows = (
        (0, 40, "Beeswax"),
        (400, 40, "1"),
        (600, 40, "42.00"),
        (400, 80, "Subtotal"),
        (600, 80, "42.00"),
        (0, 120, "Oil"),
        (400, 120, "2"),
        (600, 120, "1.80"),
        (400, 160, "Total"),
        (600, 160, "43.80"),
    )
    document = expense_document(page(*head, *rows))
    assert [item["ITEM"] for item in items(document)] == ["Beeswax", "Oil"]
    assert summary(document, "TOTAL") == ["43.80"]


def test_a_till_slip_without_headings_still_has_items() -> None:
    slip = (
        (0, 0, "HDMI CABLE"),
        (300, 0, "$19.99"),
        (0, 40, "FLATSCREEN"),
        (300, 40, "$89.99"),
        (0, 80, "TOTAL"),
        (300, 80, "$109.98"),
    )
    document = expense_document(page(*slip))
    assert [(item["ITEM"], item["PRICE"]) for item in items(document)] == [
        ("HDMI CABLE", "$19.99"),
        ("FLATSCREEN", "$89.99"),
    ]
    assert summary(document, "TOTAL") == ["$109.98"]


@pytest.mark.parametrize(
    ("placed", "currency"),
    [
        (((0, 0, "Total CHF"), (300, 0, "9.90")), {"Code": "CHF", "Confidence": 95.0}),
        (((0, 0, "Total"), (300, 0, "9,90 €")), {"Code": "EUR", "Confidence": 95.0}),
        (((0, 0, "Total"), (300, 0, "$9.90")), {"Code": "USD", "Confidence": 60.0}),
        (
            ((0, 0, "Total"), (300, 0, "9.90"), (0, 90, "in SEK")),
            {"Code": "SEK", "Confidence": 80.0},
        ),
        (
            ((0, 0, "Total"), (300, 0, "$9.90"), (0, 90, "in CAD")),
            {"Code": "CAD", "Confidence": 80.0},
        ),
        (((0, 0, "Total"), (300, 0, "9.90")), None),
    ],
)
def test_a_currency_is_as_sure_as_what_is_printed(
    placed: tuple[Placed, ...], currency: dict[str, object] | None
) -> None:
    (total,) = [
        field
        for field in expense_document(page(*placed))["SummaryFields"]
        if field["Type"]["Text"] == "TOTAL"
    ]
    assert total.get("Currency") == currency


def test_blocks_hang_together_from_page_to_words() -> None:
    blocks = {block["Id"]: block for block in expense_document(page(*INVOICE))["Blocks"]}
    (whole,) = [block for block in blocks.values() if block["BlockType"] == "PAGE"]
    lines = [blocks[line] for line in whole["Relationships"][0]["Ids"]]
    assert [line["Text"] for line in lines] == [text for _, _, text in INVOICE]
    words = [blocks[word]["Text"] for word in lines[1]["Relationships"][0]["Ids"]]
    assert words == ["Invoice", "No:", "INV-4711"]
