"""One worker at a time applies a run: who, and until when."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct

from sapmatch.model.errors import PreconditionFailed, Throttled
from sapmatch.model.ports import Control
from sapmatch.provisioning import places

SKEW = timedelta(minutes=1)  # by which two clocks may differ
LONGEST = timedelta(minutes=15)  # where the caller names no end


class Lease(Struct, frozen=True, kw_only=True):
    """Who applies a run, and until when, UTC; None: it was given back."""

    owner: str
    until: datetime | None


@contextmanager
def held(
    control: Control, connection: str, run_id: str, owner: str, now: datetime, until: datetime
) -> Iterator[None]:
    """Hold the lease for the block; Throttled where another owner holds it.

    The same owner may take it anew: an execution that was broken off and begins again.
    """
    key = places.lease_key(connection, run_id)
    _take(control, key, owner, now, until)
    try:
        yield
    finally:
        _release(control, key, owner)


def _take(control: Control, key: str, owner: str, now: datetime, until: datetime) -> None:
    lease, version = _read(control, key)
    if lease and lease.owner != owner and lease.until and now < lease.until + SKEW:
        raise Throttled(f"{key}: another worker is at it until {lease.until:%H:%M:%S} UTC")
    try:
        _write(control, key, Lease(owner=owner, until=until), version)
    except PreconditionFailed as exc:
        raise Throttled(f"{key}: another worker took it this very moment") from exc


def _release(control: Control, key: str, owner: str) -> None:
    lease, version = _read(control, key)
    if lease and lease.owner == owner and lease.until is not None:
        _write(control, key, Lease(owner=owner, until=None), version)


def _read(control: Control, key: str) -> tuple[Lease | None, int]:
    stored = control.read(key)
    if stored is None:
        return None, 0
    return msgspec.json.decode(stored.value, type=Lease), stored.version


def _write(control: Control, key: str, lease: Lease, version: int) -> None:
    control.write(key, msgspec.json.encode(lease), expected=version)
