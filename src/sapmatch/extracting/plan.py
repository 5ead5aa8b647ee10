"""What one run reads and how it is cut, said once: a repetition goes on with what stands."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta

import msgspec
from msgspec.structs import replace

from sapmatch.extracting.anew import count_anew
from sapmatch.extracting.drift import asked_otherwise, drift, last_shapes
from sapmatch.extracting.partition import partition
from sapmatch.extracting.positions import Position, position_of
from sapmatch.extracting.run import (
    Chunk,
    Plan,
    Range,
    Source,
    chunks_key,
    joined,
    load_plan,
    plan_key,
    value_of,
)
from sapmatch.model.changes import DeltaPosition, DeltaState
from sapmatch.model.errors import (
    InputRejected,
    Problem,
    ResyncRequired,
    SapRejected,
    ServiceNotActivated,
)
from sapmatch.model.flow import EntitySet, Extraction, Output
from sapmatch.model.ports import Control, Objects, SapSource
from sapmatch.model.presets import entity_sets_of
from sapmatch.model.query import Query
from sapmatch.model.shape import Field, Shape

_TIMES = frozenset({"date", "datetime", "moment"})


def plan_extraction(
    name: str,
    extraction: Extraction,
    run_id: str,
    *,
    sap: SapSource,
    objects: Objects,
    control: Control,
    now: datetime,
    reload: bool = False,
) -> Plan:
    """The plan of a run, stored; the one that was stored first stays, whatever is asked later.

    `reload` reads everything anew and accepts what changed in the metadata. InputRejected where a
    field is gone or retyped since the last good run (RE-20), or where a setting does not fit SAP;
    ResyncRequired where SAP no longer knows a delta position (RE-21).
    """
    if not objects.exists(plan_key(name, run_id)):
        known = {} if reload else last_shapes(control, objects, name)
        sources, chunks = _cut(name, extraction, sap, objects, control, known, reload)
        plan = Plan(
            extraction=name,
            run_id=run_id,
            connection=extraction.connection,
            sources=sources,
            chunks=chunks,
            index=extraction.index,
            output=_output(extraction.output),
            page_size=extraction.page_size,
            keep=extraction.keep,
            planned_at=now.isoformat(),
            reload=reload,
        )
        objects.write_once(plan_key(name, run_id), msgspec.json.encode(plan))
    plan = load_plan(name, run_id, objects)
    count_anew(plan, lambda source: _counted(source, sap), objects)
    # Written behind the plan that stands and from it: two planners at once leave the same bytes.
    objects.write(chunks_key(name, run_id), msgspec.json.encode(_descriptors(plan)))
    return plan


def _output(asked: Output) -> Output:
    """With the values that it really holds: only NDJSON can hold them as SAP sent them."""
    return asked if asked.format == "ndjson" else replace(asked, values="typed")


def _descriptors(plan: Plan) -> list[dict[str, str | int]]:
    """Where each chunk stands in the plan: fields and filters may outgrow a state (RE-9)."""
    return [
        {"extraction": plan.extraction, "run_id": plan.run_id, "number": chunk.number}
        for chunk in plan.chunks
    ]


def _cut(
    name: str,
    extraction: Extraction,
    sap: SapSource,
    objects: Objects,
    control: Control,
    known: dict[str, Shape],
    reload: bool,
) -> tuple[tuple[Source, ...], tuple[Chunk, ...]]:
    entity_sets = entity_sets_of(extraction)
    shapes = [_shape(entity_set, sap) for entity_set in entity_sets]
    _check_drift(name, shapes, known)
    sources: list[Source] = []
    chunks: list[Chunk] = []
    for number, (entity_set, shape) in enumerate(zip(entity_sets, shapes, strict=True)):
        position = None if reload else position_of(control, name, entity_set.name)
        if position is not None:
            asked = _source(name, entity_set, shape, None)
            _check_same(name, extraction.connection, asked, position, objects)
        source = _source(name, entity_set, shape, position)
        sources.append(replace(source, counted=_counted(source, sap)))
        chunks += partition(
            sap,
            sources[-1],
            entity_set,
            parallel=extraction.parallel,
            page_size=extraction.page_size,
            first_number=len(chunks),
            source_number=number,
        )
    return tuple(sources), tuple(chunks)


def _shape(entity_set: EntitySet, sap: SapSource) -> Shape:
    query = Query(select=_select(entity_set), expand=entity_set.expand, filter=entity_set.filter)
    return sap.shape(entity_set.service, entity_set.name, query)


def _select(entity_set: EntitySet, shape: Shape | None = None) -> tuple[str, ...]:
    """What is asked for, with the fields that the run itself needs; nothing is everything."""
    select = entity_set.select
    needed = [*_nested_keys(select, shape)] if shape else []
    if select and "*" not in select:
        timed = entity_set.field if entity_set.mode == "timestamp" else None
        own = (*(shape.keys if shape else ()), timed, entity_set.partition_field)
        needed = [*filter(None, own), *needed]
    return tuple(dict.fromkeys((*select, *needed)))


def _nested_keys(select: Sequence[str], shape: Shape, before: str = "") -> Iterator[str]:
    """Keys of what is expanded where single fields of it are selected: rows are joined by them."""
    for name, nested in shape.nested.items():
        path = f"{name}/"
        below = [each.removeprefix(path) for each in select if each.startswith(path)]
        if below and name not in select and "*" not in below:
            yield from (f"{before}{path}{key}" for key in nested.keys)
            yield from _nested_keys(below, nested, f"{before}{path}")


def _check_drift(name: str, shapes: list[Shape], known: dict[str, Shape]) -> None:
    """Stop before anything is read where readers of the last good run would break (RE-20)."""
    found = [
        Problem(code="SCHEMA_DRIFT", message=difference, field=shape.entity_set)
        for shape in shapes
        if shape.entity_set in known
        for difference in drift(known[shape.entity_set], shape)
    ]
    if found:
        raise InputRejected(
            f"extraction {name}: SCHEMA_DRIFT: {'; '.join(each.message for each in found)}. "
            "The last good run stays as it is. Bring back what is missing, in SAP or in the "
            "settings, or reload it once (`sapmatch reload`) to accept the new shape",
            found,
        )


def _check_same(
    name: str, connection: str, source: Source, position: Position, objects: Objects
) -> None:
    """Changes follow only rows that were asked for in the same way."""
    follows = {"delta": position.delta, "timestamp": position.latest}.get(source.mode)
    if not follows or not objects.exists(plan_key(name, position.run_id)):
        return  # it is a snapshot, or finds that there is none that it could follow
    other = asked_otherwise(load_plan(name, position.run_id, objects), connection, source)
    if other:
        raise InputRejected(
            f"extraction {name}: {source.entity_set}: {', '.join(other)}: is not as it was in run "
            f"{position.run_id}, whose changes would be read on. Set it back, or reload it once "
            "(`sapmatch reload`) to read everything as it is asked for now"
        )


def _source(name: str, entity_set: EntitySet, shape: Shape, position: Position | None) -> Source:
    mode = entity_set.mode or "full"
    time_field = _time_field(entity_set, shape) if mode == "timestamp" else None
    return Source(
        service=entity_set.service,
        entity_set=entity_set.name,
        shape=shape,
        mode=mode,
        select=_select(entity_set, shape),
        expand=entity_set.expand,
        filter=entity_set.filter,
        changed_field=time_field.name if time_field else None,
        after=_after(time_field, entity_set.overlap_seconds, position) if time_field else None,
        since=_since(name, entity_set, position) if mode == "delta" else None,
    )


def _counted(source: Source, sap: SapSource) -> int | None:
    """What SAP counts now; None where it cannot: changes have no count, some services none."""
    if not source.shape.countable or source.since is not None:
        return None
    query = Query(filter=source.filter, where=joined(source.after))
    try:
        return sap.count(source.service, source.entity_set, query)
    except (SapRejected, ServiceNotActivated):
        return None  # its $metadata was read, so that only $count is missing (OD-P27)


def _since(name: str, entity_set: EntitySet, position: Position | None) -> DeltaPosition | None:
    delta = position.delta if position else None
    if delta and delta.state is DeltaState.RESYNC_REQUIRED:
        raise ResyncRequired(
            f"extraction {name}: {entity_set.name}: SAP no longer knows where its changes were "
            "read to; reload it once on purpose (`sapmatch reload`) to read everything anew"
        )
    return delta


def _after(field: Field, overlap_seconds: int, position: Position | None) -> Range | None:
    """What changed since the latest time that a run saw, less the overlap."""
    latest = position.latest if position else None
    if latest is None:
        return None
    low = _earlier(latest, field, timedelta(seconds=overlap_seconds))
    return Range(field=field.name, kind=field.kind, low=low)


def _time_field(entity_set: EntitySet, shape: Shape) -> Field:
    field = shape.field(entity_set.field or "")
    if field is None or field.kind not in _TIMES or not field.filterable:
        known = [each.name for each in shape.fields if each.kind in _TIMES and each.filterable]
        raise InputRejected(
            f"{entity_set.name}: field = {entity_set.field!r}: mode timestamp needs a date or time "
            f"that SAP can filter by; there is {', '.join(known) or 'none: use another mode'}"
        )
    return field


def _earlier(latest: str, field: Field, overlap: timedelta) -> str:
    """The bound as text; where only days are known, the whole day of the bound is read again."""
    value = value_of(latest, field.kind)
    if isinstance(value, datetime):
        return (value - overlap).isoformat()
    if isinstance(value, date):
        return (datetime.combine(value, time()) - overlap).date().isoformat()
    raise InputRejected(f"{field.name}: {field.kind} is no time")
