"""What state a run is in, and which one follows."""

from datetime import datetime
from typing import Final, Literal

from msgspec.structs import replace

from sapmatch.model.errors import InputRejected
from sapmatch.model.provisioning import Counts, ProvisioningRun, RunStatus

OVER: Final[tuple[RunStatus, ...]] = ("done", "refused", "rejected")
REFUSED_UPLOAD: Final = {"state": "provisioning_refused", "owner": "administrator"}
_CAN_GO_ON: Final[tuple[RunStatus, ...]] = ("failed", "stopped")


def outcome(run: ProvisioningRun) -> Literal["refused", "nothing", "waits", "ready"]:
    """What the plan of a run says is to be done next."""
    if run.status == "refused":
        return "refused"
    if run.waits_for and run.decision is None:
        return "waits"
    return "ready" if users(run.counts) > run.counts.none else "nothing"


def users(counts: Counts) -> int:
    """How many users a plan names, those included that stay as they are."""
    changed = counts.create + counts.change + counts.lock + counts.unlock + counts.delete
    return changed + counts.none


def waiting(run: ProvisioningRun, token: str, execution: str) -> ProvisioningRun:
    """Somebody is to be asked, and this execution waits for the answer."""
    if run.decision is not None or run.stop_asked:
        return run
    return replace(run, status="waiting", token=token, execution=execution)


def running(run: ProvisioningRun) -> ProvisioningRun:
    """Users are being changed; a run that has ended stays so."""
    return run if run.stop_asked or has_ended(run) else replace(run, status="running")


def goes_on(run: ProvisioningRun) -> bool:
    """Whether another user may be changed: nobody asked to stop, and nobody was told of its end."""
    return not run.stop_asked and not has_ended(run)


def verifying(run: ProvisioningRun, now: datetime) -> ProvisioningRun:
    """Child systems are asked."""
    return replace(run, status="verifying", verify_since=run.verify_since or now)


def has_ended(run: ProvisioningRun) -> bool:
    """Whether it was reported, for now or for good."""
    return run.status in (*OVER, *_CAN_GO_ON)


def stopping(run: ProvisioningRun, who: str) -> ProvisioningRun:
    """It is to end behind the user that it is at; InputRejected where it has ended."""
    if has_ended(run):
        raise InputRejected(f"run {run.run_id}: has ended already, it is {run.status}")
    return replace(run, stop_asked=True, stopped_by=who or None)


def resuming(run: ProvisioningRun, who: str, broken_off: int | None) -> ProvisioningRun:
    """It goes on; InputRejected where it has not ended, or has ended for good.

    `broken_off` says how often it had been resumed when its execution ended without ending it.
    """
    if run.status in OVER or (run.status not in _CAN_GO_ON and run.resumed != broken_off):
        raise InputRejected(f"run {run.run_id}: is {run.status}, and cannot go on")
    return replace(
        run,
        status="planned",
        stop_asked=False,
        resumed_by=who or None,
        trouble=None,
        token=None,
        verify_since=None,
        asked_at=None,
        resumed=run.resumed + 1,
    )


def ended(run: ProvisioningRun, *, fine: bool, planned: bool) -> RunStatus:
    """How it ends; `fine`: nobody has to look at anything."""
    if run.status in ("refused", "rejected"):
        return run.status
    if run.stop_asked and not fine:
        return "stopped"
    return "done" if fine and planned else "failed"


def attributes(run: ProvisioningRun) -> dict[str, str]:
    """What a subscription may filter the mails about it by."""
    return {"state": f"provisioning_{run.status}", "owner": "administrator"}
