"""What became of a failed run of an extraction, as a mail tells it."""

import hashlib
import re
from collections.abc import Mapping

import msgspec
from msgspec import Struct

# What Step Functions and our machine say where children failed: their own errors tell why.
_OF_CHILDREN = {"States.ExceedToleratedFailureThreshold", "ChunksMissing"}
# Errors that say nothing which anybody could mend: the log does. `task` renames foreign ones.
_OF_THE_PLATFORM = ("RuntimeError", "Runtime.", "Sandbox.", "States.", "Lambda.", "ChunksMissing")
# Errors whose words say what is wrong, each time in the same ones. Those of others may differ
# from one try to the next while the trouble is the same.
_WORDED = {"AuthorizationMissing", "InputRejected", "RuntimeError", "ServiceNotActivated"}
# What differs from run to run: ids and folders of a call, hashes, numbers, times.
_OF_ONE_RUN = re.compile(
    r"\S*sapmatch-call-\S*|\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{16,}\b|\d+"
)
DRIFT = "SCHEMA_DRIFT"
INPUT = "input"  # the step that failed where the run's input was refused


class Cause(Struct, frozen=True, kw_only=True):
    """One error: the name of its class, what it says, its entity set (`part`) if it is of one.

    `step` is input, plan, chunks or finish.
    """

    error: str
    message: str
    part: str = ""
    step: str = ""


class Trouble(Struct, frozen=True, kw_only=True):
    """A failed run; `last_good` is the run that readers still have, `reload` the command."""

    extraction: str
    run_id: str
    execution: str
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
    def remedy(self) -> str:
        """Which remedy there is: that of the state, or of a wrong input, or to read the log."""
        if self.state != "EXTRACTION_FAILED":
            return self.state
        if any(cause.step == INPUT for cause in self.causes):
            return "INPUT_REJECTED"
        if all(cause.error.startswith(_OF_THE_PLATFORM) for cause in self.causes):
            return "UNEXPLAINED"
        return self.state

    @property
    def subject_id(self) -> str:
        """The same for every run that fails since the last good one: it is told once.

        A wrong input is somebody's very own: each execution that gets one is told.
        """
        if self.remedy == "INPUT_REJECTED":
            return f"extraction/{self.extraction}/{self.execution}"
        return subject_of(self.extraction, self.last_good)

    @property
    def cause(self) -> str:
        """Classes of the errors, where they are, and a digest of what they say: another one is
        another trouble.

        A lost position is one trouble, whether a chunk found it or the plan of a later run.
        """
        if self.state == "RESYNC_REQUIRED":
            return "ResyncRequired"
        places = ", ".join(sorted({" ".join(_place(cause)) for cause in self.causes}))
        words = {self._stable(each.message) for each in self.causes if each.error in _WORDED}
        if not words:
            return places
        digest = hashlib.sha256("\n".join(sorted(words)).encode()).hexdigest()
        return f"{places} {digest[:8]}"

    def _stable(self, message: str) -> str:
        """The message without what differs from run to run."""
        for run_id in filter(None, (self.run_id, self.last_good)):
            message = message.replace(run_id, "#")
        return _OF_ONE_RUN.sub("#", message)


class _Raised(Struct):
    """How Lambda puts an error into the cause of a failed task."""

    message: str = msgspec.field(name="errorMessage")


def subject_of(extraction: str, last_good: str | None) -> str:
    """Under what the troubles of an extraction are kept until another run of it is good."""
    return f"extraction/{extraction}/{last_good or 'none'}"


def of_children(error: Mapping[str, str]) -> bool:
    """Whether children of the map failed, so that the error itself says nothing."""
    return error["Error"] in _OF_CHILDREN


def cause_of(error: Mapping[str, str], step: str = "") -> Cause:
    """What a state machine caught, {"Error", "Cause"}; a function's own words where there are."""
    text = error.get("Cause") or "no cause was given"
    try:
        message = msgspec.json.decode(text, type=_Raised).message
    except msgspec.DecodeError:
        message = text
    return Cause(error=error["Error"], message=message, step=step)


def _place(cause: Cause) -> list[str]:
    return [part for part in (cause.error, cause.step, cause.part) if part]
