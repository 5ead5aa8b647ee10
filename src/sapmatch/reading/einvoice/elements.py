"""An XML element as the source of invoice fields: each value is kept with its XPath."""

import re
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import TypeVar

from sapmatch.model.invoice import Evidence, Period
from sapmatch.reading.codes import is_placeholder
from sapmatch.reading.einvoice.xml import Node
from sapmatch.reading.findings import Findings

T = TypeVar("T")
# xs:decimal in a sane size: no exponent, no NaN, no infinity.
_DECIMAL = re.compile(r"[+-]?(?:\d{1,18}(?:\.\d{0,30})?|\.\d{1,30})", re.ASCII)
_NUMBER = "decimal number of at most 18 digits"
_DATE = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:[T ].{0,40}|Z|[+-]\d\d:\d\d)?", re.ASCII)
_YES = frozenset({"true", "1"})
_CERTAIN = 1.0


class Element:
    """`name` is the invoice field that the element fills: its values become `name.field`.

    Amounts have to be in `currency` where they name one. Without a node nothing is found in it.
    """

    __slots__ = ("_currency", "_found", "_name", "_node")

    def __init__(
        self, node: Node | None, found: Findings, name: str = "", currency: str | None = None
    ) -> None:
        self._node = node
        self._found = found
        self._name = name
        self._currency = currency

    def one(self, path: str, name: str = "") -> "Element":
        """The first element under the path, or one without anything in it."""
        return self._at(next(iter(self._nodes(path)), None), name)

    def all(
        self, path: str, name: str = "", where: Callable[[Node], bool] = bool
    ) -> Iterator["Element"]:
        """Every such element under the path as `name[0]`, `name[1]` ..."""
        nodes = filter(where, self._node.each(path)) if self._node else ()
        for index, node in enumerate(nodes):
            yield self._at(node, f"{name}[{index}]" if name else "")

    def in_currency(self, currency: str | None) -> "Element":
        """The same element, its amounts expected in the currency."""
        return Element(self._node, self._found, self._name, currency)

    @property
    def exists(self) -> bool:
        """Whether the document has it."""
        return self._node is not None

    def text(self, field: str, path: str, attribute: str | None = None) -> str | None:
        """The first text under the path that is not blank, or the first such attribute."""
        return self._value(field, path, str, "", attribute)

    def reference(self, field: str, path: str) -> str | None:
        """A number of another document; none where it only fills a mandatory field."""
        return None if is_placeholder(self.code(path) or "") else self.text(field, path)

    def texts(
        self, field: str, *paths: str, where: Callable[[Node], bool] = bool
    ) -> tuple[str, ...]:
        """All such texts under the paths; where the first one stands is kept."""
        nodes = [node for path in paths for node in self._nodes(path) if where(node)]
        found = [(text, node) for node in nodes if (text := node.text())]
        texts = tuple(text for text, _ in found)
        if not found:
            return ()
        return self._found.keep(
            self._path(field), texts, _CERTAIN, Evidence(xpath=found[0][1].path)
        )

    def derived(self, field: str, value: T, *sources: str) -> T:
        """A value that follows from other fields."""
        names = tuple(map(self._path, sources))
        return self._found.keep(self._path(field), value, _CERTAIN, Evidence(derived_from=names))

    def code(self, path: str = "") -> str | None:
        """A text that only says how to understand the others."""
        return self._node.text(path) if self._node else None

    def attribute(self, name: str, path: str = "") -> str | None:
        """An attribute that only says how to understand the value."""
        node = next(iter(self._nodes(path)), None)
        return node.attribute(name) if node else None

    def number(self, field: str, path: str) -> Decimal | None:
        """A plain decimal number; anything else is a problem and no value (MA-P60)."""
        return self._value(field, path, plain_decimal, _NUMBER)

    def first_number(self, field: str, *paths: str) -> Decimal | None:
        """The number under the first path that holds one; 0 is one."""
        numbers = (self.number(field, path) for path in paths)
        return next((number for number in numbers if number is not None), None)

    def amount(self, field: str, path: str) -> Decimal | None:
        """A number that is money; in another currency than the invoice's it is a problem."""
        value = self.number(field, path)
        currency = self.attribute("currencyID", path) if value is not None else None
        if self._currency and currency and currency.upper() != self._currency.upper():
            self._foreign(self._path(field), self._currency, currency)
        return value

    def day(self, field: str, path: str) -> date | None:
        """A date as xs:date or xs:dateTime, or as format 102 (YYYYMMDD) of UN/CEFACT.

        One that is no date is a problem and no value.
        """
        return self._value(field, path, plain_date, "date")

    def hint(self, field: str, path: str) -> date | None:
        """A date that only informs; one that is no date is no value."""
        return self.day(field, path) if plain_date(self.code(path) or "") else None

    def period(self, path: str, start: str, end: str) -> Period | None:
        """A period whose first and last day stand under the path."""
        element = self.one(path, "period")
        first, last = element.hint("start", start), element.hint("end", end)
        return Period(start=first, end=last) if first or last else None

    def yes(self, path: str) -> bool:
        """Whether the indicator under the path says so."""
        return (self.code(path) or "").lower() in _YES

    def _nodes(self, path: str) -> list[Node]:
        return self._node.all(path) if self._node else []

    def _foreign(self, field: str, expected: str, currency: str) -> None:
        values = {"invoice": expected, "amount": currency}
        if not any(problem.values == values for problem in self._found.problems):
            message = (
                "An amount is in another currency than the invoice: ask the sender which is right."
            )
            self._found.problem("NEEDS_REVIEW", message, field, values)

    def _at(self, node: Node | None, name: str) -> "Element":
        return Element(node, self._found, self._path(name), self._currency)

    def _path(self, field: str) -> str:
        return f"{self._name}.{field}" if self._name and field else self._name or field

    def _value(
        self,
        field: str,
        path: str,
        parse: Callable[[str], T | None],
        kind: str,
        attribute: str | None = None,
    ) -> T | None:
        for node in self._nodes(path):
            text = node.attribute(attribute) if attribute else node.text()
            if text:
                where = f"{node.path}/@{attribute}" if attribute else node.path
                return self._kept(field, text, parse, kind, where)
        return None

    def _kept(
        self, field: str, text: str, parse: Callable[[str], T | None], kind: str, where: str
    ) -> T | None:
        value = parse(text)
        if value is not None:
            return self._found.keep(self._path(field), value, _CERTAIN, Evidence(xpath=where))
        self._found.problem(
            "BROKEN",
            f"{where} holds no plain {kind}: ask the sender for a corrected invoice.",
            self._path(field),
        )
        return None


def plain_decimal(text: str) -> Decimal | None:
    """The number, or None where the text is anything but a plain decimal."""
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def plain_date(text: str) -> date | None:
    """The date, or None where the text is no calendar date."""
    found = _DATE.fullmatch(text)
    if not found:
        return None
    try:
        return date(*map(int, found.groups()))
    except ValueError:
        return None
