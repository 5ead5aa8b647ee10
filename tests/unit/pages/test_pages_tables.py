"""Line items under headings: languages, stacked headings, wrapped text, sums that are no items."""

import pytest

from sapmatch.pages.expense import expense_document
from tests.builders.pages import Placed, items, page

AT = (40, 420, 560, 740)  # description, quantity, unit price, amount
HEAD = ("Description", "Qty", "Unit price", "Amount")


def row(top: int, *texts: str, at: tuple[int, ...] = AT) -> list[Placed]:
    return [(left, top, text) for left, text in zip(at, texts, strict=True) if text]


def read(*placed: Placed) -> list[dict[str, str]]:
    return items(expense_document(page(*placed)))


def numbers(*placed: Placed) -> list[tuple[str | None, str | None]]:
    """Quantity and amount of each item."""
    return [(item.get("QUANTITY"), item.get("PRICE")) for item in read(*placed)]


@pytest.mark.parametrize(
    "head",
    [
        HEAD,
        ("Bezeichnung", "Menge", "Einzelpreis EUR", "Gesamt netto"),
        ("Désignation", "Qté", "P.U. HT", "Montant HT"),
        ("Omschrijving", "Aantal", "Prijs per stuk", "Bedrag"),
        ("Descrizione", "Q.tà", "Prezzo unitario", "Importo"),
        ("Concepto", "Cantidad", "Precio", "Importe"),
        ("Descrição", "Quantidade", "Preço unitário", "Valor"),
        ("Nazwa towaru", "Ilość", "Cena netto", "Wartość netto"),
        ("Popis", "Množství", "Cena za MJ", "Celkem bez DPH"),
        ("Varetekst", "Antal", "Stk. pris", "Beløb"),
        ("Benämning", "Antal", "À-pris", "Belopp"),
        ("Beskrivelse", "Antall", "Enhetspris", "Beløp"),
        ("Kuvaus", "Määrä", "Yksikköhinta", "Yhteensä"),
    ],
)
def test_headings_are_known_in_thirteen_languages(head: tuple[str, ...]) -> None:
    (item,) = read(*row(100, *head), *row(140, "Anvil 25", "3", "1.100,50", "3.301,50"))
    assert (item["ITEM"], item["QUANTITY"]) == ("Anvil 25", "3")
    assert (item["UNIT_PRICE"], item["PRICE"]) == ("1.100,50", "3.301,50")


def test_a_heading_may_stand_in_two_rows() -> None:
    head = [*row(100, "", "", "Unit", "Amount"), *row(125, "Description", "Qty", "price", "EUR")]
    assert numbers(*head, *row(165, "Anvil", "3", "20.00", "60.00")) == [("3", "60.00")]


def test_a_heading_that_ocr_misread_does_not_lose_what_multiplies() -> None:
    head = row(100, "Descriqtion", "Qly", "Umt pnce", "Arnouut")
    rows = [*row(140, "Anvil", "3", "20.00", "60.00"), *row(170, "Oil", "2", "4.50", "9.00")]
    assert numbers(*head, *rows) == [("3", "60.00"), ("2", "9.00")]


def test_the_amount_that_quantity_times_price_makes_is_the_line_amount() -> None:
    at = (40, 340, 440, 560, 740)
    head = row(100, "Item", "Qty", "Unit price", "Amount", "Total", at=at)
    rows = row(140, "Anvil", "2", "10.00", "20.00", "23.80", at=at)
    rows += row(180, "Oil", "3", "5.00", "15.00", "17.85", at=at)
    assert numbers(*head, *rows) == [("2", "20.00"), ("3", "15.00")]


def test_a_discount_of_the_line_explains_its_amount() -> None:
    at = (40, 340, 440, 600, 740)
    head = row(100, "Item", "Qty", "Price", "Disc. %", "Amount", at=at)
    (item,) = read(*head, *row(140, "Anvil", "2", "10.00", "15 %", "17.00", at=at))
    assert (item["QUANTITY"], item["PRICE"], item["OTHER"]) == ("2", "17.00", "15 %")


def test_wrapped_text_belongs_to_the_item_whose_numbers_lack_it() -> None:
    above = [*row(140, "Anvil of forged", "", "", ""), *row(165, "", "2", "10.00", "20.00")]
    below = [*row(230, "Oil", "3", "5.00", "15.00"), *row(255, "in a can", "", "", "")]
    first, second = read(*row(100, *HEAD), *above, *below)
    assert first["ITEM"] == "Anvil of forged"
    assert second["ITEM"] == "Oil\nin a can"


@pytest.mark.parametrize("label", ["Übertrag", "Carried forward", "A riportare", "Subtotal"])
def test_what_is_carried_over_is_no_item(label: str) -> None:
    rows = [
        *row(140, "Anvil", "2", "10.00", "20.00"),
        *row(180, label, "", "", "20.00"),
        *row(220, "Oil", "3", "5.00", "15.00"),
    ]
    assert numbers(*row(100, *HEAD), *rows) == [("2", "20.00"), ("3", "15.00")]


def test_a_sum_of_the_items_above_is_no_item_whatever_it_is_called() -> None:
    rows = [
        *row(140, "Anvil", "2", "10.00", "20.00"),
        *row(170, "Oil", "3", "5.00", "15.00"),
        *row(200, "Workshop north", "", "", "35.00"),
        *row(230, "Nails", "4", "2.50", "10.00"),
    ]
    assert [amount for _, amount in numbers(*row(100, *HEAD), *rows)] == ["20.00", "15.00", "10.00"]


def test_free_and_negative_items_are_items() -> None:
    rows = [
        *row(140, "Anvil", "2", "10.00", "20.00"),
        *row(180, "Sample", "1", "0.00", "0.00"),
        *row(220, "Goodwill", "1", "-5.00", "-5.00"),
    ]
    assert numbers(*row(100, *HEAD), *rows) == [("2", "20.00"), ("1", "0.00"), ("1", "-5.00")]


def test_an_item_that_is_named_like_a_sum_is_an_item() -> None:
    rows = [*row(140, "Tax advice", "2", "90.00", "180.00"), *row(200, "Total", "", "", "180.00")]
    assert numbers(*row(100, *HEAD), *rows) == [("2", "180.00")]


def test_a_cell_without_a_type_of_its_own_goes_out_with_its_heading() -> None:
    at = (40, 340, 420, 520, 640, 780)
    head = row(100, "Item", "Qty", "Unit", "Price", "VAT %", "Amount", at=at)
    document = expense_document(
        page(*head, *row(140, "Oil", "3", "can", "5.00", "7 %", "15.00", at=at))
    )
    fields = document["LineItemGroups"][0]["LineItems"][0]["LineItemExpenseFields"]
    others = {
        field["LabelDetection"]["Text"]: field["ValueDetection"]["Text"]
        for field in fields
        if field["Type"]["Text"] == "OTHER"
    }
    assert others == {"Unit": "can", "VAT %": "7 %"}
