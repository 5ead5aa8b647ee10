"""Between a worker and SAP: what may become of a request and of its answer."""

from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import TypeAlias

from sapmatch.model.errors import (
    AuthorizationMissing,
    LogonRefused,
    OutcomeUnknown,
    RecordLocked,
    SapmatchError,
    SapRejected,
    SapThrottled,
    SapUnavailable,
    ServiceNotActivated,
)
from sapmatch.model.intent import Change, Written
from tests.proof.simulation.agenda import Agenda
from tests.proof.simulation.sap import Sap
from tests.proof.simulation.weather import FATES, PEACE, Weather

Outcome: TypeAlias = Written | SapmatchError
Reply: TypeAlias = Callable[[list[Outcome]], None]
Requests: TypeAlias = Sequence[tuple[Change, str]]  # with the intent each is for
READ_TIMEOUT = 60.0
# SAP answered, and did nothing.
REFUSALS: tuple[Callable[[], SapmatchError], ...] = (
    partial(SapThrottled, "HTTP 429", retry_after=60),
    partial(SapUnavailable, "HTTP 503"),
    partial(RecordLocked, "locked by MEIER"),
    partial(AuthorizationMissing, "HTTP 403"),
    partial(LogonRefused, "HTTP 401"),
    partial(ServiceNotActivated, "HTTP 403"),
)


class Network:
    """Carries requests; `script` names what becomes of the first ones, chance of the others."""

    def __init__(self, agenda: Agenda, chance: Random, weather: Weather, sap: Sap) -> None:
        self._agenda, self._chance, self._weather, self._sap = agenda, chance, weather, sap
        self.script: list[str] = []
        self.fates: list[str] = []

    def send(self, requests: Requests, reply: Reply) -> str:
        """Let one request, or one batch, have its fate; returns its name."""
        fate = self._fate()
        self.fates.append(fate)
        _FATES[fate](self, requests, reply)
        return fate

    def _fate(self) -> str:
        if self.script:
            return self.script.pop(0)
        bad = self._agenda.time < PEACE and self._chance.random() < self._weather.bad_sends
        return self._chance.choice(self._weather.fates) if bad else "answered"

    def _answered(self, requests: Requests, reply: Reply) -> None:
        def arrive() -> None:
            outcomes = [self._execute(*request) for request in requests]
            self._agenda.after(self._some(0.5), reply, outcomes)

        slow = self._chance.random() < 0.05
        self._agenda.after(self._some(30.0 if slow else 1.0), arrive)

    def _lost_before(self, requests: Requests, reply: Reply) -> None:
        self._lose(requests, reply)

    def _lost_after(self, requests: Requests, reply: Reply) -> None:
        """Connection reset, HTTP 500 after the commit, or an answer that cannot be read."""
        self._agenda.after(self._some(1.0), self._execute_all, requests)
        self._lose(requests, reply)

    def _late(self, requests: Requests, reply: Reply) -> None:
        latest = self._weather.latest
        wait = latest if self._chance.random() < 0.5 else self._some(latest)
        if wait > self._weather.rules.settle.total_seconds():
            self._sap.laws.excused.update(intent for _, intent in requests)
        self._agenda.after(wait, self._execute_all, requests)
        self._lose(requests, reply)

    def _twice(self, requests: Requests, reply: Reply) -> None:
        """Something on the way repeats the request; the answer is that of either, or lost."""
        copies: list[list[Outcome]] = []
        for wait in (self._some(1.0), self._some(READ_TIMEOUT)):
            self._agenda.after(wait, self._copy, requests, copies)
        heard = self._chance.randrange(3)

        def answer() -> None:
            reply(copies[heard] if heard < len(copies) else self._nobody_knows(requests))

        self._agenda.after(READ_TIMEOUT, answer)

    def _copy(self, requests: Requests, copies: list[list[Outcome]]) -> None:
        copies.append([self._repeat(*request) for request in requests])

    def _cut_between(self, requests: Requests, reply: Reply) -> None:
        """A batch of which the first change sets were executed; nobody hears of any."""
        first = requests[: self._chance.randrange(len(requests) + 1)]
        self._agenda.after(self._some(1.0), self._execute_all, first)
        self._lose(requests, reply)

    def _refused(self, requests: Requests, reply: Reply) -> None:
        error = self._chance.choice(REFUSALS)
        self._agenda.after(self._some(1.0), reply, [error() for _ in requests])

    def _exists(self, requests: Requests, reply: Reply) -> None:
        """SAP executes it, and answers that it had it before."""
        self._agenda.after(0.1, self._execute_all, requests)
        said = [SapRejected("/IWBEP/CM_COS/005", "executed", http_status=400) for _ in requests]
        self._agenda.after(1.0, reply, said)

    def _lose(self, requests: Requests, reply: Reply) -> None:
        wait = self._chance.choice((0.0, self._some(5.0), READ_TIMEOUT))
        self._agenda.after(wait, reply, self._nobody_knows(requests))

    def _nobody_knows(self, requests: Requests) -> list[Outcome]:
        return [OutcomeUnknown("no answer") for _ in requests]

    def _execute_all(self, requests: Requests) -> None:
        for request in requests:
            self._execute(*request)

    def _execute(self, change: Change, intent: str) -> Outcome:
        try:
            return self._sap.execute(change, intent)
        except SapmatchError as exc:
            return exc

    def _repeat(self, change: Change, intent: str) -> Outcome:
        """No protocol can tell apart two copies of a POST that SAP does not tell apart itself."""
        remembered = change.repeatability and self._weather.idempotent
        told_apart = remembered or self._sap.refuses_twice(change, intent)
        if not told_apart and self._sap.has_executed(intent):
            return OutcomeUnknown("connection reset")
        return self._execute(change, intent)

    def _some(self, most: float) -> float:
        return self._chance.random() * most


_FATES: dict[str, Callable[[Network, Requests, Reply], None]] = {
    name: getattr(Network, "_" + name.replace(" ", "_")) for name in FATES
}
