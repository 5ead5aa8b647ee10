"""A set whose rows were refused for their counts is read again when its run is started again."""

from collections.abc import Callable
from typing import NoReturn

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sapmatch.extracting.counts import Miscounted
from sapmatch.extracting.failures import forget_failure
from sapmatch.extracting.progress import position_key
from sapmatch.extracting.run import Plan, Source, done_key, keys_key, run_prefix
from sapmatch.model.errors import InputRejected
from sapmatch.model.ports import Objects


class Anew(Struct, frozen=True, kw_only=True):
    """Why rows were refused; `dropped`: they are gone.

    `counted` is what SAP counts when the run is started again, None until then.
    """

    why: str
    dropped: bool = False
    counted: int | None = None


def refuse(plan: Plan, source: int, why: Miscounted, objects: Objects) -> NoReturn:
    """Drop what was read of a source; always InputRejected. Broken off, `refused` goes on."""
    anew = Anew(why=str(why))
    _write(plan, source, anew, objects)
    _drop(plan, source, anew, objects)


def refused(plan: Plan, objects: Objects) -> None:
    """InputRejected, as it was meant to be, where a refusal was broken off."""
    for source in range(len(plan.sources)):
        anew = _read(plan, source, objects)
        if anew is not None and not anew.dropped:
            _drop(plan, source, anew, objects)


def count_anew(plan: Plan, count: Callable[[Source], int | None], objects: Objects) -> None:
    """Count again what is about to be read again: the plan's count may be days old."""
    for number, source in enumerate(plan.sources):
        anew = _read(plan, number, objects)
        if anew is not None and anew.dropped and anew.counted is None:
            _write(plan, number, replace(anew, counted=count(source)), objects)


def counted_before(
    plan: Plan, source: int, count: Callable[[], int], objects: Objects
) -> int | None:
    """What SAP counted before the rows were read that are there now; at the latest, now."""
    anew = _read(plan, source, objects)
    if anew is None:
        return plan.sources[source].counted
    return count() if anew.counted is None else anew.counted


def _drop(plan: Plan, source: int, anew: Anew, objects: Objects) -> NoReturn:
    """All that lies there of each chunk, so that what a worker finds meanwhile fits together."""
    for chunk in plan.chunks_of(source):
        forget_failure(plan, chunk, objects)
        prefix = plan.prefix(chunk)
        lying = list(objects.keys(prefix))
        marks = (done_key(prefix), keys_key(prefix), position_key(prefix))
        first = [key for key in marks if key in lying]
        for key in (*first, *(key for key in lying if key not in first)):
            objects.delete(key)
    _write(plan, source, replace(anew, dropped=True), objects)
    raise InputRejected(anew.why)


def _key(plan: Plan, source: int) -> str:
    name = plan.sources[source].entity_set
    return f"{run_prefix(plan.extraction, plan.run_id)}{name}/_anew.json"


def _read(plan: Plan, source: int, objects: Objects) -> Anew | None:
    key = _key(plan, source)
    return msgspec.json.decode(objects.read(key), type=Anew) if objects.exists(key) else None


def _write(plan: Plan, source: int, anew: Anew, objects: Objects) -> None:
    objects.write(_key(plan, source), msgspec.json.encode(anew))
