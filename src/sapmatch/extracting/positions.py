"""What the next run of an extraction goes on from: positions of its sets, its last good run."""

from typing import TypeVar

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.changes import DeltaPosition
from sapmatch.model.ports import Control

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


def position_of(control: Control, extraction: str, entity_set: str) -> Position | None:
    """Where the last published run ended, None where none did."""
    return _read(control, position_key(extraction, entity_set), Position)


def store_position(control: Control, extraction: str, entity_set: str, position: Position) -> None:
    """Set it; PreconditionFailed where somebody else does so at the same moment."""
    _write(control, position_key(extraction, entity_set), position)


def mark_lost(control: Control, extraction: str, entity_set: str) -> None:
    """Note that SAP no longer knows the position: no run goes on from it (RE-21)."""
    position = position_of(control, extraction, entity_set)
    if position is not None and position.delta is not None:
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
