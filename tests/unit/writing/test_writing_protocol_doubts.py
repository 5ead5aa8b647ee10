"""Where the protocol has to doubt: what SAP holds is not, or no longer, what was meant."""

from datetime import timedelta

import pytest
from msgspec.structs import replace

from sapmatch.model.errors import SapMessage, SapRejected, SapThrottled, SapUnavailable
from sapmatch.model.intent import ANY_VALUE, Cause, IntentState, Written
from sapmatch.writing.protocol.arrows import moved
from tests.builders.memory import START
from tests.builders.memory_sap import Execute, answer_lost, fails, request_lost
from tests.builders.writes import CHANGE, INVOICE, QUIET, Stage, change_intent, invoice_intent

S = IntentState
KEY = {"SalesOrder": "1000045"}


def test_two_documents_under_one_reference_are_for_a_person_even_if_one_is_equal() -> None:
    """Which of them is ours nobody can tell, and both may be paid."""
    stage = Stage(invoice_intent(), INVOICE)
    for number, amount in (("1", "119.00"), ("2", "99.00")):
        row = INVOICE | {"SupplierInvoice": number, "FiscalYear": "2026"}
        stage.sap.seed("A_SupplierInvoice", **row | {"InvoiceGrossAmount": amount})
    after = stage.write()
    assert (after.state, after.cause) == (S.REJECTED, Cause.DIFFERENT)
    assert stage.sap.posts == 0


def test_a_deletion_that_finds_nothing_on_its_way_is_read_back() -> None:
    """A proxy sent it twice: the first one did it, the answer is that of the second one."""
    stage = Stage(change_intent(operation="delete"), {})
    stage.sap.seed("A_SalesOrder", **KEY)
    stage.sap.behaviours = [fails(SapRejected("/IWBEP/CM_MGW_RT/020", "gone", http_status=404))]
    assert stage.write().state is S.UNKNOWN
    stage.sap.entities["A_SalesOrder"].clear()
    assert stage.look().state is S.CONFIRMED


def test_what_sap_says_beside_a_general_error_counts_as_well() -> None:
    """Rule (e): many services lead with a code of their own, and name the duplicate below it."""
    twin = SapMessage(code="F5/117", text="duplicate", severity="error")
    stage = Stage(invoice_intent(), INVOICE)
    refusal = SapRejected("/IWBEP/CX_MGW_BUSI", "no", http_status=400, details=[twin])
    stage.sap.behaviours = [fails(refusal)]
    assert stage.write().state is S.UNKNOWN
    hint = replace(twin, severity="warning")
    other = Stage(invoice_intent(), INVOICE)
    other.sap.behaviours = [fails(SapRejected("M8/186", "no", http_status=400, details=[hint]))]
    assert other.write().state is S.REJECTED


def test_the_longest_wait_is_the_longest_however_often_it_was_tried() -> None:
    stage = Stage(invoice_intent(claims=5000), INVOICE)
    stage.sap.behaviours = [fails(SapThrottled("HTTP 429"))]
    assert stage.write().next_probe_at == START + timedelta(seconds=600)


def lost(operation: str, **fields: object) -> Stage:
    """A write of an order that never arrived, as the answer does not tell."""
    stage = Stage(change_intent(operation=operation, **fields), CHANGE)
    stage.sap.seed("A_SalesOrder", **KEY, AssignmentReference="old", Block="X")
    stage.sap.behaviours = [request_lost]
    assert stage.write().state is S.UNKNOWN
    return stage


def test_a_record_that_others_touched_meanwhile_is_no_proof_that_a_call_never_arrived() -> None:
    """MA-P63: it may have been done and undone."""
    stage = lost("call", function="Release", effect={"Released": ANY_VALUE})
    stage.sap.entities["A_SalesOrder"][0]["_etag"] = "W/'another'"
    after = stage.look_after(QUIET)
    assert (after.state, after.cause) == (S.CONFLICTING, Cause.MOVED)


@pytest.mark.parametrize("etag", ["W/'1'", None])
def test_a_field_that_others_changed_meanwhile_is_not_overwritten(etag: str | None) -> None:
    """MA-P63: by its value, where SAP has no ETags."""
    stage = lost("update")
    stage.sap.etags = etag is not None
    stage.sap.entities["A_SalesOrder"][0]["AssignmentReference"] = "theirs"
    after = stage.look_after(QUIET)
    assert (after.state, after.cause) == (S.CONFLICTING, Cause.MOVED)
    assert len(stage.sap.sent) == 1


