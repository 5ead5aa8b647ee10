"""One step of the protocol under way."""

from collections.abc import Callable

from sapmatch.model.errors import (
    OutcomeUnknown,
    PreconditionFailed,
    SapmatchError,
    SapThrottled,
    SapUnavailable,
)
from sapmatch.model.intent import Intent, IntentState
from sapmatch.model.ports import Intents
from sapmatch.writing.protocol.arrows import moved
from sapmatch.writing.protocol.effects import Effect, Save, Step

UNANSWERED = (SapUnavailable, SapThrottled, OutcomeUnknown)  # SAP did not answer, not even no


class Running:
    """Keeps the intent as it is stored and the effect that the step waits for.

    `effect` is None at the end, `failure` what ended it before its time. `begun` where it was
    not left untouched, and `trouble` where SAP did not answer the last time.
    """

    def __init__(self, intent: Intent, step: Step, intents: Intents) -> None:
        self.intent = intent
        self.effect: Effect | None = None
        self.failure: SapmatchError | None = None
        self.begun = False
        self.trouble: SapmatchError | None = None
        self._step = step
        self._intents = intents

    @property
    def is_open(self) -> bool:
        return self.effect is not None

    def go_on(self, answer: object = None) -> None:
        """Give the step what its effect ended with, and store what it saves up to its next one."""
        effect = self._next(answer)
        self.begun = self.begun or effect is not None
        while isinstance(effect, Save):
            effect = self._next(self._save(effect.after))
        self.effect = effect

    def answered(self, answer: object) -> None:
        """Go on with what SAP answered, or with the error that the call ended with."""
        self.trouble = answer if isinstance(answer, UNANSWERED) else None
        self.go_on(answer)

    def leave(self, change: Callable[[Intent], Intent] | None = None) -> None:
        """End it where it has sent nothing: the claim is given back, or `change` is stored."""
        if self.effect is None:
            return
        self.effect = None
        self._step.close()
        if self.intent.state is IntentState.CLAIMED:
            after = change(self.intent) if change else moved(self.intent, IntentState.PLANNED)
            self._fail(self._save(after))

    def _next(self, answer: object) -> Effect | None:
        try:
            if isinstance(answer, SapmatchError):
                return self._step.throw(answer)
            return self._step.send(answer)
        except StopIteration as end:
            self.intent = end.value
        except SapmatchError as exc:
            self._fail(exc)
        return None

    def _fail(self, error: SapmatchError | None) -> None:
        if isinstance(error, PreconditionFailed):  # another worker moved it
            self.intent = self._intents.get(self.intent.id)
        else:
            self.failure = error

    def _save(self, after: Intent) -> SapmatchError | None:
        try:
            self._intents.save(after)
        except SapmatchError as exc:
            return exc
        self.intent = after
        return None
