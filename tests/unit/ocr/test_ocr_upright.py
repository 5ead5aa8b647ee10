"""Pages that lie on their side or askew."""

import math

from sapmatch.ocr import upright
from sapmatch.pages.nouns import Quad


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
