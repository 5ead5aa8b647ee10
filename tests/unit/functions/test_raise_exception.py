from unittest.mock import MagicMock

import pytest

from sapmatch.model.intent import Cause, IntentState
from tests.builders.writes import change_intent
from tests.unit.functions.conftest import Call


def test_a_document_is_told_by_its_own_state(call: Call, parts: MagicMock) -> None:
    assert call("raise_exception", "document") == {"raised": 1}
    assert parts.exceptions.about_document.call_args.args[1] is None


def test_a_failed_workflow_is_told_by_its_reason(call: Call, parts: MagicMock) -> None:
    call("raise_exception", "workflow_failed")
    assert parts.exceptions.about_document.call_args.args[1] == "WORKFLOW_FAILED"


def test_a_copy_names_the_other_file(call: Call, parts: MagicMock) -> None:
    call("raise_exception", "copy")
    assert parts.exceptions.about_copy.call_args.args[1] == "incoming/again.xml"


@pytest.mark.parametrize("raised", [0, 2])
def test_a_run_tells_as_many_exceptions_as_it_has(
    call: Call, parts: MagicMock, monkeypatch: pytest.MonkeyPatch, raised: int
) -> None:
    """RE-12: whatever killed it, its response file is written first."""
    respond = MagicMock(return_value=[])
    monkeypatch.setattr("functions._runs.respond", respond)
    parts.exceptions.about_run.return_value = [None] * raised
    assert call("raise_exception", "write_back") == {"raised": raised}
    assert respond.call_args.args[:2] == ("supplier_invoice", "2026-11-02T08:05:00Z")


def test_a_match_whose_order_somebody_else_changed_is_decided_anew(
    call: Call, parts: MagicMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MA-P54"""
    rejected = {"state": IntentState.REJECTED, "document_id": "d1"}
    intents = [
        change_intent(**rejected, cause=Cause.MOVED),
        change_intent(**rejected, cause=Cause.MOVED),
        change_intent(state=IntentState.REJECTED, document_id="d2", cause=Cause.INVALID),
        change_intent(state=IntentState.REJECTED, cause=Cause.MOVED),  # of a dropped file
    ]
    monkeypatch.setattr("functions._runs.respond", MagicMock(return_value=intents))
    parts.exceptions.about_run.return_value = [None]
    call("raise_exception", "write_back")
    parts.revise.assert_called_once_with("d1")
