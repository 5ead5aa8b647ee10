"""What $metadata rules out, found before anything is sent (OD-P62).

Every check raises one InputRejected with all mistakes as its problems, or does nothing. A type
that $metadata names and does not hold is not checked (OD-P105), nor is the user's own filter text.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.intent import Record
from sapmatch.model.query import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Expand,
    Not,
    Operand,
    Quantified,
    Query,
    TextCondition,
)
from sapmatch.sap.odata.fits import misfits
from sapmatch.sap.odata.metadata import (
    EntitySet,
    Metadata,
    Property,
    StructuredType,
    found_at,
    target_of,
)

_MAX_DEPTH = 50
_WITHOUT = {True: 'read with paging="server"', False: "leave it out"}
_SHOWN = 20  # mistakes in the message; `problems` holds all


def check_query(metadata: Metadata, entity_set: str, query: Query) -> None:
    """Fields that there are, filterable and sortable, with values of their types; required ones."""
    found = metadata.entity_set(entity_set)
    kind = metadata.types.get(found.type)
    problems = [*_of_set(found, query)]
    if kind is not None:
        check = _Fields(metadata)
        problems += check.selected(kind, query.select)
        problems += check.expanded(kind, query.expand)
        problems += check.sorted(kind, query.order_by)
        conditions = [Operand(name).eq(value) for name, value in query.equals.items()]
        problems += check.filtered(kind, AllOf((*conditions, *_some(query.where))))
        problems += _required(kind, query)
    _refuse(entity_set, problems)


def check_record(metadata: Metadata, entity_set: str, query: Query) -> None:
    """Selected and expanded fields that there are; nothing that a set asks of its queries."""
    kind = metadata.types.get(metadata.entity_set(entity_set).type)
    if kind is not None:
        check = _Fields(metadata)
        expanded = check.expanded(kind, query.expand)
        _refuse(entity_set, [*check.selected(kind, query.select), *expanded])


def check_create(metadata: Metadata, entity_set: str, record: Record) -> None:
    """As `create_problems`."""
    _refuse(entity_set, create_problems(metadata, entity_set, record))


def check_update(metadata: Metadata, entity_set: str, changes: Record) -> None:
    """As `update_problems`."""
    _refuse(entity_set, update_problems(metadata, entity_set, changes))


def check_delete(metadata: Metadata, entity_set: str) -> None:
    """As `delete_problems`."""
    _refuse(entity_set, delete_problems(metadata, entity_set))


def create_problems(metadata: Metadata, entity_set: str, record: Record) -> list[Problem]:
    """Creatable set and fields, values that fit, nested entities included."""
    found = metadata.entity_set(entity_set)
    problems = [] if found.creatable else [_closed(found, "creates", "create")]
    return [*problems, *_Records(metadata, "creatable").of(metadata.types.get(found.type), record)]


def update_problems(metadata: Metadata, entity_set: str, changes: Record) -> list[Problem]:
    """Updatable set and fields, values that fit; nested ones where the set says so (OD-P80)."""
    found = metadata.entity_set(entity_set)
    kind = metadata.types.get(found.type)
    problems = [] if found.updatable else [_closed(found, "changes", "update")]
    if not found.deep_update and kind is not None:
        problems += [
            _problem("DEEP_UPDATE", name, "cannot be changed from here: update each on its own")
            for name in changes
            if name in kind.navigations
        ]
        changes = {name: value for name, value in changes.items() if name not in kind.navigations}
    return [*problems, *_Records(metadata, "updatable").of(kind, changes)]


def delete_problems(metadata: Metadata, entity_set: str) -> list[Problem]:
    """Deletable set."""
    found = metadata.entity_set(entity_set)
    return [] if found.deletable else [_closed(found, "deletes", "delete")]


def _of_set(found: EntitySet, query: Query) -> Iterator[Problem]:
    if not found.addressable:
        yield _problem("NOT_ADDRESSABLE", None, "is read through a navigation only: expand it")
    counted = query.paging == "skip"
    if not found.topable and (query.top is not None or counted):
        yield _problem("NOT_TOPABLE", None, f"takes no $top: {_WITHOUT[counted]}")
    if not found.pageable and (query.skip or counted):
        yield _problem("NOT_PAGEABLE", None, f"takes no $skip: {_WITHOUT[counted]}")
    if not found.countable and query.inline_count:
        yield _problem("NOT_COUNTABLE", None, "counts nothing: read without a count")
    if found.requires_filter and not (query.equals or query.where or query.filter):
        yield _problem("FILTER_REQUIRED", None, "is read with a filter only: give one")


def _required(kind: StructuredType, query: Query) -> Iterator[Problem]:
    """Fields that every filter must hold; in the user's own text the name alone counts."""
    named = set(query.equals) | {operand.path for operand, _ in _leaves(query.where)}
    for name, field in kind.properties.items():
        in_text = query.filter and re.search(rf"\b{re.escape(name)}\b", query.filter)
        if field.required_in_filter and name not in named and not in_text:
            yield _problem("FILTER_FIELD_REQUIRED", name, "must be in the filter")


