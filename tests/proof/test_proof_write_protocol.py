"""The write protocol against crashes and races at every point (reliability: I1 to I5).

A crash is injected before and after every call of a port, two deep; two workers are interleaved at
every call. Whatever happens: at most one document, and an end.
"""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from itertools import pairwise, product
from typing import Any

import pytest

from sapmatch.model.errors import SapRejected, SapThrottled, SapUnavailable
from sapmatch.model.intent import TERMINAL, UNDECIDED, Intent, IntentState, Record
from tests.builders.memory_sap import Behaviour, MemorySap, answer_lost, fails, request_lost
from tests.builders.writes import (
    CHANGE,
    INVOICE,
    QUIET,
    SPACING,
    Stage,
    change_intent,
    invoice_intent,
)

SEEDS = int(os.environ.get("SAPMATCH_PROOF_SEEDS", "300"))  # `make proof` tries many more
ROUNDS = 60
# The protocol's arrows; a claim is renewed, and a write is sent again only by way of ABSENT.
ARROWS = {
    line.split(" -> ")[0]: set(line.split(" -> ")[1].split())
    for line in (
        "PLANNED -> CLAIMED",
        "CLAIMED -> CLAIMED SENT CONFIRMED REJECTED PLANNED",
        "SENT -> CONFIRMED REJECTED PLANNED UNKNOWN CLAIMED",
        "UNKNOWN -> RECONCILING",
        "RECONCILING -> UNKNOWN CONFIRMED CONFLICTING ABSENT",
        "ABSENT -> PLANNED",
    )
}
SENDS = ("create", "update", "delete")


class Crash(BaseException):
    """The worker is gone."""


class Trap:
    """A port whose nth call kills the worker, before or after its effect."""

    def __init__(self, ports: list[Any], deaths: set[tuple[int, str]]) -> None:
        self.calls = 0
        self._deaths = deaths
        self.sap, self.intents = (_Trapped(port, self) for port in ports)

    def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        number = self.calls
        self.calls += 1
        if (number, "before") in self._deaths:
            raise Crash
        answer = function(*args, **kwargs)
        if (number, "after") in self._deaths:
            raise Crash
        return answer


class _Trapped:
    def __init__(self, port: Any, trap: Trap) -> None:
        self._port, self._trap = port, trap

    def __getattr__(self, name: str) -> Callable[..., Any]:
        function = getattr(self._port, name)
        return lambda *args, **kwargs: self._trap.call(function, *args, **kwargs)


class Guard(MemorySap):
    """A SAP that notes when a request leaves that was not written down before (rule a)."""

    stage: Stage
    forbidden = 0

    def _behave(self, execute: Callable[[], Any]) -> Any:
        self.forbidden += self.stage.intent.state is not IntentState.SENT
        return super()._behave(execute)


def staged(intent: Intent, payload: Record, behaviours: list[Behaviour]) -> Stage:
    stage = Stage(intent, payload)
    guard = Guard(stage.clock)
    guard.stage = stage
    stage.sap = guard
    if intent.operation != "insert":
        guard.seed("A_SalesOrder", SalesOrder="1000045", AssignmentReference="")
    guard.behaviours = behaviours
    return stage


def drive(stage: Stage, trap: Trap | None = None) -> None:
    """Workers come and go until the intent is at its end."""
    sap, intents = (trap.sap, trap.intents) if trap else (None, None)
    for _ in range(ROUNDS):
        if stage.intent.state in TERMINAL:
            return
        for step in (stage.write, stage.look):
            with suppress(Crash):
                step(sap=sap, intents=intents)
        stage.clock.sleep(QUIET)


def check(stage: Stage, *, ends: tuple[IntentState, ...] = (IntentState.CONFIRMED,)) -> None:
    assert stage.intent.state in ends
    check_history(stage)
    documents = stage.sap.entities.get("A_SupplierInvoice", [])
    if stage.intent.operation == "insert":
        assert len(documents) == (stage.intent.state is IntentState.CONFIRMED)
    else:
        assert stage.sap.entities["A_SalesOrder"][0]["AssignmentReference"] == "RE-2026-17"


def check_history(stage: Stage) -> None:
    """Nobody sends what is not written down or is undecided (I4); versions grow (I5)."""
    assert isinstance(stage.sap, Guard)
    assert stage.sap.forbidden == 0
    for one, next_one in pairwise(["PLANNED", *stage.intents.states()]):
        assert next_one in ARROWS[one], f"{one} -> {next_one}"
    versions = [intent.version for intent in stage.intents.history]
    assert versions == sorted(set(versions))


