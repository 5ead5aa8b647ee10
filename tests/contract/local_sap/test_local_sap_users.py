"""Users of the embedded SAP: what locks them, what they may do, and that SAP names them."""

import threading

import pytest
import requests

from local.sap.server import Server, serve
from tests.contract.local_sap.local_sap_world import (
    INVOICES,
    ORDERS,
    ROOT,
    SALES,
    USERS,
    Api,
    code,
    invoice,
    seed,
)


def logon(server: Server, password: str, user: str = "ROBOT") -> requests.Response:
    return requests.get(
        f"{server.url}{ROOT}/{SALES}/A_SalesOrder",
        params={"sap-client": "100", "$format": "json"},
        auth=(user, password),
        timeout=20,
    )


def control(server: Server, what: str) -> object:
    return requests.get(f"{server.url}/_control/{what}", timeout=20).json()


@pytest.mark.parametrize(("kind", "limit"), [("system", 5), ("communication", 3)])
def test_wrong_passwords_lock_the_user_and_then_the_right_one_is_refused_too(
    stand_in: Server, kind: str, limit: int
) -> None:
    """CO-T3: login/fails_to_user_lock; KBA 2806979 for communication users."""
    stand_in.configure(users={"ROBOT": {"kind": kind}})
    for _ in range(limit - 1):
        assert "incorrect" in logon(stand_in, "wrong").text
    assert logon(stand_in, USERS["ROBOT"]).status_code == 200, "a right one clears the count"
    for _ in range(limit):
        assert logon(stand_in, "wrong").status_code == 401
    locked = logon(stand_in, USERS["ROBOT"])
    assert locked.status_code == 401
    assert locked.headers["content-type"].startswith("text/html")
    assert "too many failed attempts" in locked.text
    assert control(stand_in, "users") == {
        "ROBOT": {"failed_logons": limit, "locked": True},
        "OTHER": {"failed_logons": 0, "locked": False},
    }


def test_an_administrator_unlocks_by_a_control_call(stand_in: Server) -> None:
    for _ in range(5):
        logon(stand_in, "wrong")
    unlocked = {"users": {"ROBOT": {"failed_logons": 0}}}
    assert requests.post(f"{stand_in.url}/_control/logon", json=unlocked, timeout=20).ok
    assert logon(stand_in, USERS["ROBOT"]).status_code == 200


def test_a_password_is_changed_while_the_system_runs(stand_in: Server) -> None:
    """RE-26: the old one is wrong from now on, the new one right."""
    stand_in.configure(users={"ROBOT": {"password": "Neu-1"}})
    assert logon(stand_in, USERS["ROBOT"]).status_code == 401
    assert logon(stand_in, "Neu-1").status_code == 200


@pytest.mark.parametrize("state", ["initial", "expired"])
def test_people_change_an_initial_or_expired_password_first_machines_do_not(
    stand_in: Server, state: str
) -> None:
    stand_in.configure(users={"ROBOT": {"kind": "communication", "state": state}})
    refused = logon(stand_in, USERS["ROBOT"])
    assert refused.status_code == 401
    assert state in refused.text
    stand_in.configure(users={"ROBOT": {"kind": "system"}})
    assert logon(stand_in, USERS["ROBOT"]).status_code == 200


def test_a_user_that_an_administrator_locked_stays_out(stand_in: Server) -> None:
    stand_in.configure(users={"ROBOT": {"locked": True}})
    assert "locked" in logon(stand_in, USERS["ROBOT"]).text


def test_a_reset_unlocks_and_brings_the_first_passwords_back(stand_in: Server) -> None:
    stand_in.configure(users={"ROBOT": {"password": "Neu-1", "locked": True}})
    stand_in.gateway.reset()
    assert logon(stand_in, USERS["ROBOT"]).status_code == 200


def test_without_s_service_sap_answers_403_and_asks_for_no_token(
    stand_in: Server, api: Api
) -> None:
    """CO-T19: a token would change nothing."""
    stand_in.configure(users={"ROBOT": {"services": [f"{SALES}_0001"]}})
    assert api.get(f"{SALES}/A_SalesOrder").status_code == 200
    for refused in (
        api.get(f"{INVOICES}/A_SupplierInvoice"),
        api.session.post(f"{api.url}{ROOT}/{INVOICES}/A_SupplierInvoice", json={}, timeout=20),
    ):
        assert (refused.status_code, code(refused)) == (403, "/IWFND/CM_CONSUMER/101")
        assert refused.headers.get("x-csrf-token", "").lower() != "required"


def test_s_service_is_asked_for_services_of_v4_too(stand_in: Server, api: Api) -> None:
    url = f"{stand_in.url}/sap/opu/odata4/sap/api_salesorder/srvd_a2x/sap/salesorder/0001/"
    assert api.get(url).status_code == 200
    stand_in.configure(users={"ROBOT": {"services": ["SALESORDER_0002"]}})
    assert api.get(url).status_code == 403
    stand_in.configure(users={"ROBOT": {"services": ["SALESORDER_0001"]}})
    assert api.get(url).status_code == 200


def test_a_service_that_is_not_active_is_not_found(stand_in: Server, api: Api) -> None:
    stand_in.configure(inactive_services=[f"{SALES}_0001"])
    refused = api.get(f"{SALES}/A_SalesOrder")
    assert (refused.status_code, code(refused)) == (403, "/IWFND/MED/170")
    assert api.get(f"{INVOICES}/A_SupplierInvoice").status_code == 200


