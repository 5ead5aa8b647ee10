"""Calls of functions: post, release and cancel a supplier invoice."""

from typing import Any

import pytest

from sapmatch.model.errors import SapRejected
from sapmatch.model.intent import ANY_VALUE, Cause, IntentState, Written
from tests.builders.memory_sap import answer_lost, fails, request_lost
from tests.builders.writes import QUIET, SPACING, Stage, invoice_intent

S = IntentState
KEY = {"SupplierInvoice": "5105600001", "FiscalYear": "2026"}
CANCEL = {**KEY, "PostingDate": "/Date(1793577600000)/", "ReversalReason": "01"}


def cancelled(row: dict[str, Any] | None = None, **fields: Any) -> Stage:
    """A posted invoice that shall be cancelled; SAP shows it by the number of the reversal."""
    intent = invoice_intent(
        **{
            "operation": "call",
            "function": "Cancel",
            "key": KEY,
            "reference": {},
            "effect": {"ReverseDocument": ANY_VALUE},
            **fields,
        }
    )
    stage = Stage(intent, CANCEL, etags=False)
    stage.sap.effects["Cancel"] = {"ReverseDocument": "5105600002"}
    stage.sap.effects["Release"] = {"SupplierInvoiceStatus": "5"}
    stage.sap.seed("A_SupplierInvoice", **KEY, **({"ReverseDocument": ""} | (row or {})))
    return stage


def test_a_function_is_called_on_the_record_with_its_parameters() -> None:
    stage = cancelled()
    after = stage.write()
    assert (after.state, after.confirmed_by, after.key) == (S.CONFIRMED, "answer", KEY)
    (sent,) = stage.sap.sent
    assert (sent.kind, sent.function, sent.record, sent.key) == ("call", "Cancel", CANCEL, KEY)
    assert sent.repeatability is not None


def test_a_bound_call_carries_the_etag_of_what_was_read() -> None:
    """OD-P69."""
    stage = cancelled()
    stage.sap.etags = True
    assert stage.write().state is S.CONFIRMED
    assert stage.sap.sent[0].etag == "W/'1'"


def test_what_happened_already_is_not_called_again() -> None:
    """MA-P62, for a call: a colleague was faster, or our ledger is an old backup."""
    stage = cancelled({"ReverseDocument": "5105600009"})
    after = stage.write()
    assert (after.state, after.confirmed_by) == (S.CONFIRMED, "read")
    assert stage.sap.sent == []


@pytest.mark.parametrize("initial", ["", None, "0000000000", False])
def test_an_initial_value_is_no_effect(initial: object) -> None:
    stage = cancelled({"ReverseDocument": initial})
    assert stage.write().confirmed_by == "answer"


@pytest.mark.parametrize(("wanted", "shown"), [("5", "5"), ("true", True), ("1.0", "1.000")])
def test_an_effect_is_compared_as_fields_are(wanted: str, shown: object) -> None:
    stage = cancelled({"Status": shown}, effect={"Status": wanted})
    assert stage.write().confirmed_by == "read"


def test_a_call_on_what_sap_does_not_have_is_refused() -> None:
    stage = cancelled(key={**KEY, "FiscalYear": "2025"})
    after = stage.write()
    assert (after.state, after.cause) == (S.REJECTED, Cause.MISSING)


@pytest.mark.parametrize("fields", [{"effect": {}}, {"key": {}}])
def test_a_call_whose_lost_answer_could_not_be_read_back_is_not_sent(fields: Any) -> None:
    """OD-P75."""
    stage = cancelled(**fields)
    after = stage.write()
    assert (after.state, after.cause) == (S.REJECTED, Cause.UNSEARCHABLE)
    assert stage.sap.sent == []


def test_the_lost_answer_of_a_call_that_happened_is_read_back() -> None:
    """OD-P75: the effect is in the record."""
    stage = cancelled()
    stage.sap.behaviours = [answer_lost]
    assert stage.write().state is S.UNKNOWN
    assert stage.look_after(QUIET).state is S.CONFIRMED
    assert stage.sap.calls.count("call") == 1


def test_a_call_that_never_arrived_is_called_once_more() -> None:
    stage = cancelled()
    stage.sap.behaviours = [request_lost]
    stage.write()
    assert stage.look_after(QUIET).state is S.UNKNOWN
    assert stage.look_after(SPACING).state is S.PLANNED
    assert stage.write().state is S.CONFIRMED
    first, second = stage.sap.request_ids
    assert first == second


@pytest.mark.parametrize("success", [False, "", "false"])
def test_an_answer_without_success_is_a_refusal(success: object) -> None:
    """Post, Release and Cancel of supplier invoices answer with Success."""
    stage = cancelled()
    stage.sap.behaviours = [lambda execute: Written(row={"Success": success}, messages=("no",))]
    after = stage.write()
    assert after.state is S.REJECTED
    assert after.sap_messages == ("SAP answered that Cancel had no success", "no")


def test_a_call_that_sap_refuses_ends_with_what_sap_said() -> None:
    stage = cancelled()
    stage.sap.behaviours = [fails(SapRejected("M8/318", "Already cancelled", http_status=400))]
    assert stage.write().sap_messages == ("M8/318: Already cancelled",)
