"""One typed error from every form of body."""

import json
from pathlib import Path

import pytest

from sapmatch.model.errors import (
    AuthorizationMissing,
    LogonRefused,
    OutcomeUnknown,
    PreconditionFailed,
    SapmatchError,
    SapRejected,
    ServiceNotActivated,
)
from sapmatch.sap.odata import errors, messages
from sapmatch.sap.session import Answer

PLACE = "[connections.s4]"


def answer(status: int, body: bytes = b"", **headers: str) -> Answer:
    named = {name.replace("_", "-"): text for name, text in headers.items()}
    return Answer(status, named, body, "https://sap.example.com/x")


def odata(code: str, text: str = "No") -> bytes:
    error = {"code": code, "message": {"lang": "en", "value": text}}
    return json.dumps({"error": error}).encode()


def read_error(found: Answer) -> SapmatchError:
    with pytest.raises(SapmatchError) as caught:
        errors.check_read(found, PLACE)
    return caught.value


def write_error(found: Answer) -> SapmatchError:
    with pytest.raises(SapmatchError) as caught:
        errors.check_write(found, PLACE)
    return caught.value


def test_a_recorded_v2_error_keeps_code_text_details_and_transaction(real_data: Path) -> None:
    """OD-P85."""
    path = real_data / "sap-responses/batch/v2_read_and_changeset_and_gateway_error.txt"
    text = path.read_bytes()
    body = text[text.index(b'{"error"') :].partition(b"\n--")[0].strip()
    error = read_error(answer(400, body))
    assert isinstance(error, SapRejected)
    assert error.code == "ZCU/100"
    assert error.text.endswith("niet gevonden voor operatie 0410")
    (detail,) = error.details
    assert str(detail) == "error /IWBEP/CX_MGW_BUSI_EXCEPTION: Fout bij wijzigen PE order."
    assert error.transaction_id == "23F2932D54040110E005FD84A23B406E"
    assert error.http_status == 400


def test_a_recorded_xml_error_gives_the_same(real_data: Path) -> None:
    """OD-P85."""
    path = real_data / "sap-responses/errors/gateway_error_with_details.xml"
    error = read_error(answer(501, path.read_bytes(), Content_Type="application/xml"))
    assert isinstance(error, SapRejected)
    assert error.code == "/IWBEP/CM_MGW_RT/021"
    assert error.text.startswith("Method 'SOME_TYPE_GET_ENTITYSET' not implemented")
    assert len(error.details) == 1
    assert error.transaction_id == "AE181B240AA70000E006489348B6C463"


def test_a_recorded_v4_error_gives_the_same(real_data: Path) -> None:
    """OD-P85."""
    path = real_data / "sap-responses/v4-demo/POST-SalesOrderList.Error.json"
    error = write_error(answer(400, path.read_bytes()))
    assert isinstance(error, SapRejected)
    assert (error.code, error.target, error.details) == ("OO/000", "Note", ())


def test_a_web_page_as_error_gives_its_title() -> None:
    """OD-P85."""
    page = b"<html><head><title>Application\n <b>Server</b> Error</title></head></html>"
    error = read_error(answer(500, page, Content_Type="text/html"))
    assert isinstance(error, SapRejected)
    assert (error.code, error.text) == ("HTTP 500", "Application Server Error")


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE error [<!ENTITY a "b">]><error><code>&a;</code></error>',
        b'<!DOCTYPE error SYSTEM "file:///etc/passwd"><error><code>1</code></error>',
        b"<error><code>1</code>",
        b'<?xml version="1.0" encoding="nonsense"?><error/>',
        b'{"error": "text"}',
        b'{"error": {"code": ',
        b'{"error":' + b'{"error":' * 5000,
        b"\xff\xfeerror",
        b"",
        b"<error>" + b" " * 1_000_000 + b"</error>",
    ],
)
def test_a_hostile_or_broken_body_is_no_message(body: bytes) -> None:
    """OD-P85; entities are never read."""
    assert messages.from_body(body) is None
    assert isinstance(read_error(answer(400, body)), SapRejected)


