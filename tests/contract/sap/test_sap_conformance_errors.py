"""What SAP says went wrong, in all its forms, and what it says beside a success."""

import json
import logging
from typing import Any

import pytest

from sapmatch.model.errors import OutcomeUnknown, SapmatchError, SapMessage, SapRejected
from sapmatch.sap.odata.batch import Create
from sapmatch.sap.odata.metadata import Version
from tests.builders.sap_server import (
    COOKIE,
    PASSWORD,
    SERVICE,
    TOKEN,
    Reply,
    SapServer,
    client_of,
    data,
    in_turn,
    with_token,
)
from tests.builders.sap_typed import PATHS

DETAIL = SapMessage(code="M8/083", text="Period closed", severity="warning", target="PostingDate")
INNER = {"transactionid": "6B1F", "timestamp": "20261101073000.1234567"}
V2_ERROR = {
    "code": "M8/186",
    "message": {"lang": "en", "value": "Check the amount"},
    "innererror": {
        **INNER,
        "errordetails": [
            {"code": "M8/186", "message": "Check the amount", "severity": "error", "target": "Net"},
            {
                "code": "M8/083",
                "message": "Period closed",
                "severity": "warning",
                "propertyref": "PostingDate",
            },
        ],
    },
}
V4_ERROR = {
    "code": "M8/186",
    "message": "Check the amount",
    "target": "Net",
    "@Common.numericSeverity": 4,
    "details": [
        {
            "code": "M8/083",
            "message": "Period closed",
            "target": "PostingDate",
            "@Common.numericSeverity": 3,
        }
    ],
    "innererror": INNER,
}
XML_ERROR = """<?xml version="1.0" encoding="utf-8"?>
<error xmlns="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"><code>M8/186</code>
 <message xml:lang="en">Check the amount</message><innererror>
 <transactionid>6B1F</transactionid><timestamp>20261101073000.1234567</timestamp><errordetails>
 <errordetail><code>M8/186</code><message>Check the amount</message><severity>error</severity>
  <target>Net</target></errordetail>
 <errordetail><code>M8/083</code><message>Period closed</message><severity>warning</severity>
  <target>PostingDate</target></errordetail></errordetails></innererror></error>"""
JSON_V2 = json.dumps({"error": V2_ERROR}).encode()
JSON_V4 = json.dumps({"error": V4_ERROR}).encode()


def failing(reply: Reply, version: Version = "V2") -> SapmatchError:
    """The error of a write that was sent once."""
    with (
        SapServer(with_token(in_turn(reply))) as server,
        client_of(server) as client,
        pytest.raises(SapmatchError) as caught,
    ):
        client.service(PATHS[version]).create("Orders", {"Name": "payload-canary"})
    assert len(server.written()) == 1
    return caught.value


@pytest.mark.parametrize(
    ("version", "body", "type"),
    [
        ("V2", JSON_V2, "application/json"),
        ("V4", JSON_V4, "application/json"),
        ("V2", XML_ERROR.encode(), "application/xml"),
        ("V4", JSON_V4, "text/plain"),
    ],
)
def test_every_form_of_an_error_becomes_the_same_error(
    version: Version, body: bytes, type: str
) -> None:
    """OD-P85."""
    error = failing(Reply(400, body, type=type), version)
    assert isinstance(error, SapRejected)
    assert (error.code, error.text) == ("M8/186", "Check the amount")
    assert (error.severity, error.target) == ("error", "Net")
    assert error.details == (DETAIL,)
    assert (error.transaction_id, error.timestamp) == (INNER["transactionid"], INNER["timestamp"])
    assert error.http_status == 400


def test_an_error_page_says_its_title_and_its_status() -> None:
    """OD-P85."""
    page = b"<html><head><title>Bad request</title></head><body>" + b"x" * 5000 + b"</body></html>"
    error = failing(Reply(400, page, type="text/html"))
    assert isinstance(error, SapRejected)
    assert (error.code, error.text) == ("HTTP 400", "Bad request")


@pytest.mark.parametrize(
    ("version", "header", "value"),
    [
        (
            "V2",
            "sap-message",
            {
                "code": "Z/1",
                "message": "Saved",
                "severity": "info",
                "details": [{"code": "Z/2", "message": "Blocked", "severity": "warning"}],
            },
        ),
        (
            "V4",
            "sap-messages",
            [
                {"code": "Z/1", "message": "Saved", "numericSeverity": 2},
                {"code": "Z/2", "message": "Blocked", "numericSeverity": 3},
            ],
        ),
    ],
)
def test_messages_beside_a_success_are_handed_on(version: Version, header: str, value: Any) -> None:
    """OD-P86."""
    row = {"ID": "1"}
    created = data({"d": row} if version == "V2" else row, 201, **{header: json.dumps(value)})
    with SapServer(with_token(in_turn(created))) as server, client_of(server) as client:
        written = client.service(PATHS[version]).create("Orders", {})
    assert written.messages == ("info Z/1: Saved", "warning Z/2: Blocked")


@pytest.mark.parametrize(
    ("version", "header", "value"),
    [
        ("V2", "sap-message", {"code": "Z/9", "message": "Half of it", "severity": "error"}),
        ("V4", "sap-messages", [{"code": "Z/9", "message": "Half of it", "numericSeverity": 4}]),
    ],
)
def test_an_error_beside_a_success_is_no_success(version: Version, header: str, value: Any) -> None:
    """OD-P86: a read is refused; a write may have happened, so it is read back."""
    said: Any = {header: json.dumps(value)}
    row = {"ID": "1"}
    assert isinstance(failing(data({"d": row}, 201, **said), version), OutcomeUnknown)
    body = {"d": {"results": [row]}} if version == "V2" else {"value": [row]}
    with (
        SapServer(in_turn(data(body, **said))) as server,
        client_of(server) as client,
        pytest.raises(SapRejected) as caught,
    ):
        list(client.service(PATHS[version]).pages("Orders"))
    assert (caught.value.code, caught.value.text) == ("Z/9", "Half of it")


@pytest.mark.parametrize("reply", [Reply(drop=True), Reply(500, b"oops"), Reply(400, JSON_V2)])
def test_neither_log_nor_error_of_a_batch_holds_a_secret_or_a_value(
    caplog: pytest.LogCaptureFixture, reply: Reply
) -> None:
    """OD-P89."""
    caplog.set_level(logging.DEBUG)
    with SapServer(with_token(in_turn(reply))) as server, client_of(server) as client:
        with pytest.raises(SapmatchError) as caught:
            client.service(SERVICE).batch([Create("Orders", {"Name": "payload-canary"})])
        shown = f"{caplog.text} {caught.value!r} {client!r} {client.service(SERVICE)!r}"
    assert b"payload-canary" in server.written()[0].body
    for secret in (PASSWORD, TOKEN, COOKIE, "payload-canary", "Basic "):
        assert secret not in shown