BEHAVIOURS: dict[str, list[Behaviour]] = {
    "executed": [],
    "answer lost": [answer_lost],
    "request lost": [request_lost],
    "throttled": [fails(SapThrottled("429"))],
}
MADE: dict[str, Callable[[list[Behaviour]], Stage]] = {
    "insert": lambda plan: staged(invoice_intent(), INVOICE, plan),
    "update": lambda plan: staged(change_intent(), CHANGE, plan),
}


@pytest.mark.parametrize(("made", "name"), list(product(MADE, BEHAVIOURS)))
def test_a_crash_before_or_after_every_effect_makes_at_most_one_document(
    made: str, name: str
) -> None:
    """RE-12, RE-22: exhaustively, one and two crashes deep."""
    undisturbed = MADE[made](BEHAVIOURS[name].copy())
    counter = Trap([undisturbed.sap, undisturbed.intents], set())
    drive(undisturbed, counter)
    check(undisturbed)
    points = list(product(range(counter.calls), ("before", "after")))
    for deaths in [{point} for point in points] + list(_pairs(points, counter.calls)):
        stage = MADE[made](BEHAVIOURS[name].copy())
        drive(stage, Trap([stage.sap, stage.intents], deaths))
        check(stage)


def _pairs(points: list[tuple[int, str]], calls: int) -> Iterator[set[tuple[int, str]]]:
    """Every point, and a second one anywhere in the repair that follows it."""
    second = list(product(range(calls + 12), ("before", "after")))
    return ({one, two} for one in points for two in second if two[0] > one[0])


@pytest.mark.parametrize("made", list(MADE))
def test_a_second_worker_may_come_between_any_two_calls(made: str) -> None:
    """RE-17: the other one runs at every point of the first; one of them wins."""
    undisturbed = MADE[made]([])
    counter = Trap([undisturbed.sap, undisturbed.intents], set())
    undisturbed.write(sap=counter.sap, intents=counter.intents)
    for point in range(counter.calls + 1):
        stage = MADE[made]([])
        other = _Interleaved([stage.sap, stage.intents], point, stage)
        stage.write("first", sap=other.sap, intents=other.intents)
        drive(stage)
        check(stage)
        assert sum(stage.sap.calls.count(name) for name in SENDS) == 1


class _Interleaved(Trap):
    """Before its nth call somebody else takes a step, much later by the clock."""

    def __init__(self, ports: list[Any], point: int, stage: Stage) -> None:
        super().__init__(ports, set())
        self._point, self._stage = point, stage

    def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        if self.calls == self._point:
            self._stage.write("second")
        return super().call(function, *args, **kwargs)


@pytest.mark.parametrize("seed", range(SEEDS))
def test_a_seeded_stay_in_a_bad_neighbourhood_ends_with_at_most_one_document(seed: int) -> None:
    """Lost, late, refused and throttled calls, deaths and pauses in random order (I1 to I5)."""
    chance = random.Random(seed)
    stage = staged(invoice_intent(), INVOICE, [])
    stage.sap.behaviours = [_any_behaviour(chance, stage) for _ in range(chance.randrange(6))]
    for _ in range(ROUNDS):
        deaths = {(chance.randrange(8), chance.choice(("before", "after")))}
        trap = Trap([stage.sap, stage.intents], deaths if chance.random() < 0.5 else set())
        step = chance.choice((stage.write, stage.look))
        with suppress(Crash):
            step(sap=trap.sap, intents=trap.intents)
        stage.clock.sleep(chance.choice((0, 0, 1, 1, SPACING, QUIET)))
    drive(stage)
    stage.clock.sleep(QUIET)  # whatever is still under way lands now
    assert stage.intent.state not in UNDECIDED
    assert stage.sap.count("", "A_SupplierInvoice") <= 1
    check_history(stage)


def _any_behaviour(chance: random.Random, stage: Stage) -> Behaviour:
    late = stage.sap.comes_late(chance.randrange(QUIET))
    return chance.choice(
        [
            late,
            late,
            answer_lost,
            request_lost,
            fails(SapUnavailable("503")),
            fails(SapThrottled("429", retry_after=60)),
            fails(SapRejected("M8/108", "exists already")),
        ]
    )
