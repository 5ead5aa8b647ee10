"""Navigations to read along: flat in V2, each with options of its own in V4."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeAlias

from msgspec.structs import replace

from sapmatch.model.errors import InputRejected
from sapmatch.model.query import Condition, Expand, Query
from sapmatch.sap.odata import urls
from sapmatch.sap.odata.metadata import StructuredType, Types, found_at, target_of

# The text of a condition on entities of that type.
FilterOf: TypeAlias = Callable[[Condition, StructuredType | None], str]
_MAX_DEPTH = 10


def columns(names: Iterable[str]) -> str:
    """The text of `$select`; InputRejected for a name that is none."""
    return ",".join(name if name == "*" else _column(name) for name in names)


def ordering(parts: Iterable[str]) -> str:
    """The text of `$orderby`: names, `asc` or `desc` behind them or nothing."""
    return ",".join(_ordered(part) for part in parts)


def flat(query: Query) -> tuple[list[str], list[str]]:
    """Columns and navigations as V2 wants them: `to_Item/Quantity` stands in `$select`.

    A navigation that is expanded and not selected would not come back, so it is selected too;
    `to_Item/to_Text/T` alone would leave out the fields of the item (OData V2 URI conventions,
    4.8), so that `to_Item/*` stands beside it.
    """
    paths: list[str] = []
    inner: list[str] = []
    for path, each in _walk(query.expand, "", 0):
        if each.where is not None or each.order_by or each.top is not None:
            raise InputRejected(
                f"{path}: OData V2 can neither filter, sort nor cut what it expands; read the "
                "entity set behind it on its own"
            )
        paths.append(path)
        inner += [f"{path}/{name}" for name in each.select]
    select = [*query.select, *inner]
    if not select:
        return [], paths
    own = [] if query.select else ["*"]
    return own + select + list(_unselected(query, paths, inner)), paths


def nested(
    asked: Query | Expand,
    filter_of: FilterOf,
    kind: StructuredType | None,
    types: Types,
    depth: int = 0,
) -> str:
    """The text of a V4 `$expand`: `Items($select=A;$expand=Schedule)`; paths become nested.

    What is selected by a path (`Items/A`) stands inside the navigation: V4 takes it nowhere else.
    """
    if depth > _MAX_DEPTH:
        raise InputRejected(f"$expand: deeper than {_MAX_DEPTH} navigations")
    found = (_selecting(each, asked.select) for each in distinct(asked.expand))
    return ",".join(_written(each, filter_of, kind, types, depth) for each in found)


def own(asked: Query | Expand) -> Iterator[str]:
    """What is selected of an entity itself, not of those that V4 expands inside it."""
    inside = tuple(f"{each.path}/" for each in distinct(asked.expand))
    return (name for name in asked.select if not name.startswith(inside))


def _selecting(each: Expand, select: Sequence[str]) -> Expand:
    """The expansion with what is selected by paths from outside; the whole where one says so."""
    begin = f"{each.path}/"
    below = [name.removeprefix(begin) for name in select if name.startswith(begin)]
    whole = each.path in select or "*" in below
    return replace(each, select=() if whole else (*each.select, *below))


def _written(
    each: Expand, filter_of: FilterOf, kind: StructuredType | None, types: Types, depth: int
) -> str:
    target = target_of(found_at(kind, each.path, types), types) if kind else None
    options = {
        "$select": columns(own(each)),
        "$filter": "" if each.where is None else filter_of(each.where, target),
        "$orderby": ordering(each.order_by),
        "$top": "" if each.top is None else str(each.top),
        "$expand": nested(each, filter_of, target, types, depth + 1),
    }
    text = ";".join(f"{name}={value}" for name, value in options.items() if value)
    return urls.path_of(each.path) + (f"({text})" if text else "")


def distinct(expands: Iterable[str | Expand]) -> Iterable[Expand]:
    """Each navigation once, by its first step; InputRejected where two do not go together."""
    found: dict[str, Expand] = {}
    for each in map(_one_step, expands):
        known = found.get(each.path)
        found[each.path] = each if known is None else _merged(known, each)
    return found.values()


def _one_step(each: str | Expand) -> Expand:
    """The first navigation of a path, the rest expanded inside it."""
    expand = Expand(path=each) if isinstance(each, str) else each
    first, slash, rest = expand.path.partition("/")
    return Expand(path=first, expand=(replace(expand, path=rest),)) if slash else expand


def _merged(one: Expand, two: Expand) -> Expand:
    """Both in one, where one of them only leads further (`to_Item` and `to_Item/to_Text`)."""
    if one == two:
        return one
    for plain, other in ((one, two), (two, one)):
        if plain == Expand(path=plain.path, expand=plain.expand):
            return replace(other, expand=(*one.expand, *two.expand))
    raise InputRejected(f"{one.path}: is expanded twice with different options; give it once")


def _walk(expands: Iterable[str | Expand], before: str, depth: int) -> list[tuple[str, Expand]]:
    """Every navigation with its full path, each once."""
    if depth > _MAX_DEPTH:
        raise InputRejected(f"$expand: deeper than {_MAX_DEPTH} navigations")
    found: list[tuple[str, Expand]] = []
    for each in distinct(expands):
        path = before + urls.path_of(each.path)
        found.append((path, each))
        found += _walk(each.expand, f"{path}/", depth + 1)
    return found


def _unselected(query: Query, paths: list[str], inner: list[str]) -> Iterator[str]:
    """What is read whole: the fields alone where columns are chosen further below."""
    for path in paths:
        if any(name == path or name.startswith(f"{path}/") for name in query.select):
            continue
        below = [name for name in inner if name.startswith(f"{path}/")]
        if not below:
            yield path
        elif all("/" in name.removeprefix(f"{path}/") for name in below):
            yield f"{path}/*"


def _column(name: str) -> str:
    path, star = (name[:-2], "/*") if name.endswith("/*") else (name, "")
    return urls.path_of(path) + star


def _ordered(part: str) -> str:
    name, _, direction = part.strip().partition(" ")
    if direction not in ("", "asc", "desc"):
        raise InputRejected(f"{part!r}: sort by a field, `desc` behind it where it descends")
    return f"{urls.path_of(name)} {direction}".rstrip()