def test_an_upsert_that_created_beside_somebody_else_is_for_a_person() -> None:
    """One of both has to go, and only a person knows which."""
    upsert = {"operation": "upsert", "key": {}, "reference": {"Reference": "R"}}
    payload = {"Reference": "R", "AssignmentReference": "ours"}
    stage = Stage(change_intent(**upsert), payload)
    stage.sap.behaviours = [answer_lost]
    stage.write()
    stage.sap.seed("A_SalesOrder", SalesOrder="2", Reference="R", AssignmentReference="theirs")
    assert stage.look_after(QUIET).state is S.CONFLICTING


def test_what_an_upsert_created_is_compared_as_leniently_as_an_insert() -> None:
    """SAP fills up numbers, capitalises, and does not show every field."""
    stage = Stage(change_intent(operation="upsert"), {"Partner": "17", "Secret": "x"})
    stage.sap.behaviours = [answer_lost]
    stage.write()
    (row,) = stage.sap.entities["A_SalesOrder"]
    row["Partner"] = "0000000017"
    del row["Secret"]
    assert stage.look_after(QUIET).state is S.CONFIRMED


def test_a_reader_that_comes_back_under_its_name_goes_on_at_once() -> None:
    """`sapmatch write`, killed while it looked: only one process has its ledger."""
    stage = Stage(invoice_intent(), INVOICE)
    stage.sap.behaviours = [answer_lost]
    unknown = stage.write()
    stage.clock.sleep(QUIET)
    lease = stage.clock.now() + timedelta(seconds=300)
    stage.intents.save(moved(unknown, S.RECONCILING, owner="worker", lease_until=lease))
    assert stage.look("another").state is S.RECONCILING
    assert stage.look("worker").state is S.CONFIRMED


def test_a_status_of_http_that_an_earlier_try_brought_is_not_told_of_what_was_found() -> None:
    """SAP had refused it for its duplicate check; the record that it meant is there."""
    stage = Stage(invoice_intent(), INVOICE)
    stage.sap.behaviours = [fails(SapRejected("M8/462", "exists", http_status=400))]
    assert stage.write().http_status == 400
    row = INVOICE | {"SupplierInvoice": "1", "FiscalYear": "2026"}
    stage.sap.seed("A_SupplierInvoice", **row)
    after = stage.look()
    assert (after.state, after.http_status) == (S.CONFIRMED, None)
    denied = replace(invoice_intent(), http_status=403)
    again = Stage(denied, INVOICE)
    again.sap.seed("A_SupplierInvoice", **row)
    after = again.write()
    assert (after.confirmed_by, after.http_status) == ("read", None)


def refused_call(reads: int = 0) -> Stage:
    """A call that a proxy sent twice: SAP released the order, then refused to do so again."""
    effect = {"Released": "X"}
    stage = Stage(change_intent(operation="call", function="Release", effect=effect), {})
    row = stage.sap.seed("A_SalesOrder", **KEY, Released="")

    def twice(execute: Execute) -> Written:
        row["Released"] = "X"
        stage.sap.reads = [SapUnavailable("503")] * reads
        raise SapRejected("V1/1", "is released already", http_status=400)

    stage.sap.behaviours = [twice]
    return stage


def test_a_call_that_sap_refuses_because_it_has_just_done_it_is_done() -> None:
    after = refused_call().write()
    assert (after.state, after.confirmed_by) == (S.CONFIRMED, "read")


def test_where_that_cannot_be_read_it_is_not_known() -> None:
    stage = refused_call(reads=1)
    after = stage.write()
    assert (after.state, after.sap_messages) == (S.UNKNOWN, ("V1/1: is released already", "503"))
    assert stage.look().state is S.CONFIRMED


def test_a_call_that_sap_refuses_and_did_not_do_is_refused() -> None:
    stage = Stage(change_intent(operation="call", function="Release", effect={"Released": "X"}), {})
    stage.sap.seed("A_SalesOrder", **KEY, Released="")
    stage.sap.behaviours = [fails(SapRejected("V1/1", "is blocked", http_status=400))]
    after = stage.write()
    assert (after.state, after.sap_messages) == (S.REJECTED, ("V1/1: is blocked",))
