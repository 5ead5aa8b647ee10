"""What every step of the engine speaks of: words with boxes, lines of words, pages of lines."""

import functools
from collections.abc import Sequence

from msgspec import Struct

Point = tuple[float, float]
Quad = tuple[Point, Point, Point, Point]  # clockwise from the start of the text


class Box(Struct, frozen=True):
    """An upright rectangle; y grows downwards. The unit is the page's own (pixel or point)."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        """Left to right."""
        return self.right - self.left

    @property
    def height(self) -> float:
        """Top to bottom."""
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        """The y of the horizontal middle line."""
        return (self.top + self.bottom) / 2

    def overlap_x(self, other: "Box") -> float:
        """How far both share columns of the page; negative is the gap between them."""
        return min(self.right, other.right) - max(self.left, other.left)

    def overlap_y(self, other: "Box") -> float:
        """How far both share rows of the page; negative is the gap between them."""
        return min(self.bottom, other.bottom) - max(self.top, other.top)


class Word(Struct, frozen=True, kw_only=True, cache_hash=True):
    """One printed word.

    `box` lies on the page as it is read (turned upright, skew removed); `quad` lies on the page as
    it was delivered, in shares of its width and height. `confidence` is 0..100.
    """

    text: str
    box: Box
    quad: Quad
    confidence: float


class Line(Struct, frozen=True, cache_hash=True, dict=True):
    """A run of words without a column gap; never empty."""

    words: tuple[Word, ...]

    @functools.cached_property
    def text(self) -> str:
        """The words with single spaces."""
        return " ".join(word.text for word in self.words)

    @functools.cached_property
    def box(self) -> Box:
        """The rectangle around all words."""
        return around([word.box for word in self.words])

    @property
    def confidence(self) -> float:
        """That of its worst word."""
        return min(word.confidence for word in self.words)


class Page(Struct, frozen=True, kw_only=True):
    """One page as it was read; `number` counts from 1."""

    number: int
    lines: tuple[Line, ...]


def around(boxes: Sequence[Box]) -> Box:
    """The smallest box that holds them all."""
    return Box(
        min(box.left for box in boxes),
        min(box.top for box in boxes),
        max(box.right for box in boxes),
        max(box.bottom for box in boxes),
    )


def part(quad: Quad, begin: float, end: float) -> Quad:
    """The piece of a line between two shares of its length."""
    top_left, top_right, bottom_right, bottom_left = quad
    return (
        _between(top_left, top_right, begin),
        _between(top_left, top_right, end),
        _between(bottom_left, bottom_right, end),
        _between(bottom_left, bottom_right, begin),
    )


def _between(start: Point, end: Point, share: float) -> Point:
    return (start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share)
