"""Questions of the write protocol: many in one batch of reads, or one by one (port SapWriter)."""

from collections.abc import Sequence
from typing import Any

import pytest

from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    LogonRefused,
    SapmatchError,
    SapRejected,
    SapThrottled,
    SapUnavailable,
    ServiceNotActivated,
)
from sapmatch.model.intent import Entity, Look
from sapmatch.sap.odata.client import ODataClient
from tests.builders import edmx
from tests.builders.batch_answers import BATCH, enclosed, error, http, part
from tests.builders.sap_server import (
    SERVICE,
    Received,
    Reply,
    SapServer,
    Script,
    client_of,
    data,
    in_turn,
    refusal,
    rows,
    with_token,
)

ORDERS = edmx.v2(edmx.ORDER.format(more='<Property Name="No" Type="Edm.Int32"/>'))
NOT_THERE = error("/IWBEP/CM_MGW_RT/020", "Resource not found")
NO_SERVICE = error("/IWFND/MED/170", "No service found")


def by_key(number: str) -> Look:
    return Look(service=SERVICE, entity_set="Orders", key={"ID": number})


def by_field(number: str) -> Look:
    return Look(service=SERVICE, entity_set="Orders", equals={"No": number})


def row(number: str) -> dict[str, Any]:
    return {"__metadata": {"etag": f'W/"{number}"'}, "ID": number}


def one(number: str) -> bytes:
    return part(http(200, {"d": row(number)}))


def page(*numbers: str, **more: Any) -> bytes:
    return part(http(200, {"d": {"results": [row(number) for number in numbers], **more}}))


def answered(*parts: bytes, **more: Any) -> Reply:
    return Reply(202, enclosed(parts), type=f"multipart/mixed; boundary={BATCH}", **more)


def client_for(server: SapServer, **settings: Any) -> ODataClient:
    client = client_of(server, **settings)
    client.service(SERVICE, metadata=ORDERS)
    return client


def looked(script: Script, looks: Sequence[Look]) -> tuple[list[Any], SapServer]:
    """What came of each question: the numbers of its records, or its error; and what was sent."""
    with SapServer(with_token(script)) as server, client_for(server) as client:
        found = client.look(looks)
    return [_numbers(each) for each in found], server


def _numbers(found: list[Entity] | SapmatchError) -> object:
    return type(found) if isinstance(found, SapmatchError) else [e.row["ID"] for e in found]


def sent(server: SapServer) -> list[str]:
    return [r.method for r in server.requests if not r.fetches_token]


def test_many_questions_are_one_call() -> None:
    """OD-P95, OD-P66: keys and references in one batch, each record with its ETag."""
    reply = answered(one("1"), part(http(404, NOT_THERE)), page("2", "3"), page())
    known = rows()  # that there is such an entity set
    looks = [by_key("1"), by_key("9"), by_field("7"), by_field("8")]
    with SapServer(with_token(in_turn(reply, known))) as server, client_for(server) as client:
        found = client.look(looks)
    assert [_numbers(each) for each in found] == [["1"], [], ["2", "3"], []]
    assert isinstance(found[0], list)
    assert found[0][0].etag == 'W/"1"'
    assert sent(server) == ["POST", "GET"]
    assert b"GET Orders?$filter=No%20eq%207 " in server.written()[0].body  # a number, by $metadata


def test_a_question_alone_is_a_plain_read() -> None:
    found, server = looked(in_turn(data({"d": row("1")})), [by_key("1")])
    assert (found, sent(server)) == ([["1"]], ["GET"])


def test_rows_behind_a_next_link_belong_to_the_answer() -> None:
    """OD-P21: two records under one reference are a conflict, on whichever page the second is."""
    more = answered(page("1", __next="Orders?$skiptoken=2"), one("5"))
    found, server = looked(in_turn(more, rows(row("2"))), [by_field("7"), by_key("5")])
    assert found == [["1", "2"], ["5"]]
    assert server.requests[-1].target.endswith("$skiptoken=2")


def test_etags_of_what_was_looked_at_guard_the_next_change() -> None:
    """OD-P68."""
    reply = answered(one("1"), page("2"))
    replies = [reply, Reply(204), Reply(204)]
    with SapServer(with_token(in_turn(*replies))) as server, client_for(server) as client:
        client.look([by_key("1"), by_field("7")])
        for number in ("1", "2"):
            client.service(SERVICE).update("Orders", {"ID": number}, {"No": 1})
    guards = [request.headers.get("if-match") for request in server.written()]
    assert guards == [None, 'W/"1"', 'W/"2"']


