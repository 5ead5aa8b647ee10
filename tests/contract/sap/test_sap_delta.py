"""Changes since a position: kept in order through crashes, replays and forgotten tokens."""

import json
import logging
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from sapmatch.model.changes import ChangePage, DeltaPosition, DeltaState
from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    ResyncRequired,
    SapmatchError,
    SapRejected,
    SapUnavailable,
    ServiceNotActivated,
)
from sapmatch.model.query import EVERYTHING, Query
from sapmatch.sap.odata.delta import lost
from sapmatch.sap.odata.metadata import Metadata, Version
from tests.builders.sap_server import (
    PASSWORD,
    Received,
    Reply,
    SapServer,
    Script,
    client_of,
    data,
    in_turn,
    refusal,
    rows,
)
from tests.builders.sap_typed import PATHS, SERVICE_V4, orders

VERSIONS = pytest.mark.parametrize("version", ["V2", "V4"])
NO_LINKS = refusal(404, "/IWBEP/CM_MGW_RT/020")
APPLIED = "odata.track-changes,odata.maxpagesize=2"


def page_of(version: Version, *found: Mapping[str, Any], **links: str) -> Reply:
    """`next` and `delta` by name; V4's other names are made of them."""
    if version == "V2":
        return rows(*found, **{f"__{name}": link for name, link in links.items()})
    return data({"value": found, **{f"@odata.{name}Link": link for name, link in links.items()}})


def applied(reply: Reply) -> Reply:
    return Reply(reply.status, reply.body, [("Preference-Applied", APPLIED)])


def read(
    server: SapServer,
    version: Version = "V2",
    since: DeltaPosition | None = None,
    query: Query = EVERYTHING,
    metadata: Metadata | None = None,
    **settings: Any,
) -> list[ChangePage]:
    with client_of(server, **settings) as client:
        service = client.service(PATHS[version], metadata=metadata)
        return list(service.changes("Orders", query, since=since))


def position(server: SapServer, token: str, version: Version = "V2") -> DeltaPosition:
    with client_of(server) as client:
        return client.service(PATHS[version]).position_after("Orders", token)


def plain(pages: list[ChangePage]) -> list[Any]:
    return [msgspec.json.decode(raw) for page in pages for raw in page.rows]


def unhurried(pages: list[ChangePage]) -> list[ChangePage]:
    """The same without the time that each one took."""
    return [msgspec.structs.replace(page, seconds=0.0) for page in pages]


def apart(version: Version, script: Script) -> Script:
    """The script without the question which deltas SAP keeps, which finds none."""
    return lambda request: NO_LINKS if "DeltaLinksOf" in request.path else script(request)


def asked(server: SapServer) -> list[Received]:
    return [request for request in server.requests if "DeltaLinksOf" not in request.path]


@VERSIONS
def test_an_initial_load_asks_for_tracking_and_ends_with_a_position(version: Version) -> None:
    """OD-P31, OD-P30: SAP says yes on the first page, and gives the link on the last."""
    option = "!deltatoken='D1'" if version == "V2" else "$deltatoken=D1"
    first = applied(page_of(version, {"ID": "1"}, next="Orders?$skiptoken=2"))
    empty = page_of(version, next="Orders?$skiptoken=3")
    replies = (first, empty, page_of(version, {"ID": "2"}, delta=f"Orders?{option}"))
    with SapServer(apart(version, in_turn(*replies))) as server:
        pages = read(server, version, query=Query(page_size=2))
        assert plain(pages) == [{"ID": "1"}, {"ID": "2"}]
        link = f"{server.url}{PATHS[version]}/Orders?{option}"
    states = [page.position.state for page in pages]
    assert states == [DeltaState.INITIAL, DeltaState.INITIAL, DeltaState.TRACKING]
    assert pages[-1].position.link == link
    wanted = {"odata.track-changes", "odata.maxpagesize=2"}
    assert set(asked(server)[0].headers["prefer"].split(",")) == wanted