def test_a_read_only_user_reads_and_is_refused_every_change(stand_in: Server, api: Api) -> None:
    stand_in.configure(users={"ROBOT": {"read_only": True}})
    assert api.get(f"{SALES}/A_SalesOrder").status_code == 200
    refused = api.send("POST", f"{INVOICES}/A_SupplierInvoice", invoice())
    assert refused.status_code == 400
    assert "(TKSTATUS)" in refused.text
    assert stand_in.log.created() == []


def test_sap_names_who_created_and_who_changed(stand_in: Server, api: Api) -> None:
    created = api.send("POST", f"{INVOICES}/A_SupplierInvoice", invoice())
    assert created.status_code == 201, created.text
    other = Api(stand_in.url, "OTHER")
    with other.session:
        changed = other.send(
            "PATCH",
            f"{ORDERS}/A_PurchaseOrderItem(PurchaseOrder='4500000001',PurchaseOrderItem='10')",
            {"TaxCode": "V0"},
            If_Match="*",
        )
    assert changed.status_code == 204, changed.text
    changes = control(stand_in, "changes")
    assert isinstance(changes, list)
    assert [(each["user"], each["change"]) for each in changes] == [
        ("ROBOT", "created"),
        ("OTHER", "changed"),
    ]
    assert changes[0]["document"].startswith("A_SupplierInvoice(")
    assert changes[0]["at"] <= changes[1]["at"]


def test_the_document_holds_who_created_it(stand_in: Server) -> None:
    order = {
        "SalesOrderType": "OR",
        "SalesOrganization": "1010",
        "DistributionChannel": "10",
        "OrganizationDivision": "00",
        "SoldToParty": "C1",
        "to_Item": [{"Material": "EP/400", "RequestedQuantity": "1"}],
    }
    api = Api(stand_in.url, "OTHER")
    with api.session:
        created = api.send("POST", f"{SALES}/A_SalesOrder", order)
        assert created.status_code == 201, created.text
        number = created.json()["d"]["SalesOrder"]
        assert api.entity(f"{SALES}/A_SalesOrder('{number}')")["CreatedByUser"] == "OTHER"
        assert api.entity(f"{SALES}/A_SalesOrder('1')")["CreatedByUser"] == ""


def test_the_last_change_is_in_the_document_too(stand_in: Server) -> None:
    partner = {"BusinessPartnerCategory": "2", "OrganizationBPName1": "Muster AG"}
    path = "API_BUSINESS_PARTNER/A_BusinessPartner"
    for user, method in (("ROBOT", "POST"), ("OTHER", "PATCH")):
        api = Api(stand_in.url, user)
        with api.session:
            done = api.send(method, path, partner, If_Match="*")
            assert done.ok, done.text
            if method == "POST":
                path = f"{path}('{done.json()['d']['BusinessPartner']}')"
                partner = {"OrganizationBPName1": "Beispiel AG"}
            shown = api.entity(path)
    assert (shown["CreatedByUser"], shown["LastChangedByUser"]) == ("ROBOT", "OTHER")


def test_two_users_at_once_are_never_taken_for_each_other(stand_in: Server) -> None:
    def post(user: str, reference: str) -> None:
        api = Api(stand_in.url, user)
        with api.session:
            api.send("POST", f"{INVOICES}/A_SupplierInvoice", invoice(reference))

    threads = [
        threading.Thread(target=post, args=(user, f"{user}-{n}")) for user in USERS for n in (1, 2)
    ]
    for each in threads:
        each.start()
    for each in threads:
        each.join(timeout=20)
    assert sorted(each["user"] for each in stand_in.log.changes()) == ["OTHER"] * 2 + ["ROBOT"] * 2


@pytest.mark.parametrize(
    ("wanted", "place"),
    [
        ({"usres": {}}, "usres"),
        ({"users": {"ROBOT": {"pasword": "x"}}}, "pasword"),
        ({"profile": "r3"}, "profile"),
        ([], "object"),
    ],
    ids=str,
)
def test_settings_that_are_not_understood_are_refused_with_the_place(
    stand_in: Server, wanted: object, place: str
) -> None:
    answer = requests.post(f"{stand_in.url}/_control/logon", json=wanted, timeout=20)
    assert answer.status_code == 400
    assert place in answer.json()["error"]
    assert logon(stand_in, USERS["ROBOT"]).status_code == 200


@pytest.mark.parametrize("sso", ["page", "redirect"])
def test_a_system_with_sso_answers_with_its_logon_page_unless_saml2_is_disabled(sso: str) -> None:
    """Basic authentication never comes into play then."""
    with serve(seed(), users=USERS, logon={"sso": sso}) as server:
        api = Api(server.url)
        with api.session:
            url = f"{server.url}{ROOT}/{SALES}/A_SalesOrder"
            hijacked = api.session.get(url, allow_redirects=False, timeout=20)
            assert hijacked.status_code == (200 if sso == "page" else 302)
            assert "SAMLRequest" in hijacked.text + hijacked.headers.get("location", "")
            assert api.rows(f"{SALES}/A_SalesOrder?saml2=disabled")
