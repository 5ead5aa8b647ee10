"""Rows, lines and pieces of lines."""

import math

from sapmatch.ocr import layout, upright
from sapmatch.ocr.nouns import Quad
from tests.builders.ocr import line


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


def test_a_page_on_its_side_is_noticed_by_its_lines() -> None:
    lying: Quad = ((10, 10), (30, 10), (30, 300), (10, 300))
    assert upright.quarter_turns([lying], [False]) == 1
    assert upright.quarter_turns([lying], [True]) == 3
    standing: Quad = ((10, 10), (300, 10), (300, 30), (10, 30))
    assert upright.quarter_turns([standing], [True]) == 2
    assert upright.quarter_turns([], []) == 0


def test_the_skew_of_long_lines_is_taken_out() -> None:
    angle = math.radians(3)
    end = (1000 * math.cos(angle), 1000 * math.sin(angle))
    low = (-20 * math.sin(angle), 20 * math.cos(angle))
    quad: Quad = ((0.0, 0.0), end, (end[0] + low[0], end[1] + low[1]), low)
    assert math.isclose(upright.skew([quad]), angle)
    assert math.isclose(upright.straight(quad, angle).height, 20)


def test_boxes_are_reported_on_the_page_as_it_was_delivered() -> None:
    """A page lying clockwise: its upper left corner, turned upright, was at the upper right."""
    quad: Quad = ((0, 0), (10, 0), (10, 5), (0, 5))
    delivered = upright.as_delivered(quad, (100, 50), 1)
    assert delivered[0] == (1.0, 0.0)
    assert delivered[1] == (1.0, 0.1)


def _unglued(text: str) -> list[str]:
    return [word.text for word in layout.unglued(line(0, 0, text)).words]
