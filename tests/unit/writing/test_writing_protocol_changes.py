"""Changes, deletions and upserts: read first, and nothing of others is overwritten."""

import pytest
from msgspec.structs import replace

from sapmatch.model.errors import OutcomeUnknown, PreconditionFailed, SapRejected, SapUnavailable
from sapmatch.model.intent import Cause, IntentState, Written
from tests.builders.memory_sap import Behaviour, Execute, answer_lost, fails, request_lost
from tests.builders.writes import CHANGE, QUIET, Stage, change_intent

S = IntentState


@pytest.fixture
def update() -> Stage:
    stage = Stage(change_intent(), CHANGE)
    stage.sap.seed("A_SalesOrder", SalesOrder="1000045", AssignmentReference="")
    return stage


def test_a_404_without_a_word_of_odata_ends_no_intent(update: Stage) -> None:
    """It may be the service's path: nothing happened, and it is tried again later."""
    update.sap.behaviours = [fails(SapRejected("HTTP 404", "gone, or wrong path", http_status=404))]
    after = update.write()
    assert (after.state, after.http_status) == (S.PLANNED, 404)
    assert after.next_probe_at is not None


def test_an_update_carries_the_etag_that_was_just_read(update: Stage) -> None:
    after = update.write()
    assert (after.state, after.confirmed_by) == (S.CONFIRMED, "answer")
    assert update.sap.calls == ["read", "update", "read"]


def test_an_update_that_is_so_already_is_not_sent(update: Stage) -> None:
    update.sap.entities["A_SalesOrder"][0]["AssignmentReference"] = "RE-2026-17"
    after = update.write()
    assert (after.state, after.confirmed_by) == (S.CONFIRMED, "read")
    assert update.sap.calls == ["read"]


def test_an_update_of_what_sap_does_not_have_is_refused() -> None:
    stage = Stage(change_intent(), CHANGE)
    after = stage.write()
    assert (after.state, *after.sap_messages) == (S.REJECTED, "SAP has no record with this key")


def test_a_key_with_zeros_that_sap_does_not_have_is_told_with_what_to_try() -> None:
    padded = replace(change_intent(), key={"SalesOrder": "0001000045"})
    (said,) = Stage(padded, CHANGE).write().sap_messages
    assert said.endswith("; SAP may keep SalesOrder without the zeros in front: try it so")


def test_a_record_that_moved_is_read_again_and_then_changed(update: Stage) -> None:
    """RE-22: 412; OD-P67, MA-P63: fresh ETag, our own field untouched by others."""
    update.sap.behaviours = [fails(PreconditionFailed("412"))]
    assert update.write().state is S.CONFIRMED
    assert update.sap.calls == ["read", "update", "read", "update", "read"]


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
    assert again.sap.calls == ["read", "update", "read"]


def test_a_delete_removes_what_is_there_and_is_content_with_what_is_gone() -> None:
    """OD-P69: the ETag goes along."""
    stage = Stage(change_intent(operation="delete"), {})
    stage.sap.seed("A_SalesOrder", SalesOrder="1000045")
    assert stage.write().confirmed_by == "answer"
    assert stage.sap.entities["A_SalesOrder"] == []
    gone = Stage(change_intent(operation="delete"), {})
    assert gone.write().confirmed_by == "read"


def test_a_field_that_changed_while_its_write_waited_is_decided_anew(update: Stage) -> None:
    """MA-P63: between two tries somebody else was there; the match has to be decided again."""
    update.sap.behaviours = [fails(SapUnavailable("503"))]
    update.write()
    update.sap.entities["A_SalesOrder"][0]["AssignmentReference"] = "by hand"
    update.clock.sleep(60)
    after = update.write()
    assert (after.state, after.cause) == (S.REJECTED, Cause.MOVED)
    assert update.sap.calls.count("update") == 1


def test_a_nested_change_is_sent_though_the_header_is_so_already(update: Stage) -> None:
    """OD-P80: what is below a record cannot be seen in its header."""
    update.payload = {**CHANGE, "to_Item": [{"SalesOrderItem": "10", "Material": "M"}]}
    update.sap.entities["A_SalesOrder"][0]["AssignmentReference"] = "RE-2026-17"
    assert update.write().confirmed_by == "answer"


UPSERT = {"Supplier": "17", "Name": "new"}


def upsert_by_reference(*rows: dict[str, str]) -> Stage:
    reference = {"Supplier": "17"}
    intent = change_intent(
        operation="upsert", entity_set="Z_Thing", key={}, reference=reference, id="upsert"
    )
    stage = Stage(intent, dict(UPSERT))
    for n, row in enumerate(rows):
        uri = f"https://sap/Z_Thing('{n}')"
        stage.sap.seed("Z_Thing", Thing=str(n), Supplier="17", __metadata={"uri": uri}, **row)
    return stage


def test_an_upsert_finds_by_its_reference_the_record_whose_number_sap_gave() -> None:
    stage = upsert_by_reference({"Name": "old"})
    after = stage.write()
    assert (after.state, after.key) == (S.CONFIRMED, {"Thing": "0"})
    assert [row["Name"] for row in stage.sap.entities["Z_Thing"]] == ["new"]


def test_an_upsert_creates_what_it_does_not_find_by_its_reference() -> None:
    stage = upsert_by_reference()
    after = stage.write()
    assert (after.http_status, list(after.key)) == (201, ["Thing"])


