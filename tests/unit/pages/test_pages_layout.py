"""Rows, lines and pieces of lines."""

import math

from sapmatch.pages import layout
from tests.builders.pages import line


def test_things_at_one_height_make_a_row_from_left_to_right() -> None:
    right, left, under = line(500, 102, "right"), line(0, 100, "left"), line(0, 140, "under")
    assert layout.rows([right, under, left]) == [[left, right], [under]]


def test_a_column_gap_ends_a_line() -> None:
    words = [*line(0, 0, "Grand Total").words, *line(400, 0, "119.60").words]
    assert [found.text for found in layout.lines(words)] == ["Grand Total", "119.60"]


def test_a_value_is_cut_from_the_label_it_is_glued_to() -> None:
    assert _unglued("Invoice#1258") == ["Invoice#", "1258"]
    assert _unglued("n°562044387") == ["n°", "562044387"]
    assert _unglued("Date:21/07/2017 10:43") == ["Date:", "21/07/2017", "10:43"]
    assert _unglued("https://example.com") == ["https://example.com"]


def test_a_cut_word_keeps_its_share_of_the_box() -> None:
    label, value = layout.unglued(line(0, 0, "No:12345")).words
    assert (label.box.right, value.box.left, value.box.right) == (30, 30, 80)
    assert math.isclose(value.quad[0][0], 0.03)


def test_what_stands_below_shares_columns_and_is_near() -> None:
    label = line(100, 100, "Due Date")
    near, far = line(110, 130, "2025-04-13"), line(110, 400, "2025-05-13")
    aside = line(500, 130, "elsewhere")
    assert layout.below(label.box, [far, aside, near]) == [near]


def _unglued(text: str) -> list[str]:
    return [word.text for word in layout.unglued(line(0, 0, text)).words]
