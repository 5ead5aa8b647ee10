"""A small language for one value: paths, texts in quotes, and functions of them.

    invoice.number    order.partner    match.document_id    invoice.lines[0].net
    record.Amount     record."Order No"     "Order No"     'a text'     left(trim(record.Text), 40)

A doubled quote stands for itself. Every expression ends: there are no loops, no names but those of
the facts, and no code is ever run.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from msgspec import Struct

from sapmatch.writing.mapping.functions import FUNCTIONS, Value

MOST_CHARACTERS = 1_000
_DEEPEST = 20
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>'(?:[^']|'')*')|(?P<column>"(?:[^"]|"")*")|(?P<number>\d{1,9})
    |(?P<name>[A-Za-z_]\w*)|(?P<sign>[().,\[\]]))""",
    re.VERBOSE | re.ASCII,
)


class Text(Struct, frozen=True):
    """A constant."""

    value: str


class Path(Struct, frozen=True):
    """Steps into the facts: names, and positions in lists."""

    steps: tuple[str | int, ...]


class Call(Struct, frozen=True):
    """A function of other expressions."""

    function: str
    arguments: tuple["Expression", ...]


Expression: TypeAlias = Text | Path | Call
Facts: TypeAlias = Mapping[str, Any]


def parse(source: str) -> Expression:
    """The expression; ValueError says what is wrong with it, in words that follow its name."""
    if len(source) > MOST_CHARACTERS:
        raise ValueError(f"is over {MOST_CHARACTERS} characters")
    parser = _Parser(_tokens(source))
    found = parser.expression(0)
    parser.require_end()
    return found


def value_of(expression: Expression, facts: Facts) -> Value:
    """The value; None where the facts hold none. ValueError where a function cannot take it."""
    if isinstance(expression, Text):
        return expression.value
    if isinstance(expression, Path):
        return _found(facts, expression.steps)
    arguments = [value_of(argument, facts) for argument in expression.arguments]
    return FUNCTIONS[expression.function].apply(arguments)


def paths(expression: Expression) -> list[Path]:
    """Every path in it."""
    if isinstance(expression, Path):
        return [expression]
    if isinstance(expression, Call):
        return [path for argument in expression.arguments for path in paths(argument)]
    return []


def _found(facts: Any, steps: Sequence[str | int]) -> Any:
    for step in steps:
        if isinstance(step, int):
            is_there = isinstance(facts, list | tuple) and step < len(facts)
            facts = facts[step] if is_there else None
        elif isinstance(facts, Mapping):
            facts = facts.get(step)
        else:
            fields = getattr(facts, "__struct_fields__", ())
            facts = getattr(facts, step) if step in fields else None
    return facts


def _tokens(source: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    index, end = 0, len(source.rstrip())
    while index < end:
        token = _TOKEN.match(source, index)
        if token is None or token.lastgroup is None:
            raise ValueError(f"cannot be read from character {index + 1} on")
        found.append((token.lastgroup, token[token.lastgroup]))
        index = token.end()
    return found


class _Parser:
    """Reads tokens from the left."""

    def __init__(self, tokens: Sequence[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._next = 0

    def expression(self, depth: int) -> Expression:
        if depth > _DEEPEST:
            raise ValueError(f"is nested deeper than {_DEEPEST}")
        kind, text = self._take("an expression")
        if kind in ("text", "number"):
            return Text(_unquoted(text))
        if kind == "column":
            return self._path(["record", _unquoted(text)])
        if kind != "name":
            raise ValueError(f"has {text} where a path, a text or a function is expected")
        return self._call(text, depth) if self._skip("(") else self._path([text])

    def require_end(self) -> None:
        if self._next < len(self._tokens):
            raise ValueError(f"has {self._tokens[self._next][1]} behind its end")

    def _path(self, steps: list[str | int]) -> Path:
        while True:
            if self._skip("."):
                kind, text = self._take("a name")
                if kind not in ("name", "column"):
                    raise ValueError(f"has {text} where a name is expected")
                steps.append(_unquoted(text))
            elif self._skip("["):
                kind, text = self._take("a position")
                if kind != "number" or not self._skip("]"):
                    raise ValueError("has brackets without a position, such as [0]")
                steps.append(int(text))
            else:
                return Path(tuple(steps))

    def _call(self, name: str, depth: int) -> Call:
        if name not in FUNCTIONS:
            raise ValueError(f"calls {name}, which is none of {', '.join(FUNCTIONS)}")
        arguments = [self.expression(depth + 1)]
        while self._skip(","):
            arguments.append(self.expression(depth + 1))
        if not self._skip(")"):
            raise ValueError(f"has no ) behind the arguments of {name}")
        FUNCTIONS[name].check(name, [_constant(argument) for argument in arguments])
        return Call(name, tuple(arguments))

    def _take(self, expected: str) -> tuple[str, str]:
        if self._next == len(self._tokens):
            raise ValueError(f"ends where {expected} is expected")
        self._next += 1
        return self._tokens[self._next - 1]

    def _skip(self, sign: str) -> bool:
        is_next = self._next < len(self._tokens) and self._tokens[self._next] == ("sign", sign)
        self._next += is_next
        return is_next


def _unquoted(text: str) -> str:
    quote = text[0]
    return text[1:-1].replace(quote * 2, quote) if quote in "'\"" else text


def _constant(expression: Expression) -> str | None:
    return expression.value if isinstance(expression, Text) else None
