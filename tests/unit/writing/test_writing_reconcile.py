"""Reading back: what became of a write whose answer was lost (MA-P62, OD-P75)."""

from datetime import timedelta

import pytest

from sapmatch.model.errors import LogonRefused, SapRejected, SapUnavailable
from sapmatch.model.intent import Cause, IntentState
from sapmatch.writing.protocol.arrows import moved
from tests.builders.memory_sap import answer_lost, fails, request_lost
from tests.builders.writes import (
    CHANGE,
    INVOICE,
    QUIET,
    REFERENCE,
    SPACING,
    Stage,
    change_intent,
    invoice_intent,
)

S = IntentState


@pytest.fixture
def lost() -> Stage:
    """An invoice that SAP posted and nobody heard of."""
    stage = Stage(invoice_intent(), INVOICE)
    stage.sap.behaviours = [answer_lost]
    stage.write()
    return stage


@pytest.fixture
def never_arrived() -> Stage:
    """An invoice that SAP never saw."""
    stage = Stage(invoice_intent(), INVOICE)
    stage.sap.behaviours = [request_lost]
    stage.write()
    return stage


def update(behaviour: object, *, etags: bool = True) -> Stage:
    stage = Stage(change_intent(), CHANGE, etags=etags)
    stage.sap.seed("A_SalesOrder", SalesOrder="1000045", AssignmentReference="")
    stage.sap.behaviours = [behaviour]  # type: ignore[list-item]
    stage.write()
    return stage


def test_nothing_is_read_before_the_quiet_time_is_over(lost: Stage) -> None:
    """Rule (c): a slow request must not land after we concluded that it is absent."""
    reads = lost.sap.calls.count("read")
    assert lost.look_after(QUIET - 1).state is S.UNKNOWN
    assert lost.sap.calls.count("read") == reads


def test_a_document_found_as_written_confirms_the_intent_with_its_number(lost: Stage) -> None:
    after = lost.look_after(QUIET)
    assert (after.state, after.confirmed_by) == (S.CONFIRMED, "read")
    assert after.key["SupplierInvoice"] == "5105600000"


def test_a_document_whose_reference_sap_put_into_capitals_is_found() -> None:
    """MA-P62: SAP searches for exactly what is asked, and a second document would follow."""
    name = "SupplierInvoiceIDByInvcgParty"
    small = {**REFERENCE, name: "re-2026-17"}
    stage = Stage(invoice_intent(reference=small), {**INVOICE, **small})
    stage.sap.behaviours = [answer_lost]
    stage.write()
    stage.sap.entities["A_SupplierInvoice"][0][name] = "RE-2026-17"
    assert stage.look_after(QUIET).state is S.CONFIRMED
    again = Stage(invoice_intent(reference=small), {**INVOICE, **small})
    again.sap.entities = stage.sap.entities
    assert (again.write().confirmed_by, again.sap.posts) == ("read", 0)


def test_a_document_that_a_colleague_released_meanwhile_still_counts(lost: Stage) -> None:
    lost.sap.entities["A_SupplierInvoice"][0].update(
        SupplierInvoiceStatus="5", PaymentBlockingReason="R", InvoiceGrossAmount="119.000"
    )
    assert lost.look_after(QUIET).state is S.CONFIRMED


def test_another_amount_under_the_same_reference_is_a_conflict_for_a_person(lost: Stage) -> None:
    lost.sap.entities["A_SupplierInvoice"][0]["InvoiceGrossAmount"] = "118.00"
    after = lost.look_after(QUIET)
    assert after.state is S.CONFLICTING
    assert "InvoiceGrossAmount" in after.sap_messages[0]


def test_two_documents_under_the_same_reference_are_a_conflict(lost: Stage) -> None:
    lost.sap.seed("A_SupplierInvoice", **INVOICE, SupplierInvoice="52", FiscalYear="2026")
    after = lost.look_after(QUIET)
    assert after.state is S.CONFLICTING
    assert "52/2026" in after.sap_messages[0]


