"""One run of a file of desired users, from its arrival to its response file."""

from collections.abc import Callable
from datetime import datetime

from sapmatch.model.ports import Clock, Control, Mailer, Objects
from sapmatch.model.provisioning import (
    Answered,
    Applied,
    Plan,
    Planned,
    Provisioning,
    ProvisioningRun,
    Received,
    RunView,
    Verified,
)
from sapmatch.model.review import Waits
from sapmatch.model.uploads import Upload
from sapmatch.model.users import Children, RoleAssignment, UserReader, UserWriter

RoleRows = Callable[[object], tuple[RoleAssignment, ...]]
RoleSplit = Callable[[str], tuple[str, str]]


class Provisioner:
    """Plans, holds, applies, verifies and reports runs of one stage."""

    def __init__(
        self,
        *,
        objects: Objects,
        control: Control,
        mailer: Mailer,
        waits: Waits,
        reader_of: Callable[[str], UserReader],
        writer_of: Callable[[str], UserWriter],
        children_of: Callable[[str], Children],
        rules_of: Callable[[str], Provisioning],
        split_of: Callable[[str], RoleSplit],
        role_rows: RoleRows,
        clock: Clock,
        stage: str,
        quiet_of: Callable[[str], float] = lambda _: 600.0,
    ) -> None:
        """`rules_of` raises InputRejected for a connection that no file may be for; `split_of`
        gives what cuts `SYSTEM:ROLE` of a connection; `quiet_of` its quiet_seconds."""
        raise NotImplementedError

    def received(self, upload: Upload) -> Received:
        """What to start the state machine with, under the name `run_id`.

        InputRejected for a key that is none of a file of desired users, or an unknown connection.
        """
        raise NotImplementedError

    def refuse_upload(self, upload: Upload, error: str) -> None:
        """Tell people by mail that a file was not even begun."""
        raise NotImplementedError

    def plan(
        self,
        run_id: str,
        connection: str,
        key: str,
        version_id: str | None = None,
        until: datetime | None = None,
    ) -> Planned:
        """Compare the file with what SAP holds and store the plan; again, it goes on."""
        raise NotImplementedError

    def dry_run(self, connection: str, source: str, data: bytes) -> Plan:
        """The plan of a file that is stored nowhere; nothing is written."""
        raise NotImplementedError

    def hold(self, run_id: str, connection: str, token: str, execution: str) -> str | None:
        """Note who waits, and ask people; "approved" or "rejected" where that was said already."""
        raise NotImplementedError

    def approve(self, run_id: str, connection: str, digest: str, who: str, reason: str) -> Answered:
        """A person agrees to the plan of this digest; `who` is the proved caller (an ARN)."""
        raise NotImplementedError

    def reject(self, run_id: str, connection: str, who: str, reason: str) -> Answered:
        """A person does not."""
        raise NotImplementedError

    def apply(
        self, run_id: str, connection: str, until: datetime | None = None, owner: str = ""
    ) -> Applied:
        """Write what the plan says; Throttled while another `owner` (execution) is at it."""
        raise NotImplementedError

    def verify(self, run_id: str, connection: str, until: datetime | None = None) -> Verified:
        """Ask the child systems once more."""
        raise NotImplementedError

    def report(self, run_id: str, connection: str, error: str | None = None) -> str:
        """Write the response file, end the run, mail; returns the key of the response file.

        `error` is what the state machine failed with, in a few words.
        """
        raise NotImplementedError

    def stop(self, run_id: str, connection: str) -> ProvisioningRun:
        """Let a run end behind the user that it is at."""
        raise NotImplementedError

    def resume(self, run_id: str, connection: str) -> tuple[ProvisioningRun, Received]:
        """Let a run that was stopped or failed go on: start the state machine with what is
        returned, under the run's `execution_name`."""
        raise NotImplementedError

    def status(self, run_id: str, connection: str) -> RunView:
        """Where a run stands; InputRejected where there is none."""
        raise NotImplementedError

    def runs(self, connection: str) -> tuple[str, ...]:
        """Ids of the runs of a connection whose objects are still kept."""
        raise NotImplementedError
