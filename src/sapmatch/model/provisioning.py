"""Desired users and roles, what has to change for them, and what became of it."""

from datetime import datetime
from typing import Literal

from msgspec import Struct

from sapmatch.model.errors import Problem
from sapmatch.model.users import ChildSystem, Step, UserChange

DesiredState = Literal["present", "locked", "absent"]
RunStatus = Literal[
    "planned", "refused", "waiting", "rejected", "running", "stopped", "verifying", "done", "failed"
]


class Provisioning(Struct, frozen=True, kw_only=True):
    """`[provisioning.<connection>]`: what a file may do to the users of that SAP system.

    A file that removes more roles, or locks and deletes more users, than allowed waits for one of
    the `approvers` (ARNs as in [reviewing.people]; empty: whoever may call the function).
    `verify_minutes` is how long child systems may take to agree.
    """

    on_error: Literal["stop", "continue"] = "stop"
    roles_removed_at_most: int = 20
    users_locked_at_most: int = 5
    approvers: tuple[str, ...] = ()
    approve_within_days: int = 3
    verify_minutes: int = 30
    max_users: int = 10_000


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
    """What one row comes to against what SAP holds; `found` is that state's digest."""

    row: int
    user: str
    action: Literal["create", "change", "lock", "unlock", "delete", "none"]
    change: UserChange
    differences: tuple[Difference, ...] = ()
    roles_added: int = 0
    roles_removed: int = 0
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


class UserOutcome(Struct, frozen=True, kw_only=True):
    """What became of one row; `children` where a central system distributes it."""

    row: int
    user: str
    action: str
    status: Literal[
        "unchanged", "done", "accepted_by_central", "partial", "failed", "unknown", "not_executed"
    ]
    steps: tuple[Step, ...] = ()
    warnings: tuple[str, ...] = ()
    children: tuple[ChildSystem, ...] = ()
    verified: bool = False


class ProvisioningRun(Struct, frozen=True, kw_only=True):
    """One run of a file. `token` lets the workflow go on that waits for a person."""

    run_id: str
    connection: str
    source: str
    version_id: str | None = None
    status: RunStatus = "planned"
    started_at: datetime
    digest: str = ""
    token: str | None = None
    execution: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None
    stop_asked: bool = False
    verify_since: datetime | None = None
    resumed: int = 0
    version: int = 0
    schema: int = 1
