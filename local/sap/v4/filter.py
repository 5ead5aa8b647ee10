"""$filter of OData V4 (URL conventions 4.0, 5.1.1): parser and evaluator.

Played: eq ne lt le gt ge, and, or, not, parentheses, contains, startswith, endswith, any, all, and
fields over a navigation to one. `in` (4.01), arithmetic and all other functions are refused.
"""

import operator
import re
from collections.abc import Callable, Iterable
from typing import Any

from local.sap.paths import related
from local.sap.store import Store
from local.sap.v4.model import EntitySet, Property, Service
from local.sap.v4.values import Stored, from_literal
from local.sap.values import Comparable, Row, comparable

Predicate = Callable[[Row], bool]
_Reading = Callable[[Row], Stored]

_TOKEN = re.compile(
    r"\s*(?:(?P<literal>'(?:[^']|'')*'"
    r"|\d{4}-\d{2}-\d{2}(?:T[\d:.]+(?:Z|[+-]\d{2}:\d{2}))?(?!\w)"
    r"|-?\d+(?:\.\d+)?(?![\w.]))"
    r"|(?P<word>[A-Za-z_]\w*(?:/\w+)*)|(?P<sign>[(),:]))"
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
    "contains": operator.contains,
    "startswith": str.startswith,
    "endswith": str.endswith,
}
_QUANTIFIERS: dict[str, Callable[[Iterable[bool]], bool]] = {"any": any, "all": all}
_MAX_TOKENS = 4000
_MAX_DEPTH = 50


def parse_filter(text: str, entity_set: EntitySet, service: Service, store: Store) -> Predicate:
    """The filter as a predicate on stored rows; raises ValueError that names what is wrong."""
    parser = _Parser(_tokens(text), entity_set, service, store)
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

    def __init__(
        self, tokens: list[str], entity_set: EntitySet, service: Service, store: Store
    ) -> None:
        self._tokens = tokens
        self._entity_set = entity_set
        self._service = service
        self._store = store
        self._variable = ""  # of the lambda whose condition is being read
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
            raise ValueError(f"$filter: expected {token or 'the end'!r}, found {found[:40]!r}")

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
            return self._negated()
        if self._peek() == "(":
            return self._nested()
        if self._is_quantified():
            return self._quantified()
        return self._call() if self._peek() in _FUNCTIONS else self._comparison()

    def _is_quantified(self) -> bool:
        return self._peek().rpartition("/")[2] in _QUANTIFIERS and "/" in self._peek()

    def _negated(self) -> Predicate:
        self._next()
        is_test = self._peek() == "(" or self._peek() in _FUNCTIONS or self._is_quantified()
        if not is_test:
            raise ValueError("$filter: `not` needs parentheses or a function after it")
        term = self._term()
        return lambda row: not term(row)

    def _nested(self) -> Predicate:
        self.expect("(")
        inner = self._deeper()
        self.expect(")")
        return inner

    def _deeper(self) -> Predicate:
        self._depth += 1
        if self._depth > _MAX_DEPTH:
            raise ValueError("$filter is nested too deeply")
        inner = self.either()
        self._depth -= 1
        return inner

    def _quantified(self) -> Predicate:
        """`Items/any(i:i/Field eq 'x')`: a condition on the entities behind a navigation."""
        way, _, word = self._path().rpartition("/")
        navigation = self._entity_set.navigations.get(way)
        if navigation is None or not navigation.many:
            raise ValueError(f"$filter: {way[:40]!r} leads to no collection")
        self.expect("(")
        outer = self._entity_set, self._variable
        self._entity_set, self._variable = self._service.sets[navigation.target], self._next()
        self.expect(":")
        inner = self._deeper()
        self._entity_set, self._variable = outer
        self.expect(")")
        test, source, store = _QUANTIFIERS[word], outer[0].source, self._store
        return lambda row: test(
            inner(each) for each in related(source, row, navigation.source, store)
        )

    def _path(self) -> str:
        """A path from the entity of the moment; inside a lambda it begins with its variable."""
        path = self._next()
        if not self._variable:
            return path
        variable, _, rest = path.partition("/")
        if variable != self._variable:
            raise ValueError(f"$filter: expected {self._variable}/..., found {path[:40]!r}")
        return rest

    def _property(self) -> tuple[Property, _Reading]:
        way, _, name = self._path().rpartition("/")
        if way:
            return self._over(way, name)
        prop = _known(name, self._entity_set)
        return prop, lambda row: row[prop.source.name]

    def _over(self, way: str, name: str) -> tuple[Property, _Reading]:
        """A field of the one entity that a navigation leads to."""
        navigation = self._entity_set.navigations.get(way)
        if navigation is None or navigation.many:
            raise ValueError(f"$filter: {way[:40]!r} leads to no single entity")
        source = self._entity_set.source
        prop = _known(name, self._service.sets[navigation.target])

        def read(row: Row) -> Stored:
            found = related(source, row, navigation.source, self._store)
            return found[0][prop.source.name] if found else None

        return prop, read

    def _comparison(self) -> Predicate:
        prop, read = self._property()
        word, literal = self._next(), self._next()
        compare = _OPERATORS.get(word)
        if compare is None:
            raise ValueError(f"$filter: expected a comparison after {prop.name}, found {word!r}")
        if prop.type == "Boolean" and word not in ("eq", "ne"):
            raise ValueError(f"Property {prop.name}: only eq and ne fit Edm.Boolean")
        return _compare(prop, read, word, _value(prop, literal))

    def _call(self) -> Predicate:
        name = self._next()
        self.expect("(")
        prop, read = self._property()
        self.expect(",")
        literal = self._next()
        self.expect(")")
        if prop.type != "String" or not literal.startswith("'"):
            raise ValueError(f"{name} needs a property of type Edm.String and a text")
        test, part = _FUNCTIONS[name], literal[1:-1].replace("''", "'")
        return self._call_result(lambda row: test(str(read(row)), part))

    def _call_result(self, test: Predicate) -> Predicate:
        if self._peek() != "eq":
            return test
        self._next()
        wanted = self._next()
        if wanted not in ("true", "false"):
            raise ValueError(f"$filter: a function is true or false, found {wanted[:40]!r}")
        return lambda row: test(row) is (wanted == "true")


def _known(name: str, entity_set: EntitySet) -> Property:
    prop = entity_set.properties.get(name)
    if prop is None:
        raise ValueError(f"Property '{name[:40]}' does not exist in type {entity_set.type_name}")
    return prop


def _value(prop: Property, literal: str) -> Comparable | None:
    try:
        return comparable(prop.source, from_literal(prop, literal))
    except ValueError as error:
        raise ValueError(f"Property {prop.name} {error}") from None


def _compare(prop: Property, read: _Reading, word: str, wanted: Comparable | None) -> Predicate:
    compare = _OPERATORS[word]
    if word in ("eq", "ne"):
        return lambda row: compare(comparable(prop.source, read(row)), wanted)
    if wanted is None:
        raise ValueError(f"Property {prop.name}: null has no order")

    def ordered(row: Row) -> bool:
        value = comparable(prop.source, read(row))
        return value is not None and compare(value, wanted)

    return ordered
