"""A person agrees to a plan, or does not: once, and only who may."""

import re
from datetime import datetime
from typing import Literal

from msgspec.structs import replace

from sapmatch.model.errors import InputRejected
from sapmatch.model.provisioning import Provisioning, ProvisioningRun

_SESSION = re.compile(r"(arn:aws[a-z-]*):sts::(\d{12}):assumed-role/([^/]{1,64})/[^/]{1,64}")
_ROLE_PATH = re.compile(r":role/.*/")
_LEAST_DIGITS = 12
_LONGEST_REASON = 500

Decision = Literal["approved", "rejected"]


def require_approver(who: str, rules: Provisioning) -> None:
    """InputRejected where the settings name approvers, and this is none of them."""
    roles = {_ROLE_PATH.sub(":role/", arn) for arn in rules.approvers}
    session = _SESSION.fullmatch(who)
    role = f"{session[1]}:iam::{session[2]}:role/{session[3]}" if session else who
    if rules.approvers and who not in roles and role not in roles:
        raise InputRejected(
            f"{who}: may not decide; an administrator adds it, or its role, to `approvers` of "
            "[provisioning.<connection>] in the settings"
        )


def decided(
    run: ProvisioningRun,
    decision: Decision,
    digest: str | None,
    who: str,
    reason: str,
    now: datetime,
) -> ProvisioningRun:
    """The run with the decision; the same again changes nothing.

    InputRejected where it waits for nobody, somebody else decided, or another plan is meant.
    """
    if run.decision is not None:
        if (run.decision, run.decided_by) == (decision, who):
            if digest is not None:
                _require_digest(run, digest)
            return run
        raise InputRejected(
            f"run {run.run_id}: {run.decided_by} decided on it already: {run.decision}"
        )
    if run.status != "waiting":
        raise InputRejected(f"run {run.run_id}: waits for nobody, it is {run.status}")
    if run.stop_asked:
        raise InputRejected(f"run {run.run_id}: was asked to stop; resume it before you decide")
    if digest is not None:
        _require_digest(run, digest)
    return replace(
        run,
        decision=decision,
        decided_by=who,
        decided_at=now,
        reason=_reason(reason),
        status="running" if decision == "approved" else "rejected",
    )


def _require_digest(run: ProvisioningRun, digest: str) -> None:
    if len(digest) < _LEAST_DIGITS or not run.digest.startswith(digest.lower()):
        raise InputRejected(
            f"run {run.run_id}: its plan has another digest; look at the plan, and give at least "
            f"{_LEAST_DIGITS} digits of the one that is shown there"
        )


def _reason(reason: str) -> str:
    text = " ".join(reason.split())
    if not text or len(text) > _LONGEST_REASON:
        raise InputRejected(f"reason: is needed, in at most {_LONGEST_REASON} characters")
    return text
