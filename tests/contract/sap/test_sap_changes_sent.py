"""Changes of the write protocol, one by one and many in one $batch (port SapWriter)."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    LogonRefused,
    OutcomeUnknown,
    PreconditionFailed,
    RecordLocked,
    SapmatchError,
    SapRejected,
    SapThrottled,
    SapUnavailable,
    ServiceNotActivated,
    TransientError,
)
from sapmatch.model.intent import Change, Repeatability, Written
from sapmatch.sap.odata.client import ODataClient
from sapmatch.sap.odata.metadata import Metadata, Version
from tests.builders import edmx
from tests.builders.batch_answers import BATCH, changeset, created, enclosed, error, http, part
from tests.builders.sap_server import Reply, SapServer, client_of, data, in_turn, refusal
from tests.builders.sap_typed import PATHS

VERSIONS = pytest.mark.parametrize("version", ["V2", "V4"])
_ITEM = """<EntityType Name="Item"><Key><PropertyRef Name="Line"/></Key>
 <Property Name="Line" Type="Edm.String" Nullable="false"/></EntityType>
<Association Name="Below"><End Type="NS.Order" Role="o" Multiplicity="1"/>
 <End Type="NS.Item" Role="i" Multiplicity="*"/></Association>"""
_WAY = '<NavigationProperty Name="to_Item" Relationship="NS.Below" FromRole="o" ToRole="i"/>'
_NAME = '<Property Name="Name" Type="Edm.String"/>'
KNOWN: Mapping[Version, Metadata] = {
    "V2": edmx.v2(
        edmx.ORDER.format(more=_NAME + _WAY) + _ITEM,
        edmx.ORDERS
        + """<EntitySet Name="Items" EntityType="NS.Item"/>
<FunctionImport Name="Post" m:HttpMethod="POST" ReturnType="NS.Order" EntitySet="Orders">
 <Parameter Name="ID" Type="Edm.String" Mode="In" Nullable="false"/></FunctionImport>
