"""Planned writes before they are sent: checked, in their place, planned once more."""

from typing import Any

import msgspec
import pytest

from sapmatch.model.errors import InputRejected, Problem
from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import Cause, Change, IntentState
from sapmatch.writing.identity import corrected_id
from sapmatch.writing.inbox import parse
from sapmatch.writing.plan import (
    OnError,
    Parsed,
    change_of,
    checked,
    place,
    replayed,
    stored,
)
from tests.builders.memory_intents import MemoryIntents

ORDERS = WriteBack(connection="s4", service="/o", entity_set="A_SalesOrder", operation="insert")
HEAD = {"PurchaseOrderByCustomer": "B1", "SoldToParty": "7"}


def parsed(*records: dict[str, Any], **flow: Any) -> Parsed:
    used = msgspec.structs.replace(ORDERS, **flow)
    return parse(msgspec.json.encode(records), "orders", used, "100", source="run-1")


def settled(intents: MemoryIntents, state: IntentState, *records: dict[str, Any]) -> Parsed:
    """The records of a file, planned and in a state."""
    found = place(parsed(*records), intents, "continue")
    for intent in stored(found.planned, intents):
        intents.stored[intent.id] = msgspec.structs.replace(intent, state=state, claims=2)
    return found


def test_an_insert_under_way_is_not_planned_with_another_content() -> None:
    """I1: a second content could be a second document."""
    intents = MemoryIntents()
    settled(intents, IntentState.SENT, HEAD)
    other = {"PurchaseOrderByCustomer": "B2", "SoldToParty": "7"}
    found = place(parsed(HEAD | {"Text": "new"}, other), intents, "continue")
    assert [intent.record for intent, _ in found.planned] == ["2"]
    assert found.refused[0].record == "1"
    assert "another content" in found.refused[0].problems[0].message
    with pytest.raises(InputRejected, match="row 1: is under way or done"):
        place(parsed(HEAD | {"Text": "new"}, other), intents, "stop")


@pytest.mark.parametrize("state", [IntentState.REJECTED, IntentState.VOID])
def test_a_refused_insert_comes_again_corrected_as_a_new_intent(state: IntentState) -> None:
    intents = MemoryIntents()
    ((first, _),) = settled(intents, state, HEAD).planned
    ((second, _),) = settled(intents, state, HEAD | {"Text": "b"}).planned
    ((third, _),) = place(parsed(HEAD | {"Text": "c"}), intents, "stop").planned
    assert (second.id, second.corrects) == (corrected_id(first.id), first.id)
    assert (third.id, third.corrects) == (corrected_id(second.id), second.id)


def test_the_same_content_stays_where_it_was_refused_until_it_is_replayed() -> None:
    intents = MemoryIntents()
    ((first, payload),) = settled(intents, IntentState.REJECTED, HEAD).planned
    ((again, _),) = place(parsed(HEAD), intents, "stop").planned
    assert again.id == first.id
    planned, _ = replayed(intents.get(first.id), payload)
    intents.plan([msgspec.structs.replace(planned, state=IntentState.CONFIRMED)])
    ((again, _),) = place(parsed(HEAD), intents, "stop").planned
    assert intents.get(again.id).state is IntentState.CONFIRMED


def test_a_replay_is_a_new_intent_that_names_the_refused_one() -> None:
    """The period was opened in SAP meanwhile: the same payload once more."""
    intents = MemoryIntents()
    ((first, payload),) = settled(intents, IntentState.REJECTED, HEAD).planned
    refused = msgspec.structs.replace(
        intents.get(first.id),
        cause=Cause.INVALID,
        http_status=400,
        sap_messages=("M8/1",),
        request_id="r",
    )
    planned, data = replayed(refused, payload)
    assert (planned.id, planned.corrects) == (corrected_id(first.id), first.id)
    assert data == payload
    assert planned.urgent
    fresh = (planned.state, planned.version, planned.claims, planned.cause, planned.request_id)
    assert fresh == (IntentState.PLANNED, 0, 0, None, None)
    assert (planned.reference, planned.record) == (first.reference, "1")
    assert replayed(refused, payload)[0].id == planned.id


