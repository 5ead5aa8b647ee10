"""A file of desired users, planned and applied from this machine."""

import argparse
import getpass
from collections.abc import Iterator
from contextlib import contextmanager
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
from sapmatch.model.provisioning import Plan, Provisioning

if TYPE_CHECKING:
    from sapmatch.bootstrap.provisioning_laptop import Laptop
    from sapmatch.model.ports import Clock
    from sapmatch.model.provisioning import Received
    from sapmatch.provisioning.runs import Provisioner

RUNS = ".runs"  # behind the name of the file: the folder of what was noted about it
_REFUSED = 3
_REASON = "agreed to on the command line"


def plan_file(arguments: argparse.Namespace) -> int:
    """Print what the file would change; 3 where it has mistakes."""
    settings, file = connection_of(arguments), _file(arguments)
    rules = settings.provisioning.get(arguments.connection, Provisioning())
    with laptop_runs(settings, _folder(file), all_rows=True) as laptop:
        plan = laptop.runs.dry_run(arguments.connection, file.name, file.read_bytes())
    _print(plan, stops=rules.on_error == "stop", as_json=arguments.json)
    return _REFUSED if plan.refused else 0


def apply_file(arguments: argparse.Namespace) -> int:
    """Change what differs; 3 where a row is refused or failed, or a child system does not agree."""
    settings, file, clock = connection_of(arguments), _file(arguments), SystemClock()
    with laptop_runs(settings, _folder(file), clock) as laptop:
        run = laptop.begin(arguments.connection, file.name, file.read_bytes())
        with _kept_if_wanted(laptop, run) as wanted:
            return _carried(laptop, run, arguments, wanted)


@contextmanager
def _kept_if_wanted(laptop: "Laptop", run: "Received") -> Iterator["Wanted"]:
    """What a run noted is personal data: none stays of one that nobody said yes to."""
    wanted = Wanted()
    try:
        yield wanted
    finally:
        if not wanted.said:
            laptop.discard(run)


class Wanted:
    """Whether a person said yes."""

    said = False


def _carried(
    laptop: "Laptop", run: "Received", arguments: argparse.Namespace, wanted: Wanted
) -> int:
    runs = laptop.runs
    planned = runs.plan(run.run_id, run.connection, run.key)
    plan = runs.plan_of(run.run_id, run.connection)
    if plan and not arguments.json:
        show_plan(plan)
    if planned.outcome in ("waits", "ready") and plan:
        wanted.said = _agreed(runs, run, plan, arguments)
        if not wanted.said:
            output.note("nothing was changed")
            return _REFUSED
        _applied(runs, run)
    response = laptop.response(runs.report(run.run_id, run.connection))
    return _told(response, kept=wanted.said, as_json=arguments.json)


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


def _applied(runs: "Provisioner", run: "Received") -> None:
    """Until nothing is left, and child systems agree or their time is over."""
    try:
        _carry_on(runs, run, SystemClock())
    except BaseException:
        output.note(
            "it ended before all users were done: those before are changed, and the same command "
            "goes on with the others"
        )
        raise


def _carry_on(runs: "Provisioner", run: "Received", clock: "Clock") -> None:
    while (done := runs.apply(run.run_id, run.connection)).left and not done.stopped:
        clock.sleep(max(1, done.wait_seconds))
    while done.to_verify and (seen := runs.verify(run.run_id, run.connection)).open:
        if seen.over:
            return
        output.note(f"{seen.open} users are on their way to child systems")
        clock.sleep(max(1, seen.wait_seconds))


def _told(response: Path, *, kept: bool, as_json: bool) -> int:
    found: dict[str, Any] = msgspec.json.decode(response.read_bytes())
    if as_json:
        for row in found["rows"]:
            output.json_line(row)
        run = {"run_id": found["run_id"], "status": found["status"]}
        output.json_line({"summary": found["summary"], "run": run})
    else:
        show_rows(found["rows"])
        more = f"; more stands in {response}" if kept else ""
        output.line(f"run {found['run_id']}: {found['status']}{more}")
    return 0 if found["status"] == "done" else _REFUSED


def _print(plan: Plan, *, stops: bool, as_json: bool) -> None:
    if not as_json:
        show_plan(plan, stops=stops)
        return
    for line in plan_lines(plan):
        output.json_line(line)


def _file(arguments: argparse.Namespace) -> Path:
    existing([arguments.file])
    return Path(arguments.file)


def _folder(file: Path) -> Path:
    return file.with_name(file.name + RUNS)
