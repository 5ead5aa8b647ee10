"""Writes: at most once on the wire, and honest about what is not known."""

import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import pytest

from sapmatch.model.errors import (
    InputRejected,
    LogonRefused,
    OutcomeUnknown,
    PreconditionFailed,
    SapmatchError,
    SapRejected,
    SapThrottled,
    SapUnavailable,
)
from sapmatch.model.intent import Repeatability, Written
from sapmatch.sap.odata.client import ODataClient
from tests.builders.sap_server import (
    SERVICE,
    Received,
    Reply,
    SapServer,
    client_of,
    data,
    in_turn,
    refusal,
    with_token,
)
from tests.builders.sap_typed import SERVICE_V4

ETAG = "W/\"datetimeoffset'2015-02-03T21%3A07%3A03.5328420Z'\""
INVOICE = {"SupplierInvoice": "5105600001", "FiscalYear": "2026"}


def created(**headers: str) -> Reply:
    uri = "https://any.example/A_SupplierInvoice(SupplierInvoice='5105600001',FiscalYear='2026')"
    return data({"d": {"__metadata": {"uri": uri, "etag": ETAG}, **INVOICE}}, 201, **headers)


def send(client: ODataClient, method: str) -> Written:
    record = {"Text": "payload-canary"}
    if method == "POST":
        return client.create(SERVICE, "A_Order", record)
    if method == "PATCH":
        return client.update(SERVICE, "A_Order", {"ID": "1"}, record, etag=ETAG)
    return client.delete(SERVICE, "A_Order", {"ID": "1"}, etag=ETAG)


def failing(method: str, reply: Reply, **settings: Any) -> SapmatchError:
    """The error of one write; it must have been sent exactly once."""
    with (
        SapServer(with_token(in_turn(reply))) as server,
        client_of(server, **settings) as client,
        pytest.raises(SapmatchError) as caught,
    ):
        send(client, method)
    assert len(server.written()) == 1
    assert "canary" not in str(caught.value)
    return caught.value


def test_a_deep_create_returns_key_row_and_etag() -> None:
    """OD-P80."""
    record = {"CompanyCode": "1010", "to_SuplrInvcItemPurOrdRef": [{"TaxCode": "V1"}]}
    note = json.dumps({"code": "Z/1", "message": "Blocked", "severity": "warning"})
    script = with_token(in_turn(created(sap_message=note)))
    with SapServer(script) as server, client_of(server) as client:
        written = client.create(SERVICE, "A_SupplierInvoice", record)
    assert json.loads(server.written()[0].body) == record
    assert server.written()[0].headers["content-type"] == "application/json"
    assert (written.key, written.etag, written.http_status) == (INVOICE, ETAG, 201)
    assert written.row["SupplierInvoice"] == "5105600001"
    assert written.messages == ("warning Z/1: Blocked",)


def test_a_created_entity_may_be_wrapped_and_named_by_its_location() -> None:
    reply = data({"d": {"results": {"ObjectID": "0A"}}}, 201, Location="/odata/Tickets('0A')")
    with SapServer(with_token(in_turn(reply))) as server, client_of(server) as client:
        assert client.create(SERVICE, "Tickets", {}).key == {"ObjectID": "0A"}


@pytest.mark.parametrize("configured", [True, False])
def test_a_request_names_itself_only_where_the_gateway_is_set_up_for_it(configured: bool) -> None:
    """OD-P75: a Gateway without idempotent services refuses the header (/IWBEP/CM_COS 001)."""
    first = Repeatability(
        request_id="0123456789ABCDEF", first_sent=datetime(2026, 11, 1, 7, 30, tzinfo=UTC)
    )
    with (
        SapServer(with_token(in_turn(created(), created()))) as server,
        client_of(server, repeatable_requests=configured) as client,
    ):
        client.create(SERVICE, "A_SupplierInvoice", {}, repeatability=first)
        client.create(SERVICE, "A_SupplierInvoice", {})
    named, plain = server.written()
    told = [named.headers.get("requestid"), named.headers.get("repeatabilitycreation")]
    wanted = ["0123456789ABCDEF", "Sun, 01 Nov 2026 07:30:00 GMT"]
    assert told == (wanted if configured else [None, None])
    assert not {"requestid", "repeatabilitycreation"} & plain.headers.keys()


