"""Conditions on users, decided here: on all that is known of a user, or on his name alone.

Text is compared as it stands, fields that SAP keeps in upper case without regard to case. Where a
user has several (roles, groups), one that fits is enough; `ne` says that none equals.
"""

import operator
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, time
from decimal import Decimal, InvalidOperation
from typing import Final, NamedTuple, TypeAlias

from sapmatch.model.errors import InputRejected
from sapmatch.model.rfc import RfcScalar
from sapmatch.model.users import Both, Compare, Condition, Not, Operator, SapUser
from sapmatch.sap.users.fields import USERNAME, UserField, field_of

Key: TypeAlias = str | Decimal

NO_DATE: Final = "00000000"
NO_TIME: Final = "000000"
_NUMBERS = frozenset({"int", "decimal", "float"})
_TEXTS = frozenset({"char", "string"})
_DATE = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})")
_TIME = re.compile(r"([0-9]{2}):?([0-9]{2}):?([0-9]{2})")
_IN_TEXT: Final[Mapping[Operator, Callable[[str, str], bool]]] = {
    "prefix": str.startswith,
    "suffix": str.endswith,
    "contains": operator.contains,
}
_ORDER: Final[Mapping[Operator, Callable[[Key, Key], bool]]] = {
    "eq": operator.eq,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
}


class Leaf(NamedTuple):
    """One comparison; `negated`: what it does not hold for. `ne` is a negated `eq`."""

    field: UserField
    operator: Operator
    wanted: Key
    negated: bool


class Group(NamedTuple):
    """All of the parts, or at least one; negations stand in the leaves only."""

    is_all: bool
    parts: "tuple[Node, ...]"


Node: TypeAlias = Leaf | Group


def resolved(condition: Condition, *, negated: bool = False) -> Node:
    """The condition with its fields; InputRejected for a field or value that no user can have."""
    if isinstance(condition, Not):
        return resolved(condition.part, negated=not negated)
    if isinstance(condition, Compare):
        return _leaf(condition, negated)
    is_all = isinstance(condition, Both) is not negated
    parts = tuple(resolved(part, negated=negated) for part in condition.parts)
    if not parts:
        raise InputRejected("a condition without any part says nothing: leave it out")
    return parts[0] if len(parts) == 1 else Group(is_all, parts)


def conjuncts(node: Node) -> Iterator[Node]:
    """What all has to hold."""
    if isinstance(node, Group) and node.is_all:
        for part in node.parts:
            yield from conjuncts(part)
    else:
        yield node


def leaves(node: Node) -> Iterator[Leaf]:
    """All comparisons."""
    if isinstance(node, Leaf):
        yield node
        return
    for part in node.parts:
        yield from leaves(part)


def decided(node: Node, user: SapUser, known: Collection[str] | None = None) -> bool | None:
    """Whether the user fits; None where that needs more fields than those that are `known`."""
    if isinstance(node, Leaf):
        return _fits(node, user) if known is None or node.field.name in known else None
    found = [decided(part, user, known) for part in node.parts]
    if (not node.is_all) in found:
        return not node.is_all
    return None if None in found else node.is_all


def upper(text: str) -> str:
    """Upper case as SAP has it: a character stays one character."""
    if text.isascii():
        return text.upper()
    return "".join(each.upper() if len(each.upper()) == 1 else each for each in text)


def condition_of(text: str, setting: str) -> Condition:
    """The condition of a setting `OPTION,PARAMETER,VALUE`; InputRejected naming it (CO-T55)."""
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 3 or not all(parts[:2]):
        raise InputRejected(
            f"{setting}: has to be OPTION,PARAMETER,VALUE with exactly two commas, as "
            "EQ,LOGONDATA.USTYP,A; a value cannot hold a comma"
        )
    option, name, value = parts[0].upper(), parts[1], parts[2]
    operators: dict[str, Operator] = {
        "EQ": "eq", "NE": "ne", "LT": "lt", "LE": "le", "GT": "gt", "GE": "ge"
    }  # fmt: skip
    try:
        field = field_of(name).name
        if option in operators:
            found: Condition = Compare(field=field, operator=operators[option], value=value)
        elif option in ("CP", "NP"):
            found = _pattern(field, value)
        else:
            raise InputRejected(f"{option} is none of EQ, NE, LT, LE, GT, GE, CP, NP")
        found = Not(found) if option == "NP" else found
        resolved(found)
    except InputRejected as exc:
        raise InputRejected(f"{setting}: {exc}") from exc
    return found