@VERSIONS
def test_changes_are_read_page_by_page_from_the_position_on(version: Version) -> None:
    """OD-P30, OD-P37: the same position gives the same changes again."""

    def script(request: Received) -> Reply:
        if "skiptoken" in request.query:
            return page_of(version, {"ID": "3"}, delta="Orders?$x=D2")
        return page_of(version, {"ID": "2"}, next="Orders?$skiptoken=2")

    with SapServer(script) as server:
        since = position(server, "D1", version)
        once, again = (read(server, version, since) for _ in range(2))
    assert plain(once) == plain(again) == [{"ID": "2"}, {"ID": "3"}]
    assert unhurried(once) == unhurried(again)
    assert [page.position.state for page in once] == [DeltaState.TRACKING] * 2
    assert server.requests[0].target == server.requests[2].target
    assert "track-changes" not in server.requests[0].headers.get("prefer", "")


def test_a_crash_between_two_pages_repeats_one_and_loses_none() -> None:
    """OD-P34: the position behind a page is stored after its rows."""

    def script(request: Received) -> Reply:
        number = int(request.query.partition("skiptoken=")[2] or 0)
        if number == 3:
            return page_of("V2", {"ID": "3"}, delta="Orders?!deltatoken='D1'")
        return page_of("V2", {"ID": str(number)}, next=f"Orders?$skiptoken={number + 1}")

    with SapServer(apart("V2", script)) as server:
        whole = read(server)
        for stored in range(3):
            packed = msgspec.json.encode(whole[stored].position)
            since = msgspec.json.decode(packed, type=DeltaPosition)
            assert unhurried(read(server, since=since)) == unhurried(whole[stored + 1 :])
    assert plain(whole) == [{"ID": str(number)} for number in range(4)]


@pytest.mark.parametrize(
    "token", ["D20261101_000000001", "'D20261101_000000001'", " 'D20261101_000000001' "]
)
def test_a_v2_token_may_be_quoted_or_bare(token: str) -> None:
    """OD-P33."""
    with SapServer(in_turn(page_of("V2", delta="Orders?!deltatoken='D2'"))) as server:
        read(server, since=position(server, token))
    assert server.requests[0].target.endswith("&!deltatoken='D20261101_000000001'")
    assert server.requests[0].path == f"{PATHS['V2']}/Orders"


def test_a_v4_token_is_an_option_of_the_protocol() -> None:
    """OD-P33."""
    with SapServer(in_turn(page_of("V4", delta="Orders?$deltatoken=E"))) as server:
        read(server, "V4", since=position(server, "a/b c&x", "V4"))
    assert server.requests[0].target.endswith("&$deltatoken=a%2Fb%20c%26x")


@pytest.mark.parametrize("token", ["'D1?!deltatoken='D2'", "D1&$top=1", "D1'\r\nEvil: yes"])
def test_a_token_cannot_change_the_address(token: str) -> None:
    """OD-P33, OD-P59."""
    with SapServer(in_turn(page_of("V2", delta="Orders?!deltatoken='D2'"))) as server:
        read(server, since=position(server, token))
    request = server.requests[0]
    assert request.target.count("&") == 3
    assert "evil" not in request.headers


def links(*found: tuple[str, bool, int]) -> Reply:
    return rows(
        *(
            {"DeltaToken": token, "IsInitialLoad": initial, "CreatedAt": f"/Date({moment})/"}
            for token, initial, moment in found
        )
    )


def test_without_a_link_the_delta_of_this_load_is_asked_for() -> None:
    """OD-P32: the newest initial one, never just the last of the list."""
    kept = links(
        ("OLD", True, 1793491200000),
        ("OURS", True, 1793577600000),
        ("LATER", False, 1793664000000),
        ("LAST", False, 1793400000000),
    )
    with SapServer(in_turn(NO_LINKS, rows({"ID": "1"}), kept)) as server:
        (page,) = read(server)
    assert page.position.state is DeltaState.TRACKING
    assert str(page.position.link).endswith("&!deltatoken='OURS'")
    assert server.requests[-1].path == f"{PATHS['V2']}/DeltaLinksOfOrders"


def test_behind_a_delta_the_newest_one_is_asked_for() -> None:
    """OD-P32."""
    kept = links(("NEW", False, 1793664000000), ("INITIAL", True, 1793491200000))
    with SapServer(in_turn(rows({"ID": "1"}), kept)) as server:
        (page,) = read(server, since=position(server, "D1"))
    assert str(page.position.link).endswith("&!deltatoken='NEW'")


