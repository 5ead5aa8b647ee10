"""What the next run of an extraction goes on from: positions of its sets, its last good run."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sapmatch.extracting.run import ChunkResult, Published, Source, value_of
from sapmatch.model.changes import DeltaPosition
from sapmatch.model.ports import Control
from sapmatch.model.shape import Kind

Value = TypeVar("Value", bound=Struct)


class Position(Struct, frozen=True, kw_only=True):
    """Everything before it is in published runs, up to `run_id`.

    `delta`: where changes go on; `latest`: the latest time of change that was seen, as text.
    """

    run_id: str
    delta: DeltaPosition | None = None
    latest: str | None = None


class Pointer(Struct, frozen=True, kw_only=True):
    """The last good run; `base` is the run with the snapshot that its changes follow.

    None where it holds snapshots only. Runs from `base` on are needed to know what SAP holds.
    """

    run_id: str
    base: str | None = None


def position_after(
    source: Source, results: Sequence[ChunkResult], before: Position | None, *, run: Published
) -> Position | None:
    """Where the next run goes on once this one is published; None where it starts anew anyway.

    What changed while the run read is read again: a chunk that was done early has not seen it. A
    snapshot knows nothing of `before`: that may be of another field, or of a time that never was.
    """
    if source.mode == "delta":
        delta = next((result.position for result in results if result.position), None)
        return Position(run_id=run.run_id, delta=delta) if delta else None
    if source.mode != "timestamp":
        return None
    known = [before.latest] if before and before.latest and not source.is_snapshot else []
    known += [_at_start(source, result.latest, run) for result in results if result.latest]
    latest = max(known, key=lambda text: value_of(text, _kind(source)), default=None)
    return Position(run_id=run.run_id, latest=latest)


def _at_start(source: Source, latest: str, run: Published) -> str:
    """What SAP's clock showed when the run was planned at least, in whatever zone it runs."""
    lasted = datetime.fromisoformat(run.published_at) - datetime.fromisoformat(run.planned_at)
    value = value_of(latest, _kind(source))
    if isinstance(value, datetime):
        return (value - lasted).isoformat()
    assert isinstance(value, date), f"{source.changed_field} holds no times"
    return (datetime.combine(value, time()) - lasted).date().isoformat()


def _kind(source: Source) -> Kind:
    field = source.shape.field(source.changed_field or "")
    assert field is not None, f"{source.entity_set} has no field {source.changed_field}"
    return field.kind


def position_of(control: Control, extraction: str, entity_set: str) -> Position | None:
    """Where the last published run ended, None where none did."""
    return _read(control, position_key(extraction, entity_set), Position)


def store_position(control: Control, extraction: str, entity_set: str, position: Position) -> None:
    """Set it; PreconditionFailed where somebody else does so at the same moment."""
    _write(control, position_key(extraction, entity_set), position)


def mark_lost(
    control: Control, extraction: str, entity_set: str, since: DeltaPosition | None
) -> None:
    """Note that SAP no longer knows the position `since`: no run goes on from it (RE-21).

    Where a later run has moved it on meanwhile, it is that run's, and stays.
    """
    position = position_of(control, extraction, entity_set)
    if position is not None and position.delta is not None and position.delta == since:
        lost = replace(position, delta=position.delta.lost())
        store_position(control, extraction, entity_set, lost)


def published_of(control: Control, extraction: str) -> Pointer | None:
    """The last good run, None where there is none yet."""
    return _read(control, published_key(extraction), Pointer)


def store_published(control: Control, extraction: str, pointer: Pointer) -> None:
    """Make the run the last good one."""
    _write(control, published_key(extraction), pointer)


def position_key(extraction: str, entity_set: str) -> str:
    """Key of a set's position."""
    return f"extraction/{extraction}/position/{entity_set}"


def published_key(extraction: str) -> str:
    """Key of the last good run."""
    return f"extraction/{extraction}/published"


def _read(control: Control, key: str, kind: type[Value]) -> Value | None:
    stored = control.read(key)
    return None if stored is None else msgspec.json.decode(stored.value, type=kind)


def _write(control: Control, key: str, value: Struct) -> None:
    """Store it, unless it is there already."""
    stored, data = control.read(key), msgspec.json.encode(value)
    if stored is None or stored.value != data:
        control.write(key, data, expected=stored.version if stored else 0)