def _pattern(field: str, value: str) -> Condition:
    inner = value.strip("*")
    if set(inner) & set("*+#") or not inner:
        raise InputRejected("a pattern has its * at the beginning, at the end, or at both")
    kind: Operator = "eq"
    if value.endswith("*"):
        kind = "contains" if value.startswith("*") else "prefix"
    elif value.startswith("*"):
        kind = "suffix"
    return Compare(field=field, operator=kind, value=inner)


def _leaf(compare: Compare, negated: bool) -> Leaf:
    field = field_of(compare.field)
    kind = field.field.type
    if compare.operator in _IN_TEXT and kind not in _TEXTS:
        raise InputRejected(f"{field.name} is {kind}: {compare.operator} is for text only")
    try:
        wanted = _wanted(compare.value, field)
    except (ValueError, InvalidOperation) as exc:
        raise InputRejected(f"{field.name} is {kind}, and the value is none") from exc
    if compare.operator == "ne":
        return Leaf(field, "eq", wanted, not negated)
    return Leaf(field, compare.operator, wanted, negated)


def _wanted(value: str, field: UserField) -> Key:
    kind = field.field.type
    if kind == "date":
        return _digits(value, _DATE, NO_DATE, lambda part: date(part[0], part[1], part[2]))
    if kind == "time":
        return _digits(value, _TIME, NO_TIME, lambda part: time(part[0], part[1], part[2]))
    if kind in _NUMBERS:
        return _number(value.strip() or "0")
    if kind == "numc":
        return _numc(value.strip(), field)
    return value.rstrip(" ") if field.mixed_case else upper(value.rstrip(" "))


def _digits(
    value: str, form: re.Pattern[str], initial: str, made: Callable[[list[int]], object]
) -> str:
    digits = value.strip().replace("-", "").replace(":", "")
    if not digits or digits == initial:
        return initial
    found = form.fullmatch(value.strip())
    if not found:
        raise ValueError(value)
    made([int(part) for part in found.groups()])
    return digits


def _number(text: str) -> Decimal:
    number = Decimal(text)
    if not number.is_finite():
        raise ValueError(text)
    return number


def _numc(text: str, field: UserField) -> str:
    if text and not (text.isascii() and text.isdigit()):
        raise ValueError(text)
    return text.zfill(field.field.length)


def _fits(leaf: Leaf, user: SapUser) -> bool:
    values = (_key(value, leaf.field) for value in values_of(user, leaf.field))
    if leaf.operator in _IN_TEXT:
        holds = _IN_TEXT[leaf.operator]
        found = any(holds(str(value), str(leaf.wanted)) for value in values)
    else:
        compares = _ORDER[leaf.operator]
        found = any(compares(value, leaf.wanted) for value in values)
    return found is not leaf.negated


def _key(value: RfcScalar, field: UserField) -> Key:
    kind = field.field.type
    if kind == "date":
        return f"{value:%Y%m%d}".zfill(8) if isinstance(value, date) else NO_DATE
    if kind == "time":
        return f"{value:%H%M%S}" if isinstance(value, time) else NO_TIME
    if kind in _NUMBERS:
        return Decimal(str(value or 0))
    text = "" if value is None else str(value)
    if kind == "numc":
        return text.zfill(field.field.length)
    return text if field.mixed_case else upper(text)


def values_of(user: SapUser, field: UserField) -> tuple[RfcScalar, ...]:
    """What the user has in the field; the roles of a central system with and without its name."""
    name = field.name
    if name == USERNAME:
        return (user.name,)
    if not field.many:
        return (user.fields.get(name),)
    column = name.partition(".")[2]
    found: Mapping[str, Callable[[], tuple[RfcScalar, ...]]] = {
        "AGR_NAME": lambda: _named((each.system, each.name) for each in user.roles),
        "FROM_DAT": lambda: tuple(each.valid_from for each in user.roles),
        "TO_DAT": lambda: tuple(each.valid_to for each in user.roles),
        "BAPIPROF": lambda: _named((each.system, each.name) for each in user.profiles),
        "USERGROUP": lambda: user.groups,
        "SUBSYSTEM": lambda: user.systems,
        "PARID": lambda: tuple(user.parameters),
        "PARVA": lambda: tuple(user.parameters.values()),
    }
    return found[column]()


def _named(pairs: Iterator[tuple[str, str]]) -> tuple[RfcScalar, ...]:
    return tuple(
        form
        for system, name in pairs
        for form in ((name, f"{system}:{name}") if system else (name,))
    )
