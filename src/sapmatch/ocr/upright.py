"""Which way a page lies, worked out from its lines of text, and the way back to the page as it is.

PP-OCR reads line by line, so it reads a page lying on its side; but rows and columns can only be
told on a page that stands upright without skew.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median

from sapmatch.pages.nouns import Box, Point, Quad

STANDING = 1.5  # height to width from where on the engine reads a crop from bottom to top
_SKEW_AT_MOST = 15.0  # degrees; beyond it the lines are not skewed but something else


def quarter_turns(quads: Iterable[Quad], upside_down: Iterable[bool]) -> int:
    """How many quarter turns clockwise the page lies, by the length of its lines."""
    votes: Counter[int] = Counter()
    for quad, turned in zip(quads, upside_down, strict=True):
        start, end = reading_direction(quad, turned)
        angle = math.degrees(math.atan2(end[1] - start[1], end[0] - start[0]))
        votes[round(angle / 90) % 4] += int(math.dist(start, end))
    return votes.most_common(1)[0][0] if votes else 0


def reading_direction(quad: Quad, upside_down: bool) -> tuple[Point, Point]:
    """Start and end of a line of text."""
    top_left, top_right, bottom_right, bottom_left = quad
    if math.dist(top_left, bottom_left) >= STANDING * math.dist(top_left, top_right):
        start, end = top_right, bottom_right
    else:
        start, end = top_left, top_right
    return (end, start) if upside_down else (start, end)


def skew(quads: Sequence[Quad]) -> float:
    """Angle of the lines in radians, clockwise; the long half decides, short boxes are noise."""
    by_length = sorted(quads, key=lambda quad: math.dist(quad[0], quad[1]))
    angles = [
        math.atan2(quad[1][1] - quad[0][1], quad[1][0] - quad[0][0])
        for quad in by_length[len(by_length) // 2 :]
    ]
    angle = median(angles) if angles else 0.0
    return angle if abs(math.degrees(angle)) <= _SKEW_AT_MOST else 0.0


def straight(quad: Quad, angle: float) -> Box:
    """The box of a quad after the page is turned back by the angle."""
    cos, sin = math.cos(-angle), math.sin(-angle)
    turned = [(x * cos - y * sin, x * sin + y * cos) for x, y in quad]
    columns, rows = zip(*turned, strict=True)
    return Box(min(columns), min(rows), max(columns), max(rows))


def as_delivered(quad: Quad, size: tuple[int, int], turns: int) -> Quad:
    """A quad of the upright page of that size as shares of the page as it was delivered."""
    width, height = size
    first, second, third, fourth = (
        _turned((min(max(x / width, 0), 1), min(max(y / height, 0), 1)), turns) for x, y in quad
    )
    return (first, second, third, fourth)


def _turned(point: Point, turns: int) -> Point:
    for _ in range(turns):
        point = (1 - point[1], point[0])
    return point
