"""Desired users and roles, what has to change for them, and what became of it."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from sapmatch.model.errors import Problem
from sapmatch.model.users import ChildSystem, Step, UserChange

DesiredState = Literal["present", "locked", "absent"]
Outcome = Literal[
    "unchanged", "done", "accepted_by_central", "partial", "failed", "unknown", "not_executed"
]
RunStatus = Literal[
    "planned", "refused", "waiting", "rejected", "running", "stopped", "verifying", "done", "failed"
]


class Provisioning(Struct, frozen=True, kw_only=True):
    """`[provisioning.<connection>]`: what a file may do to the users of that SAP system.

    A file that removes more roles and profiles, or locks and deletes more users, than allowed waits
    for one of the `approvers` (ARNs as in [reviewing.people]; empty: whoever may call the
    function); what went without a person in the last 24 hours counts with it. `protected` are users
    that no file may name; those that the connections log on as never may be. `verify_minutes` is
    how long child systems may take to agree, 0: they are asked once.
    """

    on_error: Literal["stop", "continue"] = "stop"
    roles_removed_at_most: int = 20
    users_locked_at_most: int = 5
    approvers: tuple[str, ...] = ()
    approve_within_days: int = 3
    verify_minutes: int = 30
    max_users: int = 10_000
    protected: tuple[str, ...] = ("SAP*", "DDIC", "TMSADM", "SAPCPIC", "EARLYWATCH")


class DesiredUser(Struct, frozen=True, kw_only=True):
    """One row of a file: `change` holds what the row names; what it does not name stays."""

    row: int
    state: DesiredState = "present"
    change: UserChange


class Difference(Struct, frozen=True, kw_only=True):
    """One thing that will change, as people read it; never a password."""

    what: str  # ADDRESS.LASTNAME, role SAP_X, locked
    before: str = ""
    after: str = ""


class PlannedUser(Struct, frozen=True, kw_only=True):
    """What one row comes to against what SAP holds; `found` is that state's digest.

    `profiles_removed` counts a reference user who goes as one; `locks`: the user can log on less
    than before.
    """

    row: int
    user: str
    action: Literal["create", "change", "lock", "unlock", "delete", "none"]
    change: UserChange
    differences: tuple[Difference, ...] = ()
    roles_added: int = 0
    roles_removed: int = 0
    profiles_removed: int = 0
    locks: bool = False
    found: str = ""


class Counts(Struct, frozen=True, kw_only=True):
    """How many users and roles a plan touches."""

    create: int = 0
    change: int = 0
    lock: int = 0
    unlock: int = 0
    delete: int = 0
    none: int = 0
    roles_added: int = 0
    roles_removed: int = 0
    profiles_removed: int = 0


class Plan(Struct, frozen=True, kw_only=True):
    """What a run will do; `waits_for` says why a person has to agree first, `digest` to what."""

    run_id: str
    connection: str
    source: str  # the key of the file, or its name on a laptop
    made_at: datetime
    users: tuple[PlannedUser, ...] = ()
    refused: tuple[Problem, ...] = ()
    counts: Counts = Counts()
    waits_for: tuple[str, ...] = ()
    digest: str = ""
    schema: int = 1


class Written(Struct, frozen=True, kw_only=True):
    """What was sent to SAP for one row, compared with what it held then; counts as in the plan."""

    differences: tuple[Difference, ...] = ()
    roles_added: int = 0
    roles_removed: int = 0
    profiles_removed: int = 0
    locks: bool = False


class UserOutcome(Struct, frozen=True, kw_only=True):
    """What became of one row; `children` where a central system distributes it. `written` may have
    arrived in part, as the steps say."""

    row: int
    user: str
    action: str
    status: Outcome
    steps: tuple[Step, ...] = ()
    warnings: tuple[str, ...] = ()
    children: tuple[ChildSystem, ...] = ()
    verified: bool = False
    written: Written | None = None


class ProvisioningRun(Struct, frozen=True, kw_only=True):
    """One run of a file.

    `token` lets the `execution` go on that waits for a person, who was `asked_at`. `digest` is that
    of the plan. `told` are the statuses that a mail went out for, each with how often the run was
    `resumed` then. `stopped_by` and `resumed_by` did so last. `trouble` is the error that a step
    raised last, with its class.
    """

    run_id: str
    connection: str
    source: str
    version_id: str | None = None
    status: RunStatus = "planned"
    started_at: datetime
    digest: str = ""
    counts: Counts = Counts()
    waits_for: tuple[str, ...] = ()
    refused: int = 0
    token: str | None = None
    execution: str | None = None
    asked_at: datetime | None = None
    decision: Literal["approved", "rejected"] | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    stop_asked: bool = False
    stopped_by: str | None = None
    resumed_by: str | None = None
    trouble: str | None = None
    verify_since: datetime | None = None
    resumed: int = 0
    told: tuple[str, ...] = ()
    version: int = 0
    schema: int = 1

    @property
    def execution_name(self) -> str:
        """Name of the execution of the state machine that carries it."""
        return f"{self.run_id}-{self.resumed}" if self.resumed else self.run_id

    @property
    def start(self) -> "Received":
        """What its execution is started with, each time the same."""
        return Received(
            run_id=self.run_id,
            connection=self.connection,
            key=self.source,
            version_id=self.version_id,
        )


class Received(Struct, frozen=True, kw_only=True):
    """A file that arrived; what the state machine is started with."""

    run_id: str
    connection: str
    key: str
    version_id: str | None = None


class Planned(Struct, frozen=True, kw_only=True):
    """How far the planning came; `unfinished`: another call goes on with it."""

    outcome: Literal["refused", "nothing", "waits", "ready", "unfinished"]
    counts: Counts = Counts()
    refused: int = 0
    users: int = 0
    digest: str = ""
    waits_for: tuple[str, ...] = ()


class Applied(Struct, frozen=True, kw_only=True):
    """How far a run came. `left` users are not settled yet, those of `unknown` outcome included;
    `wait_seconds` before another call makes sense; `to_verify` wait for their child systems."""

    left: int
    done: int = 0
    failed: int = 0
    unknown: int = 0
    stopped: bool = False
    to_verify: int = 0
    wait_seconds: int = 0


class Verified(Struct, frozen=True, kw_only=True):
    """How many users have a child system that does not agree; `over`: nobody waits any longer."""

    open: int
    wait_seconds: int = 0
    over: bool = False


class Answered(Struct, frozen=True, kw_only=True):
    """What became of a decision of a person; `goes_on`: the workflow that waited was told."""

    run_id: str
    decision: Literal["approved", "rejected"]
    message: str
    goes_on: bool = False


class RunView(Struct, frozen=True, kw_only=True):
    """A run as people ask for it; `users` by status of their outcome."""

    run: ProvisioningRun
    users: dict[str, int] = {}
    response: str | None = None  # its key, once it is written
