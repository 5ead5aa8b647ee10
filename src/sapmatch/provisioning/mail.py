"""Mails about a run of desired users: it asks for a decision, or it has ended."""

from collections.abc import Sequence
from typing import Final

from sapmatch.model.errors import Problem
from sapmatch.model.provisioning import Plan, PlannedUser, ProvisioningRun, RunStatus, UserOutcome
from sapmatch.model.uploads import Upload
from sapmatch.provisioning import text
from sapmatch.provisioning.problems import line
from sapmatch.provisioning.reasons import EXPIRED
from sapmatch.provisioning.response import Outcomes, is_fine, summary
from sapmatch.provisioning.text import Mail, Section
from sapmatch.provisioning.verify import behind

_OWNER = "SAP user administration."
_SHOWN = 12  # of a digest
_LOOK = "Look at the plan, then approve or reject it."
_TITLES: Final[dict[RunStatus, str]] = {
    "refused": "File of SAP users was refused",
    "rejected": "Change of SAP users was rejected",
    "stopped": "Change of SAP users was stopped",
    "failed": "Change of SAP users needs somebody",
    "done": "SAP users are as the file wants them",
}
_REMEDIES: Final[dict[RunStatus, str]] = {
    "refused": "Correct the refused rows and drop the file again: nothing of it was applied.",
    "rejected": "Nothing: no user was changed by this run.",
    "stopped": "Let it go on with the command below, or drop a new file.",
    "failed": (
        "Mend what is named above, then let the run go on with the command below: what is done "
        "stays as it is, and is not done again."
    ),
}
_ANEW = (
    "Correct the rows above and drop the file again: this run keeps its plan, and what is so "
    "already is not changed again."
)
_LATE = "Nothing was changed. Let the run go on with the command below: it asks again."
_FOR_GOOD: Final = {"PLAN_OUTDATED"}  # codes of steps that fail again while the plan is the same


def asking_mail(run: ProvisioningRun, plan: Plan, stage: str, days: int) -> Mail:
    """A plan goes beyond the limits: somebody has to agree to it."""
    at = _at(run, stage)
    digest = plan.digest[:_SHOWN]
    sections: list[Section] = [
        ("What", [f"File {run.source} was planned, and waits for a person."]),
        ("Why", [f"It {reason}." for reason in plan.waits_for]),
        ("How much", [_counted(plan)]),
        ("The largest", _largest(plan.users)),
        (
            "What to do",
            [f"{_LOOK} Without an answer within {days} days nothing is changed."],
        ),
        ("Who", [_OWNER]),
        (
            "How",
            [
                f"sapmatch provision status {at}",
                f'sapmatch provision approve {at} --digest {digest} --reason "..."',
                f'sapmatch provision reject {at} --reason "..."',
            ],
        ),
    ]
    return _mail("Change of SAP users waits for approval", run, sections)


def ended_mail(
    run: ProvisioningRun,
    plan: Plan | None,
    outcomes: Outcomes,
    refused: Sequence[Problem],
    response_key: str,
    stage: str,
    error: str | None = None,
) -> Mail:
    """A run has come to its end, for now or for good."""
    at = _at(run, stage)
    done, late = run.status == "done", error == EXPIRED
    anew = run.status == "failed" and not error and _needs_another_file(outcomes, refused)
    remedy = _ANEW if anew else _LATE if late else _REMEDIES.get(run.status)
    can_go_on = run.status in ("stopped", "failed") and not anew
    again = [f"sapmatch provision resume {at}"] if can_go_on else []
    rows = _troubled(outcomes)
    sections: list[Section] = [
        ("What", [f"File {run.source}: {_told(summary(outcomes, refused))}."]),
        ("Error", [text.unlinked(error)] if error else []),
        ("How much", [_counted(plan)] if plan and plan.users else []),
        ("Decided", _decided(run)),
        ("Refused rows", text.bounded([_problem(problem) for problem in refused])),
        ("Rows to look at", text.bounded(rows)),
        ("What to do", [remedy] if remedy and not (done and not rows) else []),
        ("Who", [] if done else [_OWNER]),
        ("How", [f"sapmatch provision status {at}", *again]),
        ("Where", [f"Response file {response_key}"]),
    ]
    title = _TITLES.get(run.status, "Change of SAP users")
    return _mail("Change of SAP users was not approved in time" if late else title, run, sections)


