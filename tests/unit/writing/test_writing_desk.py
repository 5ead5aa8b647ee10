"""The desk: many writes side by side, in their order, each at most once."""

from itertools import islice
from typing import Any

import pytest

from sapmatch.model.errors import (
    InputRejected,
    LogonRefused,
    SapmatchError,
    SapRejected,
    SapUnavailable,
    ServiceNotActivated,
    Throttled,
)
from sapmatch.model.intent import Intent, IntentState
from sapmatch.writing.desk import SLICE, write
from tests.builders.memory_sap import answer_lost, fails, request_lost
from tests.builders.writes import QUIET, SPACING, Bulk, changes, invoice_intent, invoices

S = IntentState


def orders(*numbers: str) -> Bulk:
    bulk = Bulk(*changes(*numbers))
    for number in dict.fromkeys(numbers):
        bulk.sap.seed("A_SalesOrder", SalesOrder=number, AssignmentReference="")
    return bulk


def test_what_sap_is_asked_first_is_asked_for_many_at_once() -> None:
    bulk = Bulk(*invoices(SLICE + 5))
    after = bulk.write()
    assert bulk.sap.looks == [SLICE, 5]
    assert [intent.id for intent in after] == [intent.id for intent, _ in bulk.work]
    assert set(bulk.states) == {"CONFIRMED"}


def test_every_record_is_sent_alone_and_ended_before_the_next_one_leaves() -> None:
    bulk = Bulk(*invoices(3))
    bulk.write()
    sends = [f"{i.id} {i.state}" for i in bulk.intents.history if i.state is not S.CLAIMED]
    assert sends == [f"i{n} {state}" for n in range(3) for state in ("SENT", "CONFIRMED")]


def test_a_slice_is_smaller_where_its_claims_would_end_before_it_does() -> None:
    """RE-24: SAP takes 20 s for each, and a claim holds 300 s."""
    bulk = Bulk(*invoices(30))

    def slow(execute: Any) -> Any:
        bulk.clock.sleep(20)
        return execute()

    bulk.sap.behaviours = [slow] * 30
    bulk.write()
    assert bulk.sap.looks[:4] == [SLICE, 3, 3, 3]


def test_what_may_not_be_sent_now_stands_untouched_in_its_place() -> None:
    work = invoices(4)
    work[1] = (invoice_intent(id="done", state=S.CONFIRMED), {})
    work[2] = (invoice_intent(id="lost", state=S.UNKNOWN), {})
    bulk = Bulk(*work)
    after = bulk.write()
    assert [intent.id for intent in after] == ["i0", "done", "lost", "i3"]
    assert [intent.version for intent in after] == [3, 0, 0, 3]


def test_the_second_of_two_changes_of_one_order_waits_for_the_first() -> None:
    """MA-P64: it is read again after the first, so it carries the fresh ETag."""
    bulk = orders("1", "2", "1")
    bulk.write()
    update = ["update", "read"]  # and whether SAP took it
    assert bulk.sap.calls == ["read", "read", *update, *update, "read", *update]
    assert set(bulk.states) == {"CONFIRMED"}


def test_two_inserts_under_one_reference_do_not_look_before_either_is_sent() -> None:
    """MA-P62: the second one finds what the first one wrote."""
    one, *_ = invoices(1)
    again = (invoice_intent(id="again", reference=one[0].reference), one[1])
    bulk = Bulk(one, again)
    first, second = bulk.write(batch=10)
    assert (first.confirmed_by, second.confirmed_by) == ("answer", "read")
    assert bulk.sap.posts == 1


def test_an_error_of_one_question_is_that_records_own(monkeypatch: pytest.MonkeyPatch) -> None:
    bulk = Bulk(*invoices(3))
    refused = SapRejected("SY/530", "no")
    look = bulk.sap.look
    monkeypatch.setattr(bulk.sap, "look", lambda looks: [look(looks)[0], refused, []])
    bulk.write()
    assert bulk.states == ["CONFIRMED", "REJECTED", "CONFIRMED"]


@pytest.mark.parametrize("error", [LogonRefused("401"), ServiceNotActivated("404")])
def test_what_holds_for_the_connection_is_raised_when_all_that_was_begun_is_planned_again(
    error: SapmatchError,
) -> None:
    bulk = Bulk(*invoices(4))
    bulk.sap.behaviours = [lambda execute: execute(), fails(error)]
    seen: list[Intent] = []
    with pytest.raises(type(error)):
        seen.extend(write(bulk.work, bulk.desk()))
    assert bulk.states == ["CONFIRMED", "PLANNED", "PLANNED", "PLANNED"]
    assert bulk.sap.posts == 2


