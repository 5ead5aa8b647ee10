"""botocore's errors become ours at the border, by what they mean."""

from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError

from sapmatch.aws.errors import translated
from sapmatch.model.errors import InputRejected, PreconditionFailed, Throttled


def answer(code: str, *reasons: str) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "secret payload"}}
    if reasons:
        response["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return ClientError(response, "Operation")


@pytest.mark.parametrize(
    "error",
    [
        answer("ThrottlingException"),
        answer("ServiceUnavailable"),
        answer("InternalServerError"),
        answer("ConditionalRequestConflict"),
        answer("TransactionCanceledException", "None", "TransactionConflict"),
        answer("TransactionCanceledException", "ProvisionedThroughputExceeded"),
        EndpointConnectionError(endpoint_url="https://x"),
        ConnectTimeoutError(endpoint_url="https://x"),
    ],
)
def test_aws_in_trouble_may_be_asked_again(error: Exception) -> None:
    """RE-13, RE-17: the state machines retry Throttled by its name."""
    with pytest.raises(Throttled, match="thing"), translated("thing"):
        raise error


def test_the_host_that_does_not_answer_is_named_without_the_path() -> None:
    error = EndpointConnectionError(endpoint_url="https://s3.eu-central-1.amazonaws.com/b/ACME.pdf")
    with pytest.raises(Throttled) as told, translated("thing"):
        raise error
    assert "not reachable at s3.eu-central-1.amazonaws.com (Endpoint" in str(told.value)
    assert "ACME" not in str(told.value)


@pytest.mark.parametrize(
    "error",
    [
        answer("ConditionalCheckFailedException"),
        answer("TransactionCanceledException", "None", "ConditionalCheckFailed"),
        answer("TransactionCanceledException", "TransactionConflict", "ConditionalCheckFailed"),
    ],
)
def test_a_condition_that_failed_means_that_something_moved(error: Exception) -> None:
    with pytest.raises(PreconditionFailed), translated("thing"):
        raise error


def test_what_is_missing_or_refused_is_named_without_the_service_text() -> None:
    with pytest.raises(InputRejected, match="thing: does not exist") as gone, translated("thing"):
        raise answer("NoSuchKey")
    assert "secret" not in str(gone.value)
    with pytest.raises(InputRejected, match="do this"), translated("thing", {"Odd": "do this"}):
        raise answer("Odd")


@pytest.mark.parametrize(
    "error", [answer("AccessDenied"), answer("TransactionCanceledException", "ValidationError")]
)
def test_a_bug_or_a_missing_permission_passes_as_it_is(error: ClientError) -> None:
    with pytest.raises(ClientError), translated("thing"):
        raise error
