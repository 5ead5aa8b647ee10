"""A plan is applied: user after user, each read anew, only what differs is written."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    OutcomeUnknown,
    PreconditionFailed,
    SapmatchError,
    SapRejected,
    Throttled,
)
from sapmatch.model.ports import Clock
from sapmatch.model.provisioning import (
    Applied,
    DesiredState,
    DesiredUser,
    Outcome,
    PlannedUser,
    UserOutcome,
)
from sapmatch.model.users import Changed, SapUser, Step, UserChange, UserReader, UserWriter
from sapmatch.provisioning.compare import Moment, exact, planned
from sapmatch.provisioning.desired import PROTECTED
from sapmatch.provisioning.problems import NOT_SHOWN
from sapmatch.provisioning.progress import FINE, Notebook, Progress
from sapmatch.provisioning.reading import OUTSIDE, Outside, found_user
from sapmatch.provisioning.taken import arrived, goes_further, written

PLAN_OUTDATED: Final = "PLAN_OUTDATED"
OUTSIDE_QUERY: Final = "OUTSIDE_QUERY"
NOT_ARRIVED: Final = "NOT_ARRIVED"
_MOST_ATTEMPTS = 3
_BUSY = 30  # seconds until users whom somebody else changes are tried again
_LATE = ("failed", "unchanged")  # what a worker finds who comes behind another one
_STATES: Final[dict[str, DesiredState]] = {"delete": "absent", "lock": "locked"}


class Worker(Struct, frozen=True, kw_only=True):
    """What users are written with.

    A call whose answer was lost may still be executed for `quiet`: until then nothing is sent
    again. `go_on` says, between two users, whether there is time and nobody asked to stop.
    `protected` users are left alone, whatever the plan says.
    """

    reader: UserReader
    writer: UserWriter
    notebook: Notebook
    moment: Moment
    clock: Clock
    quiet: timedelta
    stops: bool  # on_error = "stop"
    resumed: int
    go_on: Callable[[], bool]
    protected: frozenset[str] = frozenset()


class Turn:
    """One turn of one worker at the users of a plan."""

    def __init__(
        self, users: Sequence[PlannedUser], noted: dict[int, Progress], worker: Worker
    ) -> None:
        self.noted = noted
        self._users = [user for user in users if user.action != "none"]
        self._worker = worker
        self._busy = False

    def take(self) -> bool:
        """Settle users as far as it goes; False where it ended before its time.

        Behind a user with whom the run stops, lost answers are looked for and nothing is sent.
        """
        ends = False
        for user in self._users:
            before = self.noted.get(user.row) or Progress(row=user.row, user=user.user)
            if ends and not before.is_unknown:
                continue
            if self._is_due(before):
                if not self._worker.go_on():
                    return False
                before = self._settled(user, before, ends=ends)
            ends = ends or self._ends_with(before)
        return True

    def applied(self, *, stopped: bool) -> Applied:
        """How far the run is."""
        every = [self.noted.get(user.row) for user in self._users]
        noted = [each for each in every if each is not None]
        failed = sum(each.has_failed for each in noted)
        settled = sum(each.is_settled for each in noted)
        unknown = [each for each in noted if each.is_unknown]
        ended = stopped or bool(failed and self._worker.stops and not unknown)
        return Applied(
            left=0 if ended else len(self._users) - settled,
            done=sum(1 for each in noted if each.outcome and each.outcome.status in FINE),
            failed=failed,
            unknown=len(unknown),
            stopped=stopped,
            to_verify=sum(each.waits_for_children for each in noted),
            wait_seconds=max([_BUSY * self._busy, *map(self._wait, unknown)]),
        )

    def _is_due(self, progress: Progress) -> bool:
        if progress.has_failed:  # once more where the run was resumed since
            return progress.resumed < self._worker.resumed
        return not progress.is_settled

    def _ends_with(self, progress: Progress) -> bool:
        return self._worker.stops and (progress.has_failed or progress.is_unknown)

    def _settled(self, user: PlannedUser, before: Progress, *, ends: bool) -> Progress:
        """Bring one user a step further: read, compare, note, write, note."""
        worker = self._worker
        if user.user in worker.protected:
            return self._ended(user, before, _failed(user, PROTECTED, _PROTECTED))
        try:
            # Who left the query by a call of this run is still one of it.
            found = found_user(worker.reader, user.user, everybody=before.attempts > 0)
            fresh = planned(_desired(user), found, worker.moment)
        except (SapRejected, AuthorizationMissing) as exc:
            return self._ended(user, before, _failed(user, _code(exc), NOT_SHOWN))
        except Outside:
            return self._ended(user, before, _failed(user, OUTSIDE_QUERY, OUTSIDE))
        except InputRejected:  # the user is gone since
            return self._ended(user, before, _outdated(user))
        if fresh.action == "none":
            return self._ended(user, before, self._arrived(user, before))
        if before.is_unknown and self._wait(before):
            return self._note(before)
        if before.is_unknown and (ends or before.attempts >= _MOST_ATTEMPTS):
            never = _failed(user, NOT_ARRIVED, _NEVER.format(before.attempts))
            there = replace(before, written=arrived(before.written, fresh))
            return self._ended(user, there, never)
        if _is_outdated(fresh, user, before):
            return self._ended(user, before, _outdated(user))
        started = Progress(
            row=user.row,
            user=user.user,
            state="started",
            started_at=worker.clock.now(),
            attempts=before.attempts + 1,
            created=before.may_have_created,
            was_in=_was_in(found, before),
            written=written(before.written, fresh),
        )
        self._note(started)
        return self._write(user, fresh, started, before)

    def _write(
        self, user: PlannedUser, fresh: PlannedUser, started: Progress, before: Progress
    ) -> Progress:
        attempts = before.attempts
        open_again = replace(started, state="open", attempts=attempts, written=before.written)
        try:
            changed, sent = self._call(user, fresh, before)
        except _Outdated:
            return self._ended(user, before, _outdated(user))
        except Throttled:  # somebody else changes the user: the others do not wait for that
            self._busy = True
            return self._note(open_again)
        except OutcomeUnknown as exc:
            step = Step(name=fresh.action, status="unknown", message=str(exc))
            unknown = _outcome(user, "unknown", step)
            return self._note(
                replace(started, state="ended", outcome=replace(unknown, written=started.written))
            )
        except (InputRejected, SapRejected, PreconditionFailed, AuthorizationMissing) as exc:
            failed = replace(started, written=before.written)
            return self._ended(user, failed, _failed(user, _code(exc), str(exc)))
        except SapmatchError:
            # Of the connection as a whole, or it may work later: nothing happened.
            self._note(open_again)
            raise
        nothing = changed.status in ("unchanged", "failed")
        was = before.written if nothing else written(before.written, sent)
        return self._ended(user, replace(started, written=was), _of(user, changed))

    def _call(
        self, user: PlannedUser, fresh: PlannedUser, before: Progress
    ) -> tuple[Changed, PlannedUser]:
        """What came of it, and what it was to change."""
        writer, moment = self._worker.writer, self._worker.moment
        sent = [fresh]

        def to(found: SapUser) -> UserChange:
            """Compared once more, with the user whom nobody else can change meanwhile."""
            now = planned(_desired(user), found, moment)
            if _is_outdated(now, user, before):
                raise _Outdated(_OUTDATED)
            sent.append(now)
            return exact(now.change, found, moment)

        if fresh.action == "delete":
            changed = writer.delete(fresh.user, to)
        elif fresh.action == "create":
            changed = writer.create(fresh.change)
        else:
            changed = writer.merge(fresh.user, to)
        return changed, sent[-1]

    def _arrived(self, user: PlannedUser, before: Progress) -> UserOutcome:
        """SAP holds what is wanted: through a call of this run, or all by itself."""
        if not before.attempts:
            return _outcome(user, "unchanged")
        step = Step(name=user.action, status="done", message="found as it should be when read back")
        central = self._worker.reader.is_central
        return _outcome(user, "accepted_by_central" if central else "done", step)

    def _ended(self, user: PlannedUser, before: Progress, outcome: UserOutcome) -> Progress:
        if outcome.status in _LATE and (done := self._done_elsewhere(user)):
            return done
        return self._note(
            Progress(
                row=user.row,
                user=user.user,
                state="ended",
                started_at=before.started_at,
                attempts=before.attempts,
                resumed=self._worker.resumed,
                outcome=replace(outcome, written=before.written),
                written=before.written,
                created=before.created,
                was_in=before.was_in,
            )
        )

    def _done_elsewhere(self, user: PlannedUser) -> Progress | None:
        """What another worker of the same execution noted, who did what came too late here."""
        noted = self._worker.notebook.find(user.row)
        if noted is None or not noted.is_fine:
            return None
        self.noted[user.row] = noted
        return noted

    def _note(self, progress: Progress) -> Progress:
        if self.noted.get(progress.row) != progress:
            self._worker.notebook.save(progress)
        self.noted[progress.row] = progress
        return progress

    def _wait(self, progress: Progress) -> int:
        """Seconds until nothing of an earlier call can happen any more."""
        if progress.started_at is None:
            return 0
        left = progress.started_at + self._worker.quiet - self._worker.clock.now()
        return max(0, -int(-left.total_seconds() // 1))


_NEVER = "was sent {} times and never arrived; look into the log of SAP (transaction SU01, SUIM)"
_OUTDATED = (
    "the user changed in SAP since the plan was made, and the change would now take, give or "
    "replace more than was planned; drop the file again for a new plan"
)
_PROTECTED = (
    "became protected since the plan was made ([provisioning.*].protected, or its own user)"
)


class _Outdated(InputRejected):
    """The user is another one than the plan was made for."""


def _desired(user: PlannedUser) -> DesiredUser:
    state = _STATES.get(user.action, "present")
    return DesiredUser(row=user.row, state=state, change=user.change)


def _goes_beyond(fresh: PlannedUser, user: PlannedUser) -> bool:
    """Whether more would be taken from the user, given to him or made than the plan says."""
    if fresh.found != user.found:
        if fresh.action == "delete" or (fresh.action == "create" and user.action != "create"):
            return True
        if fresh.locks and not user.locks:
            return True
    return goes_further(fresh, user)


def _is_outdated(fresh: PlannedUser, user: PlannedUser, before: Progress) -> bool:
    return _goes_beyond(fresh, user) or _is_of_another(fresh, user, before)


def _is_of_another(fresh: PlannedUser, user: PlannedUser, before: Progress) -> bool:
    """Whether a user who was to be created is there, and this run did not create him."""
    if user.action != "create" or fresh.action == "create":
        return False
    return not before.may_have_created


def _was_in(found: SapUser | None, before: Progress) -> tuple[str, ...]:
    """Systems of the user before the first call and before this one, which may undo part of it."""
    systems = found.assigned_systems if found else frozenset()
    return tuple(sorted({*(before.was_in or ()), *systems}))


def _outdated(user: PlannedUser) -> UserOutcome:
    return _failed(user, PLAN_OUTDATED, _OUTDATED)


def _failed(user: PlannedUser, code: str, message: str) -> UserOutcome:
    step = Step(name=user.action, status="failed", message=message, code=code)
    return _outcome(user, "failed", step)


def _outcome(user: PlannedUser, status: Outcome, *steps: Step) -> UserOutcome:
    return UserOutcome(
        row=user.row,
        user=user.user,
        action=user.action,
        status=status,
        steps=steps,
    )


def _of(user: PlannedUser, changed: Changed) -> UserOutcome:
    return UserOutcome(
        row=user.row,
        user=user.user,
        action=user.action,
        status=changed.status,
        steps=changed.steps,
        warnings=tuple(f"{message.code}: {message.text}" for message in changed.warnings),
    )


def _code(error: SapmatchError) -> str:
    return error.code if isinstance(error, SapRejected) else type(error).__name__