def test_a_correction_is_sent_in_place_of_what_was_refused() -> None:
    ((intent, payload),) = parsed(HEAD | {"Text": "wrong"}).planned
    refused = msgspec.structs.replace(intent, state=IntentState.REJECTED)
    planned, data = replayed(refused, payload, HEAD | {"Text": "right"})
    assert msgspec.json.decode(data)["Text"] == "right"
    assert planned.payload_sha256 != intent.payload_sha256
    assert planned.payload_key == f"intents/{planned.payload_sha256}.json"


@pytest.mark.parametrize(
    "correction", [HEAD | {"PurchaseOrderByCustomer": "B2"}, {"SoldToParty": "7"}]
)
def test_a_correction_that_would_be_another_document_is_refused(
    correction: dict[str, str],
) -> None:
    """Under its own reference it could be planned a second time, from a file."""
    ((intent, payload),) = parsed(HEAD).planned
    refused = msgspec.structs.replace(intent, state=IntentState.REJECTED)
    with pytest.raises(InputRejected, match="another PurchaseOrderByCustomer"):
        replayed(refused, payload, correction)


def test_a_corrected_change_keeps_its_key() -> None:
    ((intent, payload),) = parsed({"SalesOrder": "1", "A": "x"}, operation="update").planned
    refused = msgspec.structs.replace(intent, state=IntentState.REJECTED)
    assert replayed(refused, payload, {"SalesOrder": "1", "A": "y"})[1] == b'{"A":"y"}'
    assert replayed(refused, payload, {"A": "y"})[1] == b'{"A":"y"}'
    with pytest.raises(InputRejected, match="another SalesOrder"):
        replayed(refused, payload, {"SalesOrder": "2", "A": "y"})


@pytest.mark.parametrize(
    "state", [s for s in IntentState if s not in (IntentState.REJECTED, IntentState.VOID)]
)
def test_nothing_else_is_replayed(state: IntentState) -> None:
    ((intent, payload),) = parsed(HEAD).planned
    with pytest.raises(InputRejected, match=f"is {state}"):
        replayed(msgspec.structs.replace(intent, state=state), payload)


def check(change: Change) -> list[Problem]:
    wrong = [name for name in change.record if name.startswith("X")]
    return [Problem(code="UNKNOWN_FIELD", message=f"{n}: is no field", field=n) for n in wrong]


@pytest.mark.parametrize("on_error", ["continue", "stop"])
def test_what_metadata_rules_out_is_named_before_anything_is_sent(on_error: OnError) -> None:
    """OD-P62."""
    other = {"PurchaseOrderByCustomer": "B2", "SoldToParty": "7"}
    found = parsed(HEAD | {"XA": "1", "XB": "2"}, other)
    if on_error == "stop":
        with pytest.raises(InputRejected) as refused:
            checked(found, check, on_error)
        problems = refused.value.problems
    else:
        after = checked(found, check, on_error)
        assert [intent.record for intent, _ in after.planned] == ["2"]
        problems = after.refused[0].problems
    assert [f"{p.field}: {p.message}" for p in problems] == [
        "row 1: XA: is no field",
        "row 1: XB: is no field",
    ]


@pytest.mark.parametrize(
    ("flow", "record", "expected"),
    [
        ({"operation": "update"}, {"SalesOrder": "1", "A": "x"}, ("update", {"A": "x"})),
        (
            {"operation": "upsert"},
            {"SalesOrder": "1", "A": "x"},
            ("create", {"SalesOrder": "1", "A": "x"}),
        ),
        ({"operation": "delete"}, {"SalesOrder": "1"}, ("delete", {})),
        (
            {"operation": "call", "function": "release", "effect": {"A": "x"}},
            {"SalesOrder": "1", "Now": True},
            ("call", {"Now": True}),
        ),
        ({}, HEAD, ("create", HEAD)),
    ],
)
def test_each_operation_is_checked_as_what_it_sends(
    flow: dict[str, Any], record: dict[str, Any], expected: tuple[str, dict[str, Any]]
) -> None:
    ((intent, payload),) = parsed(record, **flow).planned
    change = change_of(intent, msgspec.json.decode(payload))
    assert (change.kind, change.record) == expected
    assert change.function == flow.get("function")


def test_two_functions_on_one_record_are_two_writes() -> None:
    release, cancel = (
        parsed({"SalesOrder": "1"}, operation="call", function=name, effect={"A": "x"}).planned[0]
        for name in ("release", "cancel")
    )
    assert release[0].id != cancel[0].id
    assert release[0].effect == {"A": "x"}
