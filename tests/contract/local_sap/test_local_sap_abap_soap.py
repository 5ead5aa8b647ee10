"""The stand-in behind SOAP: what a client that is not exact gets to hear."""

import base64
from collections.abc import Iterator

import pytest
import requests
from lxml import etree

from tests.builders.abap import PASSWORD, USER, AbapServer, abap_server

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
RFC = "urn:sap-com:document:sap:rfc:functions"
MC = "urn:sap-com:document:sap:soap:functions:mc-style"
SOAP = "/sap/bc/soap/rfc?sap-client=100"
BINDING = "/sap/bc/srt/rfc/sap/zsapmatch/100/zsapmatch/binding"


@pytest.fixture
def sap() -> Iterator[AbapServer]:
    with abap_server(3) as server:
        yield server


def post(
    sap: AbapServer, call: str, path: str = SOAP, namespace: str = RFC, **more: str
) -> requests.Response:
    """A call as the test writes it; further headers by name with _ for -, empty: left out."""
    body = (
        f'<e:Envelope xmlns:e="{ENVELOPE}"><e:Body xmlns:u="{namespace}">{call}</e:Body>'
        "</e:Envelope>"
    )
    return raw(sap, body.encode(), path, **more)


def raw(sap: AbapServer, body: bytes, path: str = SOAP, **more: str) -> requests.Response:
    logon = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    headers = {
        "Content-Type": "text/xml; charset=utf-8",
        "SOAPAction": '""',
        "Authorization": f"Basic {logon}",
    } | {name.replace("_", "-"): value for name, value in more.items()}
    headers = {name: value for name, value in headers.items() if value}
    return requests.post(sap.url + path, body, headers=headers, timeout=20)


def answered(response: requests.Response) -> etree._Element:
    """The element of the answer inside Body."""
    assert response.status_code == 200, response.text
    body = etree.fromstring(response.content).find(f"{{{ENVELOPE}}}Body")
    assert body is not None
    return body[0]


def fault(response: requests.Response) -> str:
    """The faultstring of a SOAP fault."""
    assert response.status_code == 500
    assert response.headers["content-type"].startswith("text/xml")
    found = etree.fromstring(response.content).findtext(".//faultstring")
    assert found is not None
    return found


LIST = "<u:BAPI_USER_GETLIST><MAX_ROWS>2</MAX_ROWS>{}</u:BAPI_USER_GETLIST>"


def test_a_table_that_was_not_sent_does_not_come_back(sap: AbapServer) -> None:
    """CO-T30"""
    assert [each.tag for each in answered(post(sap, LIST.format("")))] == ["ROWS"]
    both = answered(post(sap, LIST.format("<RETURN/><USERLIST/>")))
    assert [each.tag for each in both] == ["ROWS", "USERLIST", "RETURN"]
    assert len(both.findall("USERLIST/item")) == 2
    assert len(both.findall("RETURN/item")) == 0


def test_answers_are_named_with_a_dot_at_the_node_and_without_at_a_binding(sap: AbapServer) -> None:
    """CO-T28"""
    assert answered(post(sap, "<u:RFC_PING/>")).tag == f"{{{RFC}}}RFC_PING.Response"
    assert answered(post(sap, "<u:RFC_PING/>", BINDING)).tag == f"{{{RFC}}}RFC_PINGResponse"
    camel = BINDING.replace("binding", "mc_style")
    assert answered(post(sap, "<u:RfcPing/>", camel, MC)).tag == f"{{{MC}}}RfcPingResponse"


def test_a_binding_takes_parameters_in_the_order_of_its_sequence_only(sap: AbapServer) -> None:
    """CO-T35"""
    wrong = "<u:BAPI_USER_GETLIST><USERLIST/><MAX_ROWS>1</MAX_ROWS></u:BAPI_USER_GETLIST>"
    right = "<u:BAPI_USER_GETLIST><MAX_ROWS>1</MAX_ROWS><USERLIST/></u:BAPI_USER_GETLIST>"
    assert fault(post(sap, wrong, BINDING)) == "SOAP_PROCESSING_FAILED"
    assert answered(post(sap, right, BINDING)).find("USERLIST/item") is not None
    assert answered(post(sap, wrong)).find("USERLIST/item") is not None


