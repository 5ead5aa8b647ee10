"""The embedded SAP as Sales and Service Cloud, as Business ByDesign and as S/4HANA Cloud."""

from collections.abc import Iterator

import pytest
import requests

from local.sap.server import Server, serve
from tests.contract.local_sap.local_sap_world import (
    INVOICES,
    ORDERS,
    ROOT,
    SALES,
    USERS,
    code,
    invoice,
    seed,
)

C4C = "/sap/c4c/odata/v1"
FETCH = {"x-csrf-token": "Fetch"}


@pytest.fixture
def cloud() -> Iterator[Server]:
    with serve(seed(), users=USERS, page_size=5, logon={"profile": "c4c"}) as server:
        yield server


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as found:
        found.auth = ("ROBOT", USERS["ROBOT"])
        found.headers["Accept"] = "application/json"
        yield found


def test_services_are_where_c4c_has_them_and_nowhere_else(
    cloud: Server, session: requests.Session
) -> None:
    """No client is chosen, and every link leads back to where it came from."""
    url = f"{cloud.url}{C4C}/{SALES}/A_SalesOrder"
    page = session.get(url, timeout=20).json()["d"]
    assert page["__next"].startswith(f"{url}?")
    assert page["results"][0]["__metadata"]["uri"].startswith(f"{url}(")
    assert session.get(page["__next"], timeout=20).status_code == 200
    assert session.get(f"{cloud.url}{ROOT}/{SALES}/A_SalesOrder", timeout=20).status_code == 404
    assert cloud.log.entries()[0]["path"] == f"{C4C}/{SALES}/A_SalesOrder"


def test_by_design_has_a_folder_of_its_own(session: requests.Session) -> None:
    with serve(seed(), users=USERS, logon={"profile": "byd"}) as server:
        url = f"{server.url}/sap/byd/odata/cust/v1/{SALES}/A_SalesOrder"
        assert session.get(url, timeout=20).status_code == 200


def test_fetching_a_token_is_what_makes_the_authorisation_inconsistent(
    cloud: Server, session: requests.Session
) -> None:
    """CO-T20, CO-T21: the same read and write pass without the header."""
    service = f"{cloud.url}{C4C}/{INVOICES}"
    refused = session.get(f"{service}/", headers=FETCH, timeout=20)
    assert refused.status_code == 403
    assert "Inconsistent Authorization: Re-activate Communication Arrangement" in refused.text
    assert "x-csrf-token" not in refused.headers
    written = session.post(f"{service}/A_SupplierInvoice", json=invoice(), timeout=20)
    assert written.status_code == 201
    assert written.headers["location"].startswith(service)


def test_a_service_without_work_centre_view_cannot_even_be_read(
    cloud: Server, session: requests.Session
) -> None:
    cloud.configure(services_without_view=[f"{SALES}_0001"])
    refused = session.get(f"{cloud.url}{C4C}/{SALES}/A_SalesOrder", timeout=20)
    assert refused.status_code == 403
    assert "Inconsistent Authorization" in refused.text
    other = session.get(f"{cloud.url}{C4C}/{ORDERS}/A_PurchaseOrder", timeout=20)
    assert other.status_code == 200


def test_where_a_token_is_required_it_needs_its_xsrf_cookie(
    cloud: Server, session: requests.Session
) -> None:
    """CO-T18, CO-T22: the refusal says so in its text alone."""
    cloud.configure(csrf="required")
    url = f"{cloud.url}{C4C}/{INVOICES}/A_SupplierInvoice"
    refused = session.post(url, json=invoice(), timeout=20)
    assert (refused.status_code, refused.text) == (403, "CSRF token validation failed")
    assert "x-csrf-token" not in refused.headers
    session.cookies.clear()
    token = session.get(url, headers=FETCH, timeout=20).headers["x-csrf-token"]
    with_token = {"x-csrf-token": token}
    xsrf = session.cookies.pop("sap-XSRF_S4H_100")
    assert session.post(url, json=invoice(), headers=with_token, timeout=20).status_code == 403
    session.cookies.set("sap-XSRF_S4H_100", xsrf)
    assert session.post(url, json=invoice(), headers=with_token, timeout=20).status_code == 201


def test_a_batch_finds_its_entities_below_the_folder_of_c4c(
    cloud: Server, session: requests.Session
) -> None:
    service = f"{cloud.url}{C4C}/{SALES}"
    part = f"GET {C4C}/{SALES}/A_SalesOrder('1') HTTP/1.1\r\nAccept: application/json\r\n\r\n"
    head = "Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n\r\n"
    answer = session.post(
        f"{service}/$batch",
        data=f"--b\r\n{head}{part}\r\n--b--\r\n",
        headers={"Content-Type": "multipart/mixed; boundary=b"},
        timeout=20,
    )
    assert answer.status_code == 202, answer.text
    assert f"{service}/A_SalesOrder('1')" in answer.text


def test_s4hana_cloud_has_one_client_and_gateways_tokens(session: requests.Session) -> None:
    with serve(seed(), users=USERS, logon={"profile": "s4hana-cloud"}) as server:
        url = f"{server.url}{ROOT}/{INVOICES}/A_SupplierInvoice"
        assert session.get(url, timeout=20).status_code == 200
        assert session.get(url, params={"sap-client": "200"}, timeout=20).status_code == 401
        assert session.post(url, json={}, timeout=20).headers["x-csrf-token"] == "Required"


def test_an_unknown_service_is_told_by_its_code(cloud: Server, session: requests.Session) -> None:
    refused = session.get(f"{cloud.url}{C4C}/nowhere/Set", timeout=20)
    assert (refused.status_code, code(refused)) == (403, "/IWFND/MED/170")