def test_a_look_that_fails_as_a_whole_is_backed_off_by_every_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bulk = Bulk(*invoices(3))

    def down(_looks: object) -> Any:
        raise SapUnavailable("503")

    monkeypatch.setattr(bulk.sap, "look", down)
    after = bulk.write()
    assert {(i.state, i.next_probe_at is not None) for i in after} == {(S.PLANNED, True)}
    assert bulk.sap.sent == []


def test_a_caller_that_stops_early_gives_back_what_was_claimed() -> None:
    bulk = Bulk(*invoices(4))
    written = write(bulk.work, bulk.desk())
    assert [intent.state for intent in islice(written, 2)] == [S.CONFIRMED] * 2
    written.close()  # type: ignore[attr-defined]
    assert bulk.states == ["CONFIRMED", "CONFIRMED", "PLANNED", "PLANNED"]
    assert bulk.sap.posts == 2


def test_a_store_that_fails_for_one_record_is_raised_and_the_rest_is_given_back() -> None:
    """RE-22: the answer of the second is not stored, so it stays SENT and is read back."""
    bulk = Bulk(*invoices(3))
    save = bulk.intents.save

    def throttled(after: Intent) -> None:
        if after.id == "i1" and after.state is S.CONFIRMED:
            raise Throttled("table")
        save(after)

    bulk.intents.save = throttled  # type: ignore[method-assign]
    with pytest.raises(Throttled):
        bulk.write()
    assert bulk.states == ["CONFIRMED", "SENT", "PLANNED"]


def test_several_savers_change_nothing_but_the_time() -> None:
    bulk = Bulk(*invoices(30))
    bulk.sap.batch_behaviours = []
    after = bulk.write(batch=10, savers=4)
    assert {intent.state for intent in after} == {S.CONFIRMED}
    assert bulk.sap.posts == 30


def test_of_a_moved_intent_the_version_of_the_faster_worker_is_told() -> None:
    """RE-12."""
    bulk = Bulk(*invoices(2))
    stale = bulk.work
    bulk.write()
    after = list(write(stale, bulk.desk()))
    assert [intent.state for intent in after] == [S.CONFIRMED] * 2
    assert bulk.sap.posts == 2


def test_lost_answers_are_read_back_in_one_call() -> None:
    bulk = Bulk(*invoices(3))
    bulk.sap.behaviours = [answer_lost, request_lost, answer_lost]
    bulk.write()
    bulk.clock.sleep(QUIET)
    bulk.sap.looks.clear()
    bulk.look()
    assert bulk.sap.looks == [3]
    assert bulk.states == ["CONFIRMED", "UNKNOWN", "CONFIRMED"]
    bulk.clock.sleep(SPACING)
    bulk.look()
    assert bulk.states[1] == "PLANNED"
    assert bulk.sap.looks == [3, 1]


def test_a_refused_logon_ends_the_reading_back_with_every_intent_unknown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bulk = Bulk(*invoices(2))
    bulk.sap.behaviours = [answer_lost] * 2
    bulk.write()
    bulk.clock.sleep(QUIET)

    def refused(_looks: object) -> Any:
        raise LogonRefused("401")

    monkeypatch.setattr(bulk.sap, "look", refused)
    with pytest.raises(LogonRefused):
        bulk.look()
    assert bulk.states == ["UNKNOWN", "UNKNOWN"]


@pytest.mark.parametrize("system", [("test", "100"), ("s4", "200")])
def test_what_was_planned_for_another_system_is_neither_sent_nor_read_back(
    system: tuple[str, str],
) -> None:
    """Somebody gave the flow another connection: what one system holds is absent in the other."""
    bulk = Bulk(*invoices(1))
    with pytest.raises(InputRejected, match="connection s4, client 100"):
        bulk.write(system=system)
    with pytest.raises(InputRejected, match="set it back"):
        bulk.look(system=system)
    assert bulk.sap.calls == []
    bulk.write(system=("s4", "100"))
    bulk.write(system=system)  # what has ended is nobody's business any more
    assert bulk.states == ["CONFIRMED"]