def test_a_document_that_was_reversed_meanwhile_is_not_written_a_second_time(lost: Stage) -> None:
    lost.sap.entities["A_SupplierInvoice"][0]["ReverseDocument"] = "5105600099"
    assert lost.look_after(QUIET).state is S.CONFLICTING


def test_absence_needs_two_spaced_looks_before_one_more_send(never_arrived: Stage) -> None:
    """Rule (d)."""
    first = never_arrived.look_after(QUIET)
    assert (first.state, first.probes) == (S.UNKNOWN, 1)
    assert never_arrived.look_after(SPACING - 1).probes == 1
    assert never_arrived.look_after(1).state is S.PLANNED
    assert never_arrived.intents.states()[-2:] == ["ABSENT", "PLANNED"]
    assert never_arrived.write().state is S.CONFIRMED
    assert never_arrived.sap.posts == 2
    assert len(never_arrived.sap.entities["A_SupplierInvoice"]) == 1


def test_a_request_that_lands_late_within_the_quiet_time_is_found(never_arrived: Stage) -> None:
    """RE-22: SAP was still working at the time-out."""
    stage = Stage(invoice_intent(), INVOICE)
    stage.sap.behaviours = [stage.sap.comes_late(QUIET - 1)]
    stage.write()
    assert stage.look_after(QUIET).state is S.CONFIRMED


def test_a_repetition_keeps_its_request_id_while_sap_may_remember_it(never_arrived: Stage) -> None:
    """OD-P78: a late original and its repetition collapse into one."""
    never_arrived.look_after(QUIET)
    never_arrived.look_after(SPACING)
    never_arrived.write()
    first, second = never_arrived.sap.request_ids
    assert first == second


def test_a_repetition_after_the_window_is_a_new_generation(never_arrived: Stage) -> None:
    never_arrived.look_after(6 * 3600)
    never_arrived.look_after(SPACING)
    never_arrived.write()
    first, second = never_arrived.sap.request_ids
    assert first != second


def test_a_write_that_never_arrives_ends_with_a_person(never_arrived: Stage) -> None:
    never_arrived.sap.behaviours = [request_lost] * 20
    for _ in range(20):
        never_arrived.look_after(QUIET)
        never_arrived.write()
    assert never_arrived.intent.state is S.CONFLICTING
    assert never_arrived.sap.posts == 5


def test_a_duplicate_that_sap_reports_and_hides_is_not_sent_again() -> None:
    stage = Stage(invoice_intent(), INVOICE)
    stage.sap.behaviours = [fails(SapRejected("M8/108", "exists already"))]
    stage.write()
    assert (stage.look().state, stage.intent.cause) == (S.UNKNOWN, Cause.HIDDEN)
    after = stage.look_after(SPACING)
    assert (after.state, after.cause) == (S.CONFLICTING, Cause.HIDDEN)
    assert stage.sap.posts == 1


def test_a_worker_that_died_while_sending_is_read_back_when_its_lease_is_over() -> None:
    """RE-12: SENT and no answer, because nobody was left to hear it."""
    stage = Stage(invoice_intent(), INVOICE)

    def killed(execute: object) -> None:
        execute()  # type: ignore[operator]
        raise KeyboardInterrupt

    stage.sap.behaviours = [killed]  # type: ignore[list-item]
    with pytest.raises(KeyboardInterrupt):
        stage.write()
    assert stage.look().state is S.SENT
    assert stage.look_after(QUIET).state is S.CONFIRMED
    assert stage.sap.posts == 1


def test_a_reader_that_died_is_replaced(lost: Stage) -> None:
    lease = lost.clock.now() + timedelta(seconds=1000)
    lost.intents.save(moved(lost.intent, S.RECONCILING, owner="dead", lease_until=lease))
    assert lost.look_after(QUIET).state is S.RECONCILING
    assert lost.look_after(1000 - QUIET).state is S.CONFIRMED


