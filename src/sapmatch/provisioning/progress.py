"""How far each user of a run is, noted before anything is sent and after it."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Literal

import msgspec
from msgspec import Struct

from sapmatch.model.ports import Objects
from sapmatch.model.provisioning import PlannedUser, UserOutcome, Written
from sapmatch.provisioning import places

_READERS = 8
FINE = ("unchanged", "done", "accepted_by_central")
FAILED = ("failed", "partial")


class Progress(Struct, frozen=True, kw_only=True):
    """One user of a run.

    `open`: nothing is on its way; `started`: a call may have happened, begun at `started_at`;
    `ended`: `outcome` is what became of it. `attempts` counts the calls that were begun, `resumed`
    how often the run had been resumed when it ended, `created` that an earlier call may have
    created the user. The systems that he `was_in` before are asked whether he left them; None: not
    known. His children were `looked_at` last. `written` is what the calls were to change.
    """

    row: int
    user: str
    state: Literal["open", "started", "ended"] = "open"
    started_at: datetime | None = None
    attempts: int = 0
    resumed: int = 0
    outcome: UserOutcome | None = None
    created: bool = False
    was_in: tuple[str, ...] | None = None
    looked_at: datetime | None = None
    written: Written | None = None
    schema: int = 1

    @property
    def is_settled(self) -> bool:
        """Whether there is an outcome that stands."""
        return self.state == "ended" and not self.is_unknown

    @property
    def is_unknown(self) -> bool:
        """Whether a call may have happened."""
        unknown = self.outcome is not None and self.outcome.status == "unknown"
        return self.state == "started" or unknown

    @property
    def may_have_created(self) -> bool:
        """Whether a call of this run may have created the user, or done some of what it should."""
        partial = self.outcome is not None and self.outcome.status == "partial"
        return self.created or self.is_unknown or partial

    @property
    def has_failed(self) -> bool:
        """Whether somebody has to look at it."""
        return self.outcome is not None and self.outcome.status in FAILED

    @property
    def is_fine(self) -> bool:
        """Whether SAP holds what is wanted."""
        done = self.outcome is not None and self.outcome.status in FINE
        return self.state == "ended" and done

    @property
    def waits_for_children(self) -> bool:
        """Whether it was accepted by a central system and is not verified yet."""
        outcome = self.outcome
        return (
            self.state == "ended"
            and outcome is not None
            and outcome.status == "accepted_by_central"
            and not outcome.verified
        )


class Notebook:
    """The progress of all users of one run."""

    def __init__(self, objects: Objects, connection: str, run_id: str) -> None:
        self._objects = objects
        self._connection = connection
        self._run_id = run_id

    def save(self, progress: Progress) -> Progress:
        """Note how far a user is."""
        key = places.row_key(self._connection, self._run_id, progress.row)
        self._objects.write(key, msgspec.json.encode(progress))
        return progress

    def find(self, row: int) -> Progress | None:
        """What is noted of a row by now."""
        key = places.row_key(self._connection, self._run_id, row)
        return self._read(key) if self._objects.exists(key) else None

    def load(self) -> dict[int, Progress]:
        """All that is noted, by row."""
        keys = self._objects.keys(places.rows_prefix(self._connection, self._run_id))
        with ThreadPoolExecutor(_READERS) as pool:
            found = pool.map(self._read, list(keys))
            return {progress.row: progress for progress in found}

    def _read(self, key: str) -> Progress:
        return msgspec.json.decode(self._objects.read(key), type=Progress)


def outcomes(
    users: Iterable[PlannedUser], noted: dict[int, Progress]
) -> list[tuple[PlannedUser, UserOutcome]]:
    """What became of each user; of one that nothing is noted of, what its plan says."""
    return [(user, _outcome(user, noted.get(user.row))) for user in users]


def _outcome(user: PlannedUser, progress: Progress | None) -> UserOutcome:
    if progress is not None and progress.outcome is not None and progress.state == "ended":
        return progress.outcome
    status: Literal["unchanged", "unknown", "not_executed"] = "not_executed"
    if user.action == "none":
        status = "unchanged"
    elif progress is not None and progress.state == "started":
        status = "unknown"
    written = progress.written if progress and status == "unknown" else None
    return UserOutcome(
        row=user.row, user=user.user, action=user.action, status=status, written=written
    )
