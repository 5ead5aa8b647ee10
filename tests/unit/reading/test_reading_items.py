"""Rows of AnalyzeExpense as invoice lines (documents.md 1.3: PRICE is the line amount)."""

from decimal import Decimal

from sapmatch.model.invoice import Evidence, InvoiceLine
from sapmatch.reading.findings import Findings
from sapmatch.reading.printed.items import credited, invoice_lines, line_sum
from sapmatch.reading.slip import Seen, Slip

Cells = dict[str, str]  # by type; `OTHER Unit` is of type OTHER with the heading Unit


def seen(kind: str, text: str) -> Seen:
    name, _, label = kind.partition(" ")
    place = Evidence(page=1, box=(0.1, 0.2, 0.3, 0.4), text=text)
    return Seen(type=name, text=text, label=label, confidence=0.9, evidence=place)


def read(*rows: Cells, mark: str | None = ".") -> tuple[tuple[InvoiceLine, ...], Findings]:
    found = Findings()
    seen_rows = tuple(tuple(seen(*cell) for cell in row.items()) for row in rows)
    slip = Slip(fields=(), rows=seen_rows, lines=())
    return invoice_lines(slip, mark, found), found


def test_price_is_the_line_amount_and_the_row_tells_the_rest() -> None:
    (line,), _ = read(
        {
            "ITEM": "Oil", "QUANTITY": "3", "UNIT_PRICE": "$5.00", "PRICE": "$15.00",
            "PRODUCT_CODE": "O-1", "OTHER Unit": "can", "OTHER VAT %": "7 %",
            "OTHER Order no.": "4500000123", "OTHER PO item": "10",
        }
    )  # fmt: skip
    assert (line.quantity, line.unit_price, line.net) == (
        Decimal(3),
        Decimal("5.00"),
        Decimal("15.00"),
    )
    assert (line.unit, line.tax_rate, line.seller_item_id) == ("can", Decimal(7), "O-1")
    assert (line.order_reference, line.order_item) == ("4500000123", "10")


def test_each_value_of_a_line_says_where_it_stands() -> None:
    _, found = read(
        {"ITEM": "Anvil", "PRICE": "9.00"},
        {"ITEM": "Oil", "QUANTITY": "3", "PRICE": "15.00", "OTHER MwSt.": "19"},
    )
    assert found.evidence["lines[1].net"].text == "15.00"
    assert found.evidence["lines[1].tax_rate"].page == 1
    assert "lines[0].quantity" not in found.evidence


def test_a_unit_may_be_glued_to_the_quantity() -> None:
    (hours, pieces), _ = read({"QUANTITY": "1.5h", "PRICE": "90.00"}, {"QUANTITY": "x14"})
    assert (hours.quantity, hours.unit) == (Decimal("1.5"), "h")
    assert (pieces.quantity, pieces.unit) == (Decimal(14), None)


def test_of_two_readings_of_a_quantity_the_one_that_multiplies_is_meant() -> None:
    (line,), _ = read({"QUANTITY": "3.000", "UNIT_PRICE": "5,00", "PRICE": "15,00"}, mark=",")
    assert line.quantity == 3


def test_the_whole_row_is_the_fall_back() -> None:
    (line,), _ = read({"EXPENSE_ROW": "Delivery to site 12.50"})
    assert (line.description, line.net) == ("Delivery to site", Decimal("12.50"))


def test_text_and_amounts_that_spilled_into_the_next_row_join_their_line() -> None:
    lines, _ = read(
        {"ITEM": "Oil", "QUANTITY": "3", "UNIT_PRICE": "5.00"},
        {"ITEM": "in a can", "PRICE": "15.00"},
        {"ITEM": "for saws"},
    )
    assert [(line.description, line.net) for line in lines] == [
        ("Oil in a can for saws", Decimal("15.00"))
    ]


def test_what_is_brought_forward_from_the_page_before_is_no_line() -> None:
    rows: list[Cells] = [
        {"ITEM": "Anvil", "QUANTITY": "2", "UNIT_PRICE": "10.00", "PRICE": "20.00"},
        {"ITEM": "Oil", "QUANTITY": "3", "UNIT_PRICE": "5.00", "PRICE": "15.00"},
        {"ITEM": "so far", "PRICE": "35.00"},
        {"ITEM": "Übertrag von Seite 1", "PRICE": "30.00"},
        {"ITEM": "Nails", "QUANTITY": "1", "UNIT_PRICE": "4.00", "PRICE": "4.00"},
    ]
    lines, _ = read(*rows)
    assert [line.description for line in lines] == ["Anvil", "Oil", "Nails"]
    assert [line.id for line in lines] == ["1", "2", "3"]
    assert line_sum(lines) == 39


def test_a_quantity_that_the_engine_missed_is_worked_out_and_said_to_be() -> None:
    lines, found = read(
        {"QUANTITY": "2", "UNIT_PRICE": "10.00", "PRICE": "20.00"},
        {"UNIT_PRICE": "5.00", "PRICE": "5.00"},
        {"UNIT_PRICE": "5.00", "PRICE": "7.00", "QUANTITY": ""},
    )
    assert [line.quantity for line in lines] == [2, None, None]  # one of three is too little
    lines, found = read(
        {"QUANTITY": "2", "UNIT_PRICE": "10.00", "PRICE": "20.00"},
        {"UNIT_PRICE": "5.00", "PRICE": "5.00"},
    )
    assert lines[1].quantity == 1
    assert found.evidence["lines[1].quantity"].derived_from == (
        "lines[1].net",
        "lines[1].unit_price",
    )


def test_the_lines_of_a_credit_note_are_positive_however_they_are_printed() -> None:
    lines, _ = read(
        {"QUANTITY": "-2", "UNIT_PRICE": "10.00", "PRICE": "-20.00"},
        {"QUANTITY": "3", "UNIT_PRICE": "5.00", "PRICE": "-15.00"},
        {"QUANTITY": "1", "UNIT_PRICE": "4.00", "PRICE": "4.00"},
    )
    turned = credited(lines)
    assert [(line.quantity, line.net) for line in turned] == [
        (Decimal(2), Decimal(20)),
        (Decimal(3), Decimal(15)),
        (Decimal(1), Decimal(-4)),
    ]
    assert credited(turned) == turned


def test_codes_are_told_apart_by_their_heading() -> None:
    (line,), _ = read(
        {"PRODUCT_CODE GTIN": "4012345001235", "PRICE": "5.00", "ITEM": "Oil"},
    )
    assert (line.standard_item_id, line.seller_item_id) == ("4012345001235", None)
    (line,), _ = read({"PRODUCT_CODE Ihre Art.Nr.": "55T01", "PRICE": "5.00", "ITEM": "Oil"})
    assert (line.buyer_item_id, line.seller_item_id) == ("55T01", None)
