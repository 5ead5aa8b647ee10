"""SAP called by a destination: from the first request to the token that SAP takes no longer."""

import base64
import ssl
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from local.btp.server import Btp, serve
from sapmatch.model.access import Principal
from sapmatch.model.connection import ServiceOptions
from sapmatch.model.errors import InputRejected, LogonRefused
from sapmatch.model.query import Query
from sapmatch.sap.auth.credentials import Given
from sapmatch.sap.connection import connect
from sapmatch.sap.odata.client import ODataClient
from tests.builders.btp import SECRET, basic_destination, connection_of, destination
from tests.builders.certificates import PASSWORD as P12_PASSWORD
from tests.builders.certificates import Authority
from tests.builders.memory import MemoryClock
from tests.builders.sap_server import (
    SERVICE,
    Received,
    Reply,
    SapServer,
    data,
    rows,
    with_token,
)

FIND = "/destination-configuration"
CLIENT = "OAuth2ClientCredentials"


def client_by(btp: Btp, url: str, user: str | None = None, **settings: Any) -> ODataClient:
    """A client for whoever listens at the url, by destination A4H."""
    principal = Principal(token=btp.issuer.user_token(user)) if user else None
    secrets = Given(btp.binding | {"bundle": settings.pop("bundle", "")})
    clock = MemoryClock(datetime.now(UTC))
    return connect(
        "s4", connection_of(btp, url, **settings), secrets, clock=clock, principal=principal
    )


class Door:
    """Lets in whoever does not show the first token that it saw."""

    def __init__(self) -> None:
        self.first: str | None = None

    def __call__(self, request: Received) -> Reply:
        shown = request.headers["authorization"]
        self.first = self.first or shown
        if shown == self.first:
            return Reply(401)
        return data({"d": {"ID": "1"}}, 201) if request.method == "POST" else rows({"ID": "1"})


def test_a_token_that_sap_refuses_is_fetched_once_more_and_the_call_repeated_once() -> None:
    with (
        SapServer(Door()) as sap,
        serve({"A4H": destination(CLIENT, URL=sap.url)}, secret=SECRET) as btp,
    ):
        with client_by(btp, sap.url) as client:
            assert client.find(SERVICE, "A_Order", Query())
            assert client.find(SERVICE, "A_Order", Query())
        assert btp.count(FIND) == 2
        assert len(sap.requests) == 3


def test_a_second_token_that_is_refused_is_the_last() -> None:
    with (
        SapServer(lambda request: Reply(401)) as sap,
        serve({"A4H": destination(CLIENT, URL=sap.url)}, secret=SECRET) as btp,
        client_by(btp, sap.url) as client,
    ):
        with pytest.raises(LogonRefused) as caught:
            client.find(SERVICE, "A_Order", Query())
        assert caught.value.reason == "token"
        assert (len(sap.requests), btp.count(FIND)) == (2, 2)


def test_a_password_of_a_destination_is_sent_once_when_it_is_wrong_co_t1() -> None:
    """CO-T1."""
    with (
        SapServer(lambda request: Reply(401)) as sap,
        serve({"A4H": basic_destination(URL=sap.url)}, secret=SECRET) as btp,
        client_by(btp, sap.url) as client,
    ):
        with pytest.raises(LogonRefused):
            client.find(SERVICE, "A_Order", Query())
        assert len(sap.requests) == 1


def test_a_mistake_that_the_first_call_finds_is_told_by_its_setting_alone() -> None:
    elsewhere = destination(CLIENT, URL="https://other.example.com")
    with (
        SapServer(lambda request: rows()) as sap,
        serve({"A4H": elsewhere}, secret=SECRET) as btp,
        client_by(btp, sap.url) as client,
    ):
        with pytest.raises(InputRejected, match=r"^\[connections\.s4\]\.auth: destination A4H: "):
            client.service(SERVICE).metadata()
        assert sap.requests == []


def test_fifty_callers_find_it_once() -> None:
    with (
        SapServer(lambda request: rows({"ID": "1"})) as sap,
        serve({"A4H": destination(CLIENT, URL=sap.url)}, secret=SECRET) as btp,
        client_by(btp, sap.url) as client,
    ):
        calls = [
            threading.Thread(target=client.find, args=(SERVICE, "A_Order", Query()))
            for _ in range(50)
        ]
        for each in calls:
            each.start()
        for each in calls:
            each.join(30)
        assert (btp.count("/oauth/token"), btp.count(FIND)) == (1, 1)
        assert len(sap.requests) == 50


