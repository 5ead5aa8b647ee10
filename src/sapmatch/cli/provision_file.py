"""A file of desired users, planned and applied from this machine."""

import argparse
import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from sapmatch.bootstrap.provisioning_laptop import laptop_runs
from sapmatch.cli import output
from sapmatch.cli.asking import agreed
from sapmatch.cli.options import connection_of, existing
from sapmatch.cli.provision_show import counted, plan_lines, show_plan, show_rows
from sapmatch.clock import SystemClock
from sapmatch.model.errors import InputRejected
from sapmatch.model.provisioning import Plan

if TYPE_CHECKING:
    from sapmatch.model.ports import Clock
    from sapmatch.model.provisioning import Received
    from sapmatch.provisioning.runs import Provisioner

RUNS = ".runs"  # behind the name of the file: the folder of what was noted about it
_REFUSED = 3
_REASON = "agreed to on the command line"


def plan_file(arguments: argparse.Namespace) -> int:
    """Print what the file would change; 3 where it has mistakes."""
    settings, file = connection_of(arguments), _file(arguments)
    with laptop_runs(settings, _folder(file)) as laptop:
        plan = laptop.runs.dry_run(arguments.connection, file.name, file.read_bytes())
    _print(plan, as_json=arguments.json)
    return _REFUSED if plan.refused else 0


def apply_file(arguments: argparse.Namespace) -> int:
    """Change what differs; 3 where a row is refused or failed, or a child system does not agree."""
    settings, file, clock = connection_of(arguments), _file(arguments), SystemClock()
    with laptop_runs(settings, _folder(file), clock) as laptop:
        runs = laptop.runs
        run = laptop.begin(arguments.connection, file.name, file.read_bytes())
        planned = runs.plan(run.run_id, run.connection, run.key)
        plan = runs.plan_of(run.run_id, run.connection)
        if plan and not arguments.json:
            show_plan(plan)
        if planned.outcome in ("waits", "ready") and plan:
            if not _agreed(runs, run, plan, arguments):
                output.note("nothing was changed")
                return _REFUSED
            _applied(runs, run, clock)
        key = runs.report(run.run_id, run.connection)
        return _told(laptop.response(key), as_json=arguments.json)


def _agreed(
    runs: "Provisioner", run: "Received", plan: Plan, arguments: argparse.Namespace
) -> bool:
    """Whether a person wants it; a script needs a word more where a stage would wait for one."""
    if plan.waits_for and arguments.yes and not arguments.approve_removals:
        raise InputRejected(
            f"{arguments.file}: {'; '.join(plan.waits_for)}; --yes alone does not do that: look "
            "at it by `sapmatch provision plan`, and add --approve-removals"
        )
    if not agreed(f"{counted(plan.counts)}: change these users?", yes=arguments.yes):
        return False
    if plan.waits_for:
        runs.hold(run.run_id, run.connection, "", "")
        runs.approve(run.run_id, run.connection, plan.digest, getpass.getuser(), _REASON)
    return True


def _applied(runs: "Provisioner", run: "Received", clock: "Clock") -> None:
    """Until nothing is left, and child systems agree or their time is over."""
    while (done := runs.apply(run.run_id, run.connection)).left and not done.stopped:
        clock.sleep(max(1, done.wait_seconds))
    while done.to_verify and (seen := runs.verify(run.run_id, run.connection)).open:
        if seen.over:
            return
        output.note(f"{seen.open} users are on their way to child systems")
        clock.sleep(max(1, seen.wait_seconds))


def _told(response: Path, *, as_json: bool) -> int:
    found: dict[str, Any] = msgspec.json.decode(response.read_bytes())
    if as_json:
        for row in found["rows"]:
            output.json_line(row)
        run = {"run_id": found["run_id"], "status": found["status"]}
        output.json_line({"summary": found["summary"], "run": run})
    else:
        show_rows(found["rows"])
        output.line(f"run {found['run_id']}: {found['status']}; more stands in {response}")
    return 0 if found["status"] == "done" else _REFUSED


def _print(plan: Plan, *, as_json: bool) -> None:
    if not as_json:
        show_plan(plan)
        return
    for line in plan_lines(plan):
        output.json_line(line)


def _file(arguments: argparse.Namespace) -> Path:
    existing([arguments.file])
    return Path(arguments.file)


def _folder(file: Path) -> Path:
    return file.with_name(file.name + RUNS)
