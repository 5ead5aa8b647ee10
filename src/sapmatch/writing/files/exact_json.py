"""JSON that people wrote, exactly as it is written: all digits of a number, every name once.

What has no exact meaning becomes a Mistake in the place of the value, so that the rest of its file
is still read.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from msgspec import Struct

from sapmatch.writing.problems import shown

_DEEPEST = 50
_MOST_DIGITS = 60  # more than any field of SAP holds
_MOST_OBJECTS = 2_000_000  # nested ones too
_BLANKS = re.compile(r"[ \t\r\n]*")
_SURROGATE = re.compile("[\ud800-\udfff]")


class Mistake(Struct, frozen=True):
    """What is wrong with a value that stood here."""

    message: str


class ExactJson:
    """Reads the values of one file, which holds a bounded number of objects.

    Both ways raise ValueError or RecursionError where the text is no JSON that can be read.
    """

    def __init__(self) -> None:
        self._objects = 0
        self._decoder = json.JSONDecoder(
            object_pairs_hook=self._object,
            parse_float=_fraction,
            parse_int=_integer,
            parse_constant=_no_number,
        )

    def value(self, text: str) -> Any:
        """The one value of a text."""
        return self._decoder.decode(text)

    def value_at(self, text: str, index: int) -> tuple[Any, int]:
        """The value that begins here, and where it ends."""
        return self._decoder.raw_decode(text, index)

    def _object(self, pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        self._objects += 1
        if self._objects > _MOST_OBJECTS:
            raise ValueError(f"it holds over {_MOST_OBJECTS} objects; split it")
        return _named_once(pairs)


def after_blanks(text: str, index: int) -> int:
    """Where the blanks of JSON that begin here end."""
    found = _BLANKS.match(text, index)
    return found.end() if found else index


def why(exc: Exception, *, in_line: bool = False) -> str:
    """What is no JSON, and where; never the text itself."""
    if isinstance(exc, json.JSONDecodeError):
        place = f"column {exc.colno}" if in_line else f"line {exc.lineno}, column {exc.colno}"
        return f"is no JSON: {exc.msg} ({place})"
    if isinstance(exc, RecursionError):
        return "is no JSON that can be read: it is nested too deep"
    return f"is no JSON that can be read: {exc}"


def mistakes(value: Any, path: str = "", depth: int = 0) -> Iterator[tuple[str | None, str]]:
    """Path and message of all that was written wrong in a decoded value."""
    if isinstance(value, Mistake):
        yield path or None, value.message
    elif isinstance(value, str):
        if _SURROGATE.search(value):
            yield path or None, "holds half a character (a lone surrogate); write it anew"
    elif isinstance(value, dict | list):
        if depth == _DEEPEST:
            yield path, f"is nested deeper than {_DEEPEST}"
            return
        for step, inner in _parts(value, path):
            yield from mistakes(inner, step, depth + 1)


def _parts(value: Mapping[str, Any] | list[Any], path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, list):
        for n, inner in enumerate(value):
            yield f"{path}[{n}]", inner
        return
    for name, inner in value.items():
        step = f"{path}.{shown(name)}" if path else shown(name)
        half = _SURROGATE.search(name)
        yield step, Mistake("has half a character in its name") if half else inner


def _named_once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                found[name] = Mistake("stands twice in one object; keep one")
            seen.add(name)
    return found


def _fraction(digits: str) -> Decimal | Mistake:
    if "e" in digits.lower():
        return Mistake("is a number with an exponent; write all of its digits")
    return Mistake("has too many digits") if len(digits) > _MOST_DIGITS else Decimal(digits)


def _integer(digits: str) -> int | Mistake:
    return Mistake("has too many digits") if len(digits) > _MOST_DIGITS else int(digits)


def _no_number(word: str) -> Mistake:
    return Mistake(f"is {word}, which is no number of JSON")
