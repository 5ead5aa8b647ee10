"""Check a run, publish it, feed the order index, and only then move the positions.

Every step may be done again: what stands already stays as it is. Nothing is ever ahead of the data:
`_SUCCESS` stands before the pointer to the last good run, and that before the positions from which
the next run reads changes.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import msgspec
from msgspec import Struct, field

from sapmatch.extracting.anew import refused
from sapmatch.extracting.checks import checked, results_of
from sapmatch.extracting.positions import (
    Pointer,
    position_after,
    position_of,
    published_of,
    store_position,
    store_published,
)
from sapmatch.extracting.progress import load_position
from sapmatch.extracting.retention import retire
from sapmatch.extracting.run import (
    Plan,
    Published,
    PublishedSet,
    checked_key,
    load_published,
    load_result,
    success_key,
)
from sapmatch.model.errors import InputRejected
from sapmatch.model.ports import Clock, Control, Objects, SapSource

if TYPE_CHECKING:
    from sapmatch.extracting.index import IndexResult

OutOfTime: TypeAlias = Callable[[], bool]
IndexRun: TypeAlias = Callable[[Plan, Published, OutOfTime], "IndexResult"]


class FinishResult(Struct, frozen=True, kw_only=True):
    """Counts of a run; where it is not `done`, finish it again, and read `missing` chunks before.

    `rows` by entity set; `repeated` rows came twice from SAP and are stored once, `deleted` ones
    SAP said are gone, `vanished` ones the snapshot before still had. Of the index: `*_changed` are
    those that it did not know so, `orders_skipped` those that it refused; `notes` name them.
    """

    extraction: str
    run_id: str
    done: bool
    missing: tuple[int, ...] = ()
    rows: dict[str, int] = field(default_factory=dict)
    pages: int = 0
    bytes: int = 0
    repeated: int = 0
    deleted: int = 0
    vanished: int = 0
    files: int = 0
    notes: tuple[str, ...] = ()
    orders: int = 0
    orders_changed: int = 0
    orders_skipped: int = 0
    posted: int = 0
    posted_changed: int = 0
    reads: int = 0
    writes: int = 0


def finish_extraction(
    plan: Plan,
    *,
    sap: SapSource,
    objects: Objects,
    control: Control,
    clock: Clock,
    workspace: Path,
    index: IndexRun | None = None,
    out_of_time: OutOfTime,
) -> FinishResult:
    """Publish the run once all its chunks are done, and go on from there until nothing is left.

    InputRejected where rows are missing (RE-19), whose set the same run reads anew when it is
    started again; where a later run is published already, or where the snapshot is gone that the
    run's changes follow.
    """
    last = _last(control, objects, plan)
    published = load_published(plan.extraction, plan.run_id, objects)
    if published is None:
        base = _base(plan, last)
        refused(plan, objects)
        missing = _missing(plan, objects)
        check = partial(
            checked,
            plan,
            before=last,
            sap=sap,
            objects=objects,
            workspace=workspace,
            out_of_time=out_of_time,
        )
        sets = () if missing else _checked(plan, check, objects, out_of_time)
        if len(sets) < len(plan.sources):
            return FinishResult(
                extraction=plan.extraction, run_id=plan.run_id, done=False, missing=missing
            )
        published = _publish(plan, last, base, sets, objects, clock)
    if last is not None and _is_later(last, plan):
        return _result(published, None, done=True)
    indexed = index(plan, published, out_of_time) if index and plan.index else None
    if indexed is not None and not indexed.done:
        return _result(published, indexed, done=False)
    _move(plan, published, objects, control)
    if plan.keep is not None and all(found.snapshot for found in published.sets):
        retire(objects, published, plan.keep, out_of_time)
    return _result(published, indexed, done=True)


def _last(control: Control, objects: Objects, plan: Plan) -> Published | None:
    """The last good run, None where there is none or somebody deleted it."""
    pointer = published_of(control, plan.extraction)
    return load_published(plan.extraction, pointer.run_id, objects) if pointer else None


def _missing(plan: Plan, objects: Objects) -> tuple[int, ...]:
    return tuple(
        chunk.number
        for chunk in plan.chunks
        if load_result(plan, chunk, objects) is None
        and not load_position(plan, chunk, objects).ended
    )


def _is_later(last: Published, plan: Plan) -> bool:
    return (last.planned_at, last.run_id) > (plan.planned_at, plan.run_id)


def _checked(
    plan: Plan,
    check: Callable[[int], PublishedSet | None],
    objects: Objects,
    out_of_time: OutOfTime,
) -> tuple[PublishedSet, ...]:
    """What is to be said of the sets in order, until time is up; one more than before at least."""
    sets: list[PublishedSet] = []
    worked = False
    for number, source in enumerate(plan.sources):
        stands = objects.exists(checked_key(plan, source.entity_set))
        if worked and not stands and out_of_time():
            break
        found = check(number)
        if found is None:
            break
        sets.append(found)
        worked = worked or not stands
    return tuple(sets)


def _publish(
    plan: Plan,
    last: Published | None,
    base: str | None,
    sets: tuple[PublishedSet, ...],
    objects: Objects,
    clock: Clock,
) -> Published:
    """Write `_SUCCESS`, unless it stands."""
    published = Published(
        extraction=plan.extraction,
        run_id=plan.run_id,
        planned_at=plan.planned_at,
        published_at=clock.now().isoformat(),
        output=plan.output,
        sets=sets,
        base=base,
        previous=last.run_id if last else None,
    )
    objects.write_once(success_key(plan.extraction, plan.run_id), msgspec.json.encode(published))
    stands = load_published(plan.extraction, plan.run_id, objects)
    assert stands is not None
    return stands


def _base(plan: Plan, last: Published | None) -> str | None:
    """The run that the oldest of the snapshots lies in that the plan's changes follow.

    InputRejected where there is none, or where a later run is published: it would be set back.
    """
    if last is not None and _is_later(last, plan):
        raise InputRejected(
            f"extraction {plan.extraction}: run {last.run_id} is published and was planned after "
            f"run {plan.run_id}; start a new run"
        )
    base: str | None = None
    for source in plan.sources:
        if source.is_snapshot:
            continue
        before = last.set(source.entity_set) if last else None
        if last is None or before is None:
            raise InputRejected(
                f"extraction {plan.extraction}, {source.entity_set}: there is no snapshot that "
                f"the changes of run {plan.run_id} could follow; reload it once "
                "(`sapmatch reload`)"
            )
        base = (base or last.run_id) if before.snapshot else last.base
    return base


def _move(plan: Plan, published: Published, objects: Objects, control: Control) -> None:
    """Point at the run, then let the next one go on behind it."""
    pointer = Pointer(run_id=plan.run_id, base=published.base)
    store_published(control, plan.extraction, pointer)
    for number, source in enumerate(plan.sources):
        before = position_of(control, plan.extraction, source.entity_set)
        results = results_of(plan, number, objects)
        position = position_after(source, results, before, run=published)
        if position is not None:
            store_position(control, plan.extraction, source.entity_set, position)


def _result(published: Published, indexed: "IndexResult | None", *, done: bool) -> FinishResult:
    sets = published.sets
    result = FinishResult(
        extraction=published.extraction,
        run_id=published.run_id,
        done=done,
        rows={found.entity_set: found.rows for found in sets},
        pages=sum(found.pages for found in sets),
        bytes=sum(found.bytes for found in sets),
        repeated=sum(found.repeated for found in sets),
        deleted=sum(found.deleted for found in sets),
        vanished=sum(found.vanished for found in sets),
        files=sum(len(found.files) for found in sets),
        notes=tuple(f"{found.entity_set}: {found.note}" for found in sets if found.note),
    )
    if indexed is None:
        return result
    return msgspec.structs.replace(
        result,
        notes=(*result.notes, *indexed.notes),
        orders=indexed.orders,
        orders_changed=indexed.orders_changed,
        orders_skipped=indexed.orders_skipped,
        posted=indexed.posted,
        posted_changed=indexed.posted_changed,
        reads=indexed.reads,
        writes=indexed.writes,
    )
