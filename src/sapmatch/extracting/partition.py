"""Share the reading of an entity set among chunks: every row lies in exactly one of them."""

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.extracting.run import Chunk, Range, Source, joined, value_of
from sapmatch.model.errors import InputRejected, SapRejected
from sapmatch.model.flow import EntitySet
from sapmatch.model.ports import SapReader
from sapmatch.model.query import Query, field
from sapmatch.model.shape import ORDERED, Field, Kind

CHUNKS_PER_READER = 4  # so that one slow chunk does not leave the other readers idle
LEAST_PAGES = 10  # of a chunk
MOST_CHUNKS = 80  # of an entity set: each costs the planner one call
MOST_FIELDS = 3  # that are tried: together with the chunks they bound the calls
_DATES = frozenset({"date", "datetime", "moment"})
_TICKS = re.compile(r"/Date\((-?\d{1,17})(?:[+-]\d{4})?\)/")


class _Way(Struct, frozen=True):
    """By which fields a set may be cut, best first, or by $skip; `asked`: the settings say so."""

    fields: tuple[Field, ...] = ()
    skip: bool = False
    asked: bool = False


def partition(
    sap: SapReader,
    source: Source,
    entity_set: EntitySet,
    *,
    parallel: int,
    page_size: int,
    first_number: int,
    source_number: int,
) -> tuple[Chunk, ...]:
    """The chunks of a source, numbered from `first_number` on.

    One where only one reads, where changes are read, or where there is little to read.
    InputRejected where `partition` of the settings asks for what SAP or the set cannot do.
    """
    way = _way(source, entity_set)
    wanted = _wanted(source, parallel, page_size)
    whole = Chunk(number=first_number, source=source_number)
    parts = [whole]
    if wanted > 1 and way.fields:
        ranges = _ranges(sap, source, way, wanted)
        parts = [replace(whole, range=each) for each in ranges] or parts
    elif wanted > 1 and way.skip:
        parts = _stretches(source, whole, wanted)
    return tuple(replace(part, number=first_number + at) for at, part in enumerate(parts))


def ranges_between(field: Field, bounds: Sequence[str]) -> tuple[Range, ...]:
    """Ranges from bound to bound; the outer ones are open, so that a later row fits as well."""
    lows = (None, *bounds)
    highs = (*bounds, None)
    return tuple(
        Range(field=field.name, kind=field.kind, low=low, high=high)
        for low, high in zip(lows, highs, strict=True)
    )


def _wanted(source: Source, parallel: int, page_size: int) -> int:
    """How many chunks are worth it."""
    if parallel == 1 or source.mode == "delta" or source.counted is None:
        return 1
    by_size = source.counted // (LEAST_PAGES * page_size)
    return min(CHUNKS_PER_READER * parallel, by_size, MOST_CHUNKS)


def _way(source: Source, entity_set: EntitySet) -> _Way:
    """What the settings ask for, or the best there is."""
    asked = entity_set.partition
    if asked == "none" or source.mode == "delta":
        return _Way()
    if asked != "auto" and source.counted is None:
        raise _impossible(source, f'partition = "{asked}"', "$count")
    if asked == "skip":
        if not _can_skip(source):
            raise _impossible(source, 'partition = "skip"', "$skip or sorting by the key")
        return _Way(skip=True, asked=True)
    if asked == "auto" and entity_set.partition_field is None:
        fields = _distinct(_keys(source), _named(source, entity_set.field), _dates(source))
        if source.mode == "full":
            fields = _staying(fields, entity_set)
        return _Way(fields=fields[:MOST_FIELDS], skip=_can_skip(source))
    return _Way(fields=_asked_fields(source, entity_set)[:MOST_FIELDS], asked=True)


def _asked_fields(source: Source, entity_set: EntitySet) -> tuple[Field, ...]:
    """The fields that the settings allow; InputRejected where none of them can be used."""
    able = {"key": _keys, "date": _dates}.get(entity_set.partition, _all)(source)
    name = entity_set.partition_field
    found = tuple(each for each in able if name in (None, each.name))
    if not found:
        wish = f'partition = "{entity_set.partition}"'
        wish += f', partition_field = "{name}"' if name else ""
        raise _impossible(source, wish, "filtering and sorting by such a field without null values")
    return found


def _impossible(source: Source, wish: str, missing: str) -> InputRejected:
    return InputRejected(
        f"{source.entity_set}: {wish}: the service does not offer {missing}; "
        'choose another field, or partition = "none"'
    )


