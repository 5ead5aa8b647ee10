"""Requests that SAP recognises when they come again, and answers to those that came too late."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest

from sapmatch.model.errors import OutcomeUnknown, PreconditionFailed, SapmatchError, SapRejected
from sapmatch.model.intent import Change, Repeatability, Written
from sapmatch.sap.odata.batch import Create
from sapmatch.sap.odata.metadata import Version
from tests.builders import edmx
from tests.builders.batch_answers import BATCH, changeset, enclosed, http, part
from tests.builders.sap_server import Reply, SapServer, client_of, data, in_turn, refusal
from tests.builders.sap_typed import PATHS

VERSIONS = pytest.mark.parametrize("version", ["V2", "V4"])
FIRST = Repeatability(
    request_id="0123456789ABCDEF0123456789ABCDEF",
    first_sent=datetime(2026, 11, 1, 7, 30, tzinfo=UTC),
)
MOMENT = "Sun, 01 Nov 2026 07:30:00 GMT"
NAMES: dict[Version, tuple[str, str]] = {
    "V2": ("requestid", "repeatabilitycreation"),
    "V4": ("repeatability-request-id", "repeatability-first-sent"),
}


def created(version: Version, **headers: str) -> Reply:
    row: dict[str, Any] = {"ID": "1"}
    uri = "https://x/Orders('1')"
    if version == "V2":
        return data({"d": {"__metadata": {"uri": uri}, **row}}, 201, **headers)
    return data({"@odata.id": uri, **row}, 201, **headers)


def create(server: SapServer, version: Version) -> Written:
    with client_of(server, csrf="never", repeatable_requests=True) as client:
        return client.create(PATHS[version], "Orders", {"ID": "1"}, repeatability=FIRST)


def failing(version: Version, reply: Reply) -> SapmatchError:
    """The error of a create, which was sent once."""
    with SapServer(in_turn(reply)) as server, pytest.raises(SapmatchError) as caught:
        create(server, version)
    assert len(server.requests) == 1
    return caught.value


@VERSIONS
def test_a_repetition_names_itself_as_the_first_one_did(version: Version) -> None:
    """OD-P75: same id, same time, in the headers of the protocol."""
    replies = (Reply(drop=True), created(version))
    with SapServer(in_turn(*replies)) as server:
        with pytest.raises(OutcomeUnknown):
            create(server, version)
        assert create(server, version).key == {"ID": "1"}
    for request in server.requests:
        assert [request.headers[name] for name in NAMES[version]] == [FIRST.request_id, MOMENT]
    others = NAMES["V4" if version == "V2" else "V2"]
    assert not set(others) & server.requests[0].headers.keys()


@VERSIONS
@pytest.mark.parametrize("said", ["accepted", "Accepted", "unsupported", None])
def test_what_sap_says_of_a_request_is_handed_on(version: Version, said: str | None) -> None:
    """OD-P76: only `accepted` means that it is recognised when it comes again."""
    name = "RepeatabilityResult" if version == "V2" else "Repeatability_Result"
    reply = created(version, **({name: said} if said else {}))
    with SapServer(in_turn(reply)) as server:
        assert create(server, version).repeatability == (said.lower() if said else None)


@VERSIONS
@pytest.mark.parametrize("code", ["/IWBEP/CM_COS/005", "/IWBEP/CM_COS 005"])
@pytest.mark.parametrize("status", [400, 409, 500])
def test_an_outdated_request_was_executed_before(version: Version, code: str, status: int) -> None:
    """OD-P77: read back; neither a failure nor to be sent again."""
    error = failing(version, refusal(status, code, "RequestID is outdated"))
    assert type(error) is OutcomeUnknown
    assert "read it back" in str(error)


def test_an_outdated_request_may_stand_in_the_details() -> None:
    """OD-P77."""
    details = [{"code": "/IWBEP/CM_COS/005", "message": "outdated", "severity": "error"}]
    body = {"code": "X/1", "message": {"value": "No"}, "innererror": {"errordetails": details}}
    assert type(failing("V2", data({"error": body}, 400))) is OutcomeUnknown


def test_a_v4_service_that_cannot_tell_any_more_leaves_the_outcome_unknown() -> None:
    """OD-P77, OD-P78: 412 would else read like a changed record."""
    reply = refusal(412, Repeatability_Result="rejected")
    assert type(failing("V4", reply)) is OutcomeUnknown
    assert type(failing("V4", refusal(412))) is PreconditionFailed


@VERSIONS
@pytest.mark.parametrize("said", ["rejected", "unsupported"])
@pytest.mark.parametrize("status", [400, 501])
def test_a_request_refused_for_its_identity_is_read_back(
    version: Version, status: int, said: str
) -> None:
    """OD-P76: no refusal of the order: once it is known to be absent it goes without one."""
    assert type(failing(version, refusal(status, RepeatabilityResult=said))) is OutcomeUnknown
    assert type(failing(version, refusal(status, Repeatability_Result=said))) is OutcomeUnknown


def test_a_service_that_is_not_idempotent_keeps_its_code() -> None:
    """OD-P76: whoever sent it decides by the code to look first."""
    error = failing("V2", refusal(400, "/IWBEP/CM_COS/001", "not idempotent"))
    assert isinstance(error, SapRejected)
    assert error.code == "/IWBEP/CM_COS/001"


@VERSIONS
@pytest.mark.parametrize(
    "denial",
    [
        {"RepeatabilityResult": "unsupported"},
        {"Repeatability_Result": "rejected"},
        {"code": "/IWBEP/CM_COS 001"},
    ],
)
def test_a_service_that_cannot_is_not_given_an_identity_again(
    version: Version, denial: dict[str, str]
) -> None:
    """OD-P76: for that service alone; others may be set up for it."""
    other = PATHS[version].replace("TEST", "OTHER").replace("test", "other")
    code = denial.get("code")
    first = refusal(400, code) if code else created(version, **denial)
    replies = (first, created(version), created(version))
    with (
        SapServer(in_turn(*replies)) as server,
        client_of(server, csrf="never", repeatable_requests=True) as client,
    ):
        with suppress(SapRejected):
            client.create(PATHS[version], "Orders", {"ID": "1"}, repeatability=FIRST)
        for path in (PATHS[version], other):
            client.create(path, "Orders", {"ID": "2"}, repeatability=FIRST)
    assert [NAMES[version][0] in r.headers for r in server.requests] == [True, False, True]


@VERSIONS
def test_what_a_batch_part_says_of_its_identity_counts_for_its_service(version: Version) -> None:
    """OD-P76."""
    denied = changeset(part(http(201, {"d": {"ID": "1"}}, {"RepeatabilityResult": "unsupported"})))
    body = enclosed([denied])
    reply = Reply(202, body, type=f"multipart/mixed; boundary={BATCH}")
    once = Create("Orders", {"ID": "1"}, repeatability=FIRST)
    with (
        SapServer(in_turn(reply, reply)) as server,
        client_of(server, csrf="never", repeatable_requests=True) as client,
    ):
        for _ in range(2):
            client.service(PATHS[version]).batch([once])
    assert [FIRST.request_id.encode() in r.body for r in server.requests] == [True, False]


@VERSIONS
def test_an_action_names_itself_too(version: Version) -> None:
    """OD-P75: what SAP executes twice is what a repetition shall not do."""
    known = _POST_V2 if version == "V2" else _POST_V4
    change = Change(
        kind="call",
        service=PATHS[version],
        entity_set="Orders",
        key={"ID": "1"},
        function="Post",
        repeatability=FIRST,
    )
    with (
        SapServer(in_turn(created(version, RepeatabilityResult="accepted"))) as server,
        client_of(server, csrf="never", repeatable_requests=True) as client,
    ):
        client.service(PATHS[version], metadata=known)
        assert client.write(change).repeatability == "accepted"
    assert server.requests[0].headers[NAMES[version][0]] == FIRST.request_id


_POST_V2 = edmx.v2(
    container=edmx.ORDERS
    + """<FunctionImport Name="Post" m:HttpMethod="POST" ReturnType="NS.Order" EntitySet="Orders">
<Parameter Name="ID" Type="Edm.String" Mode="In" Nullable="false"/></FunctionImport>"""
)
_POST_V4 = edmx.v4(
    edmx.ORDER.format(more="")
    + """<Action Name="Post" IsBound="true"><Parameter Name="_it" Type="SELF.Order"/>
<ReturnType Type="SELF.Order"/></Action>"""
)