def test_an_update_sends_only_its_fields_and_the_etag_as_it_came() -> None:
    """OD-P66, OD-P68, OD-P71: 204 without an ETag leaves none."""
    script = with_token(in_turn(Reply(204), data({"d": {"ID": "1"}}, ETag='"2"'), Reply(202)))
    with SapServer(script) as server, client_of(server) as client:
        done = [
            client.update(SERVICE, "A_Item", {"A": "1", "B": "2"}, {"X": "y"}, etag=ETAG),
            client.update(SERVICE, "A_Item", {"A": "1", "B": "2"}, {"X": "y"}, etag="*"),
            client.update(SERVICE, "A_Item", {"A": "1", "B": "2"}, {"X": "y"}, etag=None),
        ]
    first, second, third = server.written()
    assert (first.method, first.path) == ("PATCH", f"{SERVICE}/A_Item(A='1',B='2')")
    assert json.loads(first.body) == {"X": "y"}
    assert (first.headers["if-match"], second.headers["if-match"]) == (ETAG, "*")
    assert "if-match" not in third.headers
    assert [(one.http_status, one.etag) for one in done] == [(204, None), (200, '"2"'), (202, None)]
    assert done[0].key == {"A": "1", "B": "2"}


@pytest.mark.parametrize(
    ("path", "literal"),
    [
        (SERVICE, "ID=guid'00505601-0203-1eda-b7a8-0123456789ab',N=7,P=2.50M,T='7',A=true"),
        (SERVICE_V4, "ID=00505601-0203-1eda-b7a8-0123456789ab,N=7,P=2.50,T='7',A=true"),
        (SERVICE_V4, "D=2026-02-28,At=2026-02-28T01:02:03Z"),
    ],
)
def test_the_key_that_sap_gave_can_be_given_back_as_it_is(path: str, literal: str) -> None:
    """Numbers, guids and booleans stay unquoted, with $metadata or without it."""
    address = f"https://any.example{path}/Ds({literal})"
    script = in_turn(Reply(201, headers=[("Location", address)]), Reply(204), Reply(204))
    with SapServer(script) as server, client_of(server, csrf="never") as client:
        created = client.create(path, "Ds", {})
        updated = client.update(path, "Ds", created.key, {"X": "y"}, etag=None)
        client.delete(path, "Ds", updated.key, etag=None)
    for request in server.requests[1:]:
        assert unquote(request.path) == f"{path}/Ds({literal})"


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
@pytest.mark.parametrize("reply", [Reply(404), Reply(404, b"<html></html>", type="text/html")])
def test_a_404_without_a_word_of_odata_to_a_write_has_two_meanings(
    method: str, reply: Reply
) -> None:
    """Nothing happened; whether the record is gone or the path wrong, SAP does not say."""
    error = failing(method, reply)
    assert isinstance(error, SapRejected)
    assert (error.http_status, error.code) == (404, "HTTP 404")
    assert "record is gone" in error.text
    assert "/IWFND/MAINT_SERVICE" in error.text


def test_a_delete_sends_its_etag_too() -> None:
    """OD-P69."""
    with SapServer(with_token(in_turn(Reply(204)))) as server, client_of(server) as client:
        client.delete(SERVICE, "A_Order", {"ID": "1"}, etag=ETAG)
    (request,) = server.written()
    assert (request.method, request.headers["if-match"], request.body) == ("DELETE", ETAG, b"")


