"""System query options of OData V2 (URI conventions 4) and server-driven paging."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from urllib.parse import unquote

from local.sap.errors import BAD_REQUEST, Refusal
from local.sap.filter import Predicate, parse_filter
from local.sap.metadata import EntitySet, Property
from local.sap.store import Store
from local.sap.values import Row, comparable

OF_ENTITY = frozenset({"$select", "$expand", "$format"})
OF_COUNT = frozenset({"$filter", "$top", "$skip"})
OF_SET = OF_ENTITY | OF_COUNT | {"$orderby", "$inlinecount", "$skiptoken"}
_MAX_PAGE = 10_000


@dataclass(frozen=True, slots=True)
class Selection:
    """Properties to show, navigations to show as links, navigations to show with their rows."""

    properties: tuple[str, ...]
    links: tuple[str, ...]
    expanded: dict[str, "Selection"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one page, number of all that fit, and the token of the page that follows."""

    rows: Sequence[Row]
    count: int
    next_token: int | None


def options_of(query: str, allowed: Collection[str]) -> dict[str, str]:
    """System options by name; %20 is a space and `+` is a plus (OD-P59)."""
    options: dict[str, str] = {}
    for option in filter(None, query.split("&")):
        name, _, value = option.partition("=")
        name = unquote(name)
        if not name.startswith("$"):
            continue
        if name not in allowed:
            raise bad(f"System query option '{name}' is not supported here")
        if name in options:
            raise bad(f"System query option '{name}' is given twice")
        options[name] = unquote(value)
    return options


def bad(text: str) -> Refusal:
    """400 for a URL that the service does not understand."""
    return Refusal(HTTPStatus.BAD_REQUEST, BAD_REQUEST, text)


def parse_selection(options: dict[str, str], entity_set: EntitySet, store: Store) -> Selection:
    """$select and $expand; an expanded navigation shows only where $select names it too."""
    expand = _names(options.get("$expand", ""))
    for name in expand:
        if name not in entity_set.navigations:
            raise bad(f"$expand: {name!r} is no navigation of {entity_set.type_name}")
    nested = {
        name: everything(store.entity_set(entity_set.navigations[name].target)) for name in expand
    }
    if "$select" not in options:
        links = tuple(name for name in entity_set.navigations if name not in nested)
        return Selection(tuple(entity_set.properties), links, nested)
    return _select(_names(options["$select"]), entity_set, nested)


def everything(entity_set: EntitySet) -> Selection:
    """All properties, and all navigations as links."""
    return Selection(tuple(entity_set.properties), tuple(entity_set.navigations))


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _select(names: list[str], entity_set: EntitySet, nested: dict[str, Selection]) -> Selection:
    properties: dict[str, None] = {}
    links: dict[str, None] = {}
    inner: dict[str, dict[str, None]] = {}
    for name in names:
        front, _, rest = name.partition("/")
        if name == "*":
            properties.update(dict.fromkeys(entity_set.properties))
        elif name in entity_set.properties:
            properties[name] = None
        elif front in nested and (not rest or rest in nested[front].properties):
            chosen = [rest] if rest else nested[front].properties
            inner.setdefault(front, {}).update(dict.fromkeys(chosen))
        elif name in entity_set.navigations:
            links[name] = None
        else:
            raise bad(f"$select: {name!r} is unknown in {entity_set.type_name}")
    expanded = {name: Selection(tuple(chosen), ()) for name, chosen in inner.items()}
    return Selection(tuple(properties), tuple(links), expanded)


def parse_where(options: dict[str, str], entity_set: EntitySet) -> Predicate | None:
    """The $filter, None where there is none."""
    if "$filter" not in options:
        return None
    try:
        return parse_filter(options["$filter"], entity_set)
    except ValueError as error:
        raise bad(str(error)) from error


def _orders(text: str, entity_set: EntitySet) -> list[tuple[Property, bool]]:
    return [_order(part, entity_set) for part in _names(text)]


def _order(part: str, entity_set: EntitySet) -> tuple[Property, bool]:
    name, _, direction = part.partition(" ")
    prop = entity_set.properties.get(name)
    if prop is None or not prop.sortable:
        raise bad(f"$orderby: {name!r} is unknown or not sortable")
    if direction.strip() not in ("", "asc", "desc"):
        raise bad(f"$orderby: {direction.strip()!r} is neither asc nor desc")
    return prop, direction.strip() == "desc"


def number(options: dict[str, str], name: str) -> int | None:
    """A whole number that is not negative, None where the option is absent."""
    if name not in options:
        return None
    text = options[name]
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise bad(f"{name} must be a whole number that is not negative")
    return int(text)


def window(
    options: dict[str, str], entity_set: EntitySet, rows: list[Row] | None, store: Store
) -> tuple[Sequence[Row] | None, int]:
    """The rows that fit in their order, and their number; None for the whole set in key order."""
    where = parse_where(options, entity_set)
    orders = _orders(options.get("$orderby", ""), entity_set)
    if rows is None and where is None and not orders:
        return None, store.count(entity_set.name)

    def find() -> list[Row]:
        source = store.rows(entity_set.name) if rows is None else iter(rows)
        fitting = list(source if where is None else filter(where, source))
        for prop, descending in reversed(orders):
            fitting.sort(key=partial(_rank, prop), reverse=descending)
        return fitting

    asked = (options.get("$filter", ""), options.get("$orderby", ""))
    found = find() if rows is not None else store.found(entity_set.name, "V2", *asked, find=find)
    return found, len(found)


def _rank(prop: Property, row: Row) -> tuple[bool, object]:
    value = comparable(prop, row[prop.name])
    return (False, 0) if value is None else (True, value)


def read_page(
    options: dict[str, str],
    entity_set: EntitySet,
    rows: list[Row] | None,
    store: Store,
    page_size: int,
) -> Page:
    """One page; the token counts rows from the start of what $skip and $top leave."""
    fitting, count = window(options, entity_set, rows, store)
    first = min(number(options, "$skip") or 0, count)
    top = number(options, "$top")
    end = count if top is None else min(first + top, count)
    start = min(first + (number(options, "$skiptoken") or 0), end)
    stop = min(start + page_size, end)
    if fitting is None:
        chosen: Sequence[Row] = store.slice(entity_set.name, start, stop)
    else:
        chosen = fitting[start:stop]
    return Page(chosen, count, stop - first if stop < end else None)


def max_page_size(prefer: str) -> int | None:
    """`odata.maxpagesize` of the Prefer header, None where it asks for none."""
    for preference in prefer.split(","):
        name, _, value = preference.strip().partition("=")
        if name.lower() == "odata.maxpagesize" and value.isascii() and value.isdigit():
            return min(max(int(value[:9]), 1), _MAX_PAGE)
    return None


def next_link(address: str, query: str, token: int | str) -> str:
    """The same URL, byte for byte, with another $skiptoken."""
    kept = [part for part in query.split("&") if part and not _is_token(part)]
    return f"{address}?{'&'.join([*kept, f'$skiptoken={token}'])}"


def _is_token(option: str) -> bool:
    return unquote(option.partition("=")[0]) == "$skiptoken"