def test_a_crash_between_absent_and_planned_goes_on() -> None:
    stage = Stage(invoice_intent(state=S.ABSENT), INVOICE)
    assert stage.look().state is S.PLANNED


def test_sap_out_of_reach_says_nothing_about_the_write(lost: Stage) -> None:
    lost.sap.reads = [SapUnavailable("503")]
    after = lost.look_after(QUIET)
    assert (after.state, after.probes) == (S.UNKNOWN, 0)
    assert lost.look_after(SPACING).state is S.CONFIRMED


def test_a_refused_logon_stops_reading_and_leaves_the_intent_unknown(lost: Stage) -> None:
    lost.sap.reads = [LogonRefused("401")]
    with pytest.raises(LogonRefused):
        lost.look_after(QUIET)
    assert lost.intent.state is S.UNKNOWN


@pytest.mark.parametrize("state", [S.PLANNED, S.CLAIMED, S.CONFIRMED, S.REJECTED, S.CONFLICTING])
def test_only_undecided_intents_are_read_back(state: IntentState) -> None:
    stage = Stage(invoice_intent(state=state), INVOICE)
    assert stage.look_after(QUIET).state is state
    assert stage.sap.calls == []


def test_a_lost_update_that_happened_is_confirmed() -> None:
    assert update(answer_lost).look_after(QUIET).state is S.CONFIRMED


def test_a_lost_update_that_did_not_happen_is_sent_once_more() -> None:
    stage = update(request_lost)
    stage.look_after(QUIET)
    assert stage.look_after(SPACING).state is S.PLANNED
    assert stage.write().state is S.CONFIRMED


def test_a_record_that_others_changed_since_a_lost_update_is_left_to_a_person() -> None:
    """Never overwrite: the ETag moved and our value is not there."""
    stage = update(request_lost)
    stage.sap.entities["A_SalesOrder"][0].update(AssignmentReference="by hand", _etag="W/'99'")
    assert stage.look_after(QUIET).state is S.CONFLICTING


def test_a_lost_update_without_etags_is_judged_by_its_values() -> None:
    """A_PurchaseOrder has no ETag in V2."""
    stage = update(request_lost, etags=False)
    stage.look_after(QUIET)
    assert stage.look_after(SPACING).state is S.PLANNED


def test_a_lost_delete_is_confirmed_when_the_record_is_gone() -> None:
    stage = Stage(change_intent(operation="delete"), {})
    stage.sap.seed("A_SalesOrder", SalesOrder="1000045")
    stage.sap.behaviours = [answer_lost]
    stage.write()
    assert stage.look_after(QUIET).state is S.CONFIRMED


def test_a_record_that_others_deleted_since_a_lost_change_is_not_created_anew() -> None:
    """An upsert that found nothing would write it a second time."""
    stage = Stage(change_intent(operation="upsert"), CHANGE)
    stage.sap.seed("A_SalesOrder", SalesOrder="1000045", AssignmentReference="")
    stage.sap.behaviours = [request_lost]
    stage.write()
    stage.sap.entities["A_SalesOrder"].clear()
    after = stage.look_after(QUIET)
    assert (after.state, after.cause) == (S.CONFLICTING, Cause.MOVED)


@pytest.mark.parametrize("kept", ["re-2026-17", "RE-2026-17 "])
def test_a_lost_change_that_sap_keeps_in_another_form_has_happened(kept: str) -> None:
    stage = update(answer_lost)
    stage.sap.entities["A_SalesOrder"][0]["AssignmentReference"] = kept
    assert stage.look_after(QUIET).state is S.CONFIRMED


def test_a_lost_change_of_capitals_alone_is_not_taken_for_done() -> None:
    stage = Stage(change_intent(), CHANGE)
    stage.sap.seed("A_SalesOrder", SalesOrder="1000045", AssignmentReference="re-2026-17")
    stage.sap.behaviours = [request_lost]
    stage.write()
    assert stage.look_after(QUIET).state is S.UNKNOWN