def _needs_another_file(outcomes: Outcomes, refused: Sequence[Problem]) -> bool:
    """Whether nothing gets better by going on: rows that were refused, or changed meanwhile."""
    bad = [outcome for _, outcome in outcomes if not is_fine(outcome)]
    codes = {step.code for outcome in bad for step in outcome.steps if step.status == "failed"}
    lost = all(outcome.status == "failed" for outcome in bad) and codes <= _FOR_GOOD
    return bool(refused or bad) and lost


def unread_mail(upload: Upload, error: str) -> Mail:
    """A file was dropped that no run begins with."""
    sections: list[Section] = [
        ("What", [f"The upload {upload.key} was not read, and no user was changed."]),
        ("Why", [text.unlinked(error)]),
        ("What to do", ["Drop it again where it belongs: docs/provisioning.md."]),
        ("Who", [_OWNER]),
    ]
    return Mail(
        subject=text.subject("File of SAP users is in the wrong place", ""),
        body=text.body(sections),
    )


def _mail(title: str, run: ProvisioningRun, sections: Sequence[Section]) -> Mail:
    return Mail(
        subject=text.subject(title, f"({run.connection} {run.run_id})"), body=text.body(sections)
    )


def _at(run: ProvisioningRun, stage: str) -> str:
    return f"{run.run_id} --connection {run.connection} --stage {stage}"


def _counted(plan: Plan) -> str:
    counts = plan.counts
    parts = [
        (counts.create, "to create"),
        (counts.change, "to change"),
        (counts.lock, "to lock"),
        (counts.unlock, "to unlock"),
        (counts.delete, "to delete"),
        (counts.none, "as they should be"),
    ]
    users = ", ".join(f"{number} {words}" for number, words in parts if number)
    roles = f"{counts.roles_added} added, {counts.roles_removed} removed"
    profiles = f" Profiles: {counts.profiles_removed} removed." if counts.profiles_removed else ""
    return f"Users: {users or 'none'}. Roles: {roles}.{profiles}"


def _largest(users: Sequence[PlannedUser]) -> list[str]:
    """Users that lose most."""
    losing = [user for user in users if _rights(user) or user.locks]
    losing.sort(key=lambda user: (not user.locks, -_rights(user), user.row))
    return text.bounded(
        [
            f"row {user.row}: {text.unlinked(user.user)}: {user.action}, {_lost(user)} removed"
            for user in losing
        ]
    )


def _lost(user: PlannedUser) -> str:
    roles = f"{user.roles_removed} roles"
    return f"{roles} and {user.profiles_removed} profiles" if user.profiles_removed else roles


def _rights(user: PlannedUser) -> int:
    return user.roles_removed + user.profiles_removed


def _told(counts: dict[str, int]) -> str:
    parts = [
        f"{number} {name.replace('_', ' ')}"
        for name, number in counts.items()
        if number and name != "rows"
    ]
    return f"{counts['rows']} rows" + (f", {', '.join(parts)}" if parts else "")


def _troubled(outcomes: Outcomes) -> list[str]:
    return [_line(user, outcome) for user, outcome in outcomes if not is_fine(outcome)]


def _line(user: PlannedUser, outcome: UserOutcome) -> str:
    reasons = [
        f"{step.name}: {step.code} {step.message}".strip()
        for step in outcome.steps
        if step.status in ("failed", "unknown")
    ]
    reasons += [
        f"system {child.system} {child.status}: {', '.join(child.differs) or child.message}"
        for child in behind(outcome.children)
    ]
    why = text.unlinked("; ".join(reasons))
    status = outcome.status.replace("_", " ")
    return f"row {user.row}: {text.unlinked(user.user)}: {status}" + (f": {why}" if why else "")


def _decided(run: ProvisioningRun) -> list[str]:
    if run.decision is None or run.decided_at is None:
        return []
    by = run.decided_by or ""
    return [f"{run.decision} by {by} on {run.decided_at:%Y-%m-%d %H:%M} UTC: {run.reason or ''}"]


def _problem(problem: Problem) -> str:
    user = problem.values.get("user")
    return text.unlinked(line(problem) + (f" ({user})" if user else ""))
