"""ETags of V2 and V4: taken as they come, sent where others' changes must not be lost."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest

from sapmatch.model.connection import ServiceOptions
from sapmatch.model.errors import InputRejected, PreconditionFailed
from sapmatch.model.intent import Written
from sapmatch.model.query import ODataValue, Query
from sapmatch.sap.odata.batch import Read
from sapmatch.sap.odata.metadata import Version
from sapmatch.sap.odata.service import Service
from sapmatch.sap.odata.writing import ANY, KNOWN
from tests.builders import edmx
from tests.builders.batch_answers import BATCH, enclosed, http, part
from tests.builders.sap_server import Reply, SapServer, client_of, data, in_turn, refusal, rows
from tests.builders.sap_typed import PATHS, orders

VERSIONS = pytest.mark.parametrize("version", ["V2", "V4"])
KEY = {"ID": "1"}
TAGS = [
    "W/\"datetimeoffset'2015-02-03T21%3A07%3A03.5328420Z'\"",
    "W/\"'A;B'\"",
    'W/"SADL-202611210745~X"',
    'W/""',
    '"plain"',
]
Do = Callable[[Service], Any]


def entity(version: Version, etag: str | None, *, header: str = "", **fields: Any) -> Reply:
    """One order as it is read; `etag` inside it, `header` outside."""
    row: dict[str, Any] = {"ID": "1", **fields}
    if etag is not None:
        row |= {"__metadata": {"etag": etag}} if version == "V2" else {"@odata.etag": etag}
    reply = {"d": row} if version == "V2" else row
    return data(reply, ETag=header) if header else data(reply)


def run(
    version: Version, do: Do, *replies: Reply, known: bool = False, **options: Any
) -> SapServer:
    """The server after `do`; every reply was asked for."""
    settings = {PATHS[version]: ServiceOptions(**options)}
    with (
        SapServer(in_turn(*replies)) as server,
        client_of(server, csrf="never", services=settings) as client,
    ):
        do(
            client.service(
                PATHS[version], metadata=orders(version, Name="Edm.String") if known else None
            )
        )
    assert len(server.requests) == len(replies)
    return server


def sent(server: SapServer) -> list[str | None]:
    return [request.headers.get("if-match") for request in server.written()]


def update(service: Service, **etag: Any) -> Written:
    return service.update("Orders", KEY, {"Name": "payload-canary"}, **etag)


@VERSIONS
@pytest.mark.parametrize("tag", TAGS)
def test_an_etag_that_was_read_goes_back_untouched(version: Version, tag: str) -> None:
    """OD-P66: from the record first, else from the header."""

    def do(service: Service) -> None:
        for _ in range(2):
            service.get("Orders", KEY)
            update(service)

    inside, outside = entity(version, tag, header='"proxy-gzip"'), entity(version, None, header=tag)
    assert sent(run(version, do, inside, Reply(204), outside, Reply(204))) == [tag, tag]


@VERSIONS
def test_without_a_known_etag_the_record_is_read_first(version: Version) -> None:
    """OD-P68."""
    server = run(version, update, entity(version, '"1"'), Reply(204))
    assert server.methods() == ["GET", "PATCH"]
    assert sent(server) == ['"1"']


def listed(version: Version, etag: str) -> Reply:
    """One page of orders, which name their keys."""
    uri = f"https://any.example{PATHS[version]}/Orders('1')"
    if version == "V2":
        return rows({"ID": "1", "__metadata": {"uri": uri, "etag": etag}})
    return data({"value": [{"ID": "1", "@odata.id": uri, "@odata.etag": etag}]})


@VERSIONS
@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("method", ["PATCH", "PUT"])
def test_what_find_saw_is_not_overwritten(version: Version, method: str, known: bool) -> None:
    """OD-P67: somebody changed it after it was listed."""

    def do(service: Service) -> None:
        service.find("Orders", Query())
        with pytest.raises(PreconditionFailed):
            update(service)

    read = [entity(version, '"2"')] if method == "PUT" else []
    replies = (listed(version, '"1"'), *read, refusal(412))
    server = run(version, do, *replies, known=known, update_method=method)
    assert sent(server) == ['"1"']


@VERSIONS
def test_a_list_without_etags_leaves_what_was_seen(version: Version) -> None:
    def do(service: Service) -> None:
        service.get("Orders", KEY)
        service.find("Orders", Query())
        update(service)

    bare = rows({"ID": "1"}) if version == "V2" else data({"value": [{"ID": "1"}]})
    assert sent(run(version, do, entity(version, '"1"'), bare, Reply(204))) == ['"1"']


@VERSIONS
@pytest.mark.parametrize(
    ("seen", "changed"),
    [
        ({"ID": "1", "P": "2"}, {"P": "2", "ID": "1"}),
        ({"ID": 1}, {"ID": "1"}),
        ({"ID": "1"}, {"ID": 1}),
    ],
)
def test_the_etag_is_that_of_the_record_however_its_key_is_written(
    version: Version, seen: dict[str, ODataValue], changed: dict[str, ODataValue]
) -> None:
    """OD-P67."""

    def do(service: Service) -> None:
        service.get("Orders", seen)
        service.update("Orders", changed, {"Name": "A"})

    assert sent(run(version, do, entity(version, '"1"'), Reply(204))) == ['"1"']


def test_what_was_seen_before_metadata_is_known_after_it() -> None:
    """OD-P67: from then on keys are written in another way."""

    def do(service: Service) -> None:
        service.get("Orders", KEY)
        service.metadata()
        service.delete("Orders", KEY)

    document = edmx.v2_document().replace(b'"ID" Type="Edm.String"', b'"ID" Type="Edm.Int32"')
    described = Reply(body=document, type="application/xml")
    server = run("V2", do, entity("V2", '"1"'), described, Reply(204))
    assert server.written()[0].path.endswith("/Orders(1)")
    assert sent(server) == ['"1"']


@VERSIONS
def test_what_a_batch_read_by_its_key_is_not_overwritten(version: Version) -> None:
    """OD-P67."""

    def do(service: Service) -> None:
        service.batch([Read(entity_set="Orders", key={"ID": 1})])
        update(service)

    body = enclosed([part(http(200, json.loads(entity(version, '"1"').body)))])
    answer = Reply(200, body, type=f"multipart/mixed; boundary={BATCH}")
    assert sent(run(version, do, answer, Reply(204))) == [None, '"1"']


@pytest.mark.parametrize(
    ("etag", "header"), [('"1"', '"1"'), (KNOWN, '"1"'), (ANY, "*"), (None, None)]
)
def test_put_is_guarded_by_the_etag_of_the_caller_and_not_by_its_own_read(
    etag: Any, header: str | None
) -> None:
    """OD-P67: the read for the replacement shows what somebody else wrote."""

    def do(service: Service) -> None:
        service.get("Orders", KEY)
        update(service, etag=etag)

    replies = (entity("V2", '"1"'), entity("V2", '"2"', Name="theirs"), Reply(204))
    assert sent(run("V2", do, *replies, update_method="PUT")) == [header]


@VERSIONS
def test_after_a_success_without_an_etag_the_record_is_read_again(version: Version) -> None:
    """OD-P68: the old one would only fetch a 412."""

    def do(service: Service) -> None:
        update(service)
        update(service)
        update(service)

    headed = Reply(204, headers=[("ETag", '"3"')])
    replies = (entity(version, '"1"'), Reply(204), entity(version, '"2"'), headed, Reply(204))
    server = run(version, do, *replies)
    assert server.methods() == ["GET", "PATCH", "GET", "PATCH", "PATCH"]
    assert sent(server) == ['"1"', '"2"', '"3"']


@VERSIONS
@pytest.mark.parametrize("status", [412, 428])
@pytest.mark.parametrize("do", [update, lambda service: service.delete("Orders", KEY)])
def test_412_and_428_are_one_error_with_both_meanings(
    version: Version, status: int, do: Do
) -> None:
    """OD-P65, OD-P67: never sent again by itself."""
    with (
        SapServer(in_turn(entity(version, '"1"'), refusal(status))) as server,
        client_of(server, csrf="never") as client,
        pytest.raises(PreconditionFailed, match="changed since it was read, or SAP wants its ETag"),
    ):
        do(client.service(PATHS[version]))
    assert len(server.written()) == 1


@VERSIONS
def test_after_a_refused_etag_the_next_write_reads_anew(version: Version) -> None:
    """OD-P67: read, decide, write."""

    def do(service: Service) -> None:
        service.get("Orders", KEY)
        with pytest.raises(PreconditionFailed):
            update(service)
        found = service.get("Orders", KEY)
        assert found is not None
        assert found.row["Name"] == "theirs"
        update(service)

    replies = (
        entity(version, '"1"'),
        refusal(412),
        entity(version, '"2"', Name="theirs"),
        Reply(204),
    )
    assert sent(run(version, do, *replies)) == ['"1"', '"2"']


@VERSIONS
def test_no_etag_is_sent_where_the_caller_wants_none(version: Version) -> None:
    server = run(version, lambda service: update(service, etag=None), Reply(204))
    assert sent(server) == [None]


@VERSIONS
def test_any_etag_is_sent_for_the_caller_only_and_never_in_silence(
    version: Version, caplog: pytest.LogCaptureFixture
) -> None:
    """OD-P67."""

    def do(service: Service) -> None:
        update(service, etag=ANY)
        with caplog.at_level(logging.WARNING):
            service.delete("Orders", KEY, etag=ANY)

    assert sent(run(version, do, Reply(204), Reply(204))) == ["*", "*"]
    assert "overwrites whatever is there" in caplog.text
    assert "canary" not in caplog.text


@VERSIONS
def test_a_delete_sends_the_etag_that_was_read(version: Version) -> None:
    """OD-P69."""

    def do(service: Service) -> None:
        service.get("Orders", KEY)
        service.delete("Orders", KEY)

    server = run(version, do, entity(version, '"7"'), Reply(204))
    assert (server.methods(), sent(server)) == (["GET", "DELETE"], ['"7"'])


@VERSIONS
def test_what_was_created_is_changed_by_the_etag_of_its_answer(version: Version) -> None:
    """OD-P66."""

    def do(service: Service) -> None:
        service.create("Orders", {"ID": "1"})
        update(service, etag=KNOWN)

    row = entity(version, '"1"')
    created = Reply(201, row.body, [("Location", "https://x/Orders('1')")])
    assert sent(run(version, do, created, Reply(204), known=True)) == [None, '"1"']


@VERSIONS
def test_a_create_without_a_body_is_named_by_its_location(version: Version) -> None:
    """OD-P68, OD-P71: 201 with nothing but an address is a success."""
    found: list[Written] = []
    created = Reply(201, headers=[("Location", "https://x/Orders('1')"), ("ETag", '"1"')])
    run(version, lambda s: found.append(s.create("Orders", {})), created, known=True)
    assert [(one.key, one.etag, one.row) for one in found] == [(KEY, '"1"', {})]


@pytest.mark.parametrize("method", ["PATCH", "MERGE"])
@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_the_method_is_the_services_own_and_every_success_counts(method: str, status: int) -> None:
    """OD-P71."""
    server = run("V2", update, entity("V2", '"1"'), Reply(status), update_method=method)
    (request,) = server.written()
    assert (request.method, json.loads(request.body)) == (method, {"Name": "payload-canary"})


def test_put_sends_the_whole_record_with_the_changes_on_top() -> None:
    """OD-P71: what is left out of a PUT would be emptied, complex values included."""
    fields: dict[str, Any] = {
        "Name": "old",
        "Price": "10.00",
        "At": "/Date(1422997623000)/",
        "Text": None,
        "Address": {"__metadata": {"type": "NS.Address"}, "Street": "A"},
        "to_Item": {"__deferred": {"uri": "https://x/to_Item"}},
    }
    server = run("V2", update, entity("V2", '"1"', **fields), Reply(204), update_method="PUT")
    (request,) = server.written()
    assert (request.method, request.headers["if-match"]) == ("PUT", '"1"')
    assert json.loads(request.body) == {
        "ID": "1",
        "Name": "payload-canary",
        "Price": "10.00",
        "At": "/Date(1422997623000)/",
        "Text": None,
        "Address": {"Street": "A"},
    }


def test_put_in_v4_keeps_lists_and_digits() -> None:
    """OD-P71, OD-P41."""
    fields: dict[str, Any] = {
        "Tags": ["a"],
        "Address": {"Street": "A"},
        "to_Item@odata.navigationLink": "x",
    }
    body = entity("V4", '"1"', Price=0, **fields).body.replace(b'"Price": 0', b'"Price": 10.00')
    server = run("V4", update, Reply(body=body), Reply(204), update_method="PUT")
    text = server.written()[0].body.decode()
    assert '"Price":10.00' in text
    assert json.loads(text) == {
        "ID": "1",
        "Price": 10.0,
        "Tags": ["a"],
        "Address": {"Street": "A"},
        "Name": "payload-canary",
    }


def test_put_of_what_is_not_there_sends_nothing() -> None:
    absent = refusal(404, "/IWBEP/CM_MGW_RT/020")
    listing = data({"d": {"results": []}})

    def do(service: Service) -> None:
        with pytest.raises(InputRejected, match="no such record"):
            update(service)

    assert run("V2", do, absent, listing, update_method="PUT").written() == []
