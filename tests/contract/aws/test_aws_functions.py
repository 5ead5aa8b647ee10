"""A function that a person calls: its answer, and what is said where none comes."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sapmatch.aws.clients import client
from sapmatch.aws.functions import call
from sapmatch.bootstrap.deciding import ask
from sapmatch.model.errors import InputRejected, LogonRefused, OutcomeUnknown, Throttled
from sapmatch.reviewing.asked import Asked
from tests.builders.raw_server import RawServer, head
from tests.builders.sts import KEY_ID, SECRET

NAME = "sapmatch-prod-decide-exception"
Answering = Callable[[bytes], RawServer]


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    """Makes Lambda answer with these bytes; nothing where there are none."""
    servers: list[RawServer] = []

    def start(answer: bytes) -> RawServer:
        server = RawServer(lambda _: [answer] if answer else [])
        servers.append(server.__enter__())
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", server.url)
        return server

    for name, value in {
        "AWS_ACCESS_KEY_ID": KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": "eu-central-1",
    }.items():
        monkeypatch.setenv(name, value)
    yield start
    for server in servers:
        server.__exit__(None, None, None)


def answer(body: Any, *lines: str, status: str = "200 OK") -> bytes:
    data = json.dumps(body).encode()
    return head(f"Content-Length: {len(data)}", *lines, status=status) + data


def called() -> dict[str, Any]:
    return call(client("lambda", attempts=1), NAME, {"asked": {}})


def test_the_answer_of_the_function_is_the_answer(answering: Answering) -> None:
    server = answering(answer({"outcome": "decided"}))
    assert called() == {"outcome": "decided"}
    assert server.connections == 1


def test_a_function_that_failed_may_have_done_its_work(answering: Answering) -> None:
    answering(answer({"errorType": "Throttled"}, "X-Amz-Function-Error: Unhandled"))
    with pytest.raises(OutcomeUnknown, match=f"{NAME}: failed; see its log"):
        called()


def test_an_answer_that_never_came_is_not_asked_for_again(answering: Answering) -> None:
    server = answering(b"")
    with pytest.raises(OutcomeUnknown, match="may have done its work"):
        called()
    assert server.connections == 1


@pytest.mark.parametrize(
    ("status", "code", "error", "told"),
    [
        ("404 Not Found", "ResourceNotFoundException", InputRejected, "is not deployed"),
        ("429 Too Many Requests", "TooManyRequestsException", Throttled, "fewer calls"),
        ("403 Forbidden", "UnrecognizedClientException", LogonRefused, "log on to AWS"),
    ],
)
def test_a_call_that_lambda_refuses_is_told_with_the_remedy(
    answering: Answering, status: str, code: str, error: type[Exception], told: str
) -> None:
    answering(answer({"Message": "no"}, f"X-Amzn-ErrorType: {code}", status=status))
    with pytest.raises(error, match=told):
        called()


def test_a_decision_needs_no_other_right_than_to_call_the_function(
    answering: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing else is asked: neither CloudFormation for its name, nor STS for its caller."""
    for service in ("CLOUDFORMATION", "STS", "DYNAMODB"):
        monkeypatch.setenv(f"AWS_ENDPOINT_URL_{service}", "http://127.0.0.1:9")
    answering(answer({"outcome": "decided", "message": "ok"}))
    asked = Asked(document="3f9a1c2b4d5e", action="accept", reason="agreed")
    assert ask("prod", asked) == {"outcome": "decided", "message": "ok"}