def test_a_service_exposes_its_own_module_only(sap: AbapServer) -> None:
    own = "/sap/bc/srt/rfc/sap/rfc_ping/100/rfc_ping/binding"
    assert answered(post(sap, "<u:RFC_PING/>", own)).tag == f"{{{RFC}}}RFC_PINGResponse"
    assert fault(post(sap, "<u:STFC_CONNECTION/>", own)) == "SOAP_PROCESSING_FAILED"


@pytest.mark.parametrize(
    "call",
    [
        "<u:BAPI_USER_LOCK><USER>X</USER></u:BAPI_USER_LOCK>",
        "<u:BAPI_USER_LOCK><u:USERNAME>X</u:USERNAME></u:BAPI_USER_LOCK>",
        "<u:BAPI_USER_LOCK><username>X</username></u:BAPI_USER_LOCK>",
        "<u:BAPI_USER_GETLIST><SELECTION_RANGE><row/></SELECTION_RANGE></u:BAPI_USER_GETLIST>",
        "<u:BAPI_USER_GET_DETAIL><ISLOCKED/></u:BAPI_USER_GET_DETAIL>",
    ],
)
def test_what_the_interface_does_not_have_is_a_fault(sap: AbapServer, call: str) -> None:
    assert fault(post(sap, call)) == "RFC_INVALID_PARAMETER"


def test_an_older_release_may_pass_over_what_it_does_not_know(sap: AbapServer) -> None:
    """Then a password that was meant to stay is one to be changed, and nothing says so."""
    sap.order(rules={"release": "old", "unknown_parameters": "ignored"})
    reset = (
        "<u:BAPI_USER_CHANGE><USERNAME>U00000001</USERNAME><PASSWORD><BAPIPWD>Reset-12</BAPIPWD>"
        "</PASSWORD><PASSWORDX><BAPIPWD>X</BAPIPWD></PASSWORDX><PRODUCTIVE_PWD>X</PRODUCTIVE_PWD>"
        "<RETURN/></u:BAPI_USER_CHANGE>"
    )
    assert answered(post(sap, reset)).findtext("RETURN/item/TYPE") == "S"
    info = sap.abap.call("SUSR_GET_ADMIN_USER_LOGIN_INFO", {"USERID": "U00000001"})
    assert info["PASSWORD_STATUS"] == "I"
    sap.order(rules={"unknown_parameters": "refused"})
    assert fault(post(sap, reset)) == "RFC_INVALID_PARAMETER"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<not>xml",
        b"<Envelope/>",
        f'<e:Envelope xmlns:e="{ENVELOPE}"><e:Body/></e:Envelope>'.encode(),
        f'<!DOCTYPE x [<!ENTITY a "b">]><e:Envelope xmlns:e="{ENVELOPE}"><e:Body>'
        f'<u:RFC_PING xmlns:u="{RFC}">&a;</u:RFC_PING></e:Body></e:Envelope>'.encode(),
        f'<e:Envelope xmlns:e="{ENVELOPE}"><e:Body><u:RFC_PING xmlns:u="urn:x"/></e:Body>'
        "</e:Envelope>".encode(),
    ],
)
def test_what_is_no_envelope_is_a_fault(sap: AbapServer, body: bytes) -> None:
    """CO-T34: no entities, whoever writes them."""
    assert fault(raw(sap, body)) == "SOAP_PROCESSING_FAILED"


