"""$filter of OData V2 (URI conventions 4.5): parser and evaluator.

Played: eq ne lt le gt ge, and, or, not, parentheses, substringof, startswith, endswith.
"""

import operator
import re
from collections.abc import Callable
from typing import Any

from local.sap.metadata import EntitySet, Property
from local.sap.values import Row, comparable, from_literal

Predicate = Callable[[Row], bool]

_TOKEN = re.compile(
    r"\s*(?:(?P<literal>(?:[a-z]+)?'(?:[^']|'')*'|-?\d[\d.]*[MmDdFfLl]?(?![\w]))"
    r"|(?P<word>[A-Za-z_][\w/]*)|(?P<sign>[(),]))"
)
_OPERATORS: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}
_FUNCTIONS: dict[str, Callable[[str, str], bool]] = {
    "substringof": lambda value, part: part in value,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
_MAX_TOKENS = 4000


def parse_filter(text: str, entity_set: EntitySet) -> Predicate:
    """The filter as a predicate on rows; raises ValueError that names what is wrong."""
    parser = _Parser(_tokens(text), entity_set)
    predicate = parser.either()
    parser.expect("")
    return predicate


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None or len(tokens) >= _MAX_TOKENS:
            raise ValueError(f"Invalid token at position {position} of $filter")
        tokens.append(match[match.lastgroup or 0])
        position = match.end()
    return tokens


class _Parser:
    """Recursive descent; `not` binds before `and` before `or`."""

    def __init__(self, tokens: list[str], entity_set: EntitySet) -> None:
        self._tokens = tokens
        self._entity_set = entity_set
        self._at = 0
        self._depth = 0

    def _peek(self) -> str:
        return self._tokens[self._at] if self._at < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        self._at += 1
        return token

    def expect(self, token: str) -> None:
        """Take exactly this token."""
        found = self._next()
        if found != token:
            raise ValueError(f"$filter: expected {token or 'the end'!r}, found {found!r}")

    def either(self) -> Predicate:
        """Terms joined with `or`."""
        terms = [self._both()]
        while self._peek() == "or":
            self._next()
            terms.append(self._both())
        return terms[0] if len(terms) == 1 else lambda row: any(term(row) for term in terms)

    def _both(self) -> Predicate:
        terms = [self._term()]
        while self._peek() == "and":
            self._next()
            terms.append(self._term())
        return terms[0] if len(terms) == 1 else lambda row: all(term(row) for term in terms)

    def _term(self) -> Predicate:
        if self._peek() == "not":
            self._next()
            term = self._term()
            return lambda row: not term(row)
        if self._peek() == "(":
            return self._nested()
        return self._call() if self._peek() in _FUNCTIONS else self._comparison()

    def _nested(self) -> Predicate:
        self._depth += 1
        if self._depth > 50:
            raise ValueError("$filter is nested too deeply")
        self.expect("(")
        inner = self.either()
        self.expect(")")
        self._depth -= 1
        return inner

    def _property(self) -> Property:
        name = self._next()
        prop = self._entity_set.properties.get(name)
        if prop is None:
            raise ValueError(f"Property {name} not found in type {self._entity_set.type_name}")
        if not prop.filterable:
            raise ValueError(f"Property {name} is not filterable")
        return prop

    def _comparison(self) -> Predicate:
        prop, word, literal = self._property(), self._next(), self._next()
        compare = _OPERATORS.get(word)
        if compare is None:
            raise ValueError(f"$filter: expected a comparison after {prop.name}, found {word!r}")
        if prop.type == "Boolean" and word not in ("eq", "ne"):
            raise ValueError(f"Property {prop.name}: only eq and ne fit Edm.Boolean")
        return _compare(prop, word, compare, _value(prop, literal))

    def _call(self) -> Predicate:
        name = self._next()
        self.expect("(")
        if name == "substringof":
            literal = self._next()
            self.expect(",")
            prop = self._property()
        else:
            prop = self._property()
            self.expect(",")
            literal = self._next()
        self.expect(")")
        return self._call_result(_call(name, prop, literal))

    def _call_result(self, test: Predicate) -> Predicate:
        if self._peek() != "eq":
            return test
        self._next()
        wanted = self._next()
        if wanted not in ("true", "false"):
            raise ValueError(f"$filter: a function is true or false, found {wanted!r}")
        return lambda row: test(row) is (wanted == "true")


def _call(name: str, prop: Property, literal: str) -> Predicate:
    if prop.type != "String" or not literal.startswith("'"):
        raise ValueError(f"{name} needs a text and a property of type Edm.String")
    test, part = _FUNCTIONS[name], literal[1:-1].replace("''", "'")
    return lambda row: test(str(row[prop.name]), part)


def _value(prop: Property, literal: str) -> object:
    try:
        return comparable(prop, from_literal(prop, literal))
    except ValueError as error:
        raise ValueError(f"Property {prop.name} {error}") from None


def _compare(
    prop: Property, word: str, compare: Callable[[Any, Any], bool], wanted: object
) -> Predicate:
    if word in ("eq", "ne"):
        return lambda row: compare(comparable(prop, row[prop.name]), wanted)
    if wanted is None:
        raise ValueError(f"Property {prop.name}: null has no order")

    def ordered(row: Row) -> bool:
        value = comparable(prop, row[prop.name])
        return value is not None and compare(value, wanted)

    return ordered
