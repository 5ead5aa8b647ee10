"""Function modules over SOAP against a server that answers as badly as SAP and its proxies can."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest

from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    LogonRefused,
    OutcomeUnknown,
    SapRejected,
    SapThrottled,
    SapUnavailable,
    ServiceNotActivated,
)
from sapmatch.model.rfc import AbapException, BapiFailed, RfcResult, RfcTransport
from sapmatch.sap.rfc.messages import judged
from tests.builders.logons import NotingGuard
from tests.builders.sap_server import PASSWORD, Received, Reply, SapServer, Script, in_turn
from tests.builders.soap_replies import (
    LOGON_PAGE,
    PAGE,
    answer,
    fault,
    page,
    returned,
    row,
    soap_of,
    xml,
)

LIST, CREATE = "BAPI_USER_GETLIST", "BAPI_USER_CREATE1"
ONE = xml(answer(LIST, f"<ROWS>1</ROWS><USERLIST>{row(USERNAME='JDOE')}</USERLIST><RETURN/>"))
NODE = "/sap/bc/soap/rfc"
LOST = Reply(400, b"Session not found", type="text/plain")
NEW: Mapping[str, Any] = {"USERNAME": "JDOE", "PASSWORD": {"BAPIPWD": "initial-canary"}}


def listed(sap: RfcTransport) -> RfcResult:
    return sap.call(LIST, {"MAX_ROWS": 1}, want=["USERLIST"])


def created(sap: RfcTransport) -> RfcResult:
    return sap.call(CREATE, NEW, changes=True)


def asked(script: Script | Reply, call: Callable[[RfcTransport], RfcResult], **rfc: Any) -> Any:
    """What the call raises, and how many requests it took; nothing secret is in either."""
    replies = script if not isinstance(script, Reply) else lambda _: script
    with SapServer(replies) as server:
        sap = soap_of(server, **rfc)
        with pytest.raises(Exception) as caught:  # noqa: PT011  the tests look at it
            call(sap)
        sap.close()
    for secret in (PASSWORD, "initial-canary", "Basic "):
        assert secret not in str(caught.value)
    return caught.value, len(server.requests)


def test_a_call_brings_values_and_what_it_was_asked_for() -> None:
    with SapServer(lambda _: ONE) as server:
        sap = soap_of(server, lang="DE")
        found = listed(sap)
        sap.close()
    assert found.exports == {"ROWS": 1}
    assert found.tables == {"USERLIST": [{"USERNAME": "JDOE"}], "RETURN": []}
    assert found.raw_size == len(ONE.body)
    request = server.requests[0]
    assert (request.method, request.path) == ("POST", NODE)
    assert request.query.startswith("sap-client=100&sap-language=DE")
    assert request.headers["content-type"] == "text/xml; charset=utf-8"
    assert request.headers["soapaction"] == '""'
    assert request.headers["sap-language"] == "DE"


def test_a_wanted_table_that_does_not_come_is_empty_and_told() -> None:
    """CO-T30."""
    with SapServer(lambda _: xml(answer(LIST))) as server:
        found = listed(soap_of(server))
    assert found.tables == {"USERLIST": []}
    assert found.absent == ("USERLIST",)
    assert b"<USERLIST/>" in server.requests[0].body


def test_an_empty_list_beside_a_failure_is_no_list() -> None:
    """CO-T38: without S_USER_GRP nothing is listed, and RETURN alone says why."""
    inside = "<ROWS>0</ROWS><USERLIST/>" + returned(("E", "01", "512"))
    with SapServer(lambda _: xml(answer(LIST, inside))) as server:
        found = listed(soap_of(server))
    assert found.tables["USERLIST"] == []
    with pytest.raises(BapiFailed, match="01/512"):
        judged(LIST, found, fail_when_warning=True)


@pytest.mark.parametrize("call", [listed, created])
def test_a_401_is_a_refused_logon_and_tried_once(call: Any) -> None:
    """CO-T27: SAP answers a wrong password with a web page."""
    error, requests = asked(page(401), call)
    assert isinstance(error, LogonRefused)
    assert error.reason == "password"
    assert requests == 1


@pytest.mark.parametrize("call", [listed, created])
def test_a_logon_page_is_told_from_data(call: Any) -> None:
    """CO-T27."""
    error, requests = asked(page(200, LOGON_PAGE), call)
    assert isinstance(error, LogonRefused)
    assert error.reason == "sso"
    assert requests == 1


def test_any_other_page_is_no_answer_to_a_read_and_no_proof_against_a_change() -> None:
    """CO-T27."""
    assert isinstance(asked(page(200), listed)[0], LogonRefused)
    assert isinstance(asked(page(200), created)[0], OutcomeUnknown)


@pytest.mark.parametrize("call", [listed, created])
def test_the_exception_of_a_module_is_named_by_its_key(call: Any) -> None:
    """CO-T27."""
    error, requests = asked(xml(fault("TABLE_EMPTY"), 500), call)
    assert isinstance(error, AbapException)
    assert (error.key, requests) == ("TABLE_EMPTY", 1)


@pytest.mark.parametrize("call", [listed, created])
@pytest.mark.parametrize(
    "body",
    [
        fault("RFC_NO_AUTHORITY"),
        fault("User TESTER has no RFC authorization for function group SU_USER."),
    ],
)
def test_a_missing_s_rfc_is_named_with_its_function_group(call: Any, body: bytes) -> None:
    error, requests = asked(xml(body, 500), call)
    assert isinstance(error, AuthorizationMissing)
    assert "S_RFC" in str(error)
    assert "SU_USER" in str(error)
    assert requests == 1


def test_a_change_that_others_refused_to_serve_may_have_begun() -> None:
    """It was let in itself: what it called was not."""
    body = fault("User TESTER has no RFC authorization for function group ZZZ.", code="Server")
    assert isinstance(asked(xml(body, 500), created)[0], OutcomeUnknown)
    assert isinstance(asked(xml(body, 500), listed)[0], AuthorizationMissing)


def test_a_short_dump_of_a_read_is_refused_and_that_of_a_change_unknown() -> None:
    """CO-T27."""
    for reply in (page(500), xml(fault("SYSTEM_FAILURE", code="Server"), 500)):
        error, requests = asked(reply, listed)
        assert isinstance(error, SapRejected)
        assert not isinstance(error, AbapException)
        assert "ST22" in str(error)
        assert requests == 1
        error, requests = asked(reply, created)
        assert isinstance(error, OutcomeUnknown)
        assert requests == 1


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_read_waits_for_a_busy_sap_and_a_change_does_not(status: int) -> None:
    """CO-T27."""
    with SapServer(in_turn(page(status), page(status), ONE)) as server:
        assert listed(soap_of(server)).exports == {"ROWS": 1}
    assert len(server.requests) == 3
    error, requests = asked(page(status), listed)
    assert isinstance(error, SapUnavailable)
    assert requests == 4
    error, requests = asked(page(status), created)
    assert isinstance(error, OutcomeUnknown)
    assert requests == 1


def test_too_many_calls_are_told_to_a_change_because_nothing_happened() -> None:
    error, requests = asked(Reply(429, headers=[("Retry-After", "7")]), created)
    assert isinstance(error, SapThrottled)
    assert (error.retry_after, requests) == (7, 1)


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("call", [listed, created])
def test_a_node_that_is_not_active_is_named_with_its_remedy(status: int, call: Any) -> None:
    error, requests = asked(page(status), call)
    assert isinstance(error, ServiceNotActivated)
    for word in ("SICF", NODE, "SAP_COM_0465", "SAP_COM_0193"):
        assert word in str(error)
    assert requests == 1


@pytest.mark.parametrize("kind", ["application/json", "text/plain", ""])
def test_another_type_of_content_is_told_before_anything_is_parsed(kind: str) -> None:
    """CO-T27."""
    reply = Reply(200, ONE.body, type=kind)
    error, requests = asked(reply, listed)
    assert isinstance(error, SapRejected)
    assert "not SOAP" in str(error)
    assert requests == 1
    assert isinstance(asked(reply, created)[0], OutcomeUnknown)


@pytest.mark.parametrize("kept", [0, 1, 150, len(ONE.body) - 12])
def test_an_answer_without_its_end_is_asked_for_again_unless_it_is_a_change(kept: int) -> None:
    cut = xml(ONE.body[:kept])
    with SapServer(in_turn(cut, ONE)) as server:
        assert listed(soap_of(server)).exports == {"ROWS": 1}
    assert len(server.requests) == 2
    error, requests = asked(cut, created)
    assert isinstance(error, OutcomeUnknown)
    assert requests == 1


@pytest.mark.parametrize("reply", [Reply(drop=True), Reply(200, b"<x", type="text/xml", cut=True)])
def test_a_connection_that_breaks_leaves_a_change_open_and_sends_it_once(reply: Reply) -> None:
    """CO-T36."""
    error, requests = asked(reply, created)
    assert isinstance(error, OutcomeUnknown)
    assert requests == 1
    with SapServer(in_turn(reply, ONE)) as server:
        assert listed(soap_of(server)).exports == {"ROWS": 1}


def test_a_change_that_never_left_did_not_happen() -> None:
    with SapServer(lambda _: ONE) as server:
        sap = soap_of(server)
    with pytest.raises(SapUnavailable):
        created(sap)


@pytest.mark.parametrize("doctype", [b"<!DOCTYPE a>", b'<!DOCTYPE l [<!ENTITY a "ha">]>'])
def test_entities_are_refused(doctype: bytes) -> None:
    """CO-T34."""
    body = ONE.body.replace(b"?>", b"?>" + doctype)
    error, requests = asked(xml(body), listed)
    assert isinstance(error, SapRejected)
    assert "DOCTYPE" in str(error)
    assert requests == 1
    assert isinstance(asked(xml(body), created)[0], OutcomeUnknown)


@pytest.mark.parametrize(
    "imports",
    [
        {"USERNAME": "X" * 13},
        {"USERNAME": "JDOE", "ADDRESS": {"LASTNAME": "x" * 41}},
        {"USERNAME": "a\x00b"},
    ],
)
def test_nothing_leaves_where_a_value_cannot_go(imports: Mapping[str, Any]) -> None:
    """CO-T40."""
    error, requests = asked(ONE, lambda sap: sap.call(CREATE, imports, changes=True))
    assert isinstance(error, InputRejected)
    assert requests == 0


def test_soamanager_has_a_path_and_an_action_for_each_module() -> None:
    """CO-T35."""
    path = "/sap/bc/srt/rfc/sap/zusers/100/zusers/basic"
    reply = xml(answer(LIST, "<ROWS>1</ROWS>", end="Response"))
    with SapServer(lambda _: reply) as server:
        sap = soap_of(server, flavour="soamanager", services={LIST: path}, soap_action="wsdl")
        assert listed(sap).exports == {"ROWS": 1}
        with pytest.raises(InputRejected, match=rf"services: names no binding for {CREATE}"):
            created(sap)
    assert server.requests[0].path == path
    action = "urn:sap-com:document:sap:rfc:functions:zusers:BAPI_USER_GETLISTRequest"
    assert server.requests[0].headers["soapaction"] == f'"{action}"'
    assert len(server.requests) == 1


def test_the_action_of_the_wsdl_may_be_set() -> None:
    with SapServer(lambda _: ONE) as server:
        listed(soap_of(server, soap_action="wsdl"))
    assert server.requests[0].headers["soapaction"] == f'"http://www.sap.com/{LIST}"'


def test_a_lost_session_is_begun_anew_for_a_read() -> None:
    with SapServer(in_turn(LOST, ONE)) as server:
        assert listed(soap_of(server)).exports == {"ROWS": 1}
    assert len(server.requests) == 2


def test_a_change_in_a_lost_session_is_open_and_the_next_call_logs_on_anew() -> None:
    """What says so may stand between SAP and us, and SAP may have made the change."""
    lost = replace(LOST, headers=[("Set-Cookie", "SAP_SESSIONID_X=old")])
    with SapServer(in_turn(lost, ONE)) as server:
        sap = soap_of(server)
        with pytest.raises(OutcomeUnknown, match="lost the session"):
            created(sap)
        listed(sap)
    assert [b"CREATE1" in each.body for each in server.requests] == [True, False]
    assert "cookie" not in server.requests[1].headers


def test_rfc_ping_is_a_call_like_any_other() -> None:
    with SapServer(lambda _: xml(answer("RFC_PING"))) as server:
        soap_of(server).ping()
    assert b"<u:RFC_PING></u:RFC_PING>" in server.requests[0].body


def test_many_threads_share_one_transport() -> None:
    def script(request: Received) -> Reply:
        name = request.body.partition(b"<USERNAME>")[2].partition(b"<")[0].decode()
        inside = f"<ADDRESS><LASTNAME>{name}</LASTNAME></ADDRESS>"
        return xml(answer("BAPI_USER_GET_DETAIL", inside))

    found: dict[str, Any] = {}
    with SapServer(script) as server:
        sap = soap_of(server)

        def look(name: str) -> None:
            found[name] = sap.call("BAPI_USER_GET_DETAIL", {"USERNAME": name}).exports["ADDRESS"]

        threads = [threading.Thread(target=look, args=(f"USER{n}",)) for n in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        sap.close()
    assert found == {f"USER{n}": {"LASTNAME": f"USER{n}"} for n in range(12)}


def test_a_fault_of_sap_proves_the_logon_and_a_fault_of_a_gateway_does_not() -> None:
    """The guard lets a secret pass again once SAP has let it in, and for nothing less."""
    foreign = fault("TABLE_EMPTY").replace(b"urn:sap-com:document:sap:rfc:functions", b"urn:proxy")
    security = fault("FailedAuthentication").replace(b"Client", b"wsse:FailedAuthentication")
    assert told(xml(fault("TABLE_EMPTY"), 500)) == ["accepted"]
    for reply in (xml(foreign, 500), xml(security, 500), page(500), page(500, PAGE)):
        assert told(reply) == []


def told(reply: Reply) -> list[str]:
    """What the guard is told of one call."""
    with SapServer(lambda _: reply) as server:
        guard = NotingGuard()
        sap = soap_of(server, guard=guard)
        with pytest.raises(SapRejected):
            listed(sap)
    return [each.partition(" ")[0] for each in guard.calls if not each.startswith("admit")]
