"""What became of a failed run of an extraction, as a mail tells it."""

from collections.abc import Mapping

import msgspec
from msgspec import Struct

# What Step Functions and our machine say where children failed: their own errors tell why.
_OF_CHILDREN = {"States.ExceedToleratedFailureThreshold", "ChunksMissing"}
DRIFT = "SCHEMA_DRIFT"


class Cause(Struct, frozen=True, kw_only=True):
    """One error: the name of its class, what it says, and the entity set where it is of one."""

    error: str
    message: str
    part: str = ""


class Trouble(Struct, frozen=True, kw_only=True):
    """A failed run; `last_good` is the run that readers still have, `reload` the command."""

    extraction: str
    run_id: str
    causes: tuple[Cause, ...]
    reload: str
    last_good: str | None = None

    @property
    def state(self) -> str:
        """RESYNC_REQUIRED, SCHEMA_DRIFT, or EXTRACTION_FAILED."""
        if any(cause.error == "ResyncRequired" for cause in self.causes):
            return "RESYNC_REQUIRED"
        if any(DRIFT in cause.message for cause in self.causes):
            return DRIFT
        return "EXTRACTION_FAILED"

    @property
    def subject_id(self) -> str:
        """The same for every run that fails since the last good one: it is told once."""
        return f"extraction/{self.extraction}/{self.last_good or 'none'}"

    @property
    def cause(self) -> str:
        """Classes of the errors and where they are; another one is another trouble.

        A lost position is one trouble, whether a chunk found it or the plan of a later run.
        """
        if self.state == "RESYNC_REQUIRED":
            return "ResyncRequired"
        return ", ".join(sorted({f"{c.error} {c.part}".strip() for c in self.causes}))


class _Raised(Struct):
    """How Lambda puts an error into the cause of a failed task."""

    message: str = msgspec.field(name="errorMessage")


def of_children(error: Mapping[str, str]) -> bool:
    """Whether children of the map failed, so that the error itself says nothing."""
    return error["Error"] in _OF_CHILDREN


def cause_of(error: Mapping[str, str]) -> Cause:
    """What a state machine caught, {"Error", "Cause"}; a function's own words where there are."""
    text = error.get("Cause") or "no cause was given"
    try:
        message = msgspec.json.decode(text, type=_Raised).message
    except msgspec.DecodeError:
        message = text
    return Cause(error=error["Error"], message=message)
