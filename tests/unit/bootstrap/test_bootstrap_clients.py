"""The clients of a stage: guarded together, and served by the broker where no way leads out."""

from collections.abc import Mapping
from typing import Any
from unittest.mock import MagicMock

import pytest

from sapmatch.aws.broker import LambdaBroker
from sapmatch.bootstrap.clients import SapClients
from sapmatch.limits.logons import SharedLogonGuard
from sapmatch.model.access import Access, Principal
from sapmatch.model.auth import Auth, Basic, BtpDestination, ClientCredentials
from sapmatch.model.connection import Connection
from sapmatch.model.errors import LogonRefused
from sapmatch.sap.auth.tokens import AccessCache
from sapmatch.settings import Environment, Settings
from tests.builders.control import MemoryControl
from tests.builders.memory import START, MemoryClock

INSIDE = ClientCredentials(secret="s4", token_url="https://sap.example.com/token")
OUTSIDE = ClientCredentials(secret="s4", token_url="https://accounts.example.com/token")
BROKER: Mapping[str, str] = {Environment.TOKEN_BROKER: "sapmatch-prod-broker-token"}


def clients(auth: Auth, environment: Mapping[str, str] = BROKER) -> SapClients:
    connection = Connection(url="https://sap.example.com", client="100", auth=auth)
    settings = Settings(connections={"s4": connection})
    return SapClients(settings, environment, MemoryControl, MemoryClock())


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> MagicMock:
    """What clients are made with."""
    monkeypatch.setattr("sapmatch.aws.clients.client", MagicMock())
    sap_client = MagicMock()
    monkeypatch.setattr("sapmatch.bootstrap.clients.sap_client", sap_client)
    return sap_client


@pytest.mark.parametrize(
    ("auth", "environment", "brokered"),
    [
        (OUTSIDE, BROKER, True),
        (OUTSIDE, {}, False),
        (INSIDE, BROKER, False),
        (Basic(secret="s4"), BROKER, False),
    ],
)
def test_tokens_come_from_the_broker_where_their_endpoint_is_out_of_reach(
    made: MagicMock, auth: Auth, environment: Mapping[str, str], brokered: bool
) -> None:
    clients(auth, environment).technical("s4")
    assert isinstance(made.call_args.kwargs["broker"], LambdaBroker) == brokered


def test_every_logon_is_agreed_on_with_all_functions(made: MagicMock) -> None:
    clients(OUTSIDE).technical("s4")
    assert isinstance(made.call_args.kwargs["guard"], SharedLogonGuard)


@pytest.mark.parametrize(
    ("url", "client", "together"),
    [
        ("https://sap.example.com:44300", "100", True),
        ("https://sap.example.com", "200", False),
        ("https://other.example.com", "100", False),
    ],
)
def test_connections_that_log_on_as_the_same_user_are_refused_twice_together(
    made: MagicMock, url: str, client: str, together: bool
) -> None:
    """RE-26: SAP locks the user, whatever our connections are called."""
    auth = Basic(secret="s4")
    connections = {
        "s4": Connection(url="https://sap.example.com", client="100", auth=auth),
        "s4_v4": Connection(url=url, client=client, auth=auth),
    }
    control = MemoryControl()
    ours = SapClients(Settings(connections=connections), {}, lambda: control, MemoryClock())
    for name in connections:
        ours.technical(name)
        made.call_args.kwargs["guard"].refused("v1")
    stands = made.call_args.kwargs["guard"].standing().stopped_at("v1")
    assert (stands is not None) == together


def test_a_logon_is_waited_for_as_long_as_its_connection_may_take(made: MagicMock) -> None:
    auth = Basic(secret="s4")
    slow = Connection(url="https://sap.example.com", client="100", auth=auth, total_timeout=290)
    ours = SapClients(Settings(connections={"s4": slow}), {}, MemoryControl, MemoryClock())
    ours.technical("s4")
    guard = made.call_args.kwargs["guard"]
    guard.admit("v1")
    assert guard.standing().of("v1").until == pytest.approx(START.timestamp() + 300)


def test_the_technical_user_is_shared_and_a_token_is_not(made: MagicMock) -> None:
    made.side_effect = lambda *_, **given: MagicMock(name=repr(given["principal"]))
    ours = clients(OUTSIDE)
    assert ours.technical("s4") is ours.technical("s4")
    assert ours.writer("s4") is ours.writer("s4")
    one, other = ours.token_writer("s4", "a.b.c"), ours.token_writer("s4", "a.b.c")
    assert one is not other
    principals = [call.kwargs["principal"] for call in made.call_args_list]
    assert principals == [None, Principal(token="a.b.c"), Principal(token="a.b.c")]


class Source:
    """Makes access, or refuses."""

    def __init__(self, refuses: bool) -> None:
        self.refuses = refuses
        self.asked: list[Principal | None] = []

    def access(self, principal: Principal | None) -> Access:
        self.asked.append(principal)
        if self.refuses:
            raise LogonRefused("the issuer is not trusted", "user-token")
        return Access(headers={"Authorization": "Bearer t"})


def answered(monkeypatch: pytest.MonkeyPatch, source: Source, event: Any) -> dict[str, Any]:
    monkeypatch.setattr("sapmatch.sap.sources.access_source", lambda *_: source)
    return clients(OUTSIDE).brokered(event)


def test_the_broker_runs_the_very_same_source(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Source(refuses=False)
    answer = answered(monkeypatch, source, {"connection": "s4", "user_token": "a.b.c"})
    assert answer["access"]["headers"] == {"Authorization": "Bearer t"}
    assert source.asked == [Principal(token="a.b.c")]


def test_the_broker_tells_a_refusal_by_name_text_and_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = answered(monkeypatch, Source(refuses=True), {"connection": "s4"})
    assert answer == {
        "error": "LogonRefused",
        "message": "the issuer is not trusted",
        "reason": "user-token",
    }


def test_a_connection_that_is_not_there_is_told_and_no_failure() -> None:
    answer = clients(OUTSIDE).brokered({"connection": "x"})
    assert answer["error"] == "InputRejected"
    assert "known are s4" in answer["message"]


def test_a_person_is_spoken_for_by_the_destination_for_people(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A destination of BTP speaks either for a technical user, or for people by their tokens."""
    made: list[str] = []

    def source(_name: str, connection: Connection, *_: Any) -> Source:
        assert isinstance(connection.auth, BtpDestination)
        made.append(connection.auth.destination)
        return Source(refuses=False)

    monkeypatch.setattr("sapmatch.sap.sources.access_source", source)
    ours = clients(BtpDestination(secret="btp", destination="S4", for_people="S4_PEOPLE"))
    for event in ({}, {"user_token": "a.b.c"}, {}, {"user_token": "d.e.f"}):
        ours.brokered({"connection": "s4", **event})
    assert made == ["S4", "S4_PEOPLE"]


def test_tokens_are_kept_for_all_clients_but_those_of_a_persons_own_token(made: MagicMock) -> None:
    stage = clients(OUTSIDE)
    stage.technical("s4")
    shared = made.call_args.kwargs["cache"]
    stage.token_writer("s4", "jwt")
    assert made.call_args.kwargs["cache"] is None
    assert isinstance(shared, AccessCache)