<FunctionImport Name="Count" m:HttpMethod="POST" ReturnType="Edm.Int32"/>
<FunctionImport Name="Rate" m:HttpMethod="GET" ReturnType="Edm.Decimal"/>""",
    ),
    "V4": edmx.v4(
        edmx.ORDER.format(more=_NAME)
        + """<Action Name="Post" IsBound="true"><Parameter Name="_it" Type="SELF.Order"/>
 <ReturnType Type="SELF.Order"/></Action>"""
    ),
}
SAME = Repeatability(
    request_id="0123456789ABCDEF0123456789ABCDEF",
    first_sent=datetime(2026, 11, 1, 7, 30, tzinfo=UTC),
)


def change(kind: Any, version: Version = "V2", **more: Any) -> Change:
    return Change(kind=kind, service=PATHS[version], entity_set="Orders", **more)


def create(version: Version = "V2", **more: Any) -> Change:
    return change("create", version, record={"Name": "payload-canary"}, **more)


def client_for(server: SapServer, **settings: Any) -> ODataClient:
    client = client_of(server, csrf="never", **settings)
    for version, known in KNOWN.items():
        client.service(PATHS[version], metadata=known)
    return client


def written(reply: Reply, wanted: Change, **settings: Any) -> tuple[Written, SapServer]:
    with SapServer(in_turn(reply)) as server, client_for(server, **settings) as client:
        return client.write(wanted), server


def answered(*parts: bytes, **more: Any) -> Reply:
    return Reply(202, enclosed(parts), type=f"multipart/mixed; boundary={BATCH}", **more)


def outcomes(
    reply: Reply, changes: Sequence[Change], **settings: Any
) -> tuple[list[Written | SapmatchError], SapServer]:
    with SapServer(in_turn(reply)) as server, client_for(server, **settings) as client:
        return client.write_batch(changes), server


def kinds(found: Sequence[Written | SapmatchError]) -> list[type]:
    return [type(each) for each in found]


def made(version: Version = "V2") -> Any:
    """What SAP says of order 7."""
    uri = "https://x/Orders('7')"
    if version == "V4":
        return {"@odata.id": uri, "ID": "7"}
    return {"d": {"__metadata": {"uri": uri}, "ID": "7"}}


@VERSIONS
def test_each_kind_of_change_is_one_request(version: Version) -> None:
    """OD-P69: a change, a deletion and a call send the ETag they were given, and no other."""
    key, etag = {"ID": "7"}, 'W/"3"'
    function = "com.example.orders.Post" if version == "V4" else "Post"
    row = made(version)
    replies = [data(row, 201), Reply(204), Reply(204), data(row)]
    changes = [
        create(version),
        change("update", version, key=key, record={"Name": "x"}, etag=etag),
        change("delete", version, key=key, etag=etag),
        change("call", version, key=key, function=function, etag=etag),
    ]
    with SapServer(in_turn(*replies)) as server, client_for(server) as client:
        found = [client.write(each) for each in changes]
    assert [r.method for r in server.requests] == ["POST", "PATCH", "DELETE", "POST"]
    assert [r.headers.get("if-match") for r in server.requests] == [None, etag, etag, etag]
    assert [each.key for each in found] == [key] * 4
    assert [each.http_status for each in found] == [201, 204, 204, 200]
    called = server.requests[3]
    assert called.path.endswith("/Post" if version == "V2" else f"Orders('7')/{function}")
    assert ("ID='7'" in called.query) is (version == "V2")
    assert found[3].row["ID"] == "7"


def test_without_an_etag_none_is_sent_and_none_is_read() -> None:
    """OD-P67: neither `*` nor what was seen last."""
    _, server = written(Reply(204), change("update", key={"ID": "7"}, record={"Name": "x"}))
    assert [r.headers.get("if-match") for r in server.requests] == [None]


def test_a_single_value_that_a_call_returns_stands_in_the_row() -> None:
    found, _ = written(data({"d": {"Count": 3}}), change("call", function="Count"))
    assert found.row == {"value": 3}


def test_what_is_called_by_get_is_no_write() -> None:
    """A read may be repeated on its way: an effect might then happen twice."""
    with SapServer(in_turn()) as server, client_for(server) as client:
        for send in (client.write, lambda one: client.write_batch([one])):
            with pytest.raises(InputRejected, match="no write"):
                send(change("call", function="Rate"))
    assert server.requests == []


@VERSIONS
def test_a_warning_beside_a_success_is_kept_with_its_severity(version: Version) -> None:
    """MA-P69, OD-P86."""
    said = {"code": "M8/100", "message": "Check the tax"}
    v2 = {"sap_message": json.dumps({**said, "severity": "warning"})}
    v4 = {"sap_messages": json.dumps([{**said, "numericSeverity": 3}])}
    header = v2 if version == "V2" else v4
    found, _ = written(data(made(version), 201, **header), create(version))
    assert found.messages == ("warning M8/100: Check the tax",)


@pytest.mark.parametrize("together", [False, True])
def test_an_error_beside_a_success_is_shown_and_read_back(together: bool) -> None:
    """OD-P86: a status of success is no proof that SAP saved it."""
    said = {"sap-message": '{"code": "M8/2", "message": "Not saved", "severity": "error"}'}
    one = change("update", key={"ID": "7"}, record={"Name": "x"}, etag="1")
    if together:
        (found,), _ = outcomes(answered(changeset(part(http(204, headers=said)))), [one])
    else:
        with pytest.raises(OutcomeUnknown) as caught:
            written(Reply(204, headers=[*said.items()]), one)
        found = caught.value
    assert isinstance(found, OutcomeUnknown)
    assert "error M8/2: Not saved" in str(found)


def test_of_three_in_a_batch_of_which_two_fail_exactly_one_is_written() -> None:
    """MA-P65, OD-P85: each failure with code, text, details and transaction id."""
    reply = answered(
        part(http(400, error("M8/186", "Balance is not zero"))),
        changeset(created("7")),
        part(http(400, error("M8/607", "Quantity is missing"))),
    )
    (first, second, third), server = outcomes(reply, [create()] * 3)
    assert len(server.requests) == 1
    assert server.requests[0].body.count(b"multipart/mixed; boundary=changeset_") == 3  # OD-P100
    assert isinstance(second, Written)
    assert (second.key, second.http_status, second.etag) == ({"ID": "7"}, 201, 'W/"7"')
    for one, code in ((first, "M8/186"), (third, "M8/607")):
        assert isinstance(one, SapRejected)
        assert (one.code, one.transaction_id, one.http_status) == (code, "T1", 400)
        assert "canary" not in str(one)


def test_two_changes_of_one_order_never_share_a_changeset() -> None:
    """MA-P64, OD-P100."""
    items = [change("update", key={"ID": "7"}, record={"Name": n}, etag="1") for n in "ab"]
    done = changeset(part(http(204)))
    found, server = outcomes(answered(done, done), items)
    assert kinds(found) == [Written, Written]
    for each in server.requests[0].body.split(b"--changeset_")[1:]:
        assert each.count(b"PATCH ") <= 1
    assert server.requests[0].body.count(b"boundary=changeset_") == 2


def test_changes_with_etags_are_judged_one_by_one_in_one_batch() -> None:
    """OD-P101, OD-P67: each by its own ETag, in its order; one that moved holds up no other."""
    changes = [change("update", key={"ID": n}, record={"Name": n}, etag=f'W/"{n}"') for n in "123"]
    done = changeset(part(http(204)))
    found, server = outcomes(answered(done, part(http(412, error())), done), changes)
    assert kinds(found) == [Written, PreconditionFailed, Written]
    lines = server.requests[0].body.split(b"\r\n")
    sent = [line for line in lines if line.startswith((b"PATCH ", b"If-Match: "))]
    assert sent == [
        line
        for n in (b"1", b"2", b"3")
        for line in (b"PATCH Orders('%b') HTTP/1.1" % n, b'If-Match: W/"%b"' % n)
    ]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (part(http(412, error())), PreconditionFailed),  # MA-P63
        (part(http(428, error())), PreconditionFailed),
        (part(http(400, error("MC/601"))), RecordLocked),  # OD-P87
        (part(http(400, error("ME/006"))), RecordLocked),
        (part(http(423, error())), RecordLocked),
        (part(http(403, error())), AuthorizationMissing),
        (part(http(500, error())), OutcomeUnknown),
        (part(http(400, error("/IWBEP/CM_COS/005"))), OutcomeUnknown),  # OD-P77
        (part(http(404)), SapRejected),
        (part(b"garbled"), OutcomeUnknown),
        (changeset(part(http(201))), OutcomeUnknown),  # names no record
    ],
)
def test_an_error_of_one_change_stands_in_its_place(
    answer: bytes, kind: type[SapmatchError]
) -> None:
    """MA-P63, OD-P65, OD-P77, OD-P87: as it would for the change alone."""
    found, _ = outcomes(
        answered(answer, changeset(created("7"))), [create()] * 2, locked_messages=("ME/006",)
    )
    assert kinds(found) == [kind, Written]


def test_what_the_answer_leaves_out_is_unknown_and_never_failed() -> None:
    """MA-P66: fewer parts than changes, none of them a refusal."""
    found, _ = outcomes(answered(changeset(created("7"))), [create()] * 3)
    assert kinds(found) == [OutcomeUnknown] * 3


def test_a_changeset_answered_by_one_error_failed_as_a_whole() -> None:
    """MA-P66, OD-P98."""
    found, _ = outcomes(answered(part(http(400, error()))), [create()])
    assert kinds(found) == [SapRejected]


def test_what_sap_did_not_execute_behind_an_error_may_be_sent_again() -> None:
    """OD-P99: not an unknown outcome, since SAP closed its answer after the first error."""
    found, _ = outcomes(answered(changeset(created("7")), part(http(400, error()))), [create()] * 4)
    assert kinds(found) == [Written, SapRejected, SapUnavailable, SapUnavailable]
    assert isinstance(found[2], TransientError)


def test_sap_is_asked_to_go_on_behind_an_error() -> None:
    """OData V4 Part 1, 11.7.1; V2 goes on by itself."""
    said: Mapping[Version, str | None] = {"V2": None, "V4": "odata.continue-on-error"}
    for version, prefer in said.items():
        gone = change("delete", version, key={"ID": "7"})
        _, server = outcomes(answered(part(http(204))), [gone])
        assert server.requests[0].headers.get("prefer") == prefer


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(drop=True), OutcomeUnknown),
        (Reply(500), OutcomeUnknown),
        (Reply(504), OutcomeUnknown),
        (Reply(408), OutcomeUnknown),
        (data({"d": {}}), OutcomeUnknown),
        (Reply(200, b"<html>Log on</html>", type="text/html"), OutcomeUnknown),
        (Reply(429, headers=[("Retry-After", "7")]), SapThrottled),
        (Reply(401), LogonRefused),
        (refusal(404, "/IWFND/MED/170"), ServiceNotActivated),
        (refusal(400), SapRejected),
        (Reply(404), SapRejected),
        (Reply(405), SapRejected),
        (Reply(501), SapRejected),
    ],
)
def test_a_batch_is_lost_or_refused_as_a_whole(reply: Reply, kind: type[SapmatchError]) -> None:
    """OD-P75: sent once, and a lost answer leaves every one of them unknown."""
    with (
        SapServer(in_turn(reply)) as server,
        client_for(server) as client,
        pytest.raises(SapmatchError) as caught,
    ):
        client.write_batch([create()] * 2)
    assert type(caught.value) is kind
    assert len(server.requests) == 1


def test_a_service_that_takes_no_batches_is_sent_none_again() -> None:
    replies = [Reply(501), data(made(), 201)]
    with SapServer(in_turn(*replies)) as server, client_for(server) as client:
        for _ in range(2):
            with pytest.raises(SapRejected, match="one by one"):
                client.write_batch([create()] * 2)
        assert client.write(create()).key == {"ID": "7"}
    assert len(server.requests) == 2


def test_what_cannot_travel_in_a_batch_is_named_before_anything_is_sent() -> None:
    """OD-P80: records below an order are changed one by one in V2."""
    nested = change("update", key={"ID": "7"}, record={"to_Item": [{"Line": "1"}]})
    elsewhere = create("V4")
    with SapServer(in_turn()) as server, client_for(server) as client:
        for changes in ([create(), nested], [create(), elsewhere]):
            with pytest.raises(InputRejected):
                client.write_batch(changes)
        assert client.write_batch([]) == []
    assert server.requests == []


@VERSIONS
def test_calls_travel_in_a_batch_too(version: Version) -> None:
    """Each in a changeset of its own, with the ETag of its record."""
    name = "Post" if version == "V2" else "com.example.orders.Post"
    call = change("call", version, key={"ID": "7"}, function=name, etag='W/"3"')
    reply = answered(changeset(part(http(200, made(version)))))
    (found,), server = outcomes(reply, [call])
    assert isinstance(found, Written)
    assert (found.key, found.row["ID"], found.etag) == ({"ID": "7"}, "7", None)
    line = b"POST Post?ID='7' " if version == "V2" else b"POST Orders('7')/com.example.orders.Post "
    assert line in server.requests[0].body
    assert b'\r\nIf-Match: W/"3"\r\n' in server.requests[0].body


@VERSIONS
def test_each_part_of_a_batch_is_known_by_its_own_request_id(version: Version) -> None:
    """OD-P75, OD-P76: what SAP says of it is handed on."""
    name = "RepeatabilityResult" if version == "V2" else "Repeatability-Result"
    accepted = changeset(part(http(201, made(version), {name: "accepted"})))
    (found,), server = outcomes(
        answered(accepted), [create(version, repeatability=SAME)], repeatable_requests=True
    )
    header = b"RequestID: " if version == "V2" else b"Repeatability-Request-ID: "
    assert b"\r\n" + header + SAME.request_id.encode() in server.requests[0].body
    assert isinstance(found, Written)
    assert found.repeatability == "accepted"
