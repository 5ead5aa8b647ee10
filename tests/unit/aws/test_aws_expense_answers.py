"""Answers of Textract that the stand-in never gives."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError
from msgspec.structs import replace

from sapmatch.aws.expense import TextractExpense
from sapmatch.model.errors import InputRejected, Throttled
from sapmatch.model.expense import Analysis, ExpenseSource
from tests.builders.pace import NotedPace

SOURCE = ExpenseSource(bucket="b", key="incoming/a.pdf", version_id="v1", pages=2, size=1)


class _InvalidJobId(Exception):
    pass


class _Client:
    """As much of boto3's client as the adapter uses; hands out answers in order."""

    exceptions = SimpleNamespace(InvalidJobIdException=_InvalidJobId)

    def __init__(self, *answers: dict[str, Any] | Exception) -> None:
        self.answers = list(answers)
        self.calls: list[dict[str, Any]] = []

    def get_expense_analysis(self, **given: Any) -> Any:
        self.calls.append(given)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    start_expense_analysis = analyze_expense = get_expense_analysis


def answer(status: str = "SUCCEEDED", **more: Any) -> dict[str, Any]:
    return {
        "JobStatus": status,
        "DocumentMetadata": {"Pages": 2},
        "ExpenseDocuments": [{"ExpenseIndex": 1}],
        **more,
    }


def result(*answers: dict[str, Any]) -> Analysis | None:
    client: Any = _Client(*answers)
    return TextractExpense(client, NotedPace()).result("job-1")


def found(*answers: dict[str, Any]) -> Analysis:
    analysis = result(*answers)
    assert analysis is not None
    return analysis


def test_a_running_job_is_no_result_yet() -> None:
    assert result({"JobStatus": "IN_PROGRESS"}) is None


def test_warnings_of_any_answer_count_even_where_the_job_succeeded() -> None:
    """documents.md 1: Warnings must not be read as success of all pages."""
    warned = answer(Warnings=[{"ErrorCode": "X", "Pages": [2]}])
    assert found(answer(NextToken="n"), warned).missing == (2,)


@pytest.mark.parametrize(
    "odd",
    [
        answer("PARTIAL_SUCCESS"),
        answer(Warnings=[{"ErrorCode": "X"}]),
        answer(Warnings=[{"ErrorCode": "X"}, {"ErrorCode": "Y", "Pages": [2]}]),
    ],
    ids=["partial", "warned", "one of two"],
)
def test_where_no_page_is_named_any_of_them_may_be_missing(odd: dict[str, Any]) -> None:
    assert found(odd).missing == (1, 2)


@pytest.mark.parametrize(
    ("message", "told"),
    [
        ("UnsupportedDocumentException: x", "failed with UnsupportedDocumentException: .*password"),
        ("INVALID_IMAGE_TYPE", "failed with INVALID_IMAGE_TYPE: "),
        (None, "failed with FAILED: "),
        ("<b>4711 secret</b>", "failed with FAILED: "),
    ],
)
def test_a_failed_job_is_told_by_one_word_of_its_message(message: str | None, told: str) -> None:
    """Whatever else the message quotes stays out of errors and logs."""
    with pytest.raises(InputRejected, match=told) as caught:
        result(answer("FAILED", StatusMessage=message))
    assert "secret" not in str(caught.value)


def test_an_answer_without_an_end_is_given_up() -> None:
    with pytest.raises(InputRejected, match="does not end"):
        result(*[answer(NextToken="same")] * 3001)


def test_a_token_that_belongs_to_other_parameters_says_how_to_get_a_new_one() -> None:
    """A later release may ask for the same version with other parameters."""
    error = {"Error": {"Code": "IdempotentParameterMismatchException"}}
    client: Any = _Client(ClientError(error, "StartExpenseAnalysis"))  # type: ignore[arg-type]
    with pytest.raises(InputRejected, match=r"incoming/a\.pdf: .*save or scan it anew"):
        TextractExpense(client, NotedPace()).start(SOURCE)


def test_a_job_is_started_under_a_token_of_bucket_key_and_version() -> None:
    client: Any = _Client(*[{"JobId": "j"}] * 3)
    expense = TextractExpense(client, NotedPace())
    expense.start(SOURCE)
    expense.start(replace(SOURCE, version_id="v2"))
    expense.start(replace(SOURCE, attempt=1))
    tokens = [call["ClientRequestToken"] for call in client.calls]
    assert len(set(tokens)) == 3
    assert all(len(token) == 64 and token.isalnum() for token in tokens)
    assert {call["JobTag"] for call in client.calls} == {"sapmatch"}


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code}}, "AnalyzeExpense")


@pytest.mark.parametrize(
    "lost", [ReadTimeoutError(endpoint_url="https://t"), refused("InternalServerError")]
)
def test_a_page_whose_answer_is_lost_goes_on_as_a_job(lost: Exception) -> None:
    """RE-12: it may have been paid for; a job is paid for once however often it is asked for."""
    client: Any = _Client(lost, {"JobId": "j"})
    assert TextractExpense(client, NotedPace()).start(replace(SOURCE, pages=1)) == "j"
    assert "ClientRequestToken" in client.calls[1]


@pytest.mark.parametrize(
    ("version", "error"),
    [("v1", refused("ThrottlingException")), (None, ReadTimeoutError(endpoint_url="https://t"))],
)
def test_a_page_is_no_job_where_textract_is_busy_or_jobs_have_no_token(
    version: str | None, error: Exception
) -> None:
    """RE-14"""
    client: Any = _Client(error)
    with pytest.raises(Throttled):
        TextractExpense(client, NotedPace()).start(replace(SOURCE, pages=1, version_id=version))
    assert len(client.calls) == 1
