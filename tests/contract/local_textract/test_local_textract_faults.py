"""What tests may let go wrong in the Textract stand-in, and what it tells them of its jobs."""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.textract import jobs
from local.textract.server import Server
from tests.builders.pages import saved
from tests.builders.textract import WHITE, ask, finished, started

STORED = {"S3Object": {"Bucket": "invoices", "Name": "two.tiff", "Version": "v1"}}


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The stand-in; whatever it is asked for in S3 has two pages."""
    monkeypatch.setattr("local.textract.service.check_stored", lambda _: None)
    monkeypatch.setattr(jobs, "job_document", lambda _: saved(WHITE, WHITE, kind="TIFF"))
    with Server(0) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,))
        thread.start()
        yield running
        running.shutdown()
        thread.join(timeout=10)


@pytest.fixture
def textract(server: Server) -> Iterator[Any]:
    made = boto3.client(
        "textract",
        endpoint_url=server.url,
        region_name="eu-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=Config(retries={"total_max_attempts": 1}, read_timeout=60),
    )
    yield made
    made.close()


def start(textract: Any, token: str = "t-1") -> str:
    answer = textract.start_expense_analysis(DocumentLocation=STORED, ClientRequestToken=token)
    return str(answer["JobId"])


def code(call: Any, **given: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**given)
    return str(caught.value.response["Error"]["Code"])


def test_one_operation_can_be_throttled_and_the_others_not(server: Server, textract: Any) -> None:
    """RE-14"""
    operation = "StartExpenseAnalysis"
    ask(server.url, calls=1, operation=operation, error="ThrottlingException")
    job = textract.get_expense_analysis
    assert code(job, JobId="f" * 64) == "InvalidJobIdException"
    call = textract.start_expense_analysis
    assert code(call, DocumentLocation=STORED) == "ThrottlingException"
    assert start(textract)


def test_any_call_can_be_throttled(server: Server, textract: Any) -> None:
    """RE-14: this is Textract's usual answer."""
    ask(server.url, calls=1)
    call = textract.get_expense_analysis
    assert code(call, JobId="f" * 64) == "ProvisionedThroughputExceededException"
    assert code(call, JobId="f" * 64) == "InvalidJobIdException"


def test_a_lost_job_is_unknown_and_its_token_starts_another_one(
    server: Server, textract: Any
) -> None:
    """RE-15"""
    ask(server.url, job="lose")
    lost = start(textract)
    assert code(textract.get_expense_analysis, JobId=lost) == "InvalidJobIdException"
    found = start(textract)
    assert found != lost
    assert start(textract) == found
    assert finished(textract, found)["JobStatus"] == "SUCCEEDED"
    seen = started(server.url)
    assert [(job["status"], job["taken"]) for job in seen] == [("LOST", 0), ("SUCCEEDED", 1)]
    assert {(job["name"], job["version"], job["token"]) for job in seen} == {
        ("two.tiff", "v1", "t-1")
    }


def test_a_job_can_read_its_first_page_only(server: Server, textract: Any) -> None:
    """documents.md 1: PARTIAL_SUCCESS with a warning is no success."""
    ask(server.url, job="partial")
    answer = finished(textract, start(textract))
    assert answer["JobStatus"] == "PARTIAL_SUCCESS"
    assert answer["Warnings"] == [{"ErrorCode": "InternalServerError", "Pages": [2]}]
    assert len(answer["ExpenseDocuments"]) == 1


def test_a_job_can_fail(server: Server, textract: Any) -> None:
    ask(server.url, job="fail")
    answer = finished(textract, start(textract))
    assert (answer["JobStatus"], answer["ExpenseDocuments"]) == ("FAILED", [])
    assert answer["StatusMessage"].startswith("InternalServerError")


def test_a_job_can_take_its_time(server: Server, textract: Any) -> None:
    ask(server.url, job="slow", seconds=0.4)
    job = start(textract)
    assert textract.get_expense_analysis(JobId=job)["JobStatus"] == "IN_PROGRESS"
    assert finished(textract, job)["JobStatus"] == "SUCCEEDED"


def test_answers_can_be_made_small(server: Server, textract: Any) -> None:
    """documents.md 6: whoever reads the first answer only has lost a page."""
    ask(server.url, results=1)
    job = start(textract)
    first = finished(textract, job)
    rest = textract.get_expense_analysis(JobId=job, NextToken=first["NextToken"])
    indexes = [d["ExpenseIndex"] for a in (first, rest) for d in a["ExpenseDocuments"]]
    assert indexes == [1, 2]
    assert first["DocumentMetadata"] == rest["DocumentMetadata"] == {"Pages": 2}


def test_what_did_not_happen_yet_can_be_taken_back(server: Server, textract: Any) -> None:
    ask(server.url, calls=5)
    ask(server.url, job="fail")
    ask(server.url, results=1)
    ask(server.url, clear=True)
    answer = finished(textract, start(textract))
    assert (answer["JobStatus"], len(answer["ExpenseDocuments"])) == ("SUCCEEDED", 2)


@pytest.mark.parametrize(
    "wrong", [{}, {"calls": -1}, {"calls": 1, "error": "X"}, {"job": "x"}, {"calls": 1, "job": "x"}]
)
def test_a_fault_that_nobody_knows_is_refused(server: Server, wrong: dict[str, Any]) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        ask(server.url, **wrong)
    with caught.value as refused:
        assert json.loads(refused.read())["__type"] == "ValidationException"


def test_nothing_else_can_be_fetched(server: Server) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{server.url}/", timeout=5)
    with caught.value as refused:
        assert refused.code == 404
