"""A write with a person's token, through the destinations of an embedded BTP."""

import pytest

from local.btp.server import serve
from sapmatch.bootstrap.clients import SapClients
from sapmatch.clock import SystemClock
from sapmatch.model.intent import DECIDER, Change
from sapmatch.model.query import Query
from sapmatch.sap.auth.credentials import Given
from sapmatch.settings import Settings
from tests.builders.btp import SECRET, connection_of, destination
from tests.builders.control import MemoryControl
from tests.builders.edmx import v2_document
from tests.builders.sap_server import SERVICE, Received, Reply, SapServer, data, rows, with_token

INSERT = Change(
    kind="create", service=SERVICE, entity_set="Orders", record={"ID": "1"}, on_behalf_of=DECIDER
)


def answered(request: Received) -> Reply:
    if "$metadata" in request.target:
        return Reply(body=v2_document(), type="application/xml")
    return data({"d": {"ID": "1"}}, 201) if request.method == "POST" else rows({"ID": "1"})


def test_the_person_writes_and_the_technical_user_looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """D6, CO-T6: by two destinations, whose tokens are never mixed; the person's own is not sent
    to SAP, but what the destination service makes of it."""
    with SapServer(with_token(answered)) as sap:
        known = {
            "A4H": destination("OAuth2ClientCredentials", URL=sap.url),
            "PEOPLE": destination("OAuth2SAMLBearerAssertion", URL=sap.url),
        }
        with serve(known, secret=SECRET) as btp:
            monkeypatch.setattr(
                "sapmatch.bootstrap.secrets.NamedSecrets", lambda: Given(btp.binding)
            )
            connection = connection_of(btp, sap.url, for_people="PEOPLE")
            settings = Settings(connections={"s4": connection})
            clients = SapClients(settings, {}, MemoryControl, SystemClock())
            anna, boris = btp.issuer.user_token("ANNA"), btp.issuer.user_token("BORIS")
            for token in (anna, boris):
                writer = clients.token_writer("s4", token)
                writer.find(SERVICE, "Orders", Query())
                writer.prepare(SERVICE, DECIDER)
                writer.write(INSERT)
                writer.close()
            clients.technical("s4").close()
    looks = {
        r.headers["authorization"]
        for r in sap.requests
        if r.target.split("?")[0].endswith("Orders") and r.method == "GET"
    }
    posts = [r.headers["authorization"] for r in sap.requests if r.method == "POST"]
    assert len(looks) == 1  # of the technical user
    assert len(set(posts)) == len(posts) == 2
    assert not looks & set(posts)
    assert not [r for r in sap.requests if anna in str(r.headers) or boris in str(r.headers)]
