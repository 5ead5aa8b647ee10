"""One intended write: every answer of SAP, and at most one document (RE-22)."""

from datetime import timedelta

import pytest

from sapmatch.model.errors import (
    AuthorizationMissing,
    LogonRefused,
    OutcomeUnknown,
    PreconditionFailed,
    SapmatchError,
    SapMessage,
    SapRejected,
    SapThrottled,
    SapUnavailable,
    ServiceNotActivated,
    Throttled,
)
from sapmatch.model.intent import Intent, IntentState, Written
from sapmatch.model.query import ODataValue
from sapmatch.writing.protocol import write_record
from tests.builders.memory_sap import answer_lost, fails, request_lost
from tests.builders.writes import (
    CHANGE,
    INVOICE,
    QUIET,
    Stage,
    change_intent,
    invoice_intent,
)

S = IntentState
BALANCE = SapRejected(
    "M8/186",
    "Balance not zero",
    details=(SapMessage(code="M8/001", text="Item 10"),),
    transaction_id="4711",
    http_status=400,
)


@pytest.fixture
def insert() -> Stage:
    return Stage(invoice_intent(), INVOICE)


@pytest.fixture
def update() -> Stage:
    stage = Stage(change_intent(), CHANGE)
    stage.sap.seed("A_SalesOrder", SalesOrder="1000045", AssignmentReference="")
    return stage


def test_a_created_record_is_confirmed_with_its_number(insert: Stage) -> None:
    """RE-22: 201."""
    after = insert.write()
    assert (after.state, after.confirmed_by, after.http_status) == (S.CONFIRMED, "answer", 201)
    assert after.key == {"SupplierInvoice": "5105600000", "FiscalYear": "5105600000"}
    assert insert.intents.states() == ["CLAIMED", "SENT", "CONFIRMED"]


def test_sent_is_stored_with_everything_a_successor_needs_before_the_first_byte(
    insert: Stage,
) -> None:
    seen: list[Intent] = []

    def watch(execute: object) -> Written:
        seen.append(insert.intent)
        raise OutcomeUnknown("lost")

    insert.sap.behaviours = [watch]
    insert.write()
    (sent,) = seen
    now = insert.clock.now()
    assert (sent.state, sent.sent_at, sent.first_sent) == (S.SENT, now, now)
    assert sent.quiet_until == now + timedelta(seconds=QUIET)
    assert sent.request_id is not None
    assert insert.sap.request_ids == [sent.request_id]


