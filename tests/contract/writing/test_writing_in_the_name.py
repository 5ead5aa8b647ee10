"""Writes in the name of people, at a SAP that checks assertions and logs who changed what."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

import pytest
from msgspec.structs import replace

from local.sap.server import Server, serve
from sapmatch.bootstrap.clients import SapClients
from sapmatch.clock import SystemClock
from sapmatch.model.auth import SamlBearer
from sapmatch.model.connection import Connection, Limits
from sapmatch.model.flow import WriteBack
from sapmatch.model.intent import Cause, Intent
from sapmatch.settings import Settings
from sapmatch.writing.desk import Desk, write
from sapmatch.writing.plan import new_intent
from tests.builders.certificates import Authority
from tests.builders.control import MemoryControl
from tests.builders.memory_intents import MemoryIntents
from tests.builders.writes import RULES
from tests.contract.local_sap.local_sap_world import ROOT, SALES, USERS, seed

SCOPE = f"{SALES}_0001"
AUTH = SamlBearer(
    secret="env:SAML", issuer="sapmatch", audience="S4H100", user="TECHNICAL", scope=(SCOPE,)
)
FLOW = WriteBack(
    connection="s4",
    service=f"{ROOT}/{SALES}",
    entity_set="A_SalesOrder",
    operation="update",
    run_as="decider",
)


@dataclass
class World:
    """SAP, and a worker that writes one sales order after the other."""

    sap: Server
    clients: SapClients
    intents: MemoryIntents = field(default_factory=MemoryIntents)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def write(self, *users: str | None, batch: int = 1) -> list[Intent]:
        """One order each, in the name of these users."""
        work = []
        for user in users:
            number = next(self.numbers)
            payload, key = {"PurchaseOrderByCustomer": f"RE-{number}"}, {"SalesOrder": str(number)}
            intent, _ = new_intent("orders", FLOW, "100", payload, business_key=key, key=key)
            work.append((replace(intent, on_behalf_of=user), payload))
        self.intents.plan([intent for intent, _ in work])
        desk = Desk(
            sap=self.clients.writer("s4"),
            intents=self.intents,
            clock=SystemClock(),
            rules=RULES,
            owner="worker",
        )
        return list(write(work, desk, batch=batch))

    def changed_by(self) -> list[str]:
        """Who SAP's change log says it was."""
        return [each["user"] for each in self.sap.log.changes()]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def world(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    logon = {
        "users": {
            "TECHNICAL": {},
            "MEIER": {"kind": "dialog"},
            "WEBER": {"kind": "dialog"},
            "LOCKED": {"locked": True},
            "NOSCOPE": {"scopes": []},
        },
        "oauth_clients": {"ROBOT": {"scopes": [SCOPE]}},
        "trusted_providers": {"sapmatch": authority.signer.certificate},
        "local_provider": "S4H100",
    }
    secret = {"client_id": "ROBOT", "client_secret": USERS["ROBOT"], **authority.signer.pem_fields}
    for name, value in secret.items():
        monkeypatch.setenv(f"SAML_{name.upper()}", value)
    with serve(seed(), users=USERS, logon=logon) as sap:
        limits = Limits(requests_per_second=1000, burst=100)
        connection = Connection(url=sap.url, client="100", auth=AUTH, limits=limits)
        settings = Settings(connections={"s4": connection})
        clients = SapClients(settings, {}, MemoryControl, SystemClock())
        yield World(sap, clients)
        clients.writer("s4").close()
        clients.technical("s4").close()


@pytest.mark.parametrize("batch", [1, 10])
def test_saps_own_change_log_names_who_decided(world: World, batch: int) -> None:
    """Row D7, CO-T6: each with an assertion, a token and a session of their own."""
    after = world.write("MEIER", "WEBER", None, "MEIER", batch=batch)
    assert [intent.state for intent in after] == ["CONFIRMED"] * 4
    assert sorted(world.changed_by()) == ["MEIER", "MEIER", "TECHNICAL", "WEBER"]


def test_what_is_looked_for_is_looked_for_by_the_technical_user(world: World) -> None:
    world.write("MEIER")
    reads = {each["user"] for each in world.sap.log.entries() if "A_SalesOrder" in each["path"]}
    assert reads == {"TECHNICAL", "MEIER"}
    entries = world.sap.log.entries()
    own = [each for each in entries if each["user"] == "MEIER" and each["method"] == "GET"]
    assert not [each for each in own if "A_SalesOrder" in each["path"]]


@pytest.mark.parametrize("who", ["LOCKED", "NOSCOPE", "NOBODY"])
def test_a_person_whom_sap_does_not_let_in_keeps_nobody_else_from_writing(
    world: World, who: str
) -> None:
    """Never as the technical user in their place; the message says what to mend in SAP."""
    after = world.write("MEIER", who, "WEBER")
    assert [intent.state for intent in after] == ["CONFIRMED", "REJECTED", "CONFIRMED"]
    assert after[1].cause is Cause.LOGON
    assert after[1].sap_messages
    assert sorted(world.changed_by()) == ["MEIER", "WEBER"]


def test_a_person_is_asked_for_once_and_their_session_is_used_again(world: World) -> None:
    world.write("MEIER", "MEIER", "MEIER")
    tokens = [each for each in world.sap.log.entries() if "oauth2/token" in each["path"]]
    assert len(tokens) == 2  # one of the technical user, one of MEIER
