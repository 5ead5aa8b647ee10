"""A file of desired users without any cloud: the same run, carried by one process of this machine.

Nothing is lost where it ends in the middle: the same file goes on where it stopped. A file that was
carried to its end before begins a new run.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from typing import Final

from msgspec import Struct

from sapmatch.model.errors import InputRejected
from sapmatch.model.ports import Clock, Objects
from sapmatch.model.provisioning import Applied, Plan, RunStatus, RunView, Verified
from sapmatch.provisioning import places
from sapmatch.provisioning.runs import Provisioner

_TURN = timedelta(seconds=5)  # of a worker, then people are told how far it is
_MOST_RUNS = 10_000  # of one file
_OWNER = "this machine"
_OVER: Final[tuple[RunStatus, ...]] = ("done", "refused", "rejected")

Agree = Callable[[Plan], str | None]
Say = Callable[[Applied | Verified], None]


class Home(Struct, frozen=True, kw_only=True):
    """What runs of this machine are made with; `who` is the person at it.

    The rules of `runs` name no approvers: who holds the logon to SAP agrees himself.
    """

    runs: Provisioner
    objects: Objects
    clock: Clock
    who: str


class Ended(Struct, frozen=True, kw_only=True):
    """A run that ended; `response` is the key of its response file, None where nobody agreed."""

    view: RunView
    plan: Plan | None
    response: str | None


def plan_file(home: Home, connection: str, name: str, data: bytes) -> Plan:
    """What the file would change; nothing is stored. InputRejected where it cannot be read."""
    return home.runs.dry_run(connection, name, data)


def apply_file(
    home: Home, connection: str, name: str, data: bytes, *, agree: Agree, say: Say
) -> Ended:
    """Carry the file to its end.

    `name` is that of the file, without its folder. `agree` is asked before anything is changed: it
    answers why, None to change nothing (the run waits then). `say` hears how far it is. Raises what
    `Provisioner.apply` raises.
    """
    run_id = _run_id(home, connection, data)
    key = f"{places.prefix(connection, run_id)}file/{name}"
    home.objects.write(key, data)
    runs = home.runs
    planned = runs.plan(run_id, connection, key)
    plan = runs.plan_of(run_id, connection)
    if planned.outcome in ("waits", "ready") and plan is not None:
        why = agree(plan)
        if why is None:
            return Ended(view=runs.status(run_id, connection), plan=plan, response=None)
        if planned.outcome == "waits":
            runs.hold(run_id, connection, _OWNER, _OWNER)
            runs.approve(run_id, connection, planned.digest, home.who, why)
        _carry(home, run_id, connection, say)
    response = runs.report(run_id, connection)
    return Ended(view=runs.status(run_id, connection), plan=plan, response=response)


def _carry(home: Home, run_id: str, connection: str, say: Say) -> None:
    while True:
        until = home.clock.now() + _TURN
        applied = home.runs.apply(run_id, connection, until, _OWNER)
        say(applied)
        if not applied.left:
            break
        home.clock.sleep(applied.wait_seconds)
    while applied.to_verify:
        verified = home.runs.verify(run_id, connection)
        say(verified)
        if not verified.open or verified.over:
            break
        home.clock.sleep(verified.wait_seconds)


def _run_id(home: Home, connection: str, data: bytes) -> str:
    """The run of this content that has not come to its end, else a new one."""
    content = hashlib.sha256(data).hexdigest()[:12]
    for number in range(_MOST_RUNS):
        run_id = f"{content}-{number}" if number else content
        run = home.runs.find(run_id, connection)
        if run is None:
            return run_id
        if run.status in ("failed", "stopped"):
            home.runs.resume(run_id, connection)
            return run_id
        if run.status not in _OVER:
            return run_id
    raise InputRejected(f"this file was applied {_MOST_RUNS} times here; remove its old runs")
