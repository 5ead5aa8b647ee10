"""Create or change, whichever it takes, while others are at work on the same record."""

import json
from datetime import date
from typing import Any

import pytest

from sapmatch.model.errors import (
    InputRejected,
    OutcomeUnknown,
    PreconditionFailed,
    RecordLocked,
    SapRejected,
)
from sapmatch.model.intent import Record, Written
from sapmatch.sap.odata.metadata import Metadata, Version
from tests.builders import edmx
from tests.builders.sap_server import Reply, SapServer, client_of, data, in_turn, refusal
from tests.builders.sap_typed import PATHS, orders

BOTH = pytest.mark.parametrize("version", ["V2", "V4"])
ABSENT = refusal(404, "/IWBEP/CM_MGW_RT/020")
RECORD = {"ID": "1", "Name": "mine"}


def metadata_of(version: Version) -> Metadata:
    return orders(version, Name="Edm.String", Reference="Edm.String")


def row(version: Version, etag: str | None = '"1"', **fields: Any) -> Record:
    found = {"ID": "1", **fields}
    if etag is None:
        return found
    return found | ({"__metadata": {"etag": etag}} if version == "V2" else {"@odata.etag": etag})


def one(version: Version, etag: str | None = '"1"', status: int = 200, **fields: Any) -> Reply:
    found = row(version, etag, **fields)
    return data({"d": found} if version == "V2" else found, status)


def many(version: Version, *found: Record) -> Reply:
    return data({"d": {"results": found}} if version == "V2" else {"value": found})


def upsert(
    server: SapServer,
    version: Version,
    record: Record = RECORD,
    by: tuple[str, ...] = (),
    metadata: Metadata | None = None,
) -> Written:
    with client_of(server, csrf="never") as client:
        service = client.service(PATHS[version], metadata=metadata or metadata_of(version))
        return service.upsert("Orders", record, by=by)


@BOTH
def test_what_is_not_there_is_created(version: Version) -> None:
    with SapServer(in_turn(ABSENT, many(version), one(version, status=201))) as server:
        assert upsert(server, version).http_status == 201
    assert server.methods() == ["GET", "GET", "POST"]
    assert json.loads(server.requests[-1].body) == RECORD


@BOTH
def test_what_is_there_is_changed_by_the_etag_it_was_seen_with(version: Version) -> None:
    """OD-P66."""
    with SapServer(in_turn(one(version), Reply(204))) as server:
        assert upsert(server, version).key == {"ID": "1"}
    request = server.requests[-1]
    assert (request.method, request.headers["if-match"]) == ("PATCH", '"1"')
    assert json.loads(request.body) == {"Name": "mine"}


@BOTH
def test_somebody_who_changed_it_meanwhile_is_not_overwritten(version: Version) -> None:
    """OD-P67: looked at again, and changed by what was seen then."""
    replies = (one(version), refusal(412), one(version, '"2"'), Reply(204))
    with SapServer(in_turn(*replies)) as server:
        upsert(server, version)
    assert [each.headers["if-match"] for each in server.written()] == ['"1"', '"2"']


@BOTH
def test_somebody_who_created_it_meanwhile_makes_it_a_change(version: Version) -> None:
    """OD-P79: the key is the caller's, so that SAP itself refuses the second one."""
    exists = refusal(400, "ZZ/002", "exists already")
    replies = (ABSENT, many(version), exists, one(version), one(version), Reply(204))
    with SapServer(in_turn(*replies)) as server:
        upsert(server, version)
    assert [each.method for each in server.written()] == ["POST", "PATCH"]


@BOTH
def test_somebody_who_deleted_it_meanwhile_makes_it_a_create(version: Version) -> None:
    replies = (one(version), refusal(412), ABSENT, many(version), one(version, status=201))
    with SapServer(in_turn(*replies)) as server:
        upsert(server, version)
    assert [each.method for each in server.written()] == ["PATCH", "POST"]


@BOTH
def test_somebody_who_is_always_faster_ends_it(version: Version) -> None:
    """OD-P67: bounded, and nothing was written."""
    replies = [one(version), refusal(412)] * 3
    with (
        SapServer(in_turn(*replies)) as server,
        pytest.raises(PreconditionFailed, match="each of 3 tries; nothing was written"),
    ):
        upsert(server, version)
    assert len(server.requests) == 6