def test_days_are_written_with_hyphens(sap: AbapServer) -> None:
    """CO-T32"""
    change = (
        "<u:BAPI_USER_CHANGE><USERNAME>U00000001</USERNAME><LOGONDATA><GLTGV>{}</GLTGV>"
        "</LOGONDATA><LOGONDATAX><GLTGV>X</GLTGV></LOGONDATAX><RETURN/></u:BAPI_USER_CHANGE>"
    )
    assert fault(post(sap, change.format("20260101"))) == "SOAP_PROCESSING_FAILED"
    assert answered(post(sap, change.format("2026-01-01"))).findtext("RETURN/item/TYPE") == "S"
    shown = "<u:BAPI_USER_GET_DETAIL><USERNAME>U00000001</USERNAME></u:BAPI_USER_GET_DETAIL>"
    assert answered(post(sap, shown)).findtext("LOGONDATA/GLTGV") == "2026-01-01"
    answered(post(sap, change.format("")))
    assert answered(post(sap, shown)).findtext("LOGONDATA/GLTGV") == "0000-00-00"


def test_a_module_that_is_not_there_and_an_exception_are_faults(sap: AbapServer) -> None:
    assert fault(post(sap, "<u:Z_NONE/>")) == "FU_NOT_FOUND"
    table = "<u:RFC_GET_TABLE_ENTRIES><TABLE_NAME>NONE</TABLE_NAME></u:RFC_GET_TABLE_ENTRIES>"
    assert fault(post(sap, table)) == "TABLE_NOT_AVAILABLE"
    assert f'xmlns:n0="{RFC}"' in post(sap, table, BINDING).text
    assert "RFC_GET_TABLE_ENTRIES.Exception" in post(sap, table, BINDING).text


def test_wrong_passwords_get_a_web_page_and_lock_the_caller(sap: AbapServer) -> None:
    """CO-T27"""
    wrong = "Basic " + base64.b64encode(f"{USER}:no".encode()).decode()
    for _ in range(5):
        refused = post(sap, "<u:RFC_PING/>", Authorization=wrong)
        assert (refused.status_code, refused.headers["content-type"]) == (
            401,
            "text/html; charset=utf-8",
        )
    assert post(sap, "<u:RFC_PING/>").status_code == 401
    assert sap.abap.called() == []


@pytest.mark.parametrize(("client", "status"), [("100", 200), ("200", 200), ("999", 401)])
def test_each_client_of_the_landscape_lets_in_and_no_other(
    sap: AbapServer, client: str, status: int
) -> None:
    at = f"/sap/bc/soap/rfc?sap-client={client}"
    assert post(sap, "<u:RFC_PING/>", at).status_code == status
    assert [each["client"] for each in sap.abap.called()] == [client] * (status == 200)


def test_a_node_that_is_not_active_is_403(sap: AbapServer) -> None:
    sap.server.configure(inactive_services=["/sap/bc/soap/rfc"])
    assert post(sap, "<u:RFC_PING/>").status_code == 403
    assert post(sap, "<u:RFC_PING/>", BINDING).status_code == 200


def test_clouds_have_no_function_modules(sap: AbapServer) -> None:
    sap.server.configure(profile="s4hana-cloud")
    assert post(sap, "<u:RFC_PING/>").status_code == 404


@pytest.mark.parametrize(
    ("order", "status", "kind"),
    [
        ("html_login", 200, "text/html"),
        ("html_dump", 500, "text/html"),
        ("dump", 500, "text/html"),
        ("503", 503, "text/html"),
        ("fault:USER_LOCKED", 500, "text/xml"),
        ("no_authority", 500, "text/xml"),
        ("return:E:01/410", 200, "text/xml"),
    ],
)
def test_a_fault_meets_the_wanted_module_once(
    sap: AbapServer, order: str, status: int, kind: str
) -> None:
    """CO-T27"""
    sap.order(fault={"next": order, "of": "BAPI_USER_LOCK"})
    lock = "<u:BAPI_USER_LOCK><USERNAME>U00000001</USERNAME><RETURN/></u:BAPI_USER_LOCK>"
    assert post(sap, "<u:RFC_PING/>").status_code == 200
    met = post(sap, lock)
    assert met.status_code == status
    assert met.headers["content-type"].startswith(kind)
    assert sap.server.log.entries()[-1]["fault"] == order
    assert answered(post(sap, lock)).findtext("RETURN/item/NUMBER") == "245"