@pytest.mark.parametrize("answer", [NO_LINKS, rows(), Reply(404), refusal(403), refusal(400)])
def test_a_set_that_is_not_tracked_says_so(answer: Reply, caplog: pytest.LogCaptureFixture) -> None:
    """OD-P31, OD-P32: on the first page by a warning, on the last by an error."""
    script = in_turn(NO_LINKS, rows({"ID": "1"}), answer)
    with (
        SapServer(script) as server,
        caplog.at_level(logging.WARNING),
        pytest.raises(InputRejected, match="tracks no changes"),
    ):
        read(server)
    assert "does not say that it tracks" in caplog.text


@VERSIONS
@pytest.mark.parametrize(
    "answer",
    [
        refusal(410, "/IWBEP/CM_MGW_RT/021", "Delta token expired"),
        Reply(410),
        refusal(400, "RSODP/123", "Token unknown"),
        refusal(404, "/IWBEP/CM_MGW_RT/020"),
    ],
)
def test_a_forgotten_token_asks_for_a_decision_and_loads_nothing(
    version: Version, answer: Reply
) -> None:
    """OD-P35."""
    with SapServer(in_turn(answer)) as server:
        since = position(server, "D1", version)
        with pytest.raises(ResyncRequired, match="whoever wants everything anew"):
            read(server, version, since)
        with pytest.raises(ResyncRequired, match="whoever wants everything anew"):
            read(server, version, lost(since))
    assert len(server.requests) == 1


def test_a_token_forgotten_between_two_pages_is_forgotten_too() -> None:
    """OD-P35."""
    script = in_turn(page_of("V2", {"ID": "1"}, next="Orders?$skiptoken=2"), refusal(410))
    with SapServer(script) as server, client_of(server) as client:
        service = client.service(PATHS["V2"])
        pages = service.changes("Orders", since=service.position_after("Orders", "D1"))
        assert plain([next(pages)]) == [{"ID": "1"}]
        with pytest.raises(ResyncRequired):
            next(pages)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Reply(503), SapUnavailable),
        (refusal(403), AuthorizationMissing),
        (refusal(404, "/IWFND/MED/170"), ServiceNotActivated),
        (Reply(404), ServiceNotActivated),
        (refusal(500), SapRejected),
        (Reply(200, b'{"d"'), SapUnavailable),
    ],
)
def test_other_trouble_is_no_reason_to_load_everything_anew(
    answer: Reply, error: type[SapmatchError]
) -> None:
    """OD-P35."""
    with SapServer(lambda _: answer) as server, pytest.raises(error) as caught:
        read(server, since=position(server, "D1"))
    assert type(caught.value) is error


def test_a_refused_first_load_is_a_refusal() -> None:
    """OD-P35: there is nothing that could have been forgotten."""
    with (
        SapServer(apart("V2", in_turn(refusal(400, "ZZ/001")))) as server,
        pytest.raises(SapRejected),
    ):
        read(server)


def test_a_second_consumer_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    """OD-P36: the new initial load ends the subscription of the first."""
    done = applied(page_of("V2", delta="Orders?!deltatoken='D2'"))
    script = in_turn(links(("D1", True, 1793491200000)), done)
    with SapServer(script) as server, caplog.at_level(logging.WARNING):
        read(server)
    assert "a subscription of this user already" in caplog.text
    assert not {"canary", "TESTER"} & set(caplog.text.split())


