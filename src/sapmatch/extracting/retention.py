"""Which runs stay: the last snapshots, and every run with changes that follow them."""

from collections.abc import Callable, Iterator

from sapmatch.extracting.run import (
    Plan,
    Published,
    extraction_prefix,
    load_plan,
    load_published,
    plan_key,
    run_prefix,
    success_key,
)
from sapmatch.model.ports import Objects

MOST_DELETED = 100_000  # objects in one call, time is up before; the rest: with the next snapshot


def retire(
    objects: Objects, published: Published, keep: int, out_of_time: Callable[[], bool]
) -> int:
    """Delete the runs before the oldest of `keep` snapshots; how many objects were deleted.

    The oldest is that of the entity set that goes back farthest, so that no change is kept without
    the snapshot it follows. Runs that were never published go with their neighbours.
    """
    oldest = _oldest_kept(objects, published, keep)
    if oldest is None:
        return 0
    deleted = 0
    for run_id in list(_run_ids(objects, published.extraction)):
        if not _is_before(objects, published.extraction, run_id, oldest):
            continue
        for key in _in_order_of_deletion(objects, published.extraction, run_id):
            if deleted >= MOST_DELETED or out_of_time():
                return deleted
            objects.delete(key)
            deleted += 1
    return deleted


def _oldest_kept(objects: Objects, published: Published, keep: int) -> Published | None:
    """None where there are fewer snapshots of a set than are to be kept."""
    missing = {found.entity_set: keep for found in published.sets}
    run: Published | None = published
    while run is not None:
        for found in run.sets:
            if found.snapshot and found.entity_set in missing:
                missing[found.entity_set] -= 1
        if all(number <= 0 for number in missing.values()):
            return run
        run = load_published(run.extraction, run.previous, objects) if run.previous else None
    return None


def _run_ids(objects: Objects, extraction: str) -> Iterator[str]:
    prefix = extraction_prefix(extraction)
    last = ""
    for key in objects.keys(prefix):
        run_id, _, rest = key.removeprefix(prefix).partition("/")
        if rest and run_id != last:
            last = run_id
            yield run_id


def _is_before(objects: Objects, extraction: str, run_id: str, oldest: Published) -> bool:
    """Whether the run was planned before; what has no plan is none of ours and stays."""
    if not objects.exists(plan_key(extraction, run_id)):
        return False
    plan: Plan = load_plan(extraction, run_id, objects)
    return (plan.planned_at, plan.run_id) < (oldest.planned_at, oldest.run_id)


def _in_order_of_deletion(objects: Objects, extraction: str, run_id: str) -> Iterator[str]:
    """`_SUCCESS` first, so that nobody reads half a run; the plan last: it tells the run's age."""
    first, last = success_key(extraction, run_id), plan_key(extraction, run_id)
    if objects.exists(first):
        yield first
    for key in list(objects.keys(run_prefix(extraction, run_id))):
        if key not in (first, last):
            yield key
    yield last
