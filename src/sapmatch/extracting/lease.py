"""Single flight: one run of an extraction at a time (RE-31)."""

from datetime import datetime, timedelta

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.errors import PreconditionFailed
from sapmatch.model.ports import Control

SKEW = timedelta(minutes=5)  # by which two clocks may differ (RE-27)
_TRIES = 5


class Lease(Struct, frozen=True, kw_only=True):
    """Who runs an extraction and until when, UTC; None: the lease was given back."""

    run_id: str
    until: datetime | None

    def is_over(self, now: datetime) -> bool:
        """Whether another run may take it."""
        return self.until is None or now >= self.until + SKEW


def take(control: Control, extraction: str, run_id: str, now: datetime, *, seconds: float) -> Lease:
    """Take the lease where it is free, expired or this run's own; returns the one that stands.

    Where that is another run's (`run_id` tells), this run ends without touching anything.
    """
    wanted = Lease(run_id=run_id, until=now + timedelta(seconds=seconds))
    for _ in range(_TRIES):
        held, version = _read(control, extraction)
        if held and held.run_id != run_id and not held.is_over(now):
            return held
        try:
            _write(control, extraction, wanted, version)
        except PreconditionFailed:  # somebody else was faster: see who
            continue
        return wanted
    raise PreconditionFailed(f"extraction {extraction}: its lease changes without end; try again")


def renew(
    control: Control, extraction: str, run_id: str, now: datetime, *, seconds: float
) -> Lease:
    """Move the end of this run's lease, unless more than half of it is left: its workers are many.

    PreconditionFailed where another run has taken it.
    """
    held, _ = _read(control, extraction)
    if held is None or held.run_id != run_id:
        raise PreconditionFailed(
            f"extraction {extraction}: run {run_id} no longer holds the lease; start a new run"
        )
    if held.until and held.until - now > timedelta(seconds=seconds / 2):
        return held
    return take(control, extraction, run_id, now, seconds=seconds)


def release(control: Control, extraction: str, run_id: str) -> None:
    """Give the lease back; nothing happens where this run does not hold it."""
    held, version = _read(control, extraction)
    if held and held.run_id == run_id and held.until is not None:
        _write(control, extraction, replace(held, until=None), version)


def lease_key(extraction: str) -> str:
    """Key of an extraction's lease."""
    return f"extraction/{extraction}/lease"


def _read(control: Control, extraction: str) -> tuple[Lease | None, int]:
    stored = control.read(lease_key(extraction))
    if stored is None:
        return None, 0
    return msgspec.json.decode(stored.value, type=Lease), stored.version


def _write(control: Control, extraction: str, lease: Lease, version: int) -> None:
    control.write(lease_key(extraction), msgspec.json.encode(lease), expected=version)
