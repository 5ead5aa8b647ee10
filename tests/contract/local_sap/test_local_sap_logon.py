"""Who may call the embedded SAP, and with which token."""

import pytest
import requests

from local.sap.server import Server, serve
from tests.contract.local_sap.local_sap_world import INVOICES, ROOT, USERS, Api, invoice, seed


def _post(api: Api, token: str | None) -> requests.Response:
    headers = {} if token is None else {"X-CSRF-Token": token}
    url = f"{api.url}{ROOT}/{INVOICES}/A_SupplierInvoice"
    return api.session.post(url, json=invoice(), headers=headers, timeout=20)


@pytest.mark.parametrize(
    "change",
    [
        lambda session: setattr(session, "auth", None),
        lambda session: setattr(session, "auth", ("ROBOT", "wrong")),
        lambda session: setattr(session, "auth", ("NOBODY", "")),
        lambda session: session.params.update({"sap-client": "200"}),
        lambda session: session.params.clear(),
    ],
    ids=["no user", "wrong password", "unknown user", "wrong client", "no client"],
)
def test_a_wrong_logon_gets_an_html_page_and_401(api: Api, change: object) -> None:
    """OD-P13, OD-P14, OD-P15."""
    assert callable(change)
    change(api.session)
    answer = api.get(f"{INVOICES}/A_SupplierInvoice")
    assert answer.status_code == 401
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["www-authenticate"].startswith("Basic")


def test_the_client_may_come_as_a_header(api: Api) -> None:
    api.session.params.clear()  # type: ignore[union-attr]
    answer = api.get(f"{INVOICES}/A_SupplierInvoice", sap_client="100")
    assert answer.status_code == 200


def test_a_modifying_request_without_a_token_is_refused_with_required(api: Api) -> None:
    """OD-P04."""
    answer = _post(api, None)
    assert (answer.status_code, answer.headers["x-csrf-token"]) == (403, "Required")
    assert _post(api, "Fetch").status_code == 403
    assert api.rows(f"{INVOICES}/A_SupplierInvoice") == []


def test_a_token_works_with_its_own_session_only(api: Api) -> None:
    """OD-P01: the token is bound to the session cookie."""
    token = api.token()
    assert _post(api, token).status_code == 201
    api.session.cookies.clear()
    assert _post(api, token).headers["x-csrf-token"] == "Required"


def test_a_token_does_not_work_for_another_user(stand_in: Server, api: Api) -> None:
    token = api.token()
    other = Api(stand_in.url, "OTHER")
    with other.session:
        other.session.cookies.update(api.session.cookies)
        assert _post(other, token).headers["x-csrf-token"] == "Required"


def test_a_session_ends_after_its_time() -> None:
    """OD-P06."""
    with serve(seed(), users=USERS, session_seconds=0) as server:
        client = Api(server.url)
        with client.session:
            assert _post(client, client.token()).headers["x-csrf-token"] == "Required"


def test_one_session_serves_many_requests(api: Api) -> None:
    """OD-P11: a cookie that is sent back opens no second session."""
    first = api.get(f"{INVOICES}/A_SupplierInvoice")
    second = api.get(f"{INVOICES}/A_SupplierInvoice")
    assert "set-cookie" in first.headers
    assert "set-cookie" not in second.headers


def test_the_log_holds_no_credentials(stand_in: Server, api: Api) -> None:
    api.get(f"{INVOICES}/A_SupplierInvoice?sap-user=ROBOT&sap-password=Geheim-1")
    assert "Geheim" not in str(stand_in.log.entries())
    assert "sap-user" not in str(stand_in.log.entries())
