"""Our client of function modules on mock-sap, which somebody else wrote.

What goes only with help: mock-sap has no WSDLs, wants a CSRF token on SOAP (SAP does not; switched
off), names parameters in capitals below an element in CamelCase, and the answer of a BAPI after the
method of its business object. A shim puts the names right; values and rows are mock-sap's own.
Users and roles it does not know.
"""

import re
import threading
from collections.abc import Iterator

import pytest
import requests
from mocksap import Config, make_server

from local.sap.abap.dictionary import Field, Function, Parameter, functions
from local.sap.abap.wire import spelled
from local.sap.abap.wsdl import described
from sapmatch.model.auth import Basic
from sapmatch.model.connection import Connection
from sapmatch.model.rfc import AbapException, Rfc, RfcTransport
from sapmatch.sap.auth.credentials import Given
from sapmatch.sap.rfc.open import open_rfc
from tests.builders.sap_server import Received, Reply, SapServer

_LOGON = ("TESTER", "password-canary")
_ANSWER = re.compile(r"(</?n0:)\w+Response")
_CAPITALS = re.compile(r"<(/?)([A-Z][A-Z0-9_]+)>")
_ORDER = ("SD_DOC", "MATERIAL", "SOLD_TO")
_ORDERS = Function(
    "BAPI_SALESORDER_GETLIST",
    "SALES",
    {
        "CUSTOMER_NUMBER": Parameter(
            "CUSTOMER_NUMBER", "import", (Field("CUSTOMER_NUMBER", "C", 10),)
        ),
        "SALES_ORDERS": Parameter(
            "SALES_ORDERS", "tables", tuple(Field(n, "C", 40) for n in _ORDER), "BAPIORDERS", True
        ),
    },
)
_KNOWN = {**functions(), _ORDERS.name: _ORDERS}


class Shim:
    """WSDLs of ours, and names of the answer in CamelCase."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __call__(self, request: Received) -> Reply:
        if request.method == "GET":
            function = _KNOWN[request.path.split("/")[-3].upper()]
            return Reply(body=described([function], "mc_style", self._url, "x"), type="text/xml")
        answer = requests.post(self._url + request.target, request.body, auth=_LOGON, timeout=10)
        name = spelled(request.path.split("/")[-3].upper(), "mc_style")
        text = _ANSWER.sub(rf"\g<1>{name}Response", answer.text)
        text = _CAPITALS.sub(lambda m: f"<{m[1]}{spelled(m[2], 'mc_style')}>", text)
        return Reply(answer.status_code, text.encode(), type=answer.headers["content-type"])


@pytest.fixture(scope="module")
def transport() -> Iterator[RfcTransport]:
    mock = make_server(
        Config(port=0, db_path=":memory:", quiet=True, csrf=False, basic_auth=":".join(_LOGON))
    )
    thread = threading.Thread(target=mock.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    paths = {n: f"/sap/bc/srt/rfc/sap/x/{n.lower()}/x/mc_style" for n in _KNOWN}
    try:
        with SapServer(Shim(f"http://127.0.0.1:{mock.server_port}")) as shim:
            connection = Connection(
                url=shim.url,
                client="100",
                auth=Basic(secret="env:M"),
                rfc=Rfc(flavour="mc_style", services=paths),
            )
            secrets = Given({"user": _LOGON[0], "password": _LOGON[1]})
            opened = open_rfc("mock", connection, secrets)
            yield opened
            opened.close()
    finally:
        mock.shutdown()
        mock.server_close()
        thread.join(5)


def test_mock_sap_lets_in_and_echoes(transport: RfcTransport) -> None:
    transport.ping()
    found = transport.call("STFC_CONNECTION", {"REQUTEXT": "Grüße & <so>"})
    assert found.exports["ECHOTEXT"] == "Grüße & <so>"


def test_mock_sap_reads_a_table_by_its_own_condition(transport: RfcTransport) -> None:
    """Offsets and lengths as another server counts them."""
    found = transport.call(
        "RFC_READ_TABLE",
        {"QUERY_TABLE": "A_SalesOrder", "ROWCOUNT": 2},
        {"FIELDS": [{"FIELDNAME": "SALESORDER"}, {"FIELDNAME": "SOLDTOPARTY"}]},
        want=("DATA",),
    )
    offsets = [(row["OFFSET"], row["LENGTH"]) for row in found.tables["FIELDS"]]
    assert offsets[0][0] == "000000"
    assert int(str(offsets[1][0])) == int(str(offsets[0][1]))
    assert len(found.tables["DATA"]) == 2


def test_mock_sap_lists_sales_orders_by_a_module_that_we_know_from_its_wsdl_only(
    transport: RfcTransport,
) -> None:
    found = transport.call(
        "BAPI_SALESORDER_GETLIST", {"CUSTOMER_NUMBER": ""}, want=("SALES_ORDERS",)
    )
    rows = found.tables["SALES_ORDERS"]
    assert rows
    assert all(row["SD_DOC"] for row in rows)


def test_mock_sap_says_which_table_it_does_not_have(transport: RfcTransport) -> None:
    with pytest.raises(AbapException) as refused:
        transport.call("RFC_READ_TABLE", {"QUERY_TABLE": "NONE"}, want=("DATA",))
    assert refused.value.key == "TABLE_NOT_AVAILABLE"
