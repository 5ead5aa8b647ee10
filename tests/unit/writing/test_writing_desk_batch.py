"""Many records in one $batch: one change set each, and one lost answer loses none of them."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    LogonRefused,
    OutcomeUnknown,
    PreconditionFailed,
    SapmatchError,
    SapRejected,
    SapUnavailable,
)
from sapmatch.model.intent import Intent, IntentState
from tests.builders.memory_sap import Outcomes, answer_lost, fails
from tests.builders.writes import QUIET, SLACK, Bulk, changes, invoices

S = IntentState
REFUSED = SapRejected("M8/186", "Balance not zero", http_status=400)


def batch_lost(execute: Callable[[], Outcomes]) -> Outcomes:
    """SAP executes all of it, and nobody hears of it."""
    execute()
    raise OutcomeUnknown("$batch: time-out")


def batch_fails(error: SapmatchError) -> Callable[[Callable[[], Outcomes]], Outcomes]:
    def behave(execute: Callable[[], Outcomes]) -> Outcomes:
        raise error

    return behave


def test_records_travel_together_and_each_gets_its_own_outcome() -> None:
    """MA-P65: of three the first and the third are refused; exactly the second is written."""
    bulk = Bulk(*invoices(3))
    bulk.sap.behaviours = [fails(REFUSED), lambda execute: execute(), fails(REFUSED)]
    first, second, third = bulk.write(batch=10)
    assert bulk.sap.batches == [3]
    assert [first.state, second.state, third.state] == [S.REJECTED, S.CONFIRMED, S.REJECTED]
    assert first.sap_messages == ("M8/186: Balance not zero",)
    assert second.key["SupplierInvoice"] == "5105600000"


def test_what_a_batch_answer_leaves_out_is_unknown_and_what_it_never_reached_is_planned() -> None:
    """MA-P66: fewer parts than requests; OD-P99: what SAP did not execute goes later."""
    bulk = Bulk(*invoices(3))
    bulk.sap.behaviours = [
        lambda execute: execute(),
        answer_lost,
        fails(SapUnavailable("not executed")),
    ]
    bulk.write(batch=10)
    assert bulk.states == ["CONFIRMED", "UNKNOWN", "PLANNED"]


def test_a_lost_batch_answer_leaves_every_record_in_it_unknown() -> None:
    """Each may have happened; all are read back and none is written twice (OD-P75)."""
    bulk = Bulk(*invoices(5))
    bulk.sap.batch_behaviours = [batch_lost]
    bulk.write(batch=10)
    assert set(bulk.states) == {"UNKNOWN"}
    bulk.clock.sleep(QUIET)
    bulk.look()
    assert set(bulk.states) == {"CONFIRMED"}
    assert len(bulk.sap.entities["A_SupplierInvoice"]) == 5


def test_every_record_of_a_batch_is_stored_as_sent_before_it_leaves() -> None:
    """Rule (a), for all of them."""
    bulk = Bulk(*invoices(5))
    seen: list[str] = []

    def watch(execute: Callable[[], Outcomes]) -> Outcomes:
        seen.extend(bulk.states)
        return execute()

    bulk.sap.batch_behaviours = [watch]
    bulk.write(batch=10)
    assert seen == ["SENT"] * 5


def test_a_batch_that_is_ready_too_late_is_not_sent() -> None:
    """The first of them could leave after its quiet time began to run out (RE-22)."""
    bulk = Bulk(*invoices(3))
    save = bulk.intents.save

    def slow(after: Intent) -> None:
        save(after)
        if after.state is S.SENT:
            bulk.clock.sleep(SLACK - 1)

    bulk.intents.save = slow  # type: ignore[method-assign]
    bulk.write(batch=10)
    assert bulk.states == ["PLANNED", "PLANNED", "CONFIRMED"]
    assert bulk.sap.batches == []


@pytest.mark.parametrize(
    "error", [SapRejected("HTTP 405", "no batch"), InputRejected("cannot travel in a batch")]
)
def test_what_no_batch_can_take_goes_one_by_one(error: SapmatchError) -> None:
    """The batch as such was refused, so nothing in it was executed."""
    bulk = Bulk(*invoices(5))
    bulk.sap.batch_behaviours = [batch_fails(error)]
    bulk.write(batch=3)
    assert set(bulk.states) == {"CONFIRMED"}
    assert (bulk.sap.batches, bulk.sap.posts) == ([3], 5)


@pytest.mark.parametrize(
    ("error", "state"),
    [(SapUnavailable("503"), S.PLANNED), (AuthorizationMissing("403"), S.PLANNED)],
)
def test_a_batch_that_sap_did_not_take_is_tried_again_later(
    error: SapmatchError, state: IntentState
) -> None:
    bulk = Bulk(*invoices(3))
    bulk.sap.batch_behaviours = [batch_fails(error)]
    after = bulk.write(batch=10)
    assert {intent.state for intent in after} == {state}
    assert all(intent.next_probe_at for intent in after)


def test_a_refused_logon_of_a_batch_plans_all_of_it_again() -> None:
    bulk = Bulk(*invoices(3))
    bulk.sap.batch_behaviours = [batch_fails(LogonRefused("401"))]
    with pytest.raises(LogonRefused):
        bulk.write(batch=10)
    assert set(bulk.states) == {"PLANNED"}


def test_two_changes_of_one_order_are_never_in_one_batch() -> None:
    """MA-P64."""
    bulk = Bulk(*changes("1", "2", "1", "3"))
    for number in ("1", "2", "3"):
        bulk.sap.seed("A_SalesOrder", SalesOrder=number, AssignmentReference="")
    bulk.write(batch=10)
    assert bulk.sap.batches == [2, 2]
    assert set(bulk.states) == {"CONFIRMED"}


def test_a_record_that_moved_goes_once_more_beside_the_others() -> None:
    """MA-P63 in a batch: read again, changed by the fresh ETag."""
    bulk = Bulk(*changes("1", "2"))
    for number in ("1", "2"):
        bulk.sap.seed("A_SalesOrder", SalesOrder=number, AssignmentReference="")
    bulk.sap.behaviours = [fails(PreconditionFailed("412"))]
    bulk.write(batch=10)
    assert set(bulk.states) == {"CONFIRMED"}
    read = ["read", "read"]  # the one that moved, and whether SAP took the other
    assert bulk.sap.calls == ["read", "read", "update", "update", *read, "update", "read"]


def test_records_of_two_services_never_share_a_batch() -> None:
    one, two, three, four = invoices(4)
    other = [
        (msgspec.structs.replace(intent, service="/other"), payload) for intent, payload in (two,)
    ]
    bulk = Bulk(one, *other, three, four)
    bulk.write(batch=10)
    assert (bulk.sap.batches, bulk.sap.posts) == ([3], 4)


def test_batches_grow_from_small_ones_to_the_most_that_is_allowed() -> None:
    bulk = Bulk(*invoices(120))
    bulk.write(batch=50)
    assert bulk.sap.batches == [10, 10, 40, 50, 10]


def test_a_batch_stays_under_half_of_the_time_that_an_answer_may_take() -> None:
    """SAP needs 2 s for each record and is given up after 60 s: 15 together are 30 s."""
    bulk = Bulk(*invoices(70))

    def slow(execute: Any) -> Any:
        bulk.clock.sleep(2)
        return execute()

    bulk.sap.behaviours = [slow] * 70
    bulk.write(batch=50, answer_seconds=60)
    assert max(bulk.sap.batches) == 15
    assert set(bulk.states) == {"CONFIRMED"}


@pytest.mark.parametrize("told", [0, 1])
@pytest.mark.parametrize("savers", [1, 2])
def test_a_client_that_answers_for_fewer_changes_makes_nothing_leave_twice(
    told: int, savers: int
) -> None:
    bulk = Bulk(*invoices(3))
    bulk.sap.batch_behaviours = [lambda execute: execute()[:told]]
    with pytest.raises(ValueError, match="zip"):
        bulk.write(batch=10, savers=savers)
    assert bulk.sap.posts == 3
    assert bulk.states == ["SENT", "SENT", "SENT"]