@pytest.mark.parametrize(
    ("replies", "error"),
    [
        ((ABSENT, many("V2"), refusal(400, "ZZ/003"), ABSENT), SapRejected),
        ((ABSENT, many("V2"), Reply(504)), OutcomeUnknown),
        ((one("V2"), refusal(400, "ZZ/003")), SapRejected),
        ((one("V2"), Reply(drop=True)), OutcomeUnknown),
        ((one("V2"), refusal(423)), RecordLocked),
    ],
)
def test_any_other_trouble_is_handed_on_after_one_write(
    replies: tuple[Reply, ...], error: type[Exception]
) -> None:
    """OD-P75."""
    with SapServer(in_turn(*replies)) as server, pytest.raises(error):
        upsert(server, "V2")
    assert (len(server.written()), len(server.requests)) == (1, len(replies))


@BOTH
def test_a_record_is_found_by_fields_of_its_own(version: Version) -> None:
    """OD-P79: what it was found by is equal already, and often read-only."""
    record = {"Reference": "R'1", "Name": "mine"}
    replies = (many(version, row(version, '"1"', Reference="R'1")), Reply(204))
    with SapServer(in_turn(*replies)) as server:
        upsert(server, version, record, by=("Reference",))
    look, change = server.requests
    assert "$filter=Reference eq 'R''1'&$top=2" in look.query
    assert change.path == f"{PATHS[version]}/Orders('1')"
    assert (change.headers["if-match"], json.loads(change.body)) == ('"1"', {"Name": "mine"})


@BOTH
def test_a_list_without_etags_sends_nobody_into_the_dark(version: Version) -> None:
    """OD-P65, OD-P67."""
    replies = (many(version, row(version, None)), one(version, '"7"'), Reply(204))
    record = {"Reference": "R", "Name": "mine"}
    with SapServer(in_turn(*replies)) as server:
        upsert(server, version, record, by=("Reference",))
    assert server.written()[0].headers["if-match"] == '"7"'


def test_several_that_fit_are_the_callers_to_tell_apart() -> None:
    with (
        SapServer(in_turn(many("V2", row("V2"), {"ID": "2"}))) as server,
        pytest.raises(InputRejected, match="several records"),
    ):
        upsert(server, "V2", {"Reference": "R"}, by=("Reference",))
    assert server.written() == []


def test_a_record_without_the_field_that_it_is_found_by_is_refused() -> None:
    with SapServer(in_turn()) as server, pytest.raises(InputRejected, match="Reference"):
        upsert(server, "V2", {"Name": "mine"}, by=("Reference",))
    assert server.requests == []


@pytest.mark.parametrize("number", [{}, {"ID": ""}, {"ID": None}])
def test_a_record_that_gets_its_number_from_sap_is_always_new(number: Record) -> None:
    metadata = edmx.v2(edmx.ORDER.format(more='<Property Name="Name" Type="Edm.String"/>'))
    record = number | {"Name": "mine"}
    if "ID" in number and number["ID"] is None:
        record.pop("ID")
    with SapServer(in_turn(one("V2", status=201))) as server:
        upsert(server, "V2", record, metadata=metadata)
    assert server.methods() == ["POST"]


def test_a_record_that_is_its_key_and_there_needs_no_write() -> None:
    with SapServer(in_turn(one("V2"))) as server:
        written = upsert(server, "V2", {"ID": "1"})
    assert (written.key, written.etag, server.methods()) == ({"ID": "1"}, '"1"', ["GET"])


@BOTH
def test_a_day_in_a_key_finds_its_way_back_into_the_address(version: Version) -> None:
    """OD-P60: a row says `/Date(ms)/`, an address never does."""
    kind = "Edm.DateTime" if version == "V2" else "Edm.Date"
    types = f"""<EntityType Name="Rate"><Key><PropertyRef Name="Day"/></Key>
      <Property Name="Day" Type="{kind}" Nullable="false"/>
      <Property Name="Code" Type="Edm.String"/><Property Name="Note" Type="Edm.String"/>
      </EntityType>"""
    space = "NS" if version == "V2" else "SELF"
    container = f'<EntitySet Name="Orders" EntityType="{space}.Rate"/>'
    metadata = (edmx.v2 if version == "V2" else edmx.v4)(types, container)
    day = "/Date(1793491200000)/" if version == "V2" else "2026-11-01"
    found = row(version, Day=day, Code="A")
    with SapServer(in_turn(many(version, found), Reply(204), one(version, Day=day))) as server:
        upsert(server, version, {"Code": "A", "Note": "x"}, by=("Code",), metadata=metadata)
        upsert(server, version, {"Day": date(2026, 11, 1)}, metadata=metadata)
    literal = "datetime'2026-11-01T00%3A00%3A00'" if version == "V2" else "2026-11-01"
    assert {each.path for each in server.requests[1:]} == {f"{PATHS[version]}/Orders({literal})"}