def test_a_write_goes_out_as_the_person_d6() -> None:
    answer = with_token(lambda request: data({"d": {"ID": "1"}}, 201))
    with (
        SapServer(answer) as sap,
        serve({"A4H": destination("OAuth2SAMLBearerAssertion", URL=sap.url)}, secret=SECRET) as btp,
        client_by(btp, sap.url, "ANNA") as client,
    ):
        client.create(SERVICE, "A_Order", {"ID": "1"})
        assert all("btp-ANNA-" in each.headers["authorization"] for each in sap.requests)


def test_an_assertion_is_asked_for_with_every_request() -> None:
    with (
        SapServer(lambda request: rows({"ID": "1"})) as sap,
        serve({"A4H": destination("SAMLAssertion", URL=sap.url)}, secret=SECRET) as btp,
        client_by(btp, sap.url, "ANNA") as client,
    ):
        client.find(SERVICE, "A_Order", Query())
        client.find(SERVICE, "A_Order", Query())
        first, second = sap.requests
        assert first.headers["x-sap-security-session"] == "create"
        assert first.headers["authorization"] != second.headers["authorization"]


def test_nothing_reaches_a_host_that_only_the_destination_names() -> None:
    with (
        SapServer(lambda request: rows()) as own,
        SapServer(lambda request: rows()) as other,
        serve({"A4H": basic_destination(URL=other.url)}, secret=SECRET) as btp,
        client_by(btp, own.url) as client,
    ):
        with pytest.raises(InputRejected, match="leads to") as caught:
            client.find(SERVICE, "A_Order", Query())
        assert own.url in str(caught.value)
        assert other.url in str(caught.value)
        assert own.requests == other.requests == []


def test_headers_and_queries_of_a_destination_are_on_every_request_d12() -> None:
    with SapServer(lambda request: rows({"ID": "1"})) as sap:
        known = destination(URL=sap.url, URL__headers__APIKey="k", URL__queries__view="a b")
        with serve({"A4H": known}, secret=SECRET) as btp, client_by(btp, sap.url) as client:
            client.find(SERVICE, "A_Order", Query())
        assert sap.requests[0].headers["apikey"] == "k"
        assert "view=a b" in sap.requests[0].query


def test_an_endpoint_of_sap_graph_is_odata_v4_like_any_other_d15() -> None:
    path = "/api/sapmatch-graph/sap.graph"
    with (
        SapServer(lambda request: data({"value": [{"id": "1"}]})) as sap,
        serve({"A4H": destination(CLIENT, URL=f"{sap.url}/api")}, secret=SECRET) as btp,
        client_by(btp, sap.url, services={path: ServiceOptions(version="V4")}) as client,
    ):
        assert [each.row for each in client.find(path, "SalesOrder", Query())] == [{"id": "1"}]
        assert sap.requests[0].path == f"{path}/SalesOrder"
        assert sap.requests[0].headers["authorization"].startswith("Bearer ")


def test_a_key_store_opens_tls_and_a_trust_store_is_trusted_d13(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    leaf = authority.client()
    context = authority.server()
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(authority.bundle)
    stores = [
        {"Name": "k.p12", "Content": base64.b64encode(leaf.p12()).decode()},
        {"Name": "ca.pem", "Content": base64.b64encode(authority.pem.encode()).decode()},
    ]
    with SapServer(lambda request: rows({"ID": "1"}), tls=context) as sap:
        known = destination(
            "ClientCertificateAuthentication",
            URL=sap.url,
            KeyStoreLocation="k.p12",
            KeyStorePassword=P12_PASSWORD,
            TrustStoreLocation="ca.pem",
        )
        with (
            serve({"A4H": known | {"certificates": stores}}, secret=SECRET) as btp,
            client_by(btp, sap.url) as client,
        ):
            assert client.find(SERVICE, "A_Order", Query())


def test_trust_all_works_on_a_laptop_only_where_it_was_asked_for_d13(tmp_path: Path) -> None:
    with SapServer(lambda request: rows({"ID": "1"}), tls=Authority(tmp_path).server()) as sap:
        known = {"A4H": destination(URL=sap.url, TrustAll="true")}
        with serve(known, secret=SECRET) as btp:
            with client_by(btp, sap.url, trust_all=True) as client:
                assert client.find(SERVICE, "A_Order", Query())
            with (
                client_by(btp, sap.url) as client,
                pytest.raises(InputRejected, match="TrustAll"),
            ):
                client.find(SERVICE, "A_Order", Query())
