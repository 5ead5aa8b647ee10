"""A file of desired users on the local stage: what was planned, done, and arrived where."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, to_builtins
from rich.markup import escape
from rich.table import Table

from local.accounts import USERS_USER
from local.jobs import Jobs
from local.stage import SAMPLES
from sapmatch.bootstrap.provisioning import provisioner
from sapmatch.model.uploads import Upload
from sapmatch.provisioning.places import response_key, run_id_of

CONNECTION = "s4_central"
FAILING = "S4HCLNT300"
FILE = SAMPLES / "provisioning" / "users.json"
LANDSCAPE = SAMPLES / "provisioning" / "landscape.json"
WANTED = {
    "NKELLER": ("create", "accepted_by_central", []),
    "MHUBER": ("change", "accepted_by_central", [FAILING]),
    "LVOGEL": ("lock", "accepted_by_central", []),
    "TBRANDT": ("none", "unchanged", []),
}
_CHANGING = ("CREATE1", "CHANGE", "LOCK", "UNLOCK", "DELETE", "ASSIGN")
_MACHINE = "ProvisioningArn"


class Dropped(Struct, frozen=True, kw_only=True):
    """One run: how its execution ended, its plan, the rows of its response, what SAP was asked.

    `changes` counts calls of function modules that change something, by their names.
    """

    run_id: str
    status: str
    plan: dict[str, Any]
    rows: list[dict[str, Any]]
    changes: Counter[str]


def begin(jobs: Jobs, file: Path, data: bytes | None = None) -> str:
    """Drop a file and wait until its run has begun; returns its id."""
    key = f"provisioning/{CONNECTION}/{file.name}"
    version = jobs.put(key, file.read_bytes() if data is None else data)
    run_id = run_id_of(Upload(bucket=jobs.bucket, key=key, version_id=version))
    jobs.wait(lambda: jobs.execution(_MACHINE, run_id))
    return run_id


def finish(jobs: Jobs, run_id: str, execution: str | None = None) -> str:
    """Wait for the end of a run; the status of its execution."""
    arn = jobs.execution(_MACHINE, execution or run_id)
    return str(jobs.end(str(arn))["status"])


def dropped(jobs: Jobs, file: Path, data: bytes | None = None) -> Dropped:
    """Drop a file and follow its run to the end."""
    before = changes(jobs)
    run_id = begin(jobs, file, data)
    status = finish(jobs, run_id)
    plan = provisioner(jobs.parts).plan_of(run_id, CONNECTION)
    return Dropped(
        run_id=run_id,
        status=status,
        plan=to_builtins(plan),
        rows=response(jobs, run_id)["rows"],
        changes=changes(jobs) - before,
    )


def response(jobs: Jobs, run_id: str) -> dict[str, Any]:
    """The response file of a run."""
    found: dict[str, Any] = json.loads(jobs.stored(response_key(CONNECTION, run_id)))
    return found


def changes(jobs: Jobs) -> Counter[str]:
    """How often our user called what changes something, as SAP itself noted."""
    calls = jobs.sap("abap")["calls"]
    return Counter(
        call["function"]
        for call in calls
        if call["user"] == USERS_USER and call["function"].endswith(_CHANGING)
    )


def break_child(jobs: Jobs, text: str) -> None:
    """Let one child system refuse what the central one sends; an empty text mends it."""
    jobs.sap("abap", {"idocs": {FAILING: {"fails": text}}})


def unexpected(first: Dropped, again: Dropped) -> list[str]:
    """What did not become of the file of the demo what should."""
    found = {
        row["user"]: (row["action"], row["status"], row["distribution_failed"])
        for row in first.rows
    }
    wrong = [f"users ended {found}, expected {WANTED}"] if found != WANTED else []
    if not first.changes:
        wrong.append("SAP was asked to change nothing")
    if again.changes or any(row["status"] != "unchanged" for row in again.rows):
        wrong.append(f"the same file changed something again: {dict(again.changes)}")
    wrong += [f"run {run.run_id} {run.status}" for run in (first, again) if run.status != _WELL]
    return wrong


_WELL = "SUCCEEDED"


def table(run: Dropped) -> Table:
    """Users as people read them."""
    result = Table(title="What became of the SAP users", title_justify="left")
    for name in ("User", "Planned", "Became", "Steps", "Child systems"):
        result.add_column(name, overflow="fold")
    planned = {user["user"]: user for user in run.plan["users"]}
    for row in run.rows:
        parts = planned[row["user"]]["differences"]
        steps = (f"{step['name']}: {step['status']}" for step in row["steps"])
        cells = (row["user"], _planned(row["action"], parts), row["status"].replace("_", " "))
        result.add_row(*map(escape, (*cells, "\n".join(steps), _children(row))))
    return result


def told(run: Dropped) -> str:
    """What SAP counted, in one sentence."""
    counted = ", ".join(f"{name} {count}" for name, count in sorted(run.changes.items()))
    return f"SAP's own log of changing calls: {counted or 'none'}"


def _planned(action: str, parts: Sequence[dict[str, Any]]) -> str:
    lines = (f"{part['what']}: {part['before'] or '-'} -> {part['after'] or '-'}" for part in parts)
    return "\n".join((action, *lines))


def _children(row: dict[str, Any]) -> str:
    lines = []
    for child in row["children"]:
        why = ", ".join(child["differs"]) or child["message"]
        lines.append(f"{child['system']} {child['status']}" + (f": {why}" if why else ""))
    return "\n".join(lines)