@pytest.mark.parametrize(
    "refused",
    [Reply(404), Reply(405), Reply(501), refusal(501), data({"d": {}}), Reply(200, b"ok")],
)
def test_a_service_without_batches_is_asked_one_by_one_and_never_for_a_batch_again(
    refused: Reply,
) -> None:
    singles = [data({"d": row("1")}), data({"d": row("2")})]
    replies = with_token(in_turn(refused, *singles, *singles))
    with SapServer(replies) as server, client_for(server) as client:
        for _ in range(2):
            found = client.look([by_key("1"), by_key("2")])
            assert [_numbers(each) for each in found] == [["1"], ["2"]]
    assert sent(server) == ["POST", "GET", "GET", "GET", "GET"]


@pytest.mark.parametrize("refused", [refusal(400), refusal(403), refusal(500), Reply(415)])
def test_a_batch_that_sap_refuses_for_itself_is_asked_one_by_one(refused: Reply) -> None:
    singles = [data({"d": row("1")}), data({"d": row("2")})]
    found, _ = looked(in_turn(refused, *singles), [by_key("1"), by_key("2")])
    assert found == [["1"], ["2"]]


@pytest.mark.parametrize(
    "first",
    [
        answered(one("1")),  # the second is missing
        answered(one("1"), part(http(503, error()))),
        answered(one("1"), part(http(429))),
        answered(one("1"), part(http(404))),  # no word of OData
        answered(one("1"), part(b"HTTP/1.1 200 OK\r\n\r\n{")),
    ],
)
def test_what_the_batch_does_not_answer_is_asked_on_its_own(first: Reply) -> None:
    """OD-P99: silence is no answer, least of all that there is nothing."""

    def script(request: Received) -> Reply:
        number = "1" if "('1')" in request.path else "2"
        return data({"d": row(number)}) if request.method == "GET" else first

    found, server = looked(script, [by_key("1"), by_key("2")])
    assert found == [["1"], ["2"]]
    assert "GET" in sent(server)


def test_a_batch_of_questions_may_be_repeated() -> None:
    """OD-P09: nothing changes however often it is asked."""
    replies = [Reply(drop=True), Reply(503), answered(one("1"), one("2"))]
    found, server = looked(in_turn(*replies), [by_key("1"), by_key("2")])
    assert found == [["1"], ["2"]]
    assert sent(server) == ["POST"] * 3


def test_an_error_of_one_question_stands_in_its_place() -> None:
    reply = answered(one("1"), part(http(403, error())), part(http(400, error())))
    found, _ = looked(in_turn(reply), [by_key("1"), by_key("2"), by_field("3")])
    assert found == [["1"], AuthorizationMissing, SapRejected]


def test_a_question_that_metadata_rules_out_spoils_no_other() -> None:
    wrong = Look(service=SERVICE, entity_set="Orders", equals={"Nope": "1"})
    empty = Look(service=SERVICE, entity_set="Orders")
    reply = data({"d": row("1")})
    found, server = looked(in_turn(reply), [by_key("1"), wrong])
    assert found == [["1"], InputRejected]
    found, server = looked(in_turn(), [empty])
    assert (found, server.requests) == ([InputRejected], [])


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (lambda _: Reply(503), SapUnavailable),
        (lambda _: Reply(drop=True), SapUnavailable),
        (lambda _: Reply(401), LogonRefused),
        (in_turn(Reply(429, headers=[("Retry-After", "99")])), SapThrottled),
        (in_turn(answered(one("1"), part(http(404, NO_SERVICE)))), ServiceNotActivated),
    ],
)
def test_what_holds_for_all_questions_is_raised(script: Script, kind: type[SapmatchError]) -> None:
    with (
        SapServer(with_token(script)) as server,
        client_for(server) as client,
        pytest.raises(SapmatchError) as caught,
    ):
        client.look([by_key("1"), by_key("2")])
    assert type(caught.value) is kind


def test_questions_to_several_services_are_answered_in_their_order() -> None:
    other = SERVICE.replace("TEST", "OTHER")

    def script(request: Received) -> Reply:
        number = "7" if "OTHER" in request.target else "1"
        return data({"d": row(number)}) if request.method == "GET" else answered(one("1"), one("2"))

    with SapServer(with_token(script)) as server, client_for(server) as client:
        client.service(other, metadata=ORDERS)
        there = Look(service=other, entity_set="Orders", key={"ID": "7"})
        found = client.look([by_key("1"), there, by_key("2")])
    assert [_numbers(each) for each in found] == [["1"], ["7"], ["2"]]
    assert client.look([]) == []


def test_many_questions_are_cut_into_batches_of_a_hundred() -> None:
    def script(request: Received) -> Reply:
        return answered(*[one("1")] * request.body.count(b"\r\n\r\nGET "))

    found, server = looked(script, [by_key("1")] * 150)
    assert found == [["1"]] * 150
    assert [r.body.count(b"\r\n\r\nGET ") for r in server.written()] == [100, 50]