def _all(source: Source) -> tuple[Field, ...]:
    """Fields to cut by. A null lies in no range, so those that may be null are left out."""
    return tuple(
        each
        for each in source.shape.fields
        if each.kind in ORDERED and each.filterable and each.sortable and not each.nullable
    )


def _keys(source: Source) -> tuple[Field, ...]:
    able = {each.name: each for each in _all(source)}
    return tuple(able[name] for name in source.shape.keys if name in able)


def _dates(source: Source) -> tuple[Field, ...]:
    return tuple(each for each in _all(source) if each.kind in _DATES)


def _named(source: Source, name: str | None) -> tuple[Field, ...]:
    return tuple(each for each in _dates(source) if each.name == name)


def _staying(fields: Iterable[Field], entity_set: EntitySet) -> tuple[Field, ...]:
    """Without times of change: a row that changes meanwhile moves to a range that is read already.

    In mode timestamp the next run reads it again.
    """
    return tuple(
        each for each in fields if each.name != entity_set.field and "Change" not in each.name
    )


def _distinct(*groups: Iterable[Field]) -> tuple[Field, ...]:
    return tuple({each.name: each for group in groups for each in group}.values())


def _can_skip(source: Source) -> bool:
    fields = [source.shape.field(name) for name in source.shape.keys]
    return source.shape.pageable and bool(fields) and all(each and each.sortable for each in fields)


def _ranges(sap: SapReader, source: Source, way: _Way, wanted: int) -> tuple[Range, ...]:
    """Ranges of the first field that has values enough; of the best one where none has."""
    best: tuple[Range, ...] = ()
    for each in way.fields:
        try:
            found = ranges_between(each, _bounds(sap, source, each, wanted))
        except SapRejected:
            if way.asked:
                raise
            continue  # $metadata promises more than the service keeps: the next field may do
        best = max(best, found, key=len)
        if len(best) * 2 > wanted:
            break
    return best


def _bounds(sap: SapReader, source: Source, by: Field, wanted: int) -> list[str]:
    """The values at which a new chunk begins, each above the one before it.

    SAP itself finds each as the row so many places behind the last one, with the same order and
    comparison that the chunks' filters use: its database decides how texts compare, and no order
    of ours would be the same in every system. Where a service orders otherwise than it compares,
    the count and the keys of the finished run tell.
    """
    step = (source.counted or 0) // wanted
    bounds: list[str] = []
    while len(bounds) < wanted - 1:
        bound = _bound_behind(sap, source, by, step, bounds[-1] if bounds else None)
        if bound is None or bound in bounds:
            break
        bounds.append(bound)
    return bounds


def _bound_behind(
    sap: SapReader, source: Source, by: Field, step: int, last: str | None
) -> str | None:
    """The value `step` rows behind the last bound, None where there is no such row."""
    where = joined(source.after)
    if last is not None:
        above = field(by.name).gt(value_of(last, by.kind))
        where = above if where is None else where & above
    query = Query(
        select=(by.name,),
        order_by=(by.name,),
        filter=source.filter,
        where=where,
        skip=step if last is None else step - 1,
        top=1,
    )
    rows = sap.find(source.service, source.entity_set, query)
    return bound_of(rows[0].row.get(by.name), by.kind) if rows else None


def bound_of(value: object, kind: Kind) -> str | None:
    """A value of SAP's JSON as the text of a bound; None where it is none that can be compared."""
    if value is None:
        return None
    text = str(value)
    ticks = _TICKS.fullmatch(text) if kind in _DATES else None
    try:
        if ticks:
            at = datetime.fromtimestamp(0, UTC) + timedelta(milliseconds=int(ticks[1]))
            text = _iso(at, kind)
        value_of(text, kind)
    except (ValueError, ArithmeticError):
        return None  # beyond our calendar: what lies behind it stays in the last chunk
    return text


def _iso(at: datetime, kind: Kind) -> str:
    """A day, SAP's local time without a zone (OD-P46), or a point in time."""
    if kind == "date":
        return at.date().isoformat()
    return (at if kind == "moment" else at.replace(tzinfo=None)).isoformat()


def _stretches(source: Source, whole: Chunk, wanted: int) -> list[Chunk]:
    """Equal parts in the order of the key; the last has no end, for rows that are added."""
    step = (source.counted or 0) // wanted
    last = wanted - 1
    return [replace(whole, skip=at * step, top=step if at < last else None) for at in range(wanted)]
