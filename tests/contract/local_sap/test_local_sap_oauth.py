"""Client credentials at the embedded SAP's token endpoint, and what its tokens open."""

from typing import Any

import pytest
import requests

from local.sap.server import Server, serve
from local.sap.tls import server_context
from tests.builders.certificates import Authority
from tests.contract.local_sap.local_sap_world import INVOICES, ROOT, SALES, USERS, invoice, seed

PATH = "/sap/bc/sec/oauth2/token"
SCOPE = f"{SALES}_0001"
FORM = {"grant_type": "client_credentials", "client_id": "ROBOT"}


@pytest.fixture
def sap(stand_in: Server) -> Server:
    """Both users are registered, one of them for sales orders only."""
    stand_in.configure(oauth_clients={"ROBOT": {"scopes": [SCOPE]}, "OTHER": {}})
    return stand_in


def ask(
    server: Server, form: Any, user: str = "ROBOT", password: str | None = None
) -> requests.Response:
    return requests.post(
        f"{server.url}{PATH}",
        params={"sap-client": "100"},
        data=form,
        auth=(user, USERS[user] if password is None else password),
        timeout=20,
    )


def token(server: Server, user: str = "ROBOT") -> str:
    reply = ask(server, FORM | {"client_id": user}, user)
    assert reply.status_code == 200, reply.text
    found: str = reply.json()["access_token"]
    return found


def call(
    server: Server, value: str, path: str, method: str = "GET", **headers: str
) -> requests.Response:
    return requests.request(
        method,
        f"{server.url}{ROOT}/{path}",
        params={"sap-client": "100"},
        headers={"Authorization": f"Bearer {value}", "Accept": "application/json", **headers},
        timeout=20,
    )


def test_a_token_opens_the_services_of_its_scope_as_its_user(sap: Server) -> None:
    value = token(sap)
    assert call(sap, value, f"{SALES}/A_SalesOrder").status_code == 200
    refused = call(sap, value, f"{INVOICES}/A_SupplierInvoice")
    assert refused.status_code == 403
    assert "No authorization to access Service" in refused.text


def test_a_token_writes_with_a_csrf_token_of_its_user(sap: Server) -> None:
    with requests.Session() as session:
        session.headers.update(
            {"Authorization": f"Bearer {token(sap, 'OTHER')}", "Accept": "application/json"}
        )
        session.params = {"sap-client": "100"}
        url = f"{sap.url}{ROOT}/{INVOICES}"
        csrf = session.get(f"{url}/", headers={"x-csrf-token": "Fetch"}, timeout=20)
        written = session.post(
            f"{url}/A_SupplierInvoice",
            json=invoice(),
            headers={"x-csrf-token": csrf.headers["x-csrf-token"]},
            timeout=20,
        )
    assert written.status_code == 201, written.text
    assert [each["user"] for each in sap.log.changes()] == ["OTHER"]


@pytest.mark.parametrize(
    ("form", "shown"), [("number", 3600), ("text", "3600"), ("absent", None)], ids=str
)
def test_expires_in_comes_in_every_form(sap: Server, form: str, shown: object) -> None:
    """CO-T4."""
    sap.configure(expires_in=form)
    assert ask(sap, FORM).json().get("expires_in") == shown


def test_a_token_ends_after_its_time_and_when_it_is_revoked(sap: Server) -> None:
    value = token(sap)
    sap.forget("access-tokens")
    refused = call(sap, value, f"{SALES}/A_SalesOrder")
    assert refused.status_code == 401
    assert 'error="invalid_token"' in refused.headers["www-authenticate"]
    sap.configure(token_seconds=0)
    assert call(sap, token(sap), f"{SALES}/A_SalesOrder").status_code == 401


def test_a_wrong_client_secret_is_a_failed_logon_that_locks_the_client(sap: Server) -> None:
    """The OAuth client is a user of SU01: ICF's page, not JSON."""
    for _ in range(5):
        refused = ask(sap, FORM, password="wrong")
        assert refused.status_code == 401
        assert refused.headers["content-type"].startswith("text/html")
    assert "too many failed attempts" in ask(sap, FORM).text
    assert sap.gateway.users()["ROBOT"]["locked"] is True


@pytest.mark.parametrize(
    ("form", "error"),
    [
        (FORM | {"grant_type": "password"}, "unsupported_grant_type"),
        (FORM | {"scope": f"{INVOICES}_0001"}, "invalid_scope"),
        (FORM | {"client_id": "OTHER"}, "invalid_request"),
        ([*FORM.items(), ("client_id", "ROBOT")], "invalid_request"),
        ("no form", "invalid_request"),
        ({"client_id": "ROBOT"}, "unsupported_grant_type"),
    ],
    ids=["grant", "scope", "client", "twice", "no form", "no grant"],
)
def test_a_wrong_request_is_refused_as_rfc_6749_says(sap: Server, form: Any, error: str) -> None:
    reply = ask(sap, form)
    assert (reply.status_code, reply.json()["error"]) == (400, error)


def test_a_user_who_is_no_client_of_soauth2_gets_none(sap: Server) -> None:
    sap.configure(oauth_clients={"ROBOT": None})
    assert ask(sap, FORM).json()["error"] == "invalid_client"


def test_a_grant_that_the_client_may_not_use_is_refused(sap: Server) -> None:
    sap.configure(oauth_clients={"ROBOT": {"grants": ["saml2-bearer"]}})
    assert ask(sap, FORM).json()["error"] == "unauthorized_client"


def test_the_token_endpoint_fails_when_that_is_wanted(sap: Server) -> None:
    wanted = {"next": "unavailable", "of": "tokens", "count": 2}
    requests.post(f"{sap.url}/_control/faults", json=wanted, timeout=20).raise_for_status()
    assert [ask(sap, FORM).status_code for _ in range(3)] == [503, 503, 200]
    sap.fault("drop-answer", of="tokens")
    with pytest.raises(requests.ConnectionError):
        ask(sap, FORM)


def test_no_token_and_no_secret_is_in_the_log(sap: Server) -> None:
    value = token(sap)
    call(sap, value, f"{SALES}/A_SalesOrder")
    told = str(sap.log.entries())
    assert value not in told
    assert USERS["ROBOT"] not in told
    assert [entry["path"] for entry in sap.log.entries()][:1] == [PATH]


def test_a_certificate_may_stand_for_the_client_secret(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Mutual TLS (RFC 8705)."""
    folder = tmp_path_factory.mktemp("authority")
    authority = Authority(folder)
    certificate, key = authority.server_leaf().files(folder, "server")
    logon = {"certificate_rules": [{"subject": "CN=*"}], "oauth_clients": {"ROBOT": {}}}
    context = server_context(certificate, key, authority.bundle)
    with serve(seed(), users=USERS, logon=logon, tls=context) as server:
        files = authority.client().files(folder, "client")
        reply = requests.post(
            f"{server.url}{PATH}",
            params={"sap-client": "100"},
            data=FORM,
            cert=tuple(map(str, files)),  # type: ignore[arg-type]
            verify=str(authority.bundle),
            timeout=20,
        )
    assert reply.status_code == 200, reply.text
