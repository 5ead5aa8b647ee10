"""Many steps of the protocol side by side: what they ask of SAP goes out together."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from sapmatch.model.errors import InputRejected, SapmatchError, SapRejected, SapUnavailable
from sapmatch.model.intent import Change, Entity, Written
from sapmatch.model.ports import Clock, SapWriter
from sapmatch.writing.protocol.effects import Ask, Prepare, Send
from sapmatch.writing.running import Running

E = TypeVar("E")
_LATE = "it was too late to send it safely: nothing left for SAP, and it is tried again"


class Size:
    """How many go together: up to twice as many each time, as far as they fit into the seconds."""

    def __init__(self, first: int, most: int, seconds: float) -> None:
        self.now = min(first, most)
        self._most = most
        self._seconds = seconds

    def took(self, many: int, seconds: float) -> None:
        if not many:
            return
        fits = int(self._seconds * many / seconds) if seconds > 0 else self._most
        self.now = max(1, min(self._most, 2 * self.now, fits))

    def give_up(self) -> None:
        self.now = self._most = 1


class Lockstep:
    """Takes steps from effect to effect; `batch` learns how long SAP takes for one $batch."""

    def __init__(self, sap: SapWriter, clock: Clock, batch: Size, savers: int) -> None:
        self._sap = sap
        self._clock = clock
        self._batch = batch
        self._savers = savers

    def start(self, runs: Sequence[Running]) -> None:
        """Up to what each asks of SAP before it sends, and what SAP answers to all of them."""
        self._each(Running.go_on, runs, [None] * len(runs))
        while asks := _waiting(runs, Ask):
            self._ask(asks)

    def finish(self, runs: Sequence[Running]) -> None:
        """Each to its end; nothing is sent before the others have asked what they must."""
        while any(run.is_open for run in runs):
            asks, prepares = _waiting(runs, Ask), _waiting(runs, Prepare)
            if asks:
                self._ask(asks)
            elif prepares:
                self._prepare(prepares)
            else:
                self._send(_waiting(runs, Send))

    def _ask(self, asks: Sequence[tuple[Running, Ask]]) -> None:
        if not asks:
            return
        answers: Sequence[list[Entity] | SapmatchError]
        try:
            answers = self._sap.look([ask.look for _, ask in asks])
        except SapmatchError as exc:
            answers = [exc] * len(asks)
        self._each(Running.answered, [run for run, _ in asks], answers)

    def _prepare(self, prepares: Sequence[tuple[Running, Prepare]]) -> None:
        wanted = [prepare for _, prepare in prepares]
        prepared = {prepare: self._prepared(prepare) for prepare in dict.fromkeys(wanted)}
        runs = [run for run, _ in prepares]
        self._each(Running.answered, runs, [prepared[prepare] for prepare in wanted])

    def _prepared(self, prepare: Prepare) -> SapmatchError | None:
        try:
            self._sap.prepare(prepare.service, prepare.on_behalf_of)
        except SapmatchError as exc:
            return exc
        return None

    def _send(self, sends: Sequence[tuple[Running, Send]]) -> None:
        """Send as many of one service and user as go together; late ones have not left (RE-22)."""
        now = self._clock.now()
        late = [run for run, send in sends if now > send.until]
        self._each(Running.go_on, late, [SapUnavailable(_LATE)] * len(late))
        ready = [(run, send.change) for run, send in sends if now <= send.until]
        first = _way(ready[0][1]) if ready else None
        pairs = [pair for pair in ready if _way(pair[1]) == first][: self._batch.now]
        outcomes = self._outcomes([change for _, change in pairs])
        if outcomes is None:  # and nowhere else: an answer to none of them would send all again
            return
        self._each(Running.answered, [run for run, _ in pairs], outcomes)

    def _outcomes(self, changes: Sequence[Change]) -> Sequence[Written | SapmatchError] | None:
        """What became of changes of one service; None where SAP takes no batch of them."""
        if len(changes) < 2:
            return [self._alone(change) for change in changes]
        begun = self._clock.now()
        outcomes = self._together(changes)
        self._batch.took(len(changes), (self._clock.now() - begun).total_seconds())
        return outcomes

    def _together(self, changes: Sequence[Change]) -> Sequence[Written | SapmatchError] | None:
        try:
            return self._sap.write_batch(changes)
        except (SapRejected, InputRejected):  # of the batch as such: nothing in it was executed
            self._batch.give_up()
            return None
        except SapmatchError as exc:
            return [exc] * len(changes)

    def _alone(self, change: Change) -> Written | SapmatchError:
        try:
            return self._sap.write(change)
        except SapmatchError as exc:
            return exc

    def _each(
        self,
        go_on: Callable[[Running, object], None],
        runs: Sequence[Running],
        answers: Sequence[object],
    ) -> None:
        """Let all go on; they store what they are told, as many at a time as there are savers."""
        pairs = list(zip(runs, answers, strict=True))  # the pool would leave some unanswered
        if self._savers == 1 or len(runs) < 2:
            for run, answer in pairs:
                go_on(run, answer)
            return
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(self._savers) as pool:
            list(pool.map(lambda pair: go_on(*pair), pairs))


def _waiting(runs: Sequence[Running], kind: type[E]) -> list[tuple[Running, E]]:
    return [(run, run.effect) for run in runs if isinstance(run.effect, kind)]


def _way(change: Change) -> tuple[str, str | None]:
    """What changes of one batch have in common."""
    return change.service, change.on_behalf_of
