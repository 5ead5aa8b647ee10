"""The WHERE of RFC_READ_TABLE: lines of 72 characters that are one ABAP condition."""

import re
from collections.abc import Callable, Mapping
from typing import NoReturn

from local.sap.abap.faults import AbapFault

_TOKEN = re.compile(
    r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<sign><>|<=|>=|=|<|>)|(?P<mark>[(),])|(?P<word>[\w/~]+))"
)


def _is_like(value: str, pattern: str) -> bool:
    parts = ({"%": ".*", "_": "."}.get(each) or re.escape(each) for each in pattern)
    return re.fullmatch("".join(parts), value, re.DOTALL) is not None


_SIGNS: Mapping[str, Callable[[str, str], bool]] = {
    "=": lambda value, wanted: value == wanted,
    "<>": lambda value, wanted: value != wanted,
    "<": lambda value, wanted: value < wanted,
    ">": lambda value, wanted: value > wanted,
    "<=": lambda value, wanted: value <= wanted,
    ">=": lambda value, wanted: value >= wanted,
    "LIKE": _is_like,
}
_NAMES = {"EQ": "=", "NE": "<>", "LT": "<", "GT": ">", "LE": "<=", "GE": ">=", "LIKE": "LIKE"}
Test = Callable[[Mapping[str, str]], bool]


def condition(lines: list[str], columns: set[str]) -> Test:
    """What a row has to fit; AbapFault OPTION_NOT_VALID where it is no condition."""
    # A line break stands between two lines: no word and no text goes over it.
    tokens = _tokens("\n".join(lines))
    if not tokens:
        return lambda _: True
    reader = _Reader(tokens, columns)
    test = reader.either()
    if reader.left:
        _wrong()
    return test


def _tokens(text: str) -> list[str]:
    found, at = [], 0
    while text[at:].strip():
        match = _TOKEN.match(text, at)
        if match is None or "\n" in (match.group("text") or ""):
            _wrong()
        found.append(match.group().strip())
        at = match.end()
    return found


def _wrong() -> NoReturn:
    raise AbapFault("exception", "OPTION_NOT_VALID", "Selection entries (OPTIONS) are not valid")


class _Reader:
    """Recursive descent; OR binds least, then AND, then NOT."""

    def __init__(self, tokens: list[str], columns: set[str]) -> None:
        self.left = tokens
        self._columns = columns

    def either(self) -> Test:
        parts = [self._both()]
        while self._next() == "OR":
            self._take()
            parts.append(self._both())
        return lambda row: any(part(row) for part in parts)

    def _both(self) -> Test:
        parts = [self._one()]
        while self._next() == "AND":
            self._take()
            parts.append(self._one())
        return lambda row: all(part(row) for part in parts)

    def _one(self) -> Test:
        if self._next() == "NOT":
            self._take()
            inner = self._one()
            return lambda row: not inner(row)
        if self._next() == "(":
            self._take()
            inside = self.either()
            self._expect(")")
            return inside
        return self._comparison()

    def _comparison(self) -> Test:
        column = self._take().upper()
        if column not in self._columns:
            _wrong()
        word = self._take().upper()
        if word == "IN":
            return self._in(column)
        compare = _SIGNS.get(_NAMES.get(word, word))
        if compare is None:
            _wrong()
        wanted = self._literal()
        return lambda row: compare(row[column], wanted)

    def _in(self, column: str) -> Test:
        self._expect("(")
        wanted = {self._literal()}
        while self._next() == ",":
            self._take()
            wanted.add(self._literal())
        self._expect(")")
        return lambda row: row[column] in wanted

    def _literal(self) -> str:
        token = self._take()
        if token.isdigit():
            return token
        if not token.startswith("'"):
            _wrong()
        return token[1:-1].replace("''", "'").rstrip()

    def _next(self) -> str:
        return self.left[0].upper() if self.left else ""

    def _take(self) -> str:
        if not self.left:
            _wrong()
        return self.left.pop(0)

    def _expect(self, mark: str) -> None:
        if self._take() != mark:
            _wrong()
