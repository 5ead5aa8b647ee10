"""The protocol with one of its rules taken out: the laws have to notice each of them."""

from collections.abc import Callable, Generator
from datetime import timedelta
from typing import Any, TypeAlias, cast

from msgspec.structs import replace

from sapmatch.model.errors import OutcomeUnknown, SapmatchError, SapUnavailable
from sapmatch.model.intent import Intent, IntentState
from sapmatch.writing.protocol.effects import Ask, Effect, Save, Send, Step
from sapmatch.writing.protocol.reconcile import reconcile
from sapmatch.writing.protocol.write import write
from tests.proof.simulation.world import Protocol

Make: TypeAlias = Callable[..., Step]
# How an effect of the step is passed on to the world.
Passing: TypeAlias = Generator[Effect, Any, Any]


def through(make: Make, passed: Callable[[Effect], Passing]) -> Make:
    """The step, each of whose effects goes through `passed`."""

    def step(*args: Any, **options: Any) -> Step:
        inner = make(*args, **options)
        try:
            effect = next(inner)
            while True:
                try:
                    outcome = yield from passed(effect)
                except SapmatchError as exc:
                    effect = inner.throw(exc)
                else:
                    effect = inner.send(outcome)
        except StopIteration as end:
            return cast(Intent, end.value)

    return step


def with_rules(make: Make, **changed: Any) -> Make:
    """The step under other rules."""

    def step(*args: Any, **options: Any) -> Step:
        return make(*args, **options | {"rules": replace(options["rules"], **changed)})

    return step


def unlooked(effect: Effect) -> Passing:
    """Nothing is asked: SAP is taken to hold nothing."""
    if isinstance(effect, Ask):
        return []
    return (yield effect)


def hopeful(effect: Effect) -> Passing:
    """A lost answer is taken for a failure, as retries of workflows do."""
    try:
        return (yield effect)
    except OutcomeUnknown as exc:
        raise SapUnavailable("no answer") from exc


def renamed(effect: Effect) -> Passing:
    """Every send has a request id of its own."""
    if isinstance(effect, Send) and effect.change.repeatability:
        same = replace(effect.change.repeatability, request_id=effect.until.isoformat())
        effect = Send(replace(effect.change, repeatability=same), effect.until)
    return (yield effect)


def unwritten(make: Make) -> Make:
    """SENT is stored behind the answer, not ahead of the request."""

    def step(*args: Any, **options: Any) -> Step:
        held: list[Save] = []

        def passed(effect: Effect) -> Passing:
            if isinstance(effect, Save) and effect.after.state is IntentState.SENT:
                held.append(effect)
                return None
            if not isinstance(effect, Send):
                return (yield effect)
            try:
                outcome = yield effect
            except SapmatchError:
                yield held.pop()
                raise
            yield held.pop()
            return outcome

        return (yield from through(make, passed)(*args, **options))

    return step


SETTLED = timedelta(0)
MUTANTS: dict[str, Protocol] = {
    "write-ahead": Protocol(write=unwritten(write)),
    "quiet time": Protocol(
        write=with_rules(write, settle=SETTLED), reconcile=with_rules(reconcile, settle=SETTLED)
    ),
    "fencing": Protocol(fenced=False),
    "second look": Protocol(reconcile=with_rules(reconcile, probes=1)),
    "reading back": Protocol(reconcile=through(reconcile, unlooked)),
    "look before": Protocol(write=through(write, unlooked)),
    "request id": Protocol(write=through(write, renamed)),
    "doubt": Protocol(write=through(write, hopeful)),
}