def test_an_upsert_that_fits_several_records_is_refused() -> None:
    stage = upsert_by_reference({"Name": "old"}, {"Name": "older"})
    after = stage.write()
    assert (after.state, after.cause) == (S.REJECTED, Cause.DIFFERENT)
    assert stage.sap.sent == []


@pytest.mark.parametrize("by_key", [True, False], ids=["by key", "by reference"])
def test_the_lost_answer_of_an_upsert_that_created_is_read_back(by_key: bool) -> None:
    """OD-P79: the key that the caller chose, or the reference, names it."""
    stage = Stage(change_intent(operation="upsert"), CHANGE) if by_key else upsert_by_reference()
    stage.sap.behaviours = [answer_lost]
    assert stage.write().state is S.UNKNOWN
    after = stage.look_after(QUIET)
    assert (after.state, after.confirmed_by) == (S.CONFIRMED, "read")
    assert stage.sap.posts == 1


def test_a_record_that_others_created_instead_of_a_lost_upsert_is_left_to_a_person() -> None:
    stage = Stage(change_intent(operation="upsert"), CHANGE)
    stage.sap.behaviours = [request_lost]
    stage.write()
    stage.sap.seed("A_SalesOrder", SalesOrder="1000045", AssignmentReference="by hand")
    after = stage.look_after(QUIET)
    assert (after.state, after.cause) == (S.CONFLICTING, Cause.MOVED)


def test_a_change_without_a_name_for_its_record_is_not_sent() -> None:
    stage = Stage(change_intent(key={}), CHANGE)
    after = stage.write()
    assert (after.state, after.cause) == (S.REJECTED, Cause.UNSEARCHABLE)
    assert stage.sap.calls == []


def priced(**row: str) -> Stage:
    """A change of an amount, which is read again after SAP's success."""
    stage = Stage(change_intent(), {**CHANGE, "NetAmount": "12.50"})
    stage.sap.seed("A_SalesOrder", SalesOrder="1000045", AssignmentReference="", NetAmount="1.00")
    stage.sap.behaviours = [_taking(stage, row)]
    return stage


def _taking(stage: Stage, row: dict[str, str]) -> Behaviour:
    """SAP says 204, and holds this of the change."""

    def behave(execute: Execute) -> Written:
        if row:
            stage.sap.entities["A_SalesOrder"][0].update(row, _etag="W/'99'")
        return Written(http_status=204)

    return behave


def test_an_amount_is_read_again_after_sap_said_that_it_is_written() -> None:
    """OD-P70: the comparison of the ETag and the change are two steps for Gateway."""
    stage = priced(AssignmentReference="RE-2026-17", NetAmount="12.500")
    after = stage.write()
    assert (after.state, after.confirmed_by) == (S.CONFIRMED, "answer")
    assert stage.sap.calls == ["read", "update", "read"]


def test_an_amount_that_another_one_overwrote_at_the_same_time_is_left_to_a_person() -> None:
    """OD-P70."""
    stage = priced(AssignmentReference="RE-2026-17", NetAmount="13.00")
    after = stage.write()
    assert (after.state, after.sap_messages) == (
        S.UNKNOWN,
        ("SAP answered with success, and shows another value now: NetAmount",),
    )
    assert (stage.look().state, stage.intent.cause) == (S.CONFLICTING, Cause.MOVED)


def test_an_amount_that_sap_ignores_without_an_error_is_refused() -> None:
    """A field that is read-only there: SAP says 204 and changes nothing."""
    after = priced().write()
    assert (after.state, after.cause) == (S.REJECTED, Cause.INVALID)


def test_a_field_of_any_kind_that_sap_ignores_is_no_success(update: Stage) -> None:
    """SAP says 204 and skips what it lets nobody change."""
    update.sap.behaviours = [_taking(update, {})]
    after = update.write()
    assert (after.state, after.cause) == (S.REJECTED, Cause.INVALID)
    assert "AssignmentReference" in after.sap_messages[0]


def test_one_field_of_several_that_sap_ignores_is_left_to_a_person() -> None:
    stage = priced(NetAmount="12.50")
    assert stage.write().state is S.UNKNOWN
    assert stage.look().state is S.CONFLICTING


def test_a_text_that_sap_keeps_in_another_form_is_written(update: Stage) -> None:
    update.sap.behaviours = [_taking(update, {"AssignmentReference": "0000 RE 2026 17"})]
    assert update.write().state is S.CONFIRMED


def test_an_amount_that_cannot_be_read_again_now_is_read_back_later() -> None:
    stage = priced(AssignmentReference="RE-2026-17", NetAmount="12.50")
    stage.sap.reads = [lambda: None, SapUnavailable("503")]
    assert stage.write().state is S.UNKNOWN
    assert stage.look().state is S.CONFIRMED


def test_a_record_that_others_deleted_while_its_upsert_waited_is_not_created_anew() -> None:
    stage = Stage(change_intent(operation="upsert"), CHANGE)
    stage.sap.seed("A_SalesOrder", SalesOrder="1000045", AssignmentReference="")
    stage.sap.behaviours = [fails(SapUnavailable("503"))]
    stage.write()
    stage.sap.entities["A_SalesOrder"].clear()
    stage.clock.sleep(60)
    after = stage.write()
    assert (after.state, after.cause, stage.sap.posts) == (S.REJECTED, Cause.MOVED, 0)
