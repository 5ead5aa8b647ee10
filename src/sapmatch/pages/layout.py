"""Where things stand on a page: rows, and what stands to the right of or below a line."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol, TypeVar

from sapmatch.pages.labels import normal, summary_types
from sapmatch.pages.nouns import Box, Line, Word, part

_SAME_ROW = 0.45  # of the smaller height, between two middles
_SAME_LINE = 0.75  # of the height: a wider gap between words is a column gap
_LONGEST, _SHORT = 40, 3  # letters of a word that may start with a label, and of no label
_BELOW = 3.0  # heights that a value may stand below its label
# `Invoice#1258`, `n°562044387`, `Date:21/07/2017`, `No.000670859264`, `387du02Juillet`,
# but neither 10:43 nor https://
_GLUED = re.compile(
    r"(?<=[^\W\d])[:#°º]+(?=\w)|^#(?=\w)|(?<=[^\W\d]{2})\.+(?=\d{4})"
    r"|(?<=\d)(?=(?:du|vom|of|van|del)\d{1,2}[^\W\d])|(?<=\d)(?:du|vom|of|van|del)(?=\d{1,2}[^\W\d])"
)
_TAIL = re.compile(r"(?<=[^\W\d])(?=[A-Z]{0,4}[$€£]?[\d/-]*\d)")


class Placed(Protocol):
    """Anything with a box."""

    @property
    def box(self) -> Box:
        """Where it stands."""
        ...


P = TypeVar("P", bound=Placed)


def rows(things: Iterable[P]) -> list[list[P]]:
    """Things that share a middle line, from top to bottom, each row from left to right."""
    found: list[list[P]] = []
    middles, lowest = 0.0, 0.0  # of the last row: their sum, and the smallest height
    for thing in sorted(things, key=lambda thing: thing.box.middle):
        middle, height = thing.box.middle, thing.box.height
        lowest = min(lowest, height)
        if found and abs(middle - middles / len(found[-1])) <= _SAME_ROW * lowest:
            found[-1].append(thing)
            middles += middle
        else:
            found.append([thing])
            middles, lowest = middle, height
    return [sorted(row, key=lambda thing: thing.box.left) for row in found]


def _level(box: Box, other: Box) -> bool:
    return abs(box.middle - other.middle) <= _SAME_ROW * min(box.height, other.height)


def lines(words: Iterable[Word]) -> list[Line]:
    """Words joined to lines; a column gap ends a line."""
    found: list[Line] = []
    for row in rows(words):
        run = [row[0]]
        for word in row[1:]:
            if word.box.left - run[-1].box.right > _SAME_LINE * word.box.height:
                found.append(Line(tuple(run)))
                run = []
            run.append(word)
        found.append(Line(tuple(run)))
    return found


def right_of(box: Box, others: Sequence[Line]) -> list[Line]:
    """Lines in the same row that begin after the box, nearest first."""
    level = [
        line
        for line in others
        if line.box.left >= box.right - 0.3 * box.height and _level(line.box, box)
    ]
    return sorted(level, key=lambda line: line.box.left)


def below(box: Box, others: Sequence[Line]) -> list[Line]:
    """Lines close under the box that share columns with it, nearest first."""
    under = [
        line
        for line in others
        if 0 < line.box.middle - box.bottom < _BELOW * box.height and line.box.overlap_x(box) > 0
    ]
    return sorted(under, key=lambda line: line.box.top)


def unglued(line: Line) -> Line:
    """The line with labels cut from values that follow them without a blank."""
    return Line(tuple(piece for word in line.words for piece in _pieces(word)))


def _pieces(word: Word) -> Iterator[Word]:
    begin = _label_end(word.text)
    if begin:
        yield _piece(word, 0, begin)
    for glue in _GLUED.finditer(word.text, begin):
        if glue.end() > begin:
            yield _piece(word, begin, glue.end())
            begin = glue.end()
    yield _piece(word, begin, len(word.text)) if begin else word


def _label_end(text: str) -> int:
    """Where a label ends that a number follows without a blank: `TotalRM14.20`."""
    for tail in _TAIL.finditer(text[:_LONGEST]):
        if normal(text[: tail.start()]) in summary_types() and tail.start() > _SHORT:
            return tail.start()
    return 0


def _piece(word: Word, begin: int, end: int) -> Word:
    first, last = begin / len(word.text), end / len(word.text)
    box = word.box
    return Word(
        text=word.text[begin:end],
        box=Box(box.left + first * box.width, box.top, box.left + last * box.width, box.bottom),
        quad=part(word.quad, first, last),
        confidence=word.confidence,
    )


def cut(words: Sequence[Word], begin: int, end: int) -> Line:
    """The characters `begin` to `end` of the words joined with blanks."""
    chosen: list[Word] = []
    at = 0
    for word in words:
        first, last = max(begin - at, 0), min(end - at, len(word.text))
        if first < last:
            chosen.append(_piece(word, first, last))
        at += len(word.text) + 1
    return Line(tuple(chosen))
