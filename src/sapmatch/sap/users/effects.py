"""The steps of one change: sent one by one, and believed only when they were read back.

An answer that was lost is asked for by reading, never by sending again. Over SOAP each step stands
by itself; a transport that keeps one unit of work commits all of them, or takes them back.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from sapmatch.model.errors import OutcomeUnknown, SapmatchError, SapRejected
from sapmatch.model.ports import Clock
from sapmatch.model.rfc import BapiMessage, Rfc, RfcInput, RfcTable, RfcTransport
from sapmatch.model.users import Changed, SapUser, Step, StepStatus
from sapmatch.sap.rfc.messages import is_unclear, judged

Status: TypeAlias = Literal[
    "unchanged", "done", "accepted_by_central", "partial", "failed", "unknown"
]
Send: TypeAlias = Callable[[RfcTransport], tuple[BapiMessage, ...]]
EXISTS: Final = "01/224"
_RETURN: Final = "RETURN"
_COMMIT: Final = "BAPI_TRANSACTION_COMMIT"
_ROLLBACK: Final = "BAPI_TRANSACTION_ROLLBACK"
_LOST: Final = "its answer was lost; SAP holds it"
_PROBES: Final = (0.0, 1.0, 3.0)  # seconds before each reading
_NO_TABLES: Final[Mapping[str, RfcTable]] = {}


class Lack(Struct, frozen=True):
    """What is not as it was asked for, in words without values; `partly`: the rest is."""

    words: str
    partly: bool = False


class Effect(Struct, frozen=True, kw_only=True):
    """One step: how it is sent, and what the user lacks of it when he is read.

    `lacks` is None for what cannot be read, such as a password. An effect that comes `always` is
    sent after others failed, unless the user could not be `founding` the others.
    """

    name: str
    send: Send
    lacks: Callable[[SapUser | None], Lack | None] | None
    code: str = "NOT_AS_ASKED"
    always: bool = False
    founding: bool = False


def module(
    function: str,
    imports: Mapping[str, RfcInput],
    rfc: Rfc,
    tables: Mapping[str, RfcTable] = _NO_TABLES,
    *,
    non_fatal: Sequence[str] = (),
    want: Sequence[str] = (_RETURN,),
) -> Send:
    """A changing call of one function module whose RETURN is judged.

    Where RETURN did not come, or nobody can read it, what SAP did is not known: OutcomeUnknown.
    """

    def send(transport: RfcTransport) -> tuple[BapiMessage, ...]:
        answer = transport.call(function, imports, tables, want=want, changes=True)
        if is_unclear(answer):
            raise OutcomeUnknown(
                f"{function}: the answer to a change has no RETURN that says what became of it; "
                "read it back"
            )
        return judged(
            function, answer, fail_when_warning=rfc.fail_when_warning, non_fatal=non_fatal
        )

    return send


class Effects:
    """Sends the effects of one change of one user, once; `read` reads him."""

    def __init__(
        self,
        transport: RfcTransport,
        read: Callable[[], SapUser | None],
        clock: Clock,
        *,
        is_central: bool,
    ) -> None:
        self._transport = transport
        self._read = read
        self._clock = clock
        self._good: StepStatus = "accepted_by_central" if is_central else "done"
        self._steps: list[Step] = []
        self._warnings: list[BapiMessage] = []
        self._stands = False  # whether something of what was refused
        self._stateful = transport.capabilities.stateful

    def applied(self, user: str, effects: Sequence[Effect]) -> Changed:
        """What became of them; raises only where nothing was sent, or SAP took nothing."""
        with self._transport.unit() as unit:
            self._send_all(unit, effects)
        self._settle(effects)
        return Changed(
            user=user,
            status=self._status(),
            steps=tuple(self._steps),
            warnings=tuple(self._warnings),
        )

    def _send_all(self, unit: RfcTransport, effects: Sequence[Effect]) -> None:
        has_failed = has_ended = is_open = False  # a unit of work that has changed something
        for effect in effects:
            if has_ended or (has_failed and not effect.always):
                self._steps.append(Step(name=effect.name, status="not_executed"))
                continue
            step = self._sent(unit, effect)
            self._steps.append(step)
            if step.status == self._good:
                is_open = self._stateful
                continue
            has_ended = has_ended or effect.founding
            if not has_failed and self._stateful:
                self._take_back(unit, effects)
                is_open = False
            has_failed = True
        if is_open:
            self._commit(unit, effects)

    def _take_back(self, unit: RfcTransport, effects: Sequence[Effect]) -> None:
        """Take back what came before; reading tells what became of it, of a password nothing."""
        after: StepStatus = "not_executed"
        words = "taken back by SAP"
        try:
            unit.call(_ROLLBACK, changes=True)
        except SapmatchError as exc:
            after, words = "unknown", f"{_ROLLBACK} failed: {exc}"
        for index, step in enumerate(self._steps):
            if step.status == self._good and effects[index].lacks is None:
                self._steps[index] = replace(step, status=after, message=words)

    def _sent(self, unit: RfcTransport, effect: Effect) -> Step:
        try:
            self._warnings += effect.send(unit)
        except OutcomeUnknown as exc:
            return self._looked_for(effect, str(exc))
        except SapRejected as exc:
            return Step(name=effect.name, status="failed", code=exc.code, message=exc.text)
        except SapmatchError as exc:
            if not self._steps:
                raise
            code = type(exc).__name__
            return Step(name=effect.name, status="failed", code=code, message=str(exc))
        return Step(name=effect.name, status=self._good)

    def _looked_for(self, effect: Effect, words: str) -> Step:
        """A step whose answer was lost: read until it is there, a few times, and go on then.

        In one unit of work there is nothing to see before its end, which the loss has brought.
        """
        unknown = Step(name=effect.name, status="unknown", code="OutcomeUnknown", message=words)
        if self._stateful or effect.lacks is None:
            return unknown
        lacks = effect.lacks
        with suppress(SapmatchError):
            found = self._read_until(lambda user: lacks(user) is None)
            if lacks(found) is None:
                return Step(name=effect.name, status=self._good, message=_LOST)
        return unknown

    def _commit(self, unit: RfcTransport, effects: Sequence[Effect]) -> None:
        """End the unit of work; where that fails, only what can be read back is known."""
        try:
            answer = unit.call(_COMMIT, {"WAIT": "X"}, changes=True)
            judged(_COMMIT, answer, fail_when_warning=False)
        except SapmatchError as exc:
            words = f"{_COMMIT} failed: {exc}"
            for index, effect in enumerate(effects):
                if self._steps[index].status == self._good and effect.lacks is None:
                    self._steps[index] = replace(
                        self._steps[index], status="unknown", message=words
                    )

    def _settle(self, effects: Sequence[Effect]) -> None:
        """Compare what was sent with what SAP holds now.

        What SAP refused is looked at too: it may have done a part, or all but one field.
        """
        sent = [
            (index, effect)
            for index, effect in enumerate(effects)
            if self._steps[index].status != "not_executed" and effect.lacks
        ]
        right = [each for n, each in sent if self._steps[n].status in (self._good, "unknown")]
        if not sent:
            return
        try:
            found = self._read_until(lambda user: all(_holds(each, user) for each in right))
        except SapmatchError as exc:
            if right:
                words = f"what was sent could not be read back: {exc}"
                self._steps.append(Step(name="read back", status="unknown", message=words))
            return
        taken_back = self._stateful and any(step.status == "failed" for step in self._steps)
        for index, effect in sent:
            lack = effect.lacks(found) if effect.lacks else None
            if self._steps[index].status == "failed":
                is_there = effect.founding and found is not None
                self._steps[index] = self._refused(self._steps[index], lack, is_there=is_there)
            else:
                self._steps[index] = self._settled(effect, self._steps[index], lack, taken_back)

    def _refused(self, step: Step, lack: Lack | None, *, is_there: bool) -> Step:
        """A step that SAP refused, with what it did of it all the same."""
        if step.code == EXISTS:
            return step
        words = lack.words if lack else "SAP holds it all the same"
        if is_there:
            words = f"the user was created all the same; {words}"
        self._stands = self._stands or is_there or lack is None
        return replace(step, message=f"{step.message}; {words}")

    def _settled(self, effect: Effect, step: Step, lack: Lack | None, taken_back: bool) -> Step:
        if lack is None:
            return step if step.status == self._good else replace(step, status=self._good, code="")
        if step.status == "unknown":
            return step
        if taken_back:
            return Step(name=step.name, status="not_executed", message="taken back by SAP")
        if lack.partly:
            read = Step(name="read back", status="failed", code=effect.code, message=lack.words)
            self._steps.append(read)
            return step
        return replace(step, status="failed", code=effect.code, message=lack.words)

    def _read_until(self, is_right: Callable[[SapUser | None], bool]) -> SapUser | None:
        """The user as read when all is right, or for the last time."""
        found = None
        for seconds in _PROBES:
            if seconds:
                self._clock.sleep(seconds)
            found = self._read()
            if is_right(found):
                break
        return found

    def _status(self) -> Status:
        statuses = {step.status for step in self._steps}
        if "unknown" in statuses:
            return "unknown"
        if statuses & {"failed", "not_executed"}:  # a loss may have ended a unit of work
            return "partial" if self._good in statuses or self._stands else "failed"
        return "accepted_by_central" if self._good == "accepted_by_central" else "done"


def _holds(effect: Effect, user: SapUser | None) -> bool:
    return effect.lacks is None or effect.lacks(user) is None
