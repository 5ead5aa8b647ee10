"""The plan of a run is made, in stretches that another call can go on with."""

from collections.abc import Callable
from datetime import datetime

import msgspec
from msgspec.structs import replace

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.ports import Clock, Control, Objects
from sapmatch.model.provisioning import Plan, Provisioning, ProvisioningRun, Received
from sapmatch.provisioning import places
from sapmatch.provisioning.day import NOTHING, Taken, counted
from sapmatch.provisioning.desired import Desired, Language, desired_users
from sapmatch.provisioning.plan import Compared, Comparison, completed, slices
from sapmatch.provisioning.problems import file_problem
from sapmatch.provisioning.record import Records
from sapmatch.provisioning.rows import require_size
from sapmatch.provisioning.side import Side
from sapmatch.provisioning.stored import decoded, decoded_users, encoded, encoded_users


class Planning:
    """Makes plans; what is stored of one is taken as it is."""

    def __init__(self, objects: Objects, control: Control, records: Records, clock: Clock) -> None:
        self._objects = objects
        self._control = control
        self._records = records
        self._clock = clock

    def begin(self, file: Received) -> ProvisioningRun:
        """The record of the run: a new one, or that of an earlier call."""
        self._objects.write_once(places.index_key(file.connection, file.run_id), b"{}")
        return self._records.find(file.connection, file.run_id) or self._records.begin(
            ProvisioningRun(
                run_id=file.run_id,
                connection=file.connection,
                source=file.key,
                version_id=file.version_id,
                started_at=self._clock.now(),
            )
        )

    def plan(
        self,
        run: ProvisioningRun,
        side_of: Callable[[], Side],
        rules: Provisioning,
        until: datetime | None,
    ) -> Plan | None:
        """The plan; None where the time was over before. A file that cannot be read has a plan
        without users, and says why."""
        stored = load_plan(self._objects, run.connection, run.run_id)
        if stored is not None:
            return stored
        side = side_of()
        language = side.language(side.protected(rules))
        try:
            desired = self._desired(run, language, rules)
        except InputRejected as exc:
            wrong = exc.problems or (file_problem(str(exc)),)
            return self._store(completed(run, (), wrong, rules, self._clock.now()))
        compared = self._compared(run, side, desired, until)
        if compared is None:
            return None
        return self._store(self._counted(run, compared, desired, rules))

    def dry_run(self, run: ProvisioningRun, data: bytes, side: Side, rules: Provisioning) -> Plan:
        """The plan of a file, stored nowhere."""
        language = side.language(side.protected(rules))
        desired = desired_users(data, rules.max_users, language)
        comparison = self._comparison(side, desired)
        compared = [comparison.compared(part) for part in slices(desired.users)]
        compared.append(Compared(problems=comparison.strange(desired.halves)))
        return _made(run, compared, desired, rules, self._clock.now())

    def note(self, run: ProvisioningRun, plan: Plan) -> ProvisioningRun:
        """What the record says of the plan."""
        refused = bool(plan.refused) and not plan.users

        def planned(run: ProvisioningRun) -> ProvisioningRun:
            if run.digest:
                return run
            return replace(
                run,
                status="refused" if refused else "planned",
                digest=plan.digest,
                counts=plan.counts,
                waits_for=plan.waits_for,
                refused=len(plan.refused),
            )

        return self._records.change(run.connection, run.run_id, planned)

    def _desired(self, run: ProvisioningRun, language: Language, rules: Provisioning) -> Desired:
        """The rows of the file; this run's copy stands once it is there."""
        key = places.desired_key(run.connection, run.run_id)
        if not self._objects.exists(key):
            require_size(self._objects.size(run.source, run.version_id))
            self._objects.write_once(key, self._objects.read(run.source, run.version_id))
        return desired_users(self._objects.read(key), rules.max_users, language)

    def _compared(
        self, run: ProvisioningRun, side: Side, desired: Desired, until: datetime | None
    ) -> list[Compared] | None:
        comparison: Comparison | None = None
        found: list[Compared] = []
        for number, part in enumerate(slices(desired.users)):
            key = places.slice_key(run.connection, run.run_id, number)
            if not self._objects.exists(key):
                if until is not None and self._clock.now() >= until:
                    return None
                comparison = comparison or self._comparison(side, desired)
                self._objects.write(key, _encoded(comparison.compared(part)))
            found.append(_decoded(self._objects.read(key)))
        if desired.halves:
            comparison = comparison or self._comparison(side, desired)
            found.append(Compared(problems=comparison.strange(desired.halves)))
        return found

    def _counted(
        self, run: ProvisioningRun, compared: list[Compared], desired: Desired, rules: Provisioning
    ) -> Plan:
        """The plan, with what other files of the day took already."""

        def made(earlier: Taken) -> Plan:
            return _made(run, compared, desired, rules, self._clock.now(), earlier)

        return counted(self._control, self._clock, run.connection, run.run_id, made)

    def _comparison(self, side: Side, desired: Desired) -> Comparison:
        moment = side.moment(self._clock.now())
        return Comparison(side.reader, side.child_of, moment, desired.names)

    def _store(self, plan: Plan) -> Plan:
        """The first plan stands: people may have seen it already."""
        key = places.plan_key(plan.connection, plan.run_id)
        self._objects.write_once(key, encoded(plan))
        return decoded(self._objects.read(key))


def load_plan(objects: Objects, connection: str, run_id: str) -> Plan | None:
    """The plan of a run, None where there is none yet."""
    key = places.plan_key(connection, run_id)
    return decoded(objects.read(key)) if objects.exists(key) else None


def _made(
    run: ProvisioningRun,
    compared: list[Compared],
    desired: Desired,
    rules: Provisioning,
    now: datetime,
    earlier: Taken = NOTHING,
) -> Plan:
    users = [user for part in compared for user in part.users]
    wrong = [*desired.problems, *(problem for part in compared for problem in part.problems)]
    return completed(run, users, wrong, rules, now, earlier)


def _encoded(part: Compared) -> bytes:
    return msgspec.json.encode([msgspec.Raw(encoded_users(part.users)), part.problems])


def _decoded(data: bytes) -> Compared:
    users, problems = msgspec.json.decode(data, type=tuple[msgspec.Raw, tuple[Problem, ...]])
    return Compared(users=decoded_users(bytes(users)), problems=problems)
