"""What a row is made of, and the SQL that types it, however deep its values are nested."""

import json
from collections.abc import Iterator, Sequence

from msgspec import Struct

from sapmatch.extracting.formats import sql, values
from sapmatch.model.errors import InputRejected
from sapmatch.model.shape import Field, Kind, Shape

# What stands in place of a value that fits not: nobody but us reads it.
REFUSED = "error('a value does not fit its field')"


class Part(Struct, frozen=True, kw_only=True):
    """A field or a navigation: a plain value, a record of parts, or `many` of them.

    What $metadata does not describe any further is a text, its JSON where it is no plain value.
    """

    name: str
    kind: Kind = "text"
    label: str = ""
    precision: int | None = None
    scale: int | None = None
    parts: tuple["Part", ...] = ()
    many: bool = False
    navigation: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it is one value without parts."""
        return not self.many and not self.parts


def parts_of(shape: Shape) -> tuple[Part, ...]:
    """Fields and navigations of a row in the order of their shape.

    InputRejected where two names differ by case only: no table could hold both.
    """
    found = [_of_field(field, shape.entity_set) for field in shape.fields]
    found += [
        Part(name=name, parts=parts_of(inner), many=inner.many, navigation=True)
        for name, inner in shape.nested.items()
    ]
    return _distinct(found, shape.entity_set)


def _of_field(field: Field, place: str) -> Part:
    inner = tuple(_of_field(part, f"{place}.{field.name}") for part in field.fields)
    holds = field.kind in ("complex", "collection")
    return Part(
        name=field.name,
        kind="text" if holds else field.kind,
        label=field.label,
        precision=field.precision,
        scale=field.scale,
        parts=_distinct(inner, f"{place}.{field.name}") if holds else (),
        many=field.kind == "collection",
    )


def _distinct(parts: Sequence[Part], place: str) -> tuple[Part, ...]:
    known: dict[str, str] = {}
    for part in parts:
        other = known.setdefault(part.name.casefold(), part.name)
        if other is not part.name:
            raise InputRejected(
                f"{place}: {other} and {part.name} differ by case only, and a typed file cannot "
                "hold both: select one of them, or store the rows with values = raw"
            )
    return tuple(parts)


def columns(parts: Sequence[Part]) -> str:
    """The columns of a page as they are read: plain values as text, the others as JSON."""
    return sql.struct((part.name, sql.literal(_raw(part))) for part in parts)


def typed(part: Part, x: str, refused: str = REFUSED, depth: int = 0) -> str:
    """The value of a part from its text or JSON `x`; `refused` where it fits not."""
    if part.is_plain:
        value = values.typed(part.kind, x, part.precision, part.scale)
        if values.is_text(part.kind, part.precision, part.scale):
            return value
        return f"coalesce({value}, CASE WHEN {x} <> '' THEN {refused} END)"
    if part.many and not part.parts:
        value = f"""json_transform({_list(x)}, '["VARCHAR"]')"""
    else:
        value = _records(part, x, refused, depth)
    return f"coalesce({value}, CASE WHEN {_present(x)} THEN {refused} END)"


def odd(parts: Sequence[Part], row: str, depth: int = 0) -> Iterator[tuple[str, str]]:
    """Path of each field, and the condition that it does not fit in a row or a row inside it."""
    for part in parts:
        x = f"{row}.{sql.name(part.name)}"
        if part.is_plain:
            if not values.is_text(part.kind, part.precision, part.scale):
                yield part.name, f"{x} <> '' AND {typed(part, x, 'NULL')} IS NULL"
            continue
        yield part.name, _misplaced(part, x, depth)
        each = f"s{depth}"
        for path, condition in odd(part.parts, each, depth + 1):
            found = f"list_filter({_structs(part, x, 'NULL', depth)}, lambda {each}: {condition})"
            yield f"{part.name}.{path}", f"len({found}) > 0"


def shown(part: Part, x: str, depth: int = 0) -> str:
    """A typed value as JSON holds it, see `values.shown`."""
    if part.is_plain:
        return values.shown(part.kind, x, part.precision, part.scale)
    if not part.parts:
        return x
    each = f"s{depth}"
    inner = sql.struct(
        (inner.name, shown(inner, f"{each}.{sql.name(inner.name)}", depth + 1))
        for inner in part.parts
    )
    found = f"list_transform({x if part.many else f'[{x}]'}, lambda {each}: "
    found += f"CASE WHEN {each} IS NOT NULL THEN {inner} END)"
    return found if part.many else f"{found}[1]"


def has_plain_list(parts: Sequence[Part]) -> bool:
    """Whether plain values stand in a list anywhere."""
    return any((part.many and not part.parts) or has_plain_list(part.parts) for part in parts)


def _raw(part: Part) -> str:
    return "VARCHAR" if part.is_plain else "JSON"


def _present(x: str) -> str:
    """Whether there is a value, and not only the address of one (OD-P29)."""
    return f"{x} IS NOT NULL AND NOT json_exists({x}, '$.__deferred')"


def _list(x: str) -> str:
    """V2 wraps a list into `results`."""
    return f"CASE json_type({x}) WHEN 'OBJECT' THEN json_extract({x}, '$.results') ELSE {x} END"


def _elements(part: Part, x: str) -> str:
    """Records as JSON: those of the list, or the only one."""
    if part.many:
        return f"""json_transform({_list(x)}, '["JSON"]')"""
    return f"[CASE WHEN {_present(x)} THEN {x} END]"


def _structs(part: Part, x: str, refused: str, depth: int) -> str:
    """Records with their parts as text or JSON."""
    form = sql.literal(json.dumps({inner.name: _raw(inner) for inner in part.parts}))
    each = f"e{depth}"
    return (
        f"list_transform({_elements(part, x)}, lambda {each}: CASE "
        f"WHEN json_type({each}) = 'OBJECT' THEN json_transform({each}, {form}) "
        f"WHEN {each} IS NOT NULL THEN {refused} END)"
    )


def _records(part: Part, x: str, refused: str, depth: int) -> str:
    each = f"s{depth}"
    inner = sql.struct(
        (inner.name, typed(inner, f"{each}.{sql.name(inner.name)}", refused, depth + 1))
        for inner in part.parts
    )
    found = f"list_transform({_structs(part, x, refused, depth)}, lambda {each}: "
    found += f"CASE WHEN {each} IS NOT NULL THEN {inner} END)"
    return found if part.many else f"{found}[1]"


def _misplaced(part: Part, x: str, depth: int) -> str:
    """Whether something else stands where the list or the record should."""
    absent = f"{_present(x)} AND {typed(part, x, 'NULL', depth)} IS NULL"
    if not part.parts:
        return absent
    each = f"e{depth}"
    wrong = f"list_filter({_elements(part, x)}, lambda {each}: json_type({each}) <> 'OBJECT')"
    return f"({absent}) OR len({wrong}) > 0"
