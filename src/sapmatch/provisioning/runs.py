"""One run of a file of desired users, from its arrival to its response file."""

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, tzinfo

from msgspec.structs import replace

from sapmatch.model.errors import InputRejected, SapmatchError
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
from sapmatch.model.users import Children, UserReader, UserWriter
from sapmatch.provisioning import day, lease, places, states, verify
from sapmatch.provisioning.apply import Turn, Worker
from sapmatch.provisioning.approval import Decision, decided, require_approver
from sapmatch.provisioning.compare import IsLocked, central_lock, own_lock
from sapmatch.provisioning.desired import (
    RoleRows,
    RoleSplit,
    Typed,
    plain_split,
    plain_typed,
)
from sapmatch.provisioning.mail import asking_mail, ended_mail, unread_mail
from sapmatch.provisioning.planning import Planning, load_plan
from sapmatch.provisioning.progress import Notebook, outcomes
from sapmatch.provisioning.reasons import reason_of, trouble_of
from sapmatch.provisioning.record import Records
from sapmatch.provisioning.response import is_fine, response, summary
from sapmatch.provisioning.side import Side
from sapmatch.provisioning.stored import digest as digest_of
from sapmatch.provisioning.text import Mail

__all__ = ["Provisioner", "RoleRows", "RoleSplit"]

_GONE = "the workflow no longer waits: `sapmatch provision resume` lets the run go on"


