"""What to read of an entity set, in parts: no text is ever put together by hand.

field("CompanyCode").eq("1010") & (field("Amount").gt(Decimal(5)) | ~field("IsClosed").eq(True))
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal, TypeAlias
from uuid import UUID

from msgspec import Struct

from sapmatch.model.errors import InputRejected

# A value in an OData key, filter or parameter; the protocol version decides how it is written.
ODataValue: TypeAlias = (
    str | int | bool | Decimal | date | datetime | time | timedelta | UUID | bytes
)
Comparator = Literal["eq", "ne", "gt", "ge", "lt", "le"]
TextTest = Literal["startswith", "endswith", "contains"]
Function = Literal[
    "tolower", "toupper", "trim", "length", "year", "month", "day", "hour", "minute", "second",
    "round", "floor", "ceiling", "date", "time",
]  # fmt: skip


class Condition(Struct, frozen=True):
    """Something that is true or false of an entity; joined by `&`, `|` and `~`."""

    def __bool__(self) -> bool:
        raise TypeError("join conditions by & | ~: `and`, `or` and `not` would drop one of them")

    def __and__(self, other: "Condition") -> "Condition":
        return AllOf((*_parts(self, AllOf), *_parts(other, AllOf)))

    def __or__(self, other: "Condition") -> "Condition":
        return AnyOf((*_parts(self, AnyOf), *_parts(other, AnyOf)))

    def __invert__(self) -> "Condition":
        return Not(self)


class AllOf(Condition, frozen=True):
    """True where every part is."""

    conditions: tuple[Condition, ...]


class AnyOf(Condition, frozen=True):
    """True where one part is."""

    conditions: tuple[Condition, ...]


class Not(Condition, frozen=True):
    """True where the other is not."""

    condition: Condition


class Operand(Struct, frozen=True):
    """A field by its path (`Supplier/Name`), maybe inside functions, the innermost first."""

    path: str
    functions: tuple[Function, ...] = ()

    def of(self, function: Function) -> "Operand":
        """The function of this: `field("Name").of("tolower")`."""
        return Operand(self.path, (*self.functions, function))

    def eq(self, value: ODataValue | None) -> Condition:
        """Equal; null is a value of its own."""
        return Comparison(self, "eq", value)

    def ne(self, value: ODataValue | None) -> Condition:
        """Not equal."""
        return Comparison(self, "ne", value)

    def gt(self, value: ODataValue) -> Condition:
        """Greater than."""
        return Comparison(self, "gt", value)

    def ge(self, value: ODataValue) -> Condition:
        """Greater than or equal."""
        return Comparison(self, "ge", value)

    def lt(self, value: ODataValue) -> Condition:
        """Less than."""
        return Comparison(self, "lt", value)

    def le(self, value: ODataValue) -> Condition:
        """Less than or equal."""
        return Comparison(self, "le", value)

    def within(self, low: ODataValue, high: ODataValue) -> Condition:
        """From low to high, both included."""
        return self.ge(low) & self.le(high)

    def one_of(self, values: Iterable[ODataValue]) -> Condition:
        """Equal to one of the values (OD-P58); InputRejected where there is none."""
        found = tuple(self.eq(value) for value in values)
        if not found:
            raise InputRejected(f"{self.path}: one_of needs at least one value")
        return found[0] if len(found) == 1 else AnyOf(found)

    def starts_with(self, text: str) -> Condition:
        """Begins with the text."""
        return TextCondition(self, "startswith", text)

    def ends_with(self, text: str) -> Condition:
        """Ends with the text."""
        return TextCondition(self, "endswith", text)

    def contains(self, text: str) -> Condition:
        """Holds the text (`substringof` in V2, `contains` in V4)."""
        return TextCondition(self, "contains", text)

    def any(self, condition: Condition) -> Condition:
        """One entity behind this navigation meets the condition (V4 only)."""
        return Quantified(self.path, "any", condition)

    def all(self, condition: Condition) -> Condition:
        """Every entity behind this navigation meets the condition (V4 only)."""
        return Quantified(self.path, "all", condition)


class Comparison(Condition, frozen=True):
    """Operand, comparator, value."""

    operand: Operand
    comparator: Comparator
    value: ODataValue | None


class TextCondition(Condition, frozen=True):
    """A test on the text of an operand."""

    operand: Operand
    test: TextTest
    text: str


class Quantified(Condition, frozen=True):
    """A condition on the entities behind a navigation."""

    path: str
    quantifier: Literal["any", "all"]
    condition: Condition


def field(path: str) -> Operand:
    """A field of the entity, `Navigation/Field` for one behind a navigation."""
    return Operand(path)


class Expand(Struct, frozen=True, kw_only=True):
    """A navigation to read along; options of their own exist in V4 only, V2 flattens `select`."""

    path: str
    select: tuple[str, ...] = ()
    where: Condition | None = None
    order_by: tuple[str, ...] = ()
    top: int | None = None
    expand: tuple["Expand", ...] = ()


class Query(Struct, frozen=True, kw_only=True):
    """What to read of an entity set.

    `equals`, `where` and `filter` (the user's own text) are joined with `and`. `order_by` holds
    names, ` desc` behind one where it descends. `paging`: SAP's own next links, or `$top` and
    `$skip` in a stable order for services that know none (OD-P26); the latter adds the key to
    `select`, so that a page which SAP sends twice is noticed.
    """

    select: tuple[str, ...] = ()
    expand: tuple[str | Expand, ...] = ()
    order_by: tuple[str, ...] = ()
    equals: Mapping[str, ODataValue] = {}
    where: Condition | None = None
    filter: str | None = None
    page_size: int | None = None
    top: int | None = None
    skip: int | None = None
    inline_count: bool = False
    paging: Literal["server", "skip"] = "server"

    def __post_init__(self) -> None:
        """Raises InputRejected for what is easily mistaken; SAP would answer something else."""
        for name in ("select", "expand", "order_by"):
            if isinstance(getattr(self, name), str):
                raise InputRejected(f'{name}: give a tuple of names, such as ("Supplier",)')
        if self.where is not None and not isinstance(self.where, Condition):
            raise InputRejected('where: is no condition; write field("Supplier").eq("4711")')
        for name, least in (("page_size", 1), ("top", 0), ("skip", 0)):
            number = getattr(self, name)
            if number is not None and number < least:
                raise InputRejected(f"{name}: must be at least {least}")


EVERYTHING = Query()


def _parts(condition: Condition, kind: type[AllOf] | type[AnyOf]) -> tuple[Condition, ...]:
    return condition.conditions if isinstance(condition, kind) else (condition,)
