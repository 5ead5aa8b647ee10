"""Runs of desired users on a deployed stage: where one stands, and what a person says about it."""

import argparse
from typing import TYPE_CHECKING, Any

import msgspec

from sapmatch.bootstrap import deployment
from sapmatch.bootstrap.approving import Wish, ask
from sapmatch.bootstrap.provisioning import provisioner
from sapmatch.cli import output
from sapmatch.cli.provision_show import counted, plan_lines, show_plan, show_rows
from sapmatch.model.provisioning import ProvisioningRun, RunView

if TYPE_CHECKING:
    from sapmatch.bootstrap import Services
    from sapmatch.provisioning.runs import Provisioner

_REFUSED = 3
_PLANNED = ("planned", "waiting")
_SECRET = ("token", "execution", "told", "schema", "version")


def answer(arguments: argparse.Namespace) -> int:
    """Approve, reject, stop or resume; 3 where it is refused, and then nothing has changed."""
    wish = Wish(
        connection=arguments.connection,
        run_id=arguments.run_id,
        action=arguments.action,
        plan=getattr(arguments, "digest", ""),
        reason=getattr(arguments, "reason", ""),
    )
    said = ask(arguments.stage, wish)
    if arguments.json:
        output.json_line({"run_id": wish.run_id, **said})
    elif said["outcome"] == "refused":
        output.complain(said["message"])
    else:
        output.line(said["message"])
    return _REFUSED if said["outcome"] == "refused" else 0


def status(arguments: argparse.Namespace) -> int:
    """Show one run with its plan or its rows, or all runs that are kept of a connection."""
    parts = deployment(arguments.stage)
    runs = provisioner(parts)
    if arguments.run_id is None:
        return _all(runs, arguments)
    view = runs.status(arguments.run_id, arguments.connection)
    plan = runs.plan_of(view.run.run_id, view.run.connection)
    if arguments.json:
        output.json_line(_facts(view))
        for line in plan_lines(plan) if plan else ():
            output.json_line(line)
        return 0
    _show(view)
    if plan and view.run.status in _PLANNED:
        show_plan(plan)
    elif view.response:
        show_rows(_rows(parts, view.response))
    return 0


def _all(runs: "Provisioner", arguments: argparse.Namespace) -> int:
    kept = (runs.find(run_id, arguments.connection) for run_id in runs.runs(arguments.connection))
    found = [run for run in kept if run is not None]
    found.sort(key=lambda run: run.started_at)
    if arguments.json:
        for run in found:
            output.json_line(_plain(run))
        return 0
    columns = ("Run", "Started", "Status", "File", "Users")
    output.table(columns, (_cells(run) for run in found))
    return 0


def _cells(run: ProvisioningRun) -> tuple[Any, ...]:
    started = f"{run.started_at:%Y-%m-%d %H:%M}"
    return run.run_id, started, run.status, run.source, counted(run.counts)


def _facts(view: RunView) -> dict[str, Any]:
    return {**_plain(view.run), "users": view.users, "response": view.response}


def _plain(run: ProvisioningRun) -> dict[str, Any]:
    """The record without what lets a workflow go on."""
    return {k: v for k, v in msgspec.to_builtins(run).items() if k not in _SECRET}


def _show(view: RunView) -> None:
    run = view.run
    by = f"{run.decision} by {run.decided_by}: {run.reason}" if run.decision else None
    output.facts(
        (
            ("Run", run.run_id),
            ("Connection", run.connection),
            ("File", run.source),
            ("Status", run.status + (", asked to stop" if run.stop_asked else "")),
            ("Started", f"{run.started_at:%Y-%m-%d %H:%M:%S} UTC"),
            ("Users", [f"{number} {name}" for name, number in view.users.items() if number]),
            ("Decided", by),
            ("Stopped", run.stopped_by and f"by {run.stopped_by}"),
            ("Resumed", run.resumed_by and f"by {run.resumed_by}"),
            ("Last error of a step", run.trouble),
            ("Digest of the plan", run.digest[:12]),
            ("Response file", view.response),
        )
    )


def _rows(parts: "Services", response: str) -> list[dict[str, Any]]:
    found: dict[str, Any] = msgspec.json.decode(parts.objects.read(response))
    rows: list[dict[str, Any]] = found["rows"]
    return rows
