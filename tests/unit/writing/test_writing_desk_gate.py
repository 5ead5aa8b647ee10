"""What the gate of a SAP system does not let through is held, and goes on when its time comes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sapmatch.model.errors import OutcomeUnknown, SapUnavailable
from sapmatch.model.intent import Cause, IntentState
from sapmatch.model.limits import Admission
from tests.builders.memory import START
from tests.builders.memory_sap import answer_lost, fails
from tests.builders.writes import Bulk, invoices

S = IntentState
LATER = START + timedelta(seconds=30)


class Counter:
    """A gate that opens for so many at a time, and remembers what it was asked and told."""

    def __init__(self, *admissions: int, until: datetime = LATER) -> None:
        self.asked: list[int] = []
        self.told: list[bool] = []
        self._admissions = list(admissions)
        self._until = until

    def admit(self, wanted: int) -> Admission:
        self.asked.append(wanted)
        writes = min(wanted, self._admissions.pop(0) if self._admissions else wanted)
        if writes:
            return Admission(writes=writes)
        return Admission(writes=0, cause=Cause.SAP_DOWN, until=self._until)

    def note(self, failures: Sequence[bool]) -> None:
        self.told.extend(failures)


def test_a_closed_gate_holds_what_would_be_sent_and_says_why() -> None:
    """RE-23: parked, and nothing asked of SAP."""
    bulk = Bulk(*invoices(3))
    after = bulk.write(gate=Counter(0))
    assert {(i.state, i.cause, i.next_probe_at) for i in after} == {(S.HELD, Cause.SAP_DOWN, LATER)}
    assert bulk.sap.calls == []


def test_what_was_held_goes_on_when_its_time_has_come() -> None:
    """RE-23: nothing is lost, and everything drains."""
    bulk = Bulk(*invoices(3))
    bulk.write(gate=Counter(0))
    assert set(bulk.states) == {"HELD"}
    bulk.write(gate=Counter())
    assert set(bulk.states) == {"HELD"}, "not before its time"
    bulk.clock.sleep(30)
    bulk.write(gate=Counter())
    assert set(bulk.states) == {"CONFIRMED"}
    assert [i.state for i in bulk.intents.history if i.id == "i0"] == [
        S.HELD,
        S.PLANNED,
        S.CLAIMED,
        S.SENT,
        S.CONFIRMED,
    ]


def test_what_is_held_and_still_not_admitted_stays_as_it_is() -> None:
    bulk = Bulk(*invoices(1))
    bulk.write(gate=Counter(0))
    bulk.clock.sleep(30)
    (after,) = bulk.write(gate=Counter(0))
    assert after.version == 1


def test_only_as_many_leave_as_the_gate_lets_through() -> None:
    bulk = Bulk(*invoices(5))
    gate = Counter(2, 1, 0)
    bulk.write(gate=gate)
    assert bulk.states == ["CONFIRMED"] * 3 + ["HELD"] * 2
    assert gate.asked == [5, 3, 2]
    assert gate.told == [False] * 3


def test_work_that_needs_no_sending_asks_nothing_of_the_gate() -> None:
    bulk = Bulk(*invoices(3))
    bulk.write()
    gate = Counter(0)
    bulk.write(gate=gate)
    assert (gate.asked, gate.told) == ([], [])


def test_the_gate_is_told_which_writes_sap_did_not_answer() -> None:
    """RE-23: a refusal is an answer; one note for every write that was admitted."""
    bulk = Bulk(*invoices(3))
    bulk.sap.behaviours = [answer_lost, fails(SapUnavailable("503"))]
    gate = Counter()
    bulk.write(gate=gate)
    assert gate.told == [True, True, False]


def test_a_look_that_sap_does_not_answer_counts_as_well(monkeypatch: Any) -> None:
    """RE-23: where SAP is down, it is a read that fails first."""
    bulk = Bulk(*invoices(3))

    def lost(_looks: object) -> Any:
        raise OutcomeUnknown("time-out")

    monkeypatch.setattr(bulk.sap, "look", lost)
    gate = Counter()
    bulk.write(gate=gate)
    assert gate.told == [True] * 3


def test_after_trouble_the_gate_is_asked_again_before_the_next_one_leaves() -> None:
    """RE-23: what was claimed already is held too, and is not sent to a SAP that is down."""
    bulk = Bulk(*invoices(3))
    bulk.sap.behaviours = [answer_lost]
    gate = Counter(3, 0, 0)
    bulk.write(gate=gate)
    assert bulk.states == ["UNKNOWN", "HELD", "HELD"]
    assert bulk.sap.posts == 1
