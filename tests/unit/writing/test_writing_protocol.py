"""One intended write: every answer of SAP, and at most one document (RE-22)."""

from datetime import timedelta

import msgspec
import pytest

from sapmatch.model.errors import (
    AuthorizationMissing,
    LogonRefused,
    OutcomeUnknown,
    SapmatchError,
    SapMessage,
    SapRejected,
    SapThrottled,
    SapUnavailable,
    ServiceNotActivated,
    Throttled,
)
from sapmatch.model.intent import Cause, Intent, IntentState, Written
from sapmatch.model.query import ODataValue
from sapmatch.writing.desk import write
from sapmatch.writing.lockstep import Lockstep, Size
from sapmatch.writing.protocol.write import write as protocol_write
from sapmatch.writing.running import Running
from tests.builders.memory import START
from tests.builders.memory_sap import answer_lost, fails, request_lost
from tests.builders.writes import INVOICE, QUIET, RULES, SLACK, Stage, invoice_intent

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

    def no_token(_service: str, _on_behalf_of: str | None) -> None:
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


def test_an_answer_about_another_record_is_not_believed_and_nothing_is_sent_again(
    insert: Stage,
) -> None:
    """RE-22, MA-P62: a proxy gave us the answer to somebody else's write."""
    key: dict[str, ODataValue] = {"SupplierInvoice": "51", "FiscalYear": "2026"}
    other = Written(key=key, row={"SupplierInvoiceIDByInvcgParty": "RE-9"}, http_status=201)
    insert.sap.behaviours = [lambda execute: other]
    after = insert.write()
    assert (after.state, after.key) == (S.UNKNOWN, {})
    for _ in range(RULES.probes):
        after = insert.look_after(QUIET)
    assert (after.state, after.cause) == (S.CONFLICTING, Cause.HIDDEN)


def test_a_look_that_sap_fails_at_refuses_no_record(insert: Stage) -> None:
    """RE-22: a dump in SAP says nothing about the record, and nothing was sent."""
    insert.sap.reads = [SapRejected("SY/530", "dump", http_status=500)]
    after = insert.write()
    assert (after.state, insert.sap.posts) == (S.PLANNED, 0)
    assert after.next_probe_at is not None


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
    save = insert.intents.save

    def throttled(after: Intent) -> None:
        if after.state is S.CONFIRMED:
            raise Throttled("table")
        save(after)

    insert.intents.save = throttled  # type: ignore[method-assign]
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


@pytest.mark.parametrize("state", [S.SENT, S.UNKNOWN, S.RECONCILING, S.CONFLICTING, S.VOID])
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


def test_of_two_workers_on_one_intent_one_sends_and_the_other_stops(insert: Stage) -> None:
    """RE-12, RE-17: the second worker read the intent before the first one claimed it."""
    stale = insert.intent
    insert.write("first")
    (after,) = write([(stale, INVOICE)], insert.desk("second"))
    assert after.state is S.CONFIRMED
    assert insert.sap.posts == 1


def test_a_worker_that_died_after_its_claim_is_replaced_when_its_lease_is_over() -> None:
    """RE-12: nothing had left for SAP."""
    lease = START + RULES.lease
    stage = Stage(invoice_intent(state=S.CLAIMED, owner="dead", lease_until=lease), INVOICE)
    assert stage.write().state is S.CLAIMED
    stage.clock.sleep(RULES.lease.total_seconds())
    assert stage.write().state is S.CONFIRMED


def test_a_claim_is_let_alone_as_long_as_the_clocks_of_two_workers_may_differ() -> None:
    """RE-27: the clock of the one that looks may be fast."""
    lease = START + RULES.lease
    stage = Stage(invoice_intent(state=S.CLAIMED, owner="other", lease_until=lease), INVOICE)
    rules = msgspec.structs.replace(RULES, skew=timedelta(minutes=5))
    stage.clock.sleep(RULES.lease.total_seconds() + 299)
    assert stage.write(rules=rules).state is S.CLAIMED
    stage.clock.sleep(1)
    assert stage.write(rules=rules).state is S.CONFIRMED


def test_the_quiet_time_is_longer_by_what_the_clocks_may_differ(insert: Stage) -> None:
    """RE-27: the request may leave at the end of its time, by a slow clock."""
    insert.sap.behaviours = [answer_lost]
    rules = msgspec.structs.replace(RULES, skew=timedelta(minutes=5))
    after = insert.write(rules=rules)
    assert after.quiet_until == START + timedelta(seconds=QUIET) + timedelta(minutes=5)


def test_a_worker_of_the_same_name_takes_its_own_claim_over_at_once() -> None:
    """RE-12: `sapmatch write` run again after it was killed."""
    lease = START + RULES.lease
    stage = Stage(invoice_intent(state=S.CLAIMED, owner="worker", lease_until=lease), INVOICE)
    assert stage.write("worker").state is S.CONFIRMED


def test_a_worker_whose_claim_ran_out_loses_before_it_sends() -> None:
    """The fence: another worker claimed it meanwhile, and SENT cannot be stored any more."""
    stage = Stage(invoice_intent(), INVOICE)
    desk = stage.desk("zombie")
    step = protocol_write(stage.intent, INVOICE, rules=RULES, owner="zombie", now=stage.clock.now)
    zombie = Running(stage.intent, step, stage.intents)
    zombie.go_on()
    stage.clock.sleep(RULES.lease.total_seconds())
    assert stage.write("second").state is S.CONFIRMED
    Lockstep(desk.sap, desk.clock, Size(1, 1, 60), savers=1).finish([zombie])
    assert (zombie.intent.state, stage.sap.posts) == (S.CONFIRMED, 1)


def test_what_could_not_leave_in_time_is_not_sent(insert: Stage) -> None:
    """The quiet time counts from the last moment to leave; after it nothing leaves (RE-22)."""
    save = insert.intents.save

    def slow(after: Intent) -> None:
        save(after)
        if after.state is S.SENT:
            insert.clock.sleep(SLACK + 1)

    insert.intents.save = slow  # type: ignore[method-assign]
    after = insert.write()
    assert (after.state, insert.sap.posts) == (S.PLANNED, 0)
    assert "nothing left for SAP" in after.sap_messages[0]


def test_an_error_that_sap_tells_with_its_success_is_kept_and_shown(insert: Stage) -> None:
    """MA-P69, OD-P86: the document exists, whatever SAP has to say about it."""
    said = ("error M8/534: tax amount differs",)
    key: dict[str, ODataValue] = {"SupplierInvoice": "51", "FiscalYear": "2026"}
    insert.sap.behaviours = [lambda execute: Written(key=key, http_status=201, messages=said)]
    after = insert.write()
    assert (after.state, after.sap_messages) == (S.CONFIRMED, said)


def test_a_system_that_does_not_know_repeated_requests_is_asked_what_it_holds(
    insert: Stage,
) -> None:
    """OD-P76, OD-P77: CM_COS 001 says nothing about the document."""
    insert.sap.behaviours = [fails(SapRejected("/IWBEP/CM_COS/001", "unsupported"))]
    after = insert.write()
    assert (after.state, after.cause) == (S.UNKNOWN, None)
