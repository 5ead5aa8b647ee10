"""What changed in SAP since: explicit positions, and pages of changes (OD-P30 to OD-P38)."""

from enum import StrEnum

from msgspec import Raw, Struct
from msgspec.structs import replace

from sapmatch.model.intent import Record


class DeltaState(StrEnum):
    """Where the reading of changes stands."""

    NONE = "NONE"
    INITIAL = "INITIAL"
    TRACKING = "TRACKING"
    RESYNC_REQUIRED = "RESYNC_REQUIRED"


class DeltaPosition(Struct, frozen=True, kw_only=True):
    """From where to go on; to be stored by the caller, as JSON or otherwise.

    `subscriber` tells user and service apart: an ODP keeps one subscription for each (OD-P36).
    `link` is the next page in INITIAL, the delta link (or a page behind it) in TRACKING.
    """

    subscriber: str
    entity_set: str
    state: DeltaState = DeltaState.NONE
    link: str | None = None

    def lost(self) -> "DeltaPosition":
        """The same after ResyncRequired: only a load asked for on purpose goes on (OD-P35)."""
        return replace(self, state=DeltaState.RESYNC_REQUIRED, link=None)


class ChangePage(Struct, frozen=True, kw_only=True):
    """One page of changes: rows as SAP sent them, and what was deleted.

    A deleted one is a row of its own form: an ODP row with ODQ_CHANGEMODE `D`, a V4 `@removed`
    with its `@odata.id` (or `id`), a V2 row whose `__metadata` says `deleted` (OD-P38).
    `removed` are the key fields of these by name, values as SAP writes them in rows.
    `position` is where to go on after this page was stored; `last` where no page follows now.
    `seconds` and `busy` as in a Page.
    """

    rows: tuple[Raw, ...]
    deleted: tuple[Raw, ...]
    position: DeltaPosition
    last: bool
    removed: tuple[Record, ...] = ()
    seconds: float = 0.0
    busy: int = 0
