"""What the business rules work on, and what they give back."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from local.sap.errors import Detail
from local.sap.store import Store
from local.sap.values import Row, moment_json, ticks


@dataclass(frozen=True, slots=True)
class Backend:
    """The documents and the clock.

    `duplicate_check` is the switch in the supplier's master. `closed_until` is the last day of the
    posting periods that are closed.
    """

    store: Store
    now: Callable[[], datetime]
    duplicate_check: bool
    closed_until: date | None = None

    def find(self, entity_set: str, **key: object) -> Row | None:
        """One row by its key values as V2 JSON gives them."""
        return self.store.get(entity_set, self.store.key_of(entity_set, key))


@dataclass(slots=True)
class Outcome:
    """What a modifying request did; `created` and `changed` are (entity set, row)."""

    created: list[tuple[str, Row]] = field(default_factory=list)
    changed: list[tuple[str, Row]] = field(default_factory=list)
    warnings: list[Detail] = field(default_factory=list)
    result: dict[str, Any] = field(default_factory=dict)  # of a function import
    rows: list[Row] = field(default_factory=list)  # of a function import that returns entities


def touch(row: Row, backend: Backend) -> None:
    """Note the last change and who made it, later than any before, so that every ETag differs."""
    if "LastChangedByUser" in row and backend.store.user:
        row["LastChangedByUser"] = backend.store.user
    if "LastChangeDateTime" not in row:
        return
    before, moment = row["LastChangeDateTime"], moment_json(backend.now())
    if before is not None and ticks(moment) <= ticks(before):
        moment = f"/Date({ticks(before) + 1}+0000)/"
    row["LastChangeDateTime"] = moment