@pytest.mark.parametrize(("order", "done"), [("reset_before", "U"), ("reset_after", "L")])
def test_a_line_breaks_before_or_after_the_work(sap: AbapServer, order: str, done: str) -> None:
    """CO-T36: only reading back tells which."""
    sap.order(fault={"next": order})
    lock = "<u:BAPI_USER_LOCK><USERNAME>U00000001</USERNAME><RETURN/></u:BAPI_USER_LOCK>"
    with pytest.raises(requests.ConnectionError):
        post(sap, lock)
    found = sap.abap.call("BAPI_USER_GET_DETAIL", {"USERNAME": "U00000001"})
    assert found["ISLOCKED"]["LOCAL_LOCK"] == done


@pytest.mark.parametrize(
    ("order", "types", "done"),
    [("return:SE:01/410", "SE", "U"), ("return:A", "A", "U"), ("return:W", "WS", "L")],
)
def test_return_may_hold_what_is_wanted_of_it(
    sap: AbapServer, order: str, types: str, done: str
) -> None:
    """CO-T37"""
    sap.order(fault={"next": order})
    lock = "<u:BAPI_USER_LOCK><USERNAME>U00000001</USERNAME><RETURN/></u:BAPI_USER_LOCK>"
    rows = answered(post(sap, lock)).findall("RETURN/item")
    assert "".join(row.findtext("TYPE") or "" for row in rows) == types
    found = sap.abap.call("BAPI_USER_GET_DETAIL", {"USERNAME": "U00000001"})
    assert found["ISLOCKED"]["LOCAL_LOCK"] == done


def test_a_short_dump_may_come_when_all_is_done(sap: AbapServer) -> None:
    sap.order(fault={"next": "dump_after"})
    lock = "<u:BAPI_USER_LOCK><USERNAME>U00000001</USERNAME><RETURN/></u:BAPI_USER_LOCK>"
    assert post(sap, lock).status_code == 500
    found = sap.abap.call("BAPI_USER_GET_DETAIL", {"USERNAME": "U00000001"})
    assert found["ISLOCKED"]["LOCAL_LOCK"] == "L"


def test_an_answer_may_break_off_in_the_middle(sap: AbapServer) -> None:
    sap.order(fault={"next": "truncated"})
    with pytest.raises(etree.XMLSyntaxError):
        etree.fromstring(post(sap, LIST.format("<USERLIST/>")).content)


def test_control_takes_orders_and_shows_what_was_called_and_by_whom(sap: AbapServer) -> None:
    control = f"{sap.url}/_control/abap"
    wanted = {"users": {"200": [{"USERNAME": "CHILD", "roles": ["Z_FI_AP"]}]}}
    assert requests.post(control, json=wanted, timeout=20).status_code == 200
    refused = requests.post(control, json={"user": {}}, timeout=20)
    assert (refused.status_code, "users" in refused.json()["error"]) == (400, True)
    post(sap, "<u:BAPI_USER_DELETE><USERNAME>U00000001</USERNAME></u:BAPI_USER_DELETE>")
    shown = requests.get(control, timeout=20).json()
    assert shown["systems"]["S4HCLNT200"]["users"]["CHILD"]["roles"] == [
        ["Z_FI_AP", "20260101", "99991231"]
    ]
    assert shown["calls"] == [
        {"function": "BAPI_USER_DELETE", "client": "100", "user": USER, "status": "done"}
    ]
    assert sap.server.log.changed() == ["S4HCLNT100/USER('U00000001')"]
    requests.post(f"{sap.url}/_control/reset", timeout=20)
    shown = requests.get(control, timeout=20).json()
    assert (shown["systems"]["S4HCLNT100"]["count"], shown["calls"]) == (3, [])


def test_the_other_header_fields_are_looked_at_too(sap: AbapServer) -> None:
    assert post(sap, "<u:RFC_PING/>", Content_Type="application/json").status_code == 415
    assert fault(post(sap, "<u:RFC_PING/>", SOAPAction="")) == "SOAP_PROCESSING_FAILED"
