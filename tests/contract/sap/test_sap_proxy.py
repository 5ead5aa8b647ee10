"""Requests through the connectivity proxy: how they leave, and who it was that answered."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from local.btp.proxy import Proxy as RunningProxy
from local.btp.proxy import serve_proxy
from local.btp.server import Btp, serve
from sapmatch.model.access import Principal
from sapmatch.model.auth import BtpDestination, NoAuth
from sapmatch.model.connection import Connection, Proxy
from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    LogonRefused,
    OutcomeUnknown,
    SapmatchError,
    SapUnavailable,
)
from sapmatch.model.query import Query
from sapmatch.sap.auth.credentials import Given
from sapmatch.sap.connection import connect
from sapmatch.sap.odata.client import ODataClient
from tests.builders.btp import SECRET, basic_destination, destination
from tests.builders.memory import MemoryClock
from tests.builders.sap_server import (
    SERVICE,
    Reply,
    SapServer,
    Script,
    data,
    in_turn,
    refusal,
    rows,
    with_token,
)

VIRTUAL = "http://a4h-virtual:50001"
ON_PREMISE = {"ProxyType": "OnPremise", "URL": VIRTUAL}
BAD_GATEWAY = (502, "Bad Gateway")


@dataclass(frozen=True)
class Landscape:
    """SAP behind a Cloud Connector, BTP before it."""

    sap: SapServer
    btp: Btp
    proxy: RunningProxy
    settings: dict[str, Any]

    def client(self, user: str | None = None, **proxy: Any) -> ODataClient:
        own = Proxy(host="127.0.0.1", port=self.proxy.port, **proxy)
        connection = Connection(url=VIRTUAL, proxy=own, **self.settings)
        principal = Principal(token=self.btp.issuer.user_token(user)) if user else None
        secrets = Given(self.btp.binding)
        clock = MemoryClock(datetime.now(UTC))
        return connect("s4", connection, secrets, principal=principal, clock=clock)


@contextmanager
def landscape(
    reply: dict[str, Any] | None = None, script: Script | None = None, **proxy: Any
) -> Iterator[Landscape]:
    """By a destination with this reply of the service; without one, without a logon."""
    answers = script or (lambda request: rows({"ID": "1"}))
    with (
        SapServer(answers) as sap,
        serve({"A4H": reply or {}}, secret=SECRET) as btp,
        serve_proxy({"a4h-virtual:50001": sap.url}, **proxy) as running,
    ):
        issuers = {btp.issuer.url: f"{btp.url}/token_keys"}
        by_name = BtpDestination(secret="btp", destination="A4H", issuers=issuers)
        yield Landscape(sap, btp, running, {"auth": by_name if reply else NoAuth()})


def test_requests_go_out_in_absolute_form_without_authorization_of_a_person_co_t24() -> None:
    """CO-T24."""
    reply = destination("PrincipalPropagation", CloudConnectorLocationId="loc1", **ON_PREMISE)
    with (
        landscape(reply, locations=frozenset({"loc1"})) as land,
        land.client("ANNA") as client,
    ):
        assert client.find(SERVICE, "A_Order", Query())
        line, headers = land.proxy.requests[0]
        token = headers["sap-connectivity-authentication"].removeprefix("Bearer ")
        assert land.btp.issuer.claims(token)["sub"] == "ANNA"
        at_sap = land.sap.requests[0].headers
    assert line.startswith(f"GET {VIRTUAL}{SERVICE}/A_Order?")
    assert line.endswith(" HTTP/1.1")
    assert headers["sap-connectivity-scc-location_id"] == "loc1"
    assert "authorization" not in headers
    assert not [name for name in at_sap if name.startswith("sap-connectivity")]


def test_other_destinations_send_their_own_authorization_through_it_d10_d11() -> None:
    reply = basic_destination(**ON_PREMISE, **{"sap-client": "001"})
    with landscape(reply) as land, land.client(location_id="") as client:
        client.find(SERVICE, "A_Order", Query())
        seen = land.sap.requests[0]
    assert seen.headers["authorization"].startswith("Basic ")
    assert "sap-client=001" in seen.query


@pytest.mark.parametrize(
    ("tenancy", "header"),
    [
        ("untrusted", "proxy-authorization"),
        ("multi-tenant", "sap-cp-connectivity-service-token"),
    ],
)
def test_the_proxy_gets_a_service_token_as_its_tenancy_wants_it(tenancy: str, header: str) -> None:
    with landscape() as land:
        with land.client(tenancy=tenancy, secret="connectivity") as client:
            client.find(SERVICE, "A_Order", Query())
            client.find(SERVICE, "A_Order", Query())
        sent = [headers[header].removeprefix("Bearer ") for _, headers in land.proxy.requests]
        assert land.btp.count("/oauth/token") == 1
        assert sent[0] == sent[1]
        assert land.btp.issuer.claims(sent[0])["client_id"]
    assert sent[0].count(".") == 2


def test_a_location_of_the_settings_goes_before_the_destinations() -> None:
    reply = basic_destination(CloudConnectorLocationId="other", **ON_PREMISE)
    with (
        landscape(reply, locations=frozenset({"own"})) as land,
        land.client(location_id="own") as client,
    ):
        assert client.find(SERVICE, "A_Order", Query())


def test_a_virtual_host_with_tls_is_refused_with_the_way_out_co_t25() -> None:
    """CO-T25."""
    connection = Connection(url="https://a4h-virtual:50001", auth=NoAuth(), proxy=Proxy())
    with pytest.raises(InputRejected, match="protocol HTTP in the Cloud Connector"):
        connect("s4", connection, Given({}))


def test_plain_http_needs_the_proxy_and_a_token_its_binding() -> None:
    with pytest.raises(InputRejected, match="https"):
        connect("s4", Connection(url=VIRTUAL, auth=NoAuth()), Given({}))
    proxy = Proxy(tenancy="untrusted")
    with pytest.raises(InputRejected, match=r"proxy\.secret"):
        connect("s4", Connection(url=VIRTUAL, auth=NoAuth(), proxy=proxy), Given({}))


def trouble(land: Landscape, **proxy: Any) -> SapmatchError:
    """What a read ends with."""
    with land.client(**proxy) as client, pytest.raises(SapmatchError) as caught:
        client.find(SERVICE, "A_Order", Query())
    return caught.value


def test_its_own_refusals_are_three_and_never_saps_co_t26() -> None:
    """CO-T26."""
    with landscape(token="wanted") as land:
        token = trouble(land)
    with landscape(locations=frozenset({"loc1"})) as land:
        tunnel = trouble(land, location_id="LOC1")
    with landscape(exposed=("/sap/bc/",)) as land:
        resource = trouble(land)
        assert land.sap.requests == []
    assert isinstance(token, LogonRefused)
    assert token.reason == "proxy"
    assert "407" in str(token)
    assert isinstance(tunnel, SapUnavailable)
    assert "location id LOC1" in str(tunnel)
    assert isinstance(resource, LogonRefused)
    assert resource.reason == "proxy"
    assert "Access Control" in str(resource)


def test_saps_own_403_stays_saps_co_t26() -> None:
    """CO-T26."""
    with landscape(script=lambda request: refusal(403, "/IWFND/MED/170", "No")) as land:
        error = trouble(land)
    assert not isinstance(error, LogonRefused)
    plain = Reply(403, b"Access denied to user", [("sap-server", "true")], "text/plain")
    with landscape(script=lambda request: plain) as land:
        error = trouble(land)
    assert isinstance(error, AuthorizationMissing)


def test_what_sap_says_in_the_words_of_the_proxy_stays_saps_co_t26() -> None:
    """CO-T26: it has headers that no proxy sends."""
    words = b"Access denied to the resource: expose the path in the Cloud Connector"
    answer = Reply(403, words, [("sap-server", "true")], "text/plain")
    with landscape(script=lambda request: answer) as land:
        assert isinstance(trouble(land), AuthorizationMissing)
    nameless = Reply(403, words, type="text/plain")
    with landscape(script=lambda request: nameless) as land:
        assert isinstance(trouble(land), LogonRefused)


def test_a_service_token_that_the_proxy_refused_is_not_shown_to_it_again_co_t26() -> None:
    """CO-T26."""
    with (
        landscape(token="wanted") as land,
        land.client(tenancy="untrusted", secret="connectivity") as client,
    ):
        for _ in range(2):
            with pytest.raises(LogonRefused, match="407"):
                client.find(SERVICE, "A_Order", Query())
    shown = [headers["proxy-authorization"] for _, headers in land.proxy.requests]
    assert len(set(shown)) == len(shown) == 2


def test_a_tunnel_that_is_not_there_is_no_outcome_and_one_that_breaks_may_be_co_t26() -> None:
    """CO-T26."""
    script = with_token(in_turn(data({"d": {"ID": "1"}}, 201)))
    with landscape(script=script) as land, land.client() as client:
        client.create(SERVICE, "A_Order", {"ID": "1"})
        land.proxy.failure = BAD_GATEWAY
        with pytest.raises(OutcomeUnknown, match="read it back"):
            client.create(SERVICE, "A_Order", {"ID": "1"})
        land.proxy.failure = (503, "There is no SAP Cloud Connector (SCC) connected")
        with pytest.raises(SapUnavailable, match="no Cloud Connector is connected"):
            client.create(SERVICE, "A_Order", {"ID": "1"})
    with landscape() as land:
        land.proxy.failure = BAD_GATEWAY
        assert isinstance(trouble(land), SapUnavailable)
        assert len(land.proxy.requests) == 4  # a read is repeated


def test_a_wrong_connectivity_binding_ends_before_the_proxy() -> None:
    with landscape() as land:
        land.btp.xsuaa.secrets.clear()
        error = trouble(land, tenancy="untrusted", secret="connectivity")
        assert land.proxy.requests == []
    assert isinstance(error, LogonRefused)
    assert error.reason == "token"