class Provisioner:
    """Plans, holds, applies, verifies and reports the runs of one stage."""

    def __init__(
        self,
        *,
        objects: Objects,
        control: Control,
        reader_of: Callable[[str], UserReader],
        writer_of: Callable[[str], UserWriter],
        children_of: Callable[[str], Children],
        rules_of: Callable[[str], Provisioning],
        role_rows: RoleRows,
        clock: Clock,
        stage: str,
        split_of: Callable[[str], RoleSplit] = lambda _: plain_split,
        typed_of: Callable[[str], Typed] = lambda _: plain_typed,
        locked_of: Callable[[str], IsLocked] | None = None,
        child_of: Callable[[str, str], UserReader | None] = lambda _name, _system: None,
        quiet_of: Callable[[str], float] = lambda _: 600.0,
        zone_of: Callable[[str], tzinfo] = lambda _: UTC,
        indirect_of: Callable[[str], bool] = lambda _: False,
        mailer: Mailer | None = None,
        waits: Waits | None = None,
    ) -> None:
        """All by connection: `rules_of` raises InputRejected for one that no file may be for, the
        others give what a Side has. Without `locked_of` a lock everywhere counts on a central
        system, which sets it, and nowhere else."""

        def side_of(name: str) -> Side:
            reader = reader_of(name)
            usual = central_lock if reader.is_central else own_lock
            return Side(
                reader=reader,
                writer=writer_of(name),
                children=children_of(name),
                role_rows=role_rows,
                split=split_of(name),
                typed=typed_of(name),
                locked=locked_of(name) if locked_of else usual,
                child_of=lambda system: child_of(name, system),
                quiet_seconds=quiet_of(name),
                zone=zone_of(name),
                indirect_shown=indirect_of(name),
            )

        self._side_of = side_of
        self._objects = objects
        self._control = control
        self._records = Records(control)
        self._rules_of = rules_of
        self._clock = clock
        self._stage = stage
        self._mailer = mailer
        self._waits = waits
        self._planning = Planning(objects, control, self._records, clock)

    def received(self, upload: Upload) -> Received:
        """What to start the state machine with, under the name `run_id`.

        InputRejected for a key that is none of a file of desired users, or an unknown connection.
        """
        connection = places.connection_of(upload.key)
        self._rules_of(connection)
        return Received(
            run_id=places.run_id_of(upload),
            connection=connection,
            key=upload.key,
            version_id=upload.version_id,
        )

    def refuse_upload(self, upload: Upload, error: str) -> None:
        """Tell people by mail that a file was not even begun."""
        self._send(unread_mail(upload, error), states.REFUSED_UPLOAD)

    def plan(
        self,
        run_id: str,
        connection: str,
        key: str,
        version_id: str | None = None,
        until: datetime | None = None,
    ) -> Planned:
        """Compare the file with what SAP holds and store the plan; again, it goes on.

        Nothing is begun from `until` on: `unfinished` then.
        """
        file = Received(run_id=run_id, connection=connection, key=key, version_id=version_id)
        rules = self._rules_of(connection)
        run = self._planning.begin(file)
        if run.status in states.OVER or run.digest:
            return self._planned(run)
        plan = self._planning.plan(run, lambda: self._side_of(connection), rules, until)
        if plan is None:
            return Planned(outcome="unfinished")
        return self._planned(self._planning.note(run, plan))

    def dry_run(self, connection: str, source: str, data: bytes) -> Plan:
        """The plan of a file; nothing is stored. InputRejected where it cannot be read."""
        run = ProvisioningRun(
            run_id="dry-run", connection=connection, source=source, started_at=self._clock.now()
        )
        rules = self._rules_of(connection)
        return self._planning.dry_run(run, data, self._side_of(connection), rules)

    def plan_of(self, run_id: str, connection: str) -> Plan | None:
        """The plan of a run, None where there is none yet."""
        return load_plan(self._objects, connection, run_id)

    def hold(self, run_id: str, connection: str, token: str, execution: str) -> str | None:
        """Note who waits, and ask people; "approved", "rejected" or "stopped" where that was said.

        The note comes first: whoever decides later finds the token, whoever did before is found.
        """
        run = self._records.change(
            connection, run_id, lambda run: states.waiting(run, token, execution)
        )
        if run.decision is not None or run.stop_asked:
            return run.decision or "stopped"
        plan = self.plan_of(run_id, connection)
        if run.asked_at is None and plan is not None:
            days = self._rules_of(connection).approve_within_days
            self._send(asking_mail(run, plan, self._stage, days), states.attributes(run))
            now = self._clock.now()
            self._records.change(connection, run_id, lambda run: replace(run, asked_at=now))
        return None

    def approve(self, run_id: str, connection: str, digest: str, who: str, reason: str) -> Answered:
        """A person agrees to the plan of this digest; `who` is the proved caller (an ARN).

        InputRejected where the caller may not, another plan is meant, or somebody decided before.
        """
        return self._decide(run_id, connection, "approved", digest, who, reason)

    def reject(self, run_id: str, connection: str, who: str, reason: str) -> Answered:
        """A person does not agree."""
        return self._decide(run_id, connection, "rejected", None, who, reason)

    def apply(
        self, run_id: str, connection: str, until: datetime | None = None, owner: str = ""
    ) -> Applied:
        """Write what the plan says, as far as it goes until then.

        Throttled while another `owner` (execution) is at it. Raises what holds for the connection
        as a whole (SapUnavailable, LogonRefused): again, it goes on.
        """
        run = self._records.get(connection, run_id)
        plan = self._allowed(run)
        now = self._clock.now()
        end = until or now + lease.LONGEST
        with lease.held(self._control, connection, run_id, owner or secrets.token_hex(8), now, end):
            run = self._records.change(connection, run_id, states.running)
            worker = self._worker(run, until)
            turn = Turn(plan.users, worker.notebook.load(), worker)
            turn.take()
            return turn.applied(stopped=not states.goes_on(self._records.get(connection, run_id)))

    def verify(self, run_id: str, connection: str, until: datetime | None = None) -> Verified:
        """Ask the child systems once more whether they hold what the central system accepted."""
        now = self._clock.now()
        run = self._records.change(connection, run_id, lambda run: states.verifying(run, now))
        side = self._side_of(connection)
        notebook = Notebook(self._objects, connection, run_id)
        noted = notebook.load()
        verify.looked_at(noted, side.reader, side.children, notebook, self._clock.now, until)
        minutes = self._rules_of(connection).verify_minutes
        found = verify.verified(noted, run.verify_since or now, self._clock.now(), minutes)
        stopped = self._records.get(connection, run_id).stop_asked
        return replace(found, over=True) if stopped else found

    def report(self, run_id: str, connection: str, error: str | None = None) -> str:
        """Write the response file, end the run, mail; returns the key of the response file.

        `error` is the class that the state machine failed with, or a few words.
        """
        run = self._records.get(connection, run_id)
        error = reason_of(run, error)
        plan = self.plan_of(run_id, connection)
        noted = Notebook(self._objects, connection, run_id).load()
        found = outcomes(plan.users if plan else (), noted)
        refused = plan.refused if plan else ()
        fine = all(is_fine(outcome) for _, outcome in found) and not error and not refused
        status = states.ended(run, fine=fine, planned=plan is not None)
        run = self._records.change(
            connection, run_id, lambda run: replace(run, status=status, token=None)
        )
        if plan and not run.waits_for:
            sent = day.taken_by(each.written for each in noted.values())
            day.settle(self._control, self._clock, run, sent)
        key = places.response_key(connection, run_id)
        data = response(run, plan, found, refused, self._clock.now(), error)
        self._objects.write(key, data)
        self._tell(run, ended_mail(run, plan, found, refused, key, self._stage, error))
        return key

    def troubled(self, run_id: str, connection: str, error: SapmatchError) -> None:
        """Note what a step raised: a report tells it where the run ends with it."""
        trouble = trouble_of(error)
        self._records.change(connection, run_id, lambda run: replace(run, trouble=trouble))

    def stop(self, run_id: str, connection: str, who: str = "") -> ProvisioningRun:
        """Let a run end behind the user that it is at, or at once where it waits for a person."""
        run = self._records.change(connection, run_id, lambda run: states.stopping(run, who))
        if self._waits and run.status == "waiting" and run.token:
            self._waits.resume(run.token, {"action": "stopped"})
        return run

    def resume(
        self, run_id: str, connection: str, who: str = "", broken_off: int | None = None
    ) -> ProvisioningRun:
        """Let a run that was stopped or failed go on, or whose execution was broken off.

        Start the state machine with its `start`, under its `execution_name`. What is done is not
        done again; what failed is tried once more. `broken_off` is how often it had been resumed
        when its execution ended. InputRejected also where it would take too much by now.
        """
        run = self._records.get(connection, run_id)
        states.resuming(run, who, broken_off)
        plan = self.plan_of(run_id, connection)
        if plan and not run.waits_for:
            day.book_again(self._control, self._clock, run, plan, self._rules_of(connection))
        return self._records.change(
            connection, run_id, lambda run: states.resuming(run, who, broken_off)
        )

    def status(self, run_id: str, connection: str) -> RunView:
        """Where a run stands; InputRejected where there is none."""
        run = self._records.get(connection, run_id)
        plan = self.plan_of(run_id, connection)
        noted = Notebook(self._objects, connection, run_id).load()
        users = summary(outcomes(plan.users, noted), plan.refused) if plan else {}
        key = places.response_key(connection, run_id)
        return RunView(run=run, users=users, response=key if self._objects.exists(key) else None)

    def find(self, run_id: str, connection: str) -> ProvisioningRun | None:
        """The record of a run, None where there is none."""
        return self._records.find(connection, run_id)

    def runs(self, connection: str) -> tuple[str, ...]:
        """Ids of the runs of a connection whose objects are still kept."""
        prefix = places.index_prefix(connection)
        known = (key.removeprefix(prefix) for key in self._objects.keys(prefix))
        return tuple(run_id for run_id in known if self.find(run_id, connection))

    def _planned(self, run: ProvisioningRun) -> Planned:
        return Planned(
            outcome=states.outcome(run),
            counts=run.counts,
            refused=run.refused,
            users=states.users(run.counts),
            digest=run.digest,
            waits_for=run.waits_for,
        )

    def _allowed(self, run: ProvisioningRun) -> Plan:
        """The plan, as it was planned and agreed to; InputRejected where it is not."""
        plan = load_plan(self._objects, run.connection, run.run_id)
        if plan is None or not run.digest:
            raise InputRejected(f"run {run.run_id}: has no plan yet; plan it first")
        if digest_of(replace(plan, digest="")) != run.digest:
            raise InputRejected(
                f"run {run.run_id}: its plan was changed after it was made; drop the file again"
            )
        if run.waits_for and run.decision != "approved":
            raise InputRejected(f"run {run.run_id}: waits for the approval of a person")
        return plan

    def _worker(self, run: ProvisioningRun, until: datetime | None) -> Worker:
        side, clock = self._side_of(run.connection), self._clock
        rules = self._rules_of(run.connection)

        def go_on() -> bool:
            if until is not None and clock.now() >= until:
                return False
            return states.goes_on(self._records.get(run.connection, run.run_id))

        return Worker(
            reader=side.reader,
            writer=side.writer,
            notebook=Notebook(self._objects, run.connection, run.run_id),
            moment=side.moment(clock.now()),
            clock=clock,
            quiet=timedelta(seconds=side.quiet_seconds),
            stops=rules.on_error == "stop",
            resumed=run.resumed,
            go_on=go_on,
            protected=side.protected(rules),
        )

    def _decide(
        self,
        run_id: str,
        connection: str,
        decision: Decision,
        digest: str | None,
        who: str,
        reason: str,
    ) -> Answered:
        require_approver(who, self._rules_of(connection))
        now = self._clock.now()
        run = self._records.change(
            connection, run_id, lambda run: decided(run, decision, digest, who, reason, now)
        )
        goes_on = bool(
            self._waits and run.token and self._waits.resume(run.token, {"action": decision})
        )
        message = "the run goes on" if goes_on else _GONE
        return Answered(
            run_id=run_id, decision=decision, message=f"{decision}: {message}", goes_on=goes_on
        )

    def _tell(self, run: ProvisioningRun, mail: Mail) -> None:
        """Once for each end of a run, where nothing fails in between."""
        end = f"{run.status}/{run.resumed}"
        if end in run.told:
            return
        self._send(mail, states.attributes(run))
        self._records.change(
            run.connection, run.run_id, lambda run: replace(run, told=(*run.told, end))
        )

    def _send(self, mail: Mail, attributes: dict[str, str]) -> None:
        if self._mailer is not None:
            self._mailer.send(mail.subject, mail.body, attributes)
