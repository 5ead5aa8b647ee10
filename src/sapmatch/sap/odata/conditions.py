"""`$filter` from parts: right brackets, right literals, no text of a value can become a condition.

`Dialect` holds what differs between the protocol versions.
"""

from collections.abc import Callable, Iterable

from msgspec import Struct

from sapmatch.model.errors import InputRejected
from sapmatch.model.query import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Not,
    ODataValue,
    Operand,
    Quantified,
    Query,
    TextCondition,
)
from sapmatch.sap.odata import urls
from sapmatch.sap.odata.metadata import (
    NO_TYPES,
    Navigation,
    Property,
    StructuredType,
    Types,
    Version,
    found_at,
    target_of,
)

_NUMBERS = frozenset({"length", "year", "month", "day", "hour", "minute", "second"})
_OTHER_TYPES = {"date": "Edm.Date", "time": "Edm.TimeOfDay"} | dict.fromkeys(_NUMBERS, "Edm.Int32")
_V4_ONLY = frozenset({"date", "time"})


class Dialect(Struct, frozen=True):
    """How a protocol version writes values: `literal(value, Edm type or None)`."""

    version: Version
    literal: Callable[[ODataValue | None, str | None], str]


def filter_of(
    query: Query,
    dialect: Dialect,
    kind: StructuredType | None = None,
    types: Types = NO_TYPES,
) -> str:
    """All conditions of a query joined with `and`, the user's own text in brackets (OD-P58)."""
    if query.where is not None and not (query.equals or query.filter):
        return filter_text(query.where, dialect, kind, types)
    parts: list[Condition] = [Operand(name).eq(value) for name, value in query.equals.items()]
    if query.where is not None:
        parts.append(query.where)
    if not parts:
        return query.filter or ""
    text = filter_text(AllOf(tuple(parts)), dialect, kind, types)
    return f"{text} and ({query.filter})" if query.filter else text


def filter_text(
    condition: Condition,
    dialect: Dialect,
    kind: StructuredType | None = None,
    types: Types = NO_TYPES,
) -> str:
    """The condition as text, not yet percent-encoded.

    `kind` is the type of the entities, `types` are those behind its navigations: they decide how
    values are written. Raises InputRejected for
    a name that is none, and for what the protocol version does not know.
    """
    return _Text(dialect, kind, types).of(condition)


class _Text:
    """Writes conditions; `variable` is the lambda variable of `any` and `all` around them."""

    def __init__(
        self,
        dialect: Dialect,
        kind: StructuredType | None,
        types: Types,
        variable: str = "",
        depth: int = 0,
    ) -> None:
        self._dialect = dialect
        self._kind = kind
        self._types = types
        self._variable = variable
        self._depth = depth

    def of(self, condition: Condition) -> str:
        match condition:
            case AllOf():
                return self._joined(condition.conditions, " and ", AllOf)
            case AnyOf():
                return self._joined(condition.conditions, " or ", AnyOf)
            case Not():
                return f"not ({self.of(condition.condition)})"
            case Comparison():
                return self._comparison(condition)
            case TextCondition():
                return self._text_test(condition)
            case Quantified():
                return self._quantified(condition)
        raise InputRejected(f"{type(condition).__name__}: is no condition that OData knows")

    def _joined(self, conditions: Iterable[Condition], word: str, outer: type[Condition]) -> str:
        text = word.join(self._part(each, outer) for each in conditions)
        if not text:
            raise InputRejected("a condition joined from no parts is neither true nor false")
        return text

    def _part(self, condition: Condition, outer: type[Condition]) -> str:
        text = self.of(condition)
        mixed = isinstance(condition, AllOf | AnyOf) and not isinstance(condition, outer)
        return f"({text})" if mixed else text

    def _comparison(self, found: Comparison) -> str:
        value = self._literal(found.operand, found.value, self._type(found.operand))
        return f"{self._operand(found.operand)} {found.comparator} {value}"

    def _text_test(self, found: TextCondition) -> str:
        operand = self._operand(found.operand)
        text = self._literal(found.operand, found.text, "Edm.String")
        if found.test == "contains" and self._dialect.version == "V2":
            return f"substringof({text},{operand})"
        return f"{found.test}({operand},{text})"

    def _literal(self, operand: Operand, value: ODataValue | None, type: str | None) -> str:
        try:
            return self._dialect.literal(value, type)
        except InputRejected as exc:
            raise InputRejected(f"{operand.path}: {exc}") from exc

    def _quantified(self, found: Quantified) -> str:
        if self._dialect.version == "V2":
            raise InputRejected(
                f"{found.path}: OData V2 knows no {found.quantifier}(); read the entity set behind "
                "it with a filter of its own"
            )
        name = f"x{self._depth + 1}"
        kind = target_of(self._found(found.path), self._types)
        inner = _Text(self._dialect, kind, self._types, f"{name}/", self._depth + 1)
        return f"{self._path(found.path)}/{found.quantifier}({name}:{inner.of(found.condition)})"

    def _operand(self, operand: Operand) -> str:
        text = self._path(operand.path)
        for function in operand.functions:
            if function in _V4_ONLY and self._dialect.version == "V2":
                raise InputRejected(f"{operand.path}: OData V2 knows no function {function}()")
            text = f"{function}({text})"
        return text

    def _path(self, path: str) -> str:
        return self._variable + urls.path_of(path)

    def _type(self, operand: Operand) -> str | None:
        known = self._found(operand.path)
        found = known.type if isinstance(known, Property) else None
        for function in operand.functions:
            found = _OTHER_TYPES.get(function, found)
        return found

    def _found(self, path: str) -> Property | Navigation | None:
        return found_at(self._kind, path, self._types) if self._kind else None
