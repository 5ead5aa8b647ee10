"""Access from the token broker: what it answers, refuses, and what its failures show."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from unittest.mock import MagicMock

import msgspec
import pytest

from sapmatch.aws.broker import Asked, Brokered, LambdaBroker, told
from sapmatch.aws.clients import client
from sapmatch.model.access import Access, Principal
from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    LogonRefused,
    SapmatchError,
    SapThrottled,
    SapUnavailable,
    Throttled,
)
from tests.builders.raw_server import RawServer, head
from tests.builders.sts import KEY_ID, SECRET

NAME = "sapmatch-prod-broker-token"
ACCESS = Access(
    headers={"Authorization": "Bearer SECRET-TOKEN"},
    usable_until=datetime(2026, 11, 2, 9, tzinfo=UTC),
    url="https://sap.example.com",
)
Answering = Callable[..., RawServer]


@pytest.fixture
def answering(monkeypatch: pytest.MonkeyPatch) -> Iterator[Answering]:
    """Makes Lambda answer with this body, header lines and status."""
    servers: list[RawServer] = []

    def start(body: Any, *lines: str, status: str = "200 OK") -> RawServer:
        data = msgspec.json.encode(body)
        answer = head(f"Content-Length: {len(data)}", *lines, status=status) + data
        server = RawServer(lambda _: [answer])
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


def access(principal: Principal | None = None) -> Access:
    return LambdaBroker(client("lambda", attempts=1), NAME, "s4").access(principal)


def test_access_comes_as_the_broker_made_it(answering: Answering) -> None:
    answering(Brokered(access=ACCESS))
    assert access() == ACCESS


@pytest.mark.parametrize("principal", [None, Principal(token="a.b.c"), Principal(sap_user="ANNA")])
def test_the_broker_is_told_on_whose_behalf(principal: Principal | None) -> None:
    payload = MagicMock(**{"read.return_value": msgspec.json.encode(Brokered(access=ACCESS))})
    function = MagicMock(**{"invoke.return_value": {"Payload": payload}})
    LambdaBroker(function, NAME, "s4").access(principal)
    event = msgspec.json.decode(function.invoke.call_args.kwargs["Payload"], type=Asked)
    assert (event.connection, event.principal) == ("s4", principal)


@pytest.mark.parametrize(
    "error",
    [
        InputRejected("connection x: is not in the settings"),
        SapUnavailable("nobody answered"),
        SapThrottled("fewer"),
        Throttled("AWS"),
    ],
)
def test_what_the_source_raised_is_raised_here(answering: Answering, error: SapmatchError) -> None:
    answering(told(error))
    with pytest.raises(type(error), match=str(error)):
        access()


def test_whoever_asks_for_fewer_calls_is_left_alone_as_long_as_they_said(
    answering: Answering,
) -> None:
    answering(told(SapThrottled("fewer", retry_after=90)))
    with pytest.raises(SapThrottled) as caught:
        access()
    assert caught.value.retry_after == 90


def test_a_refusal_keeps_its_reason(answering: Answering) -> None:
    """By it a person who is not let in is told from a wrong secret of the connection."""
    answering(told(LogonRefused("expired", "user-token")))
    with pytest.raises(LogonRefused, match="expired") as caught:
        access()
    assert caught.value.reason == "user-token"


def test_an_error_of_a_newer_version_may_be_tried_again(answering: Answering) -> None:
    answering(told(AuthorizationMissing("no")))
    with pytest.raises(SapUnavailable, match="no"):
        access()


def test_a_function_that_failed_shows_nothing_of_its_payload(answering: Answering) -> None:
    """CO-T16"""
    answering({"errorMessage": "SECRET-TOKEN"}, "X-Amz-Function-Error: Unhandled")
    with pytest.raises(SapUnavailable, match="see its log") as caught:
        access()
    assert "SECRET-TOKEN" not in str(caught.value)


def test_an_unreadable_answer_shows_nothing_of_it(answering: Answering) -> None:
    """CO-T16"""
    answering(["SECRET-TOKEN"])
    with pytest.raises(SapUnavailable) as caught:
        access()
    assert "SECRET" not in repr(caught.value)
    assert caught.value.__cause__ is None


def test_too_many_calls_at_once_are_tried_again_later(answering: Answering) -> None:
    """RE-13: reserved concurrency is used up; the state machines retry Throttled."""
    answering(
        {"Reason": "ReservedFunctionConcurrentInvocationLimitExceeded"},
        "X-Amzn-ErrorType: TooManyRequestsException",
        status="429 Too Many Requests",
    )
    with pytest.raises(Throttled, match="fewer calls"):
        access()


def test_nothing_of_a_token_shows_when_it_is_printed() -> None:
    """CO-T16"""
    asked = Asked(connection="s4", user_token="SECRET-TOKEN")
    shown = f"{asked!r} {Brokered(access=ACCESS)!r} {LambdaBroker(None, NAME, 's4')!r}"
    assert "SECRET" not in shown
    assert json.loads(msgspec.json.encode(asked))["user_token"] == "SECRET-TOKEN"
