"""What stands in a row of a table: cells, the column each belongs to, and its numbers."""

import functools
import re
from collections.abc import Iterator, Sequence
from decimal import Decimal

from sapmatch.pages import labels, values
from sapmatch.pages.headings import Column
from sapmatch.pages.nouns import Box, Line, Word

Cells = dict[int, Line]  # by the number of the column

_SIGN = rf"(?:{values.CODES}|[$€£¥]|US\$|R\$|RM|Rs\.?|kr\.?|Kč|zł|Ft|Fr\.?|₹)"
_FIGURES = r"\d[\d.,'’]*(?: \d{3}(?:[.,]\d+)?(?!\d))*"
_NUMBER = re.compile(
    rf"[-−–+(]?\s?{_SIGN}?\s?[-−–+]?\s?(?P<figures>{_FIGURES})[.,]?[-–]?\s?{_SIGN}?"
    r"(?P<minus>\s?[-−)])?\s?[A-Z*]{0,2}",
    re.IGNORECASE,
)
_PERCENT = re.compile(r"[-−]?\s?\d{1,2}(?:[.,]\d{1,2})?\s?%\W?")
_COUNT = re.compile(
    r"(?:x\s?)?(?P<figures>-?\d[\d.,'’]*)\s?(?:x|×|[^\W\d_][^\s\d]{0,11}[\d²³]?)?", re.IGNORECASE
)
_NUMBERS = frozenset({"QUANTITY", "UNIT_PRICE", "PRICE", "GROSS", "TAX_AMOUNT"})
_RATES = frozenset({"TAX_RATE", "DISCOUNT"})
_WORDS = frozenset({"ITEM", labels.OTHER})
_NEVER, _UNPLACED = 1e6, 14.0
_ODD = 6.0  # heights aside that a cell of another shape costs
_MOST = 60  # pieces of a row
_LONGEST = 24


@functools.lru_cache(maxsize=4096)
def numbers(text: str) -> frozenset[Decimal]:
    """What the figures of a cell may mean: `1.234` is both; empty where it is no number."""
    found = _NUMBER.fullmatch(text) or _COUNT.fullmatch(text)
    if not found or len(found["figures"]) > _LONGEST:
        return frozenset()
    minus = text.lstrip()[:1] in "-−–(" or text.rstrip()[-1:] in "-−"
    return frozenset(
        -value if minus else value for value in _readings(found["figures"].lstrip("-"))
    )


def _readings(figures: str) -> Iterator[Decimal]:
    plain = re.sub(r"[ '’]", "", figures).rstrip(".,")
    whole, mark, decimals = _parted(plain)
    if mark and len(decimals) <= 4:
        yield Decimal(re.sub("[.,]", "", whole) + "." + decimals)
    if not mark or len(decimals) == 3:
        yield Decimal(re.sub("[.,]", "", plain))


def _parted(plain: str) -> tuple[str, str, str]:
    at = max(plain.rfind("."), plain.rfind(","))
    return (plain[:at], plain[at], plain[at + 1 :]) if at > 0 else (plain, "", "")


def is_number(line: Line) -> bool:
    """Figures alone, maybe with a currency."""
    return bool(_NUMBER.fullmatch(line.text))


def is_percent(line: Line) -> bool:
    """A rate: `19 %`."""
    return bool(_PERCENT.fullmatch(line.text))


def is_count(line: Line) -> bool:
    """A number, maybe with a unit: `3 Stk`, `x14`."""
    return bool(_COUNT.fullmatch(line.text))


def cells_of(row: Sequence[Line], columns: Sequence[Column]) -> Cells:
    """The row's cells, each under its column; text of one column together."""
    found: Cells = {}
    pieces = [piece for line in row[:_MOST] for piece in _pieces(line, columns)][:_MOST]
    for piece, column in zip(pieces, _placed(pieces, columns), strict=True):
        if column is not None:
            words = found[column].words if column in found else ()
            found[column] = Line(words + piece.words)
    return found


def _pieces(line: Line, columns: Sequence[Column]) -> Iterator[Line]:
    """The line, cut where a number begins or ends that stands under another heading."""
    run: list[Word] = []
    for word in line.words:
        if run and _parts(run[-1], word, columns):
            yield Line(tuple(run))
            run = []
        run.append(word)
    yield Line(tuple(run))


def _parts(before: Word, word: Word, columns: Sequence[Column]) -> bool:
    left, right = _under(before.box, columns), _under(word.box, columns)
    if not right or not left.isdisjoint(right):
        return False
    if left and any(_begins(word.box, columns[at].label.box) for at in right):
        return True
    if not any(char.isdigit() for char in before.text + word.text):
        return False
    begins = any(columns[at].type in _NUMBERS for at in right)
    return bool(left) or (begins and not is_number(Line((before, word))))


def _begins(box: Box, heading: Box) -> bool:
    return abs(box.left - heading.left) <= 0.5 * heading.height


def _under(box: Box, columns: Sequence[Column]) -> set[int]:
    return {at for at, column in enumerate(columns) if column.label.box.overlap_x(box) > 0}


def _placed(pieces: Sequence[Line], columns: Sequence[Column]) -> list[int | None]:
    """The cheapest way to put the pieces into columns, both from left to right."""
    costs: list[float] = [0.0] * (len(columns) + 1)  # at best, the last piece in a column before
    ways: list[list[int | None]] = [[] for _ in costs]
    for piece in pieces:
        costs, ways = _with_piece(piece, columns, costs, ways)
    return ways[min(range(len(costs)), key=costs.__getitem__)]


def _with_piece(
    piece: Line,
    columns: Sequence[Column],
    costs: list[float],
    ways: list[list[int | None]],
) -> tuple[list[float], list[list[int | None]]]:
    """State `n`: the pieces so far stand in the columns before `n`, the last one in `n - 1`."""
    new = [cost + _UNPLACED for cost in costs]
    path: list[list[int | None]] = [[*way, None] for way in ways]
    best = 0
    for at, column in enumerate(columns):
        best = min(best, at, key=costs.__getitem__)
        again = at + 1 if column.type in _WORDS and costs[at + 1] < costs[best] else best
        cost = costs[again] + _cost(piece, column)
        if cost < new[at + 1]:
            new[at + 1], path[at + 1] = cost, [*ways[again], at]
    return new, path


def _cost(piece: Line, column: Column) -> float:
    box, heading = piece.box, column.label.box
    apart = max(0.0, -box.overlap_x(heading))
    edges = min(
        abs(box.left - heading.left),
        abs(box.right - heading.right),
        abs(box.left + box.right - heading.left - heading.right) / 2,
    )
    return (apart + 0.25 * edges) / max(box.height, 1e-6) + _misfit(piece, column.type)


def _misfit(piece: Line, kind: str) -> float:
    """Numbers only where they look like numbers."""
    if is_percent(piece):
        return 0.0 if kind in _RATES else _NEVER if kind in _NUMBERS else _ODD
    if is_number(piece):
        return _ODD if kind in ("ITEM", "UNIT") else 0.0
    if kind == "QUANTITY" and is_count(piece):
        return 0.0
    return _NEVER if kind in _NUMBERS else _ODD / 3 if kind in _RATES else 0.0
