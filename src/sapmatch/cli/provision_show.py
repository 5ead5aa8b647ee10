"""Plans and outcomes of desired users, as people and as scripts read them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sapmatch.cli import output
from sapmatch.model.errors import Problem
from sapmatch.model.provisioning import Counts, Difference, Plan, PlannedUser

SHOWN = 200  # rows for people; scripts get all
_FINE = ("done", "unchanged")
_COUNTED = {
    "create": "to create",
    "change": "to change",
    "lock": "to lock",
    "unlock": "to unlock",
    "delete": "to delete",
    "none": "as they should be",
    "roles_added": "roles added",
    "roles_removed": "roles removed",
    "profiles_removed": "profiles removed",
}


def plan_lines(plan: Plan) -> Iterator[dict[str, Any]]:
    """One record for each row, and one for the plan."""
    for user in plan.users:
        yield {
            "row": user.row,
            "user": user.user,
            "action": user.action,
            "differences": user.differences,
            "roles_added": user.roles_added,
            "roles_removed": user.roles_removed,
            "profiles_removed": user.profiles_removed,
        }
    for problem in plan.refused:
        yield {
            "action": "refused",
            "user": problem.values.get("user"),
            "field": problem.field,
            "message": problem.message,
        }
    yield {
        "plan": {
            "connection": plan.connection,
            "source": plan.source,
            "counts": plan.counts,
            "refused": len(plan.refused),
            "waits_for": plan.waits_for,
            "digest": plan.digest,
        }
    }


def show_plan(plan: Plan, *, stops: bool = False) -> None:
    """A table of differences, the mistakes, the counts, and what a person has to agree to.

    `stops`: the good rows are only shown, as one mistake stops all.
    """
    touched = [user for user in plan.users if user.action != "none"]
    if touched:
        output.table(("Row", "User", "Action", "What", "Now", "Then"), _cells(touched))
    _more(len(touched), "users are in the plan; --json prints all")
    for problem in plan.refused[:SHOWN]:
        output.line(f"refused: {_place(problem)}: {problem.message}")
    _more(len(plan.refused), "mistakes; --json prints all")
    if plan.users or not plan.refused:
        output.line(counted(plan.counts))
    if plan.refused and (stops or not plan.users):
        output.line(_stopped(plan))
    for reason in plan.waits_for:
        output.line(f"waits for a person: it {reason}")


def _place(problem: Problem) -> str:
    """Row, field and user of a mistake."""
    place, user = problem.field or "the file", problem.values.get("user")
    row, _, field = place.partition(": ")
    return ": ".join(part for part in (f"{row} ({user})" if user else row, field) if part)


def _stopped(plan: Plan) -> str:
    """How many mistakes there are, and that they stop all."""
    rows = {(problem.field or "").partition(": ")[0] for problem in plan.refused}
    mistakes, places = _number(len(plan.refused), "mistake"), _number(len(rows), "row")
    return f'{mistakes} in {places}: nothing is applied, as long as on_error is not "continue"'


def _number(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def counted(counts: Counts) -> str:
    """The counts of a plan in one sentence."""
    named = ((getattr(counts, name), words) for name, words in _COUNTED.items())
    return ", ".join(_told(number, words) for number, words in named if number) or "no users"


def _told(number: int, words: str) -> str:
    return f"{number} {words.replace('roles', 'role') if number == 1 else words}"


def show_rows(rows: Sequence[Mapping[str, Any]]) -> None:
    """What became of the rows of a run, those first that somebody has to look at."""
    ordered = sorted(rows, key=lambda row: (row["status"] in _FINE, row["row"] or 0))
    if ordered:
        columns = ("Row", "User", "Action", "Status", "Steps", "Child systems")
        output.table(columns, map(_row, ordered[:SHOWN]))
    _more(len(ordered), "rows are in the response file")


def _cells(users: Sequence[PlannedUser]) -> Iterator[Sequence[Any]]:
    for user in users[:SHOWN]:
        parts = user.differences
        columns = ([part.what for part in parts], *_values(parts))
        yield (user.row, user.user, user.action, *columns)


def _values(parts: Sequence[Difference]) -> tuple[list[str], list[str]]:
    return [part.before or "-" for part in parts], [part.after or "-" for part in parts]


def _row(row: Mapping[str, Any]) -> Sequence[Any]:
    steps = [_said(step["name"], step) for step in row.get("steps", ())]
    steps += [_said(each["field"] or "row", each) for each in row.get("problems", ())]
    children = [_said(child["system"], child) for child in row.get("children", ())]
    return (row["row"], row["user"], row.get("action"), row["status"], steps, children)


def _said(name: str, part: Mapping[str, Any]) -> str:
    """A step or a child system: how it stands, and why where that is known."""
    differs: Iterable[str] = part.get("differs", ())
    why = [part.get("code", ""), ", ".join(differs), part.get("message", "")]
    told = " ".join(text for text in why if text)
    return " ".join(text for text in (f"{name}:", part.get("status", ""), told) if text)


def _more(number: int, what: str) -> None:
    if number > SHOWN:
        output.note(f"{SHOWN} of {number} {what}")
