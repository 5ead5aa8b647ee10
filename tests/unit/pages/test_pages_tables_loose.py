"""Line items without headings: till slips, second pages, plain lists."""

from sapmatch.pages.cells import numbers
from sapmatch.pages.expense import expense_document
from tests.builders.pages import Placed, items, page


def read(*placed: Placed) -> list[tuple[str | None, str | None, str | None]]:
    return [
        (item.get("ITEM"), item.get("QUANTITY"), item.get("PRICE"))
        for item in items(expense_document(page(*placed)))
    ]


def test_a_till_slip_multiplies_below_the_name() -> None:
    rows: list[Placed] = [
        (40, 100, "Coffee"), (60, 130, "2 x 3.50"), (300, 130, "7.00"),
        (40, 170, "Cake"), (60, 200, "1 x 4.20"), (300, 200, "4.20"),
        (40, 260, "Total"), (300, 260, "11.20"),
    ]  # fmt: skip
    assert read(*rows) == [("Coffee", "2", "7.00"), ("Cake", "1", "4.20")]


def test_a_count_may_lead_the_name() -> None:
    rows: list[Placed] = [
        (40, 100, "2 x Coffee"), (300, 100, "7.00"),
        (40, 130, "1 x Cake"), (300, 130, "4.20"),
        (40, 190, "Total"), (300, 190, "11.20"),
    ]  # fmt: skip
    assert read(*rows) == [("Coffee", "2", "7.00"), ("Cake", "1", "4.20")]


def test_a_second_page_without_headings_is_read_by_what_multiplies() -> None:
    rows: list[Placed] = [
        (40, 90, "7"), (90, 90, "Anvil"), (400, 90, "2"), (520, 90, "10,00"), (700, 90, "20,00"),
        (40, 140, "8"), (90, 140, "Oil"), (400, 140, "3"), (520, 140, "5,00"), (700, 140, "15,00"),
    ]  # fmt: skip
    assert read(*rows) == [("Anvil", "2", "20,00"), ("Oil", "3", "15,00")]


def test_one_row_is_an_item_where_it_makes_the_printed_total() -> None:
    row: list[Placed] = [(40, 100, "Office chair"), (300, 100, "x5"), (500, 100, "1499.95")]
    total: list[Placed] = [(40, 160, "Total:"), (500, 160, "1499.95")]
    assert read(*row, *total) == [("Office chair", "x5", "1499.95")]
    assert read(*row, (40, 160, "Total:"), (500, 160, "2000.00")) == []


def test_figures_mean_all_that_they_may_mean() -> None:
    assert {str(value) for value in numbers("1.234")} == {"1.234", "1234"}
    assert {str(value) for value in numbers("1 234,50 EUR")} == {"1234.50"}
    assert {str(value) for value in numbers("(12.50)")} == {"-12.50"}
    assert numbers("19 %") == numbers("Anvil") == frozenset()