@pytest.mark.parametrize("status", [412, 428])
@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_a_record_that_moved_on_is_one_error(method: str, status: int) -> None:
    """OD-P65, OD-P67: and it is not sent again."""
    assert type(failing(method, refusal(status))) is PreconditionFailed


@pytest.mark.parametrize(
    "reply",
    [
        Reply(drop=True),
        Reply(500),
        refusal(500),
        Reply(502),
        Reply(503),
        Reply(503, headers=[("Retry-After", "1")]),
        Reply(504),
        Reply(408),
        Reply(201, b'{"d": {"ID"', cut=True),
        Reply(201, b'{"d": {"ID"'),
        Reply(201),
        Reply(204),
        Reply(200, b"<html>Maintenance</html>", type="text/html"),
        Reply(302, headers=[("Location", "/elsewhere")]),
        data({"d": {"ID": "1"}}, 201, sap_message='{"message": "Failed", "severity": "error"}'),
    ],
)
def test_a_lost_or_doubtful_answer_to_a_create_is_an_unknown_outcome(reply: Reply) -> None:
    """OD-P75, RE-22."""
    assert type(failing("POST", reply)) is OutcomeUnknown


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize("reply", [Reply(drop=True), Reply(500), Reply(503), Reply(200, b"{")])
def test_changes_are_as_careful_as_creates(method: str, reply: Reply) -> None:
    """OD-P75."""
    assert type(failing(method, reply)) is OutcomeUnknown


def test_a_time_out_after_sending_is_an_unknown_outcome() -> None:
    """OD-P75, RE-22."""
    slow = Reply(201, b'{"d":{}}', delay=0.5)
    assert type(failing("POST", slow, read_timeout=0.2)) is OutcomeUnknown


def test_a_definite_no_is_a_rejection() -> None:
    """RE-22."""
    error = failing("POST", refusal(400, "M8/186", "Balance not zero"))
    assert isinstance(error, SapRejected)
    assert (error.code, error.http_status) == ("M8/186", 400)


def test_asking_for_fewer_calls_is_the_only_busy_answer_that_means_nothing_happened() -> None:
    """RE-22; reliability.md 3.3: 429 back to CLAIMED, every 5xx to UNKNOWN."""
    error = failing("POST", Reply(429, headers=[("Retry-After", "17")]))
    assert isinstance(error, SapThrottled)
    assert error.retry_after == 17


def test_a_wrong_password_changes_nothing() -> None:
    assert type(failing("POST", Reply(401))) is LogonRefused


def test_what_never_left_us_did_not_happen() -> None:
    """RE-25."""
    with SapServer(in_turn()) as server:
        pass
    with client_of(server, csrf="never") as client, pytest.raises(SapUnavailable):
        client.create(SERVICE, "A_Order", {})


def test_what_cannot_be_written_down_is_refused_before_it_is_sent() -> None:
    with SapServer(with_token(in_turn())) as server, client_of(server) as client:
        with pytest.raises(InputRejected, match="Price"):
            client.create(SERVICE, "A_Order", {"Price": 0.1})
        with pytest.raises(InputRejected, match="header"):
            client.delete(SERVICE, "A_Order", {"ID": "1"}, etag='"1"\r\nEvil: yes')
    assert server.written() == []


def test_a_success_after_the_second_token_is_sent_twice_and_executed_once() -> None:
    """OD-P04: the refused one was refused before it was executed."""
    executed: list[Received] = []
    tokens = iter(["old", "new"])

    def script(request: Received) -> Reply:
        if request.fetches_token:
            return Reply(headers=[("x-csrf-token", next(tokens))])
        if request.headers.get("x-csrf-token") != "new":
            return Reply(403, headers=[("x-csrf-token", "Required")])
        executed.append(request)
        return Reply(drop=True)

    with (
        SapServer(script) as server,
        client_of(server) as client,
        pytest.raises(OutcomeUnknown),
    ):
        client.create(SERVICE, "A_Order", {})
    assert (len(server.written()), len(executed)) == (2, 1)