def test_the_token_is_there_before_sent_is_stored(
    insert: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that comes late must not let the write leave after its quiet time (RE-22)."""

    def no_token(_service: str) -> None:
        assert insert.intent.state is S.CLAIMED
        raise SapUnavailable("no token")

    monkeypatch.setattr(insert.sap, "prepare", no_token)
    after = insert.write()
    assert after.state is S.PLANNED
    assert "SENT" not in insert.intents.states()
    assert insert.sap.request_ids == []


@pytest.mark.parametrize("behaviour", [answer_lost, request_lost], ids=["executed", "not executed"])
def test_a_lost_answer_leaves_the_outcome_unknown_and_is_not_sent_again(
    insert: Stage, behaviour: object
) -> None:
    """RE-22: time-out, 500 after commit, garbled 201; OD-P75."""
    insert.sap.behaviours = [behaviour]  # type: ignore[list-item]
    assert insert.write().state is S.UNKNOWN
    insert.clock.sleep(10 * QUIET)
    assert insert.write().state is S.UNKNOWN
    assert insert.sap.posts == 1


def test_an_answer_without_a_number_is_unknown(insert: Stage) -> None:
    """RE-22: 201 whose body says nothing."""
    insert.sap.behaviours = [lambda execute: Written(http_status=201)]
    assert insert.write().state is S.UNKNOWN


def test_the_key_of_an_answer_is_kept_as_texts(insert: Stage) -> None:
    key: dict[str, ODataValue] = {"SupplierInvoice": "51", "Line": 7, "Draft": True}
    insert.sap.behaviours = [lambda execute: Written(key=key, http_status=201)]
    assert insert.write().key == {"SupplierInvoice": "51", "Line": "7", "Draft": "true"}


def test_a_refusal_ends_the_intent_with_what_sap_said(insert: Stage) -> None:
    """RE-22: 400; MA-P65: code, text, details and SAP's transaction id are kept."""
    insert.sap.behaviours = [fails(BALANCE)]
    after = insert.write()
    assert (after.state, after.http_status) == (S.REJECTED, 400)
    assert after.sap_messages == (
        "M8/186: Balance not zero",
        "M8/001: Item 10",
        "SAP transaction id 4711",
    )
    assert insert.write().state is S.REJECTED
    assert insert.sap.posts == 1


@pytest.mark.parametrize("code", ["M8/108", "F5 117", "/IWBEP/CM_COS/005"])
def test_saps_word_that_it_has_it_already_is_read_back_instead_of_refused(
    insert: Stage, code: str
) -> None:
    """OD-P77; SAP's duplicate check is evidence that the document exists."""
    insert.sap.behaviours = [fails(SapRejected(code, "exists", http_status=400))]
    after = insert.write()
    assert (after.state, after.quiet_until) == (S.UNKNOWN, insert.clock.now())


@pytest.mark.parametrize(
    "error", [SapUnavailable("503"), SapThrottled("429"), SapUnavailable("403 CSRF")]
)
def test_what_certainly_did_nothing_is_planned_again_with_back_off(
    insert: Stage, error: SapmatchError
) -> None:
    """RE-22: 403 CSRF, 429; the request id stays the same for the repetition."""
    insert.sap.behaviours = [fails(error)]
    after = insert.write()
    assert after.state is S.PLANNED
    assert after.next_probe_at is not None
    assert insert.write().version == after.version, "nothing happens before the back-off is over"
    insert.clock.sleep(4)
    assert insert.write().state is S.CONFIRMED
    assert len(set(insert.sap.request_ids)) == 1


def test_a_throttled_record_waits_as_long_as_sap_asks_for(insert: Stage) -> None:
    insert.sap.behaviours = [fails(SapThrottled("429", retry_after=1000))]
    assert insert.write().next_probe_at == insert.clock.now() + timedelta(seconds=1000)


def test_a_record_that_the_user_may_not_write_waits_alone(insert: Stage) -> None:
    """It may be this company code only: the other records go on."""
    insert.sap.behaviours = [fails(AuthorizationMissing("403, SU53"))]
    after = insert.write()
    assert (after.state, after.http_status) == (S.PLANNED, 403)
    assert after.sap_messages == ("403, SU53",)
    assert after.next_probe_at is not None
    insert.clock.sleep(4)
    assert insert.write().state is S.CONFIRMED


def test_a_404_without_a_word_of_odata_ends_no_intent(update: Stage) -> None:
    """It may be the service's path: nothing happened, and it is tried again later."""
    update.sap.behaviours = [fails(SapRejected("HTTP 404", "gone, or wrong path", http_status=404))]
    after = update.write()
    assert (after.state, after.http_status) == (S.PLANNED, 404)
    assert after.next_probe_at is not None


@pytest.mark.parametrize("error", [LogonRefused("401"), ServiceNotActivated("404")])
def test_what_holds_for_the_whole_connection_is_raised_and_the_intent_stays_planned(
    insert: Stage, error: SapmatchError
) -> None:
    insert.sap.behaviours = [fails(error)]
    with pytest.raises(type(error)):
        insert.write()
    assert insert.intent.state is S.PLANNED


def test_trouble_with_our_own_store_after_sending_never_counts_as_nothing_happened(
    insert: Stage,
) -> None:
    """A throttled table after SAP's 201 must not lead to a second document."""
    change = insert.intents.change

    def throttled(intent: Intent, **fields: object) -> Intent:
        if fields["state"] is S.CONFIRMED:
            raise Throttled("table")
        return change(intent, **fields)

    insert.intents.change = throttled  # type: ignore[method-assign]
    with pytest.raises(Throttled):
        insert.write()
    assert insert.intent.state is S.SENT
    insert.write()
    assert insert.sap.posts == 1


def test_a_confirmed_intent_is_never_sent_again(insert: Stage) -> None:
    insert.write()
    before = insert.sap.calls.copy()
    assert insert.write().state is S.CONFIRMED
    assert insert.sap.calls == before


@pytest.mark.parametrize("state", [S.SENT, S.UNKNOWN, S.RECONCILING, S.CONFLICTING, S.HELD, S.VOID])
def test_nobody_sends_from_these_states(state: IntentState) -> None:
    """Rule (b) of the protocol."""
    stage = Stage(invoice_intent(state=state), INVOICE)
    stage.clock.sleep(100_000)
    assert stage.write().state is state
    assert stage.sap.calls == []


def test_an_insert_that_sap_already_holds_is_confirmed_without_sending(insert: Stage) -> None:
    """MA-P62, after a lost ledger or where a colleague was faster."""
    insert.sap.seed(
        "A_SupplierInvoice",
        **{**INVOICE, "InvoiceGrossAmount": "119.000"},
        SupplierInvoice="51",
        FiscalYear="2026",
    )
    after = insert.write()
    assert (after.state, after.confirmed_by) == (S.CONFIRMED, "read")
    assert after.key == {"SupplierInvoice": "51", "FiscalYear": "2026"}
    assert insert.sap.posts == 0


def test_an_insert_under_a_reference_with_other_values_is_refused_by_name(insert: Stage) -> None:
    insert.sap.seed(
        "A_SupplierInvoice",
        **{**INVOICE, "InvoiceGrossAmount": "99.00"},
        SupplierInvoice="51",
        FiscalYear="2026",
    )
    after = insert.write()
    assert after.state is S.REJECTED
    assert "51/2026" in after.sap_messages[0]
    assert "InvoiceGrossAmount" in after.sap_messages[0]


@pytest.mark.parametrize(
    "other",
    [
        {"DocumentDate": "/Date(1762041600000)/", "InvoiceGrossAmount": "50.00"},
        {"SupplierInvoiceIsCreditMemo": "X"},
        {"ReverseDocument": "5105600099"},
        {"SupplierInvoiceStatus": "2"},
    ],
    ids=["a year earlier", "credit memo", "reversed", "deleted"],
)
def test_another_business_document_under_the_same_number_is_no_obstacle(
    insert: Stage, other: dict[str, str]
) -> None:
    """MA-P46, MA-P47."""
    insert.sap.seed(
        "A_SupplierInvoice", **{**INVOICE, **other}, SupplierInvoice="51", FiscalYear="2025"
    )
    assert insert.write().confirmed_by == "answer"


def test_an_insert_that_could_not_be_found_again_is_not_sent() -> None:
    stage = Stage(invoice_intent(reference={}), INVOICE)
    assert stage.write().state is S.REJECTED
    assert stage.sap.calls == []


def test_an_update_carries_the_etag_that_was_just_read(update: Stage) -> None:
    after = update.write()
    assert (after.state, after.confirmed_by) == (S.CONFIRMED, "answer")
    assert update.sap.calls == ["read", "update"]


def test_an_update_that_is_so_already_is_not_sent(update: Stage) -> None:
    update.sap.entities["A_SalesOrder"][0]["AssignmentReference"] = "RE-2026-17"
    after = update.write()
    assert (after.state, after.confirmed_by) == (S.CONFIRMED, "read")
    assert update.sap.calls == ["read"]


def test_an_update_of_what_sap_does_not_have_is_refused() -> None:
    stage = Stage(change_intent(), CHANGE)
    assert stage.write().state is S.REJECTED


def test_a_record_that_moved_is_read_again_and_then_changed(update: Stage) -> None:
    """RE-22: 412; OD-P67, MA-P63: fresh ETag, our own field untouched by others."""
    update.sap.behaviours = [fails(PreconditionFailed("412"))]
    assert update.write().state is S.CONFIRMED
    assert update.sap.calls == ["read", "update", "read", "update"]


def test_a_field_that_somebody_else_changed_meanwhile_is_not_overwritten(update: Stage) -> None:
    row = update.sap.entities["A_SalesOrder"][0]

    def overtaken(execute: object) -> Written:
        row["AssignmentReference"] = "by hand"
        raise PreconditionFailed("412")

    update.sap.behaviours = [overtaken]
    after = update.write()
    assert after.state is S.REJECTED
    assert "somebody else" in after.sap_messages[0]
    assert row["AssignmentReference"] == "by hand"


def test_a_restless_record_is_given_up_after_bounded_tries(update: Stage) -> None:
    update.sap.behaviours = [fails(PreconditionFailed("412"))] * 9
    assert update.write().state is S.REJECTED
    assert update.sap.calls.count("update") == 3


def test_an_update_while_sap_cannot_be_read_is_planned_again(update: Stage) -> None:
    update.sap.reads = [OutcomeUnknown("garbled page")]
    assert update.write().state is S.PLANNED
    assert "update" not in update.sap.calls


def test_an_upsert_creates_what_is_missing_and_changes_what_is_there() -> None:
    intent = change_intent(operation="upsert")
    stage = Stage(intent, CHANGE)
    assert stage.write().http_status == 201
    assert stage.sap.entities["A_SalesOrder"][0]["SalesOrder"] == "1000045"
    again = Stage(intent, CHANGE)
    again.sap.seed("A_SalesOrder", SalesOrder="1000045", AssignmentReference="old")
    assert again.write().state is S.CONFIRMED
    assert again.sap.calls == ["read", "update"]


def test_a_delete_removes_what_is_there_and_is_content_with_what_is_gone() -> None:
    """OD-P69: the ETag goes along."""
    stage = Stage(change_intent(operation="delete"), {})
    stage.sap.seed("A_SalesOrder", SalesOrder="1000045")
    assert stage.write().confirmed_by == "answer"
    assert stage.sap.entities["A_SalesOrder"] == []
    gone = Stage(change_intent(operation="delete"), {})
    assert gone.write().confirmed_by == "read"


def test_of_two_workers_on_one_intent_one_sends_and_the_other_stops(insert: Stage) -> None:
    """RE-12, RE-17: the second worker read the intent before the first one claimed it."""
    stale = insert.intent
    insert.write("first")
    after = write_record(
        stale,
        INVOICE,
        sap=insert.sap,
        intents=insert.intents,
        clock=insert.clock,
        owner="second",
        quiet_seconds=QUIET,
    )
    assert after.state is S.CONFIRMED
    assert insert.sap.posts == 1


def test_a_worker_that_died_after_its_claim_is_replaced_when_its_lease_is_over(
    insert: Stage,
) -> None:
    """RE-12: nothing had left for SAP."""

    class Killed:
        def find(self, *_: object) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        insert.write("dead", sap=Killed())
    assert insert.write().state is S.CLAIMED
    insert.clock.sleep(60)
    assert insert.write().state is S.CONFIRMED