class _Fields:
    """Fields of queries, found by their paths."""

    def __init__(self, metadata: Metadata) -> None:
        self._types = metadata.types

    def selected(self, kind: StructuredType, names: Iterable[str]) -> Iterator[Problem]:
        for name in names:
            if name != "*":
                yield from self._unknown(kind, name)

    def expanded(
        self, kind: StructuredType, expands: Iterable[str | Expand], depth: int = 0
    ) -> Iterator[Problem]:
        for each in expands:
            expand = Expand(path=each) if isinstance(each, str) else each
            found = found_at(kind, expand.path, self._types)
            if isinstance(found, Property):
                yield _problem("NO_NAVIGATION", expand.path, "is a field, not a navigation")
            yield from self._unknown(kind, expand.path)
            target = target_of(found, self._types)
            if target is None or depth > _MAX_DEPTH:
                continue
            yield from self.selected(target, expand.select)
            yield from self.sorted(target, expand.order_by)
            yield from self.filtered(target, AllOf(_some(expand.where)))
            yield from self.expanded(target, expand.expand, depth + 1)

    def sorted(self, kind: StructuredType, order_by: Iterable[str]) -> Iterator[Problem]:
        for part in order_by:
            name = part.strip().partition(" ")[0]
            found = found_at(kind, name, self._types)
            yield from self._unknown(kind, name)
            if isinstance(found, Property) and not found.sortable:
                yield _problem("NOT_SORTABLE", name, "cannot be sorted by")

    def filtered(self, kind: StructuredType, condition: Condition) -> Iterator[Problem]:
        for operand, test in _leaves(condition):
            found = found_at(kind, operand.path, self._types)
            yield from self._unknown(kind, operand.path)
            if isinstance(test, Quantified):
                target = target_of(found, self._types)
                if target is not None:
                    yield from self.filtered(target, test.condition)
            elif isinstance(found, Property):
                yield from self._filter_field(found, operand, test)

    def _filter_field(
        self, field: Property, operand: Operand, test: Condition
    ) -> Iterator[Problem]:
        if not field.filterable:
            yield _problem("NOT_FILTERABLE", operand.path, "cannot be filtered by")
        if isinstance(test, Comparison) and not operand.functions and test.value is not None:
            for code, text in misfits(test.value, field):
                if code == "WRONG_TYPE":
                    yield _problem(code, operand.path, text)

    def _unknown(self, kind: StructuredType, path: str) -> Iterator[Problem]:
        if found_at(kind, path, self._types) is None and "." not in path:
            yield _problem("UNKNOWN_FIELD", path, _is_unknown(*self._missing(kind, path)))

    def _missing(self, kind: StructuredType, path: str) -> tuple[str, StructuredType]:
        """The step of a path that leads nowhere, and the type that does not have it."""
        step, slash, rest = path.partition("/")
        target = target_of(found_at(kind, step, self._types), self._types) if slash else None
        return self._missing(target, rest) if target else (step, kind)


class _Records:
    """Records to be written; `allowed` is what their fields must be."""

    def __init__(self, metadata: Metadata, allowed: str) -> None:
        self._types = metadata.types
        self._allowed = allowed

    def of(
        self, kind: StructuredType | None, record: Mapping[str, Any], before: str = ""
    ) -> Iterator[Problem]:
        if kind is None or before.count(".") > _MAX_DEPTH:
            return
        for name, value in record.items():
            path = before + name
            if name == "__metadata" or "@" in name:
                continue
            field = kind.properties.get(name)
            if field is not None:
                yield from self._field(field, value, path)
            elif name in kind.navigations:
                yield from self._nested(kind.navigations[name].target, value, path)
            else:
                yield _problem("UNKNOWN_FIELD", path, _is_unknown(name, kind))

    def _field(self, field: Property, value: Any, path: str) -> Iterator[Problem]:
        if not getattr(field, self._allowed):
            yield _problem("READ_ONLY", path, f"is not {self._allowed}: leave it out")
        if field.type in self._types:
            yield from self._nested(field.type, value, path)
            return
        for each in value if field.many and isinstance(value, list | tuple) else [value]:
            for code, text in misfits(each, field):
                yield _problem(code, path, text)

    def _nested(self, type: str, value: Any, path: str) -> Iterator[Problem]:
        if isinstance(value, Mapping) and isinstance(value.get("results"), list):
            value = value["results"]
        kind = self._types.get(type)
        if isinstance(value, Mapping):
            yield from self.of(kind, value, f"{path}.")
        elif isinstance(value, list | tuple):
            for n, part in enumerate(value):
                yield from self._nested(type, part, f"{path}[{n}]")
        elif value is not None:
            yield _problem("WRONG_TYPE", path, f"must be an object, or a list of them ({type})")


def _leaves(condition: Condition | None) -> Iterator[tuple[Operand, Condition]]:
    """Every test of a condition with what it looks at."""
    match condition:
        case AllOf() | AnyOf():
            for part in condition.conditions:
                yield from _leaves(part)
        case Not():
            yield from _leaves(condition.condition)
        case Comparison() | TextCondition():
            yield condition.operand, condition
        case Quantified():
            yield Operand(condition.path), condition


def _some(condition: Condition | None) -> tuple[Condition, ...]:
    return () if condition is None else (condition,)


def _is_unknown(name: str, kind: StructuredType) -> str:
    from difflib import get_close_matches

    known = [*kind.properties, *kind.navigations]
    near = ", ".join(get_close_matches(name, known, 3))
    return f"is no field of {kind.name}" + (f"; there is {near}" if near else "")


def _closed(found: EntitySet, noun: str, verb: str) -> Problem:
    return _problem(
        f"NO_{verb.upper()}", None, f"the service {noun} no {found.name} (`sapmatch metadata`)"
    )


def _problem(code: str, field: str | None, text: str) -> Problem:
    return Problem(code=code, message=f"{field}: {text}" if field else text, field=field)


def _refuse(entity_set: str, problems: list[Problem]) -> None:
    if not problems:
        return
    shown = "; ".join(problem.message for problem in problems[:_SHOWN])
    more = f"; and {len(problems) - _SHOWN} more" if len(problems) > _SHOWN else ""
    raise InputRejected(f"{entity_set}: {shown}{more}", problems)
