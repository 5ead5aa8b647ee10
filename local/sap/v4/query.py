"""System query options of OData V4 (URL conventions 4.0, 5.1), nested in $expand as well."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from urllib.parse import unquote

from local.sap.store import Store
from local.sap.v4.errors import bad
from local.sap.v4.filter import Predicate, parse_filter
from local.sap.v4.model import MESSAGES, EntitySet, Property, Service
from local.sap.values import Row, comparable

OF_ENTITY = frozenset({"$select", "$expand", "$format"})
OF_COUNT = frozenset({"$filter", "$count"})
OF_SET = OF_ENTITY | {"$filter", "$orderby", "$top", "$skip", "$count", "$skiptoken"}
_NESTED_ONE = frozenset({"$select", "$expand"})
_NESTED_MANY = _NESTED_ONE | {"$filter", "$orderby", "$top", "$skip", "$count"}
_MAX_DEPTH = 5
_MAX_PAGE = 10_000


@dataclass(frozen=True, slots=True)
class Query:
    """What to show of an entity set, in which order, and how much of it."""

    fields: tuple[str, ...]
    expands: Mapping[str, "Query"] = field(default_factory=dict)
    where: Predicate | None = None
    orders: tuple[tuple[Property, bool], ...] = ()
    top: int | None = None
    skip: int = 0
    counted: bool = False
    options: Mapping[str, str] = field(default_factory=dict)  # as given, for a nested next link


def options_of(query: str, allowed: Collection[str]) -> dict[str, str]:
    """System options of a URL by name, decoded once; options without `$` are not ours."""
    pairs = (option.partition("=") for option in query.split("&") if option)
    return _checked(((unquote(name), unquote(value)) for name, _, value in pairs), allowed)


def _checked(pairs: Iterator[tuple[str, str]], allowed: Collection[str]) -> dict[str, str]:
    options: dict[str, str] = {}
    for name, value in pairs:
        if not name.startswith("$"):
            continue
        if name not in allowed:
            raise bad(f"System query option '{name[:40]}' is not supported here")
        if name in options:
            raise bad(f"System query option '{name}' is given twice")
        options[name] = value
    return options


class QueryParser:
    """Reads options for the entity sets of one service."""

    def __init__(self, service: Service, store: Store) -> None:
        self._service = service
        self._store = store

    def parse(self, options: Mapping[str, str], entity_set: EntitySet, depth: int = 0) -> Query:
        """The query that the options ask for; Refusal 400 names the option that is wrong."""
        if depth > _MAX_DEPTH:
            raise bad("$expand is nested too deeply")
        return Query(
            fields=_fields(options.get("$select"), entity_set),
            expands=self._expands(options.get("$expand", ""), entity_set, depth),
            where=self._where(options.get("$filter"), entity_set),
            orders=tuple(_orders(options.get("$orderby", ""), entity_set)),
            top=_number(options, "$top"),
            skip=_number(options, "$skip") or 0,
            counted=_counted(options),
            options=options,
        )

    def _where(self, text: str | None, entity_set: EntitySet) -> Predicate | None:
        if text is None:
            return None
        try:
            return parse_filter(text, entity_set, self._service, self._store)
        except ValueError as error:
            raise bad(str(error)) from error

    def _expands(self, text: str, entity_set: EntitySet, depth: int) -> dict[str, Query]:
        expands: dict[str, Query] = {}
        for part in _split(text, ","):
            name, bracket, rest = part.partition("(")
            navigation = entity_set.navigations.get(name)
            if navigation is None or name in expands:
                raise bad(f"$expand: {name[:40]!r} is no navigation, or is named twice")
            if bracket and not rest.endswith(")"):
                raise bad(f"$expand: the options of {name} have no end")
            pairs = (each.partition("=") for each in _split(rest[:-1], ";"))
            allowed = _NESTED_MANY if navigation.many else _NESTED_ONE
            options = _checked(((name.strip(), value) for name, _, value in pairs), allowed)
            target = self._service.sets[navigation.target]
            expands[name] = self.parse(options, target, depth + 1)
        return expands


def _split(text: str, separator: str) -> list[str]:
    """Parts between separators that stand in no parentheses and no text."""
    parts, start, depth, quoted = [], 0, 0, False
    for position, sign in enumerate(text):
        if sign == "'":
            quoted = not quoted
        elif not quoted and sign in "()":
            depth += 1 if sign == "(" else -1
        elif not quoted and not depth and sign == separator:
            parts.append(text[start:position])
            start = position + 1
    parts.append(text[start:])
    return [part.strip() for part in parts if part.strip()]


def _fields(text: str | None, entity_set: EntitySet) -> tuple[str, ...]:
    everything = (*entity_set.properties, MESSAGES)
    names = [] if text is None else [name.strip() for name in text.split(",")]
    if text is None or "*" in names:
        return everything
    for name in names:
        if name not in everything:
            raise bad(f"$select: '{name[:40]}' is unknown in {entity_set.type_name}")
    return tuple(dict.fromkeys(names))


def _orders(text: str, entity_set: EntitySet) -> Iterator[tuple[Property, bool]]:
    for part in _split(text, ","):
        name, _, direction = part.partition(" ")
        prop = entity_set.properties.get(name)
        if prop is None or direction.strip() not in ("", "asc", "desc"):
            raise bad(f"$orderby: '{part[:60]}' is not understood")
        yield prop, direction.strip() == "desc"


def _number(options: Mapping[str, str], name: str) -> int | None:
    text = options.get(name)
    if text is None:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise bad(f"{name} must be a whole number that is not negative")
    return int(text)


def _counted(options: Mapping[str, str]) -> bool:
    wanted = options.get("$count", "false")
    if wanted not in ("true", "false"):
        raise bad("$count must be true or false")
    return wanted == "true"


def fitting(query: Query, rows: Iterator[Row]) -> list[Row]:
    """The rows that fit, in their order, $skip and $top aside."""
    chosen = list(rows if query.where is None else filter(query.where, rows))
    for prop, descending in reversed(query.orders):
        chosen.sort(key=partial(_rank, prop), reverse=descending)
    return chosen


def _rank(prop: Property, row: Row) -> tuple[bool, object]:
    value = comparable(prop.source, row[prop.source.name])
    return (False, 0) if value is None else (True, value)


def asked_for(query: Query, rows: Sequence[Row]) -> Sequence[Row]:
    """What $skip and $top leave."""
    return rows[query.skip :][: query.top]


def preferences(header: str) -> dict[str, str]:
    """The Prefer header by lower-case name; a preference without value is empty text."""
    pairs = (each.partition("=") for each in header.split(",") if each.strip())
    return {name.strip().lower(): value.strip().strip('"') for name, _, value in pairs}


def max_page_size(wanted: Mapping[str, str]) -> int | None:
    """`odata.maxpagesize`, None where no page size is asked for."""
    text = wanted.get("odata.maxpagesize", wanted.get("maxpagesize", ""))
    if not text.isascii() or not text.isdigit():
        return None
    return min(max(int(text[:9]), 1), _MAX_PAGE)
