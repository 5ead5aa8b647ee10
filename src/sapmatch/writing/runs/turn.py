"""One turn of one worker at the records of a run."""

from collections.abc import Generator, Sequence
from contextlib import closing
from datetime import datetime
from http import HTTPStatus

from sapmatch.model.errors import Problem
from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import Cause, Intent, IntentState
from sapmatch.writing.desk import Desk, Work, saved, write
from sapmatch.writing.earlier import OPEN, Earlier
from sapmatch.writing.plan import change_of
from sapmatch.writing.protocol.arrows import held, moved, released
from sapmatch.writing.protocol.due import may_send
from sapmatch.writing.response_file import status
from sapmatch.writing.runs.hours import next_opening, open_at

UNREACHABLE = 3  # records in a row that SAP could not take: the rest waits for the next run
FINE = ("created", "updated", "already_there")
_NEVER_SENT = (IntentState.PLANNED, IntentState.HELD)
_REFUSED = (IntentState.REJECTED, IntentState.CONFLICTING, IntentState.VOID)
_STOPPED = "was not sent: {}, and on_error is stop"


class Turn:
    """Takes records as far as time, window and gate let it.

    `stopped` says why it ended early; `shut`: nothing may be sent for now. `intents` are replaced
    by their newest versions.
    """

    def __init__(
        self,
        work: list[Work],
        intents: list[Intent],
        flow: WriteBack,
        desk: Desk,
        until: datetime | None,
    ) -> None:
        self.stopped: str | None = None
        self.shut = False
        self._work = work
        self._intents = intents
        self._flow = flow
        self._desk = desk
        self._until = until
        self._in_a_row = 0

    def take(self) -> None:
        """Hold, refuse or send what may be sent."""
        if self._is_late():
            return
        window = self._flow.window
        if window and not open_at(window, self._desk.clock.now()):
            self._hold(next_opening(window, self._desk.clock.now()))
            return
        refused = self._refuse_invalid()
        if refused and self._stops:
            self._stop(f"{refused} record(s) of the file have mistakes")
            return
        self._send()

    @property
    def _stops(self) -> bool:
        return self._flow.on_error == "stop"

    def _is_late(self) -> bool:
        return self._until is not None and self._desk.clock.now() >= self._until

    def _hold(self, until: datetime) -> None:
        self.shut = True
        for n in self._unsent():
            planned = self._planned(self._intents[n])
            if planned.state is IntentState.PLANNED:
                planned = self._save(held(planned, Cause.OUT_OF_HOURS, until))
            self._intents[n] = planned

    def _refuse_invalid(self) -> int:
        """Refuse what $metadata rules out; all are looked at before one is sent."""
        found = {
            n: problems
            for n in self._unsent()
            if not self._intents[n].claims
            and (problems := self._desk.sap.check(change_of(*self._work[n])))
        }
        for n, problems in found.items():
            self._intents[n] = self._rejected(self._planned(self._intents[n]), problems)
        return len(found)

    def _rejected(self, intent: Intent, problems: Sequence[Problem]) -> Intent:
        now = self._desk.clock.now()
        if intent.state is not IntentState.PLANNED:
            return intent
        lease = now + self._desk.rules.lease
        claimed = self._save(
            moved(intent, IntentState.CLAIMED, owner=self._desk.owner, lease_until=lease)
        )
        if claimed.owner != self._desk.owner:
            return claimed
        said = tuple(problem.message for problem in problems)
        invalid = moved(
            claimed, IntentState.REJECTED, cause=Cause.INVALID, sap_messages=said, ended_at=now
        )
        return self._save(invalid)

    def _send(self) -> None:
        with closing(self._written()) as written:
            for n, intent in written:
                before, self._intents[n] = self._intents[n], intent
                if self._ends_with(intent, before) or self._is_late():
                    return

    def _written(self) -> Generator[tuple[int, Intent], None, None]:
        """One after the other where the first that is not fine ends the run."""
        work = [
            (intent, payload)
            for intent, (_, payload) in zip(self._intents, self._work, strict=True)
        ]
        earlier = self._earlier()
        if not self._stops:
            batch = self._flow.batch
            yield from enumerate(write(work, self._desk, batch=batch, earlier=earlier))
            return
        for n, each in enumerate(work):
            yield from ((n, i) for i in write([each], self._desk, earlier=earlier))

    def _earlier(self) -> Earlier | None:
        """What is open in the flow, read once.

        An insert waits for none: it is one intent for its business key, whatever file it comes in.
        """
        now, desk = self._desk.clock.now(), self._desk
        if self._flow.operation == "insert" or not any(
            may_send(i, now, desk.rules, desk.owner) for i in self._intents
        ):
            return None
        return Earlier(desk.intents.due(self._intents[0].flow, OPEN), self._intents)

    def _ends_with(self, intent: Intent, before: Intent) -> bool:
        waits = intent.state is IntentState.HELD and intent.cause is not Cause.EARLIER
        if waits and self._was_refused(intent, before):
            self.shut = True  # the gate is, so for the others as well
            return True
        self._in_a_row = self._in_a_row + 1 if backed_off(intent) else 0
        if self._in_a_row >= UNREACHABLE:
            said = intent.sap_messages[0]
            self.stopped = f"SAP took none of {UNREACHABLE} records in a row: {said}"
        elif self._stops and status(intent) not in FINE:
            self._stop(
                f"record {intent.record} is {status(intent)}", for_good=intent.state in _REFUSED
            )
        return self.stopped is not None

    def _was_refused(self, intent: Intent, before: Intent) -> bool:
        """Whether the gate held it just now, or left it held though its time had come."""
        now, desk = self._desk.clock.now(), self._desk
        return intent.version != before.version or may_send(intent, now, desk.rules, desk.owner)

    def _stop(self, why: str, *, for_good: bool = True) -> None:
        """What follows a refused record of a dropped file is not sent by a later run either."""
        self.stopped = why
        if not for_good or self._flow.source != "inbox":
            return
        now, said = self._desk.clock.now(), (_STOPPED.format(why),)
        for n in self._unsent():
            intent = self._planned(self._intents[n])
            if intent.state is IntentState.PLANNED:
                intent = self._save(
                    moved(
                        intent,
                        IntentState.VOID,
                        cause=Cause.STOPPED,
                        sap_messages=said,
                        ended_at=now,
                    )
                )
            self._intents[n] = intent

    def _unsent(self) -> list[int]:
        now, desk = self._desk.clock.now(), self._desk
        return [
            n
            for n, intent in enumerate(self._intents)
            if intent.state in _NEVER_SENT and may_send(intent, now, desk.rules, desk.owner)
        ]

    def _planned(self, intent: Intent) -> Intent:
        """Planned again where it was held until now."""
        return self._save(released(intent)) if intent.state is IntentState.HELD else intent

    def _save(self, after: Intent) -> Intent:
        return saved(self._desk.intents, after)


def backed_off(intent: Intent) -> bool:
    """Whether SAP was tried, did nothing, and shall be tried later."""
    return intent.state is IntentState.PLANNED and intent.next_probe_at is not None


def forbidden(intent: Intent) -> bool:
    """Whether it waits for an authorisation: another try soon is of no use."""
    return backed_off(intent) and intent.http_status == HTTPStatus.FORBIDDEN