@pytest.mark.parametrize("answer", [NO_LINKS, Reply(404), refusal(403), refusal(400), rows()])
def test_where_nothing_is_known_of_other_consumers_nothing_is_said(
    answer: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    """OD-P36."""
    done = applied(page_of("V2", {"ID": "1"}, delta="Orders?!deltatoken='D2'"))
    with SapServer(in_turn(answer, done)) as server, caplog.at_level(logging.WARNING):
        assert plain(read(server)) == [{"ID": "1"}]
    assert caplog.text == ""


def test_a_v4_service_is_not_asked_for_subscriptions() -> None:
    """OD-P36."""
    with SapServer(in_turn(applied(page_of("V4", delta="Orders?$deltatoken=1")))) as server:
        read(server, "V4")
    assert len(server.requests) == 1


def test_a_position_belongs_to_its_user_client_service_and_set() -> None:
    """OD-P36."""
    with SapServer(in_turn()) as server, client_of(server) as client:
        since = client.service(PATHS["V2"]).position_after("Orders", "D1")
        others = [
            (client.service(SERVICE_V4), "Orders"),
            (client.service(PATHS["V2"]), "Items"),
        ]
        for service, entity_set in others:
            with pytest.raises(InputRejected, match="another user"):
                next(service.changes(entity_set, since=since))
        foreign = msgspec.structs.replace(since, subscriber=since.subscriber.replace("s4/", "s4/0"))
        with pytest.raises(InputRejected, match="another user"):
            next(client.service(PATHS["V2"]).changes("Orders", since=foreign))
    assert server.requests == []
    stored = msgspec.json.encode(since).decode()
    assert "TESTER" not in stored
    assert PASSWORD not in stored


def test_a_stored_position_cannot_lead_elsewhere() -> None:
    """OD-P21."""
    with SapServer(in_turn()) as foreign, SapServer(in_turn()) as server:
        since = msgspec.structs.replace(position(server, "D1"), link=f"{foreign.url}/Orders")
        with pytest.raises(InputRejected, match="nothing was sent"):
            read(server, since=since)
    assert foreign.requests + server.requests == []


@pytest.mark.parametrize(
    ("version", "gone"),
    [
        ("V2", {"ID": "1", "ODQ_CHANGEMODE": "D", "ODQ_ENTITYCNTR": "-1"}),
        ("V2", {"__metadata": {"uri": "https://x/Orders('1')", "deleted": True}}),
        ("V4", {"@odata.context": "$metadata#Orders/$deletedEntity", "id": "Orders('1')"}),
        ("V4", {"@context": "#Orders/$deletedEntity", "id": "Orders('1')"}),
        ("V4", {"@removed": {"reason": "deleted"}, "@odata.id": "Orders('1')"}),
        ("V4", {"@odata.removed": {"reason": "changed"}, "id": "Orders('1')"}),
    ],
)
def test_deletions_come_apart_from_rows(version: Version, gone: dict[str, Any]) -> None:
    """OD-P38."""
    reply = page_of(version, {"ID": "2"}, gone, {"ID": "3"}, delta="Orders?$x=D2")
    with SapServer(in_turn(reply)) as server:
        since = position(server, "D1", version)
        (page,) = read(server, version, since, metadata=orders(version))
    assert plain([page]) == [{"ID": "2"}, {"ID": "3"}]
    assert [msgspec.json.decode(raw) for raw in page.deleted] == [gone]
    assert page.removed == ({"ID": "1"},)


@pytest.mark.parametrize("mode", ["C", "U", "", None, 7])
def test_change_modes_stay_in_the_rows(mode: object) -> None:
    """OD-P38: before-images too, byte for byte."""
    row = {"ID": "1", "ODQ_CHANGEMODE": mode, "ODQ_ENTITYCNTR": "-1"}
    with SapServer(in_turn(page_of("V2", row, delta="Orders?!deltatoken='D2'"))) as server:
        (page,) = read(server, since=position(server, "D1"))
    assert [bytes(raw) for raw in page.rows] == [json.dumps(row).encode()]
    assert page.deleted == ()


def test_columns_that_mark_deletions_are_read_whatever_else_is() -> None:
    """OD-P38: without them, a deleted record would come back as a living one."""
    marked = orders("V2", ODQ_CHANGEMODE="Edm.String", ODQ_ENTITYCNTR="Edm.Decimal")
    for metadata, columns in [(marked, "ID,ODQ_CHANGEMODE,ODQ_ENTITYCNTR"), (orders("V2"), "ID")]:
        reply = page_of("V2", delta="Orders?!deltatoken='D1'")
        with SapServer(apart("V2", in_turn(reply))) as server:
            read(server, query=Query(select=("ID",)), metadata=metadata)
        assert f"&$select={columns}" in asked(server)[0].query + "&"
