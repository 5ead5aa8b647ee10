"""Batches against servers that answer well, badly, in part, or not at all."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from sapmatch.model.connection import ServiceOptions
from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    LogonRefused,
    OutcomeUnknown,
    PreconditionFailed,
    SapmatchError,
    SapRejected,
    SapUnavailable,
    ServiceNotActivated,
)
from sapmatch.model.query import Query
from sapmatch.sap.odata.batch import (
    BatchItem,
    Changeset,
    Create,
    Delete,
    OperationResult,
    Read,
    Update,
)
from tests.builders import edmx
from tests.builders.batch_answers import BATCH, changeset, created, enclosed, error, http, part
from tests.builders.sap_server import (
    COOKIE,
    REQUIRED,
    SERVICE,
    TOKEN,
    Reply,
    SapServer,
    client_of,
    data,
    in_turn,
    refusal,
    with_token,
)

MULTIPART = f"multipart/mixed; boundary={BATCH}"
LIST = Read(entity_set="Orders")
NEW = Create("Orders", {"Name": "payload-canary"})
GONE = Delete("Orders", {"ID": "1"}, etag='W/"1"')
ROWS = part(http(200, {"d": {"results": [{"ID": "1"}]}}))
DONE = part(http(204))


def answered(*parts: bytes, status: int = 202, **more: Any) -> Reply:
    return Reply(status, enclosed(parts), type=MULTIPART, **more)


def run(server: SapServer, items: Sequence[BatchItem], **settings: Any) -> list[OperationResult]:
    with client_of(server, **settings) as client:
        return client.service(SERVICE).batch(items)


def failing(reply: Reply, items: Sequence[BatchItem], sent: int = 1) -> SapmatchError:
    """The error of a whole batch, which was on the wire as often as `sent` says."""
    with SapServer(with_token(lambda _: reply)) as server, pytest.raises(SapmatchError) as caught:
        run(server, items)
    assert len(server.written()) == sent
    assert "canary" not in str(caught.value)
    return caught.value


def statuses(results: Sequence[OperationResult]) -> list[str]:
    return [result.status for result in results]


@pytest.mark.parametrize("status", [200, 202])
def test_a_batch_is_one_post_with_token_and_cookie(status: int) -> None:
    """OD-P10, OD-P15, OD-P95, OD-P96."""
    reply = answered(ROWS, changeset(created("7"), DONE), status=status)
    with SapServer(with_token(in_turn(reply))) as server:
        results = run(server, [LIST, Changeset((NEW, GONE))])
    (sent,) = server.written()
    assert (sent.method, sent.path) == ("POST", f"{SERVICE}/$batch")
    assert "sap-client=100" in sent.query
    assert sent.headers["content-type"].startswith("multipart/mixed; boundary=batch_")
    assert sent.headers["x-csrf-token"] == TOKEN
    assert COOKIE in sent.headers["cookie"]
    assert b'\r\nIf-Match: W/"1"\r\n' in sent.body
    assert statuses(results) == ["succeeded"] * 3
    assert results[1].key == {"ID": "7"}


def test_a_batch_without_operations_sends_nothing() -> None:
    with SapServer(in_turn()) as server:
        assert run(server, []) == []
    assert server.requests == []


def test_a_batch_of_reads_needs_a_token_too_and_is_repeated_like_a_read() -> None:
    """OD-P09: nothing changes however often it is sent."""
    replies = [Reply(drop=True), Reply(503), answered(ROWS, cut=True), answered(ROWS)]
    with SapServer(with_token(in_turn(*replies))) as server:
        (result,) = run(server, [LIST])
    assert result.status == "succeeded"
    assert [sent.headers["x-csrf-token"] for sent in server.written()] == [TOKEN] * 4


def test_a_token_that_expired_costs_one_replay_and_no_more() -> None:
    """OD-P04."""
    with SapServer(with_token(in_turn(REQUIRED, answered(changeset(DONE))))) as server:
        assert statuses(run(server, [GONE])) == ["succeeded"]
    assert len(server.written()) == 2
    assert server.written()[0].body == server.written()[1].body
    assert isinstance(failing(REQUIRED, [GONE], sent=2), LogonRefused)


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(drop=True), OutcomeUnknown),
        (Reply(500, b"oops", type="text/plain"), OutcomeUnknown),
        (Reply(503), OutcomeUnknown),
        (Reply(200, b"<html><title>Logon</title></html>", type="text/html"), OutcomeUnknown),
        (data({"d": {}}), OutcomeUnknown),
        (Reply(202, b"--x--", type="multipart/mixed"), OutcomeUnknown),
        (refusal(403), AuthorizationMissing),
        (refusal(412), PreconditionFailed),
        (refusal(404), SapRejected),
        (Reply(404), SapRejected),
        (Reply(501), SapRejected),
        (Reply(405), SapRejected),
        (refusal(404, code="/IWFND/MED/170"), ServiceNotActivated),
    ],
)
def test_a_batch_with_writes_is_never_sent_again(reply: Reply, kind: type[SapmatchError]) -> None:
    """OD-P75: whatever came back, it was on the wire once."""
    assert type(failing(reply, [LIST, NEW])) is kind


@pytest.mark.parametrize(
    ("reply", "kind", "sent"),
    [
        (Reply(drop=True), SapUnavailable, 4),
        (Reply(502), SapUnavailable, 4),
        (Reply(200, b"<html><title>Logon</title></html>", type="text/html"), LogonRefused, 1),
        (data({"d": {}}), SapUnavailable, 1),
        (refusal(403), AuthorizationMissing, 1),
        (Reply(501), SapRejected, 1),
    ],
)
def test_a_batch_of_reads_ends_in_the_errors_of_reads(
    reply: Reply, kind: type[SapmatchError], sent: int
) -> None:
    assert type(failing(reply, [LIST], sent=sent)) is kind


def test_a_service_without_batches_is_named_with_the_remedy() -> None:
    text = str(failing(Reply(501), [NEW]))
    assert f"{SERVICE}/$batch" in text
    assert "one by one" in text


def by_length(body: bytes) -> Reply:
    """Fewer bytes than promised."""
    return Reply(202, body, type=MULTIPART, cut=True)


def in_chunks(body: bytes) -> Reply:
    """Chunks of 10 bytes, and none that ends them."""
    parts = [body[at : at + 10] for at in range(0, len(body), 10)]
    lines = [b"%x\r\n%b\r\n" % (len(each), each) for each in parts]
    headers = [("Transfer-Encoding", "chunked"), ("Content-Length", "")]
    return Reply(202, b"".join(lines), headers, type=MULTIPART, cut=True)


@pytest.mark.parametrize("broken", [by_length, in_chunks])
def test_of_an_answer_that_breaks_off_what_came_whole_is_known(
    broken: Callable[[bytes], Reply],
) -> None:
    """Nobody reads back what SAP has told already; the rest is unknown, never `not_executed`."""
    body = enclosed([changeset(created("1")), ROWS, changeset(created("2"))])
    end = body.index(b"HTTP/1.1 201", body.index(b"results"))
    reply = broken(body[:end])
    with SapServer(with_token(in_turn(reply))) as server:
        results = run(server, [NEW, LIST, NEW])
    assert statuses(results) == ["succeeded", "succeeded", "unknown"]
    assert isinstance(results[2].error, OutcomeUnknown)
    assert len(server.written()) == 1


@pytest.mark.parametrize("status", [302, 403, 404, 412, 500, 501])
def test_a_refusal_that_breaks_off_is_no_answer_to_go_by(status: int) -> None:
    """OD-P75: only of a success is the part that came believed."""
    part_of = enclosed([changeset(created("1"))])[:-10]
    error = failing(Reply(status, part_of, type=MULTIPART, cut=True), [NEW])
    assert type(error) is OutcomeUnknown
    assert "broke off" in str(error.__cause__)


def test_an_answer_cut_at_every_byte_never_leads_to_a_second_post() -> None:
    """OD-P75, OD-P99."""
    body = enclosed([changeset(created("1")), part(http(400, error()))])
    for end in range(0, len(body), 7):
        with SapServer(
            with_token(in_turn(Reply(202, body[:end], type=MULTIPART, cut=True)))
        ) as server:
            results = run(server, [NEW, LIST, GONE])
        assert len(server.written()) == 1
        assert results[2].status == "unknown"
        assert results[0].status in ("succeeded", "unknown")


def test_a_refusal_of_changesets_with_several_operations_names_the_setting() -> None:
    """OD-P100."""
    text = "Default changeset implementation allows only one operation"
    with SapServer(with_token(in_turn(answered(part(http(400, error("X/1", text))))))) as server:
        results = run(server, [Changeset((NEW, GONE))])
    assert statuses(results) == ["failed", "failed"]
    assert "one_operation_changesets" in str(results[0].error)


def test_the_setting_gives_every_operation_a_changeset_and_an_outcome_of_its_own() -> None:
    """OD-P100."""
    options = {SERVICE: ServiceOptions(one_operation_changesets=True)}
    reply = answered(changeset(created("1")), part(http(400, error())))
    with SapServer(with_token(in_turn(reply))) as server:
        results = run(server, [Changeset((NEW, GONE))], services=options)
    assert statuses(results) == ["succeeded", "failed"]


def test_an_etag_that_a_batch_brought_is_sent_with_the_next_change() -> None:
    """OD-P68: and what is unknown is read anew."""
    read = part(http(200, {"d": {"ID": "1"}}, {"ETag": 'W/"5"'}))
    one = Read(entity_set="Orders", key={"ID": "1"})
    change = Update("Orders", {"ID": "1"}, {"Name": "x"})
    replies = [answered(read), answered(changeset(DONE))]
    with SapServer(with_token(in_turn(*replies))) as server, client_of(server) as client:
        service = client.service(SERVICE)
        service.batch([one])
        service.batch([change])
    assert b'\r\nIf-Match: W/"5"\r\n' in server.written()[1].body


def test_metadata_rules_out_what_sap_would_refuse() -> None:
    """OD-P62: nothing is sent."""
    from sapmatch.sap.odata.metadata import EntitySet, Metadata, StructuredType

    known = Metadata(
        version="V2",
        namespace="T",
        entity_sets={"Orders": EntitySet(name="Orders", type="T.Order", creatable=False)},
        types={"T.Order": StructuredType(name="T.Order", keys=("ID",))},
    )
    with SapServer(in_turn()) as server, client_of(server) as client:
        service = client.service(SERVICE, metadata=known)
        with pytest.raises(InputRejected, match="Orders"):
            service.batch([NEW])
    assert server.requests == []


def test_a_keyed_read_is_checked_as_one_record_and_not_as_a_set() -> None:
    """OD-P62: what a set asks of a query does not hold for one of its records."""
    filtered = {"sap:requires-filter": "true", "sap:addressable": "false"}
    marks = "".join(f' {name}="{value}"' for name, value in filtered.items())
    field = '<Property Name="A" Type="Edm.String" sap:required-in-filter="true"/>'
    known = edmx.v2(edmx.ORDER.format(more=field), edmx.ORDERS.replace("/>", f"{marks}/>"))
    one = Read(entity_set="Orders", key={"ID": "1"})
    wrong = Read(entity_set="Orders", key={"ID": "1"}, query=Query(select=("Nam",)))
    reply = answered(part(http(200, {"d": {"ID": "1"}})))
    with SapServer(with_token(in_turn(reply))) as server, client_of(server) as client:
        service = client.service(SERVICE, metadata=known)
        with pytest.raises(InputRejected, match="Nam: is no field"):
            service.batch([wrong])
        with pytest.raises(InputRejected, match="filter"):
            service.batch([LIST])
        (result,) = service.batch([one])
    assert (result.status, result.row) == ("succeeded", {"ID": "1"})


def test_v4_goes_on_after_an_error_where_asked_to() -> None:
    reply = answered(part(http(200, {"value": []})))
    options = {SERVICE: ServiceOptions(version="V4")}
    with (
        SapServer(with_token(in_turn(reply))) as server,
        client_of(server, services=options) as client,
    ):
        (result,) = client.service(SERVICE).batch([LIST], continue_on_error=True)
    assert result.status == "succeeded"
    assert server.written()[0].headers["prefer"] == "odata.continue-on-error"