@pytest.mark.parametrize(
    ("status", "body", "kind", "remedy"),
    [
        (401, b"", LogonRefused, "SU01"),
        (403, odata("X/1"), AuthorizationMissing, "SU53"),
        (403, b"", AuthorizationMissing, "S_SERVICE"),
        (403, odata(errors.NO_SERVICE), ServiceNotActivated, "/IWFND/MAINT_SERVICE"),
        (404, odata(errors.NO_SERVICE), ServiceNotActivated, "/IWFND/MAINT_SERVICE"),
        (412, odata("X/1"), PreconditionFailed, "read it again"),
        (428, b"", PreconditionFailed, "ETag"),
        (404, odata("/IWBEP/CM_MGW_RT/020"), SapRejected, "020"),
        (405, b"", SapRejected, "HTTP 405"),
        (501, b"", SapRejected, "HTTP 501"),
    ],
)
def test_a_definite_no_is_the_same_for_reads_and_writes(
    status: int, body: bytes, kind: type[SapmatchError], remedy: str
) -> None:
    """OD-P65 (412 and 428 are one error), OD-P14."""
    for error in (read_error(answer(status, body)), write_error(answer(status, body))):
        assert type(error) is kind
        assert remedy in str(error)


def test_a_404_without_a_word_of_odata_means_what_was_asked_for() -> None:
    """OD-P14: a service that is not there is told by its root and its lists alone."""
    page = answer(404, b"<html>not found</html>")
    error = read_error(page)
    assert isinstance(error, ServiceNotActivated)
    assert "SICF" in str(error)
    for unclear in (write_error(page), errors.record_refused(page, PLACE)):
        assert isinstance(unclear, SapRejected)
        assert PLACE in unclear.text


@pytest.mark.parametrize("status", [302, 303, 408, 500, 502, 503, 504, 599])
def test_whatever_may_have_happened_is_an_unknown_outcome(status: int) -> None:
    """OD-P75, RE-22: an error body after a commit proves nothing."""
    found = answer(status, odata("X/1"), Retry_After="5")
    assert isinstance(write_error(found), OutcomeUnknown)


def test_a_logon_page_is_no_data() -> None:
    """OD-P13."""
    declared = answer(200, b"<p>Please log on</p>", Content_Type="text/html; charset=utf-8")
    undeclared = answer(200, b"\n<!DOCTYPE html><title>Logon</title>", Content_Type="text/plain")
    for page in (declared, undeclared):
        assert isinstance(read_error(page), LogonRefused)
        assert isinstance(write_error(page), OutcomeUnknown)


JSON_MESSAGE = json.dumps(
    {
        "code": "ZM/1",
        "message": "Geprüft",
        "severity": "info",
        "target": "",
        "details": [{"code": "ZM/2", "message": "Late", "severity": "warning", "target": "Date"}],
    },
    ensure_ascii=False,
)
XML_MESSAGE = (
    "<notification><code>ZM/1</code><message>Geprüft</message><severity>info</severity><target/>"
    "<details><detail><code>ZM/2</code><message>Late</message><target>Date</target>"
    "<severity>warning</severity></detail></details></notification>"
)


@pytest.mark.parametrize("header", [JSON_MESSAGE, XML_MESSAGE])
def test_messages_beside_a_success_are_kept(header: str) -> None:
    """OD-P86."""
    as_http_gives_it = header.encode().decode("latin-1")
    found = errors.check_write(answer(201, b"{}", sap_message=as_http_gives_it), PLACE)
    assert [str(one) for one in found] == ["info ZM/1: Geprüft", "warning ZM/2: Late (Date)"]


def test_an_error_beside_a_success_is_not_overlooked() -> None:
    """OD-P86: data with an error is no data, and a write with an error has to be looked at."""
    header = json.dumps({"code": "ZM/3", "message": "Incomplete", "severity": "error"})
    found = answer(200, b"{}", sap_message=header)
    error = read_error(found)
    assert isinstance(error, SapRejected)
    assert (error.code, error.text) == ("ZM/3", "Incomplete")
    assert isinstance(write_error(found), OutcomeUnknown)


def test_a_broken_message_header_does_no_harm() -> None:
    for header in ("", "{", "<notification>", "null", "[1]", '{"message": 5}'):
        assert errors.check_write(answer(204, sap_message=header), PLACE) == ()
