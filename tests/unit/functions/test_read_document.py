import json
from typing import Any
from unittest.mock import MagicMock

import pytest

from sapmatch.model.errors import Throttled
from sapmatch.reading.stored import Reading
from tests.unit.functions.conftest import Call


def counted(text: str) -> dict[str, Any]:
    """The metrics among the lines of the log."""
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    (found,) = [line for line in lines if "_aws" in line]
    return {
        m["Name"]: found[m["Name"]][0] for m in found["_aws"]["CloudWatchMetrics"][0]["Metrics"]
    }


def test_the_outcome_of_the_reading_is_the_answer(call: Call, parts: MagicMock) -> None:
    parts.read.return_value = Reading(outcome="read", method="xml")
    answer = call("read_document", "received")
    assert answer == {"document_id": answer["document_id"], "outcome": "read"}
    (document_id, job, machine) = parts.read.call_args.args
    assert (document_id, job) == (answer["document_id"], None)
    assert machine.startswith("arn:aws:states:")


def test_an_execution_that_began_before_the_last_release_is_served(
    call: Call, parts: MagicMock
) -> None:
    """RE-32: its state machine names no machine to start."""
    parts.read.return_value = Reading(outcome="read", method="xml")
    assert call("read_document", "received", {"machine": None})["outcome"] == "read"


def test_a_running_job_goes_on_with_the_workflow(call: Call, parts: MagicMock) -> None:
    """RE-15: the next call asks for the same job."""
    parts.read.return_value = Reading(outcome="waiting", job="job-1")
    answer = call("read_document", "waiting")
    assert (answer["outcome"], answer["job"]) == ("waiting", "job-1")
    assert parts.read.call_args.args[1] == "2f6c1e0d9b8a47a3b5c4d3e2f1a09b8c"


@pytest.mark.parametrize(
    ("reading", "pages", "bypass"),
    [
        (Reading(outcome="read", method="xml"), 0, 1),
        (Reading(outcome="read", method="text-layer"), 0, 1),
        (Reading(outcome="read", method="textract", ocr_pages=3), 3, 0),
        (Reading(outcome="waiting", job="job-1"), 0, 0),
        (Reading(outcome="read"), 0, 0),
    ],
    ids=["xml", "text", "textract", "waiting", "known"],
)
def test_pages_that_cost_money_and_documents_that_cost_none_are_counted(
    call: Call,
    parts: MagicMock,
    capsys: pytest.CaptureFixture[str],
    reading: Reading,
    pages: int,
    bypass: int,
) -> None:
    parts.read.return_value = reading
    call("read_document", "received")
    assert counted(capsys.readouterr().out) == {"TextractPages": pages, "OcrBypass": bypass}


def test_throttling_is_counted_and_goes_on_to_the_workflow_by_its_name(
    call: Call, parts: MagicMock, capsys: pytest.CaptureFixture[str]
) -> None:
    """RE-14: the error type is what Step Functions tries again for."""
    parts.read.side_effect = Throttled("textract GetExpenseAnalysis: all calls are taken")
    with pytest.raises(Throttled):
        call("read_document", "received")
    assert counted(capsys.readouterr().out) == {"ReadThrottled": 1}


def test_a_copy_is_passed_on_without_being_read(call: Call, parts: MagicMock) -> None:
    """MA-P44"""
    answer = call("read_document", "copy")
    assert (answer["outcome"], answer["copy"]) == ("copy", "incoming/again.xml")
    parts.read.assert_not_called()
