"""The response file: what became of every row of a file."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from sapmatch.model.errors import Problem
from sapmatch.model.provisioning import Plan, PlannedUser, ProvisioningRun, UserOutcome
from sapmatch.provisioning.problems import row_of
from sapmatch.provisioning.progress import FINE
from sapmatch.provisioning.verify import behind

STATUSES: Final = (
    "unchanged",
    "done",
    "accepted_by_central",
    "partial",
    "failed",
    "unknown",
    "not_executed",
    "refused",
)
_SCHEMA = 1

Outcomes = Sequence[tuple[PlannedUser, UserOutcome]]


def response(
    run: ProvisioningRun,
    plan: Plan | None,
    outcomes: Outcomes,
    refused: Sequence[Problem],
    now: datetime,
    error: str | None = None,
) -> bytes:
    """The response file as it is stored; `refused` are the mistakes of the file."""
    rows = [*map(_row, outcomes), *_refused(refused)]
    rows.sort(key=lambda row: row["row"] or 0)
    said: dict[str, Any] = {
        "run_id": run.run_id,
        "connection": run.connection,
        "source": run.source,
        "version_id": run.version_id,
        "status": run.status,
        "error": error,
        "started_at": run.started_at,
        "written_at": now,
        "resumed": run.resumed,
        "plan": plan and {"digest": plan.digest, "made_at": plan.made_at, "counts": plan.counts},
        "waited_for": run.waits_for,
        "decision": _decision(run),
        "summary": summary(outcomes, refused),
        "rows": rows,
        "schema": _SCHEMA,
    }
    return msgspec.json.format(msgspec.json.encode(said), indent=1)


def summary(outcomes: Outcomes, refused: Sequence[Problem] = ()) -> dict[str, int]:
    """How many rows there are, and how many of each status; `not_verified` are among the accepted.

    A mistake of the file as a whole belongs to no row.
    """
    counted: Counter[str] = Counter(outcome.status for _, outcome in outcomes)
    bad = {row_of(problem) for problem in refused} - {None}
    counted.update({"refused": len(bad)})
    waiting = sum(1 for _, outcome in outcomes if is_behind(outcome))
    by_status = {status: counted[status] for status in STATUSES}
    return {"rows": counted.total(), **by_status, "not_verified": waiting}


def is_behind(outcome: UserOutcome) -> bool:
    """Whether a central system took it, and a child is not known to have it."""
    return outcome.status == "accepted_by_central" and not outcome.verified


def is_fine(outcome: UserOutcome) -> bool:
    """Whether nobody has to look at it."""
    return outcome.status in FINE and not is_behind(outcome)


def _decision(run: ProvisioningRun) -> dict[str, Any] | None:
    if run.decision is None:
        return None
    return {
        "decision": run.decision,
        "by": run.decided_by,
        "at": run.decided_at,
        "reason": run.reason,
    }


def _row(pair: tuple[PlannedUser, UserOutcome]) -> dict[str, Any]:
    user, outcome = pair
    missing = [child.system for child in behind(outcome.children)]
    return {
        "row": user.row,
        "user": user.user,
        "action": user.action,
        "status": outcome.status,
        "differences": len(user.differences),
        "roles_added": user.roles_added,
        "roles_removed": user.roles_removed,
        "profiles_removed": user.profiles_removed,
        "written": outcome.written.differences if outcome.written else [],
        "steps": outcome.steps,
        "warnings": outcome.warnings,
        "verified": outcome.verified if outcome.status == "accepted_by_central" else None,
        "distribution_failed": missing if is_behind(outcome) else [],
        "children": outcome.children,
    }


def _refused(problems: Sequence[Problem]) -> Iterator[dict[str, Any]]:
    """One entry for each row with mistakes, and one for those of the file."""
    by_row: dict[int | None, list[Problem]] = {}
    for problem in problems:
        by_row.setdefault(row_of(problem), []).append(problem)
    for row, found in by_row.items():
        yield {
            "row": row,
            "user": next((p.values["user"] for p in found if "user" in p.values), None),
            "status": "refused",
            "problems": [{"field": p.field, "message": p.message} for p in found],
        }
