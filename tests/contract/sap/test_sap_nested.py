"""Expanded collections that SAP cut off, and the answers to deep creates."""

import json
import resource
from typing import Any

import msgspec
import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.query import Query
from sapmatch.sap import http
from sapmatch.sap.odata.metadata import Version
from tests.builders.sap_server import (
    Received,
    Reply,
    SapServer,
    Script,
    client_of,
    data,
    in_turn,
)
from tests.builders.sap_typed import PATHS

VERSIONS = pytest.mark.parametrize("version", ["V2", "V4"])
DEEP = Query(expand=("to_Item", "to_Item/to_Text"))


def cut(version: Version, field: str, items: list[Any], link: str | None) -> dict[str, Any]:
    """The field with a collection, and where the rest of it is."""
    if version == "V2":
        return {field: {"results": items} | ({"__next": link} if link else {})}
    return {field: items} | ({f"{field}@odata.nextLink": link} if link else {})


def page(version: Version, items: list[Any], link: str | None = None) -> Reply:
    if version == "V2":
        return data({"d": {"results": items} | ({"__next": link} if link else {})})
    return data({"value": items} | ({"@odata.nextLink": link} if link else {}))


def items_of(order: dict[str, Any]) -> Any:
    found = order["to_Item"]
    return found["results"] if isinstance(found, dict) else found


def read(version: Version, *replies: Reply, query: Query = DEEP) -> list[dict[str, Any]]:
    with SapServer(in_turn(*replies)) as server, client_of(server) as client:
        pages = client.pages(PATHS[version], "Orders", query)
        return [msgspec.json.decode(raw) for each in pages for raw in each.rows]


@VERSIONS
def test_a_collection_that_was_cut_is_completed_along_its_own_links(version: Version) -> None:
    """OD-P28."""
    order = {"ID": "1"} | cut(version, "to_Item", [{"N": 1}], "Orders('1')/to_Item?$skiptoken=2")
    replies = (
        page(version, [order, {"ID": "2"}]),
        page(version, [{"N": 2}], "to_Item?$skiptoken=3"),
        page(version, [{"N": 3}]),
    )
    with SapServer(in_turn(*replies)) as server, client_of(server) as client:
        pages = client.pages(PATHS[version], "Orders", DEEP)
        first, second = [msgspec.json.decode(raw) for each in pages for raw in each.rows]
    assert items_of(first) == [{"N": 1}, {"N": 2}, {"N": 3}]
    assert second == {"ID": "2"}
    assert "skiptoken" not in json.dumps(first)
    paths = [request.path.removeprefix(PATHS[version]) for request in server.requests]
    assert paths == ["/Orders", "/Orders('1')/to_Item", "/Orders('1')/to_Item"]


@VERSIONS
def test_what_is_cut_inside_a_completed_collection_is_followed_from_there(version: Version) -> None:
    """OD-P28, OD-P21: a relative link counts from the page that holds it."""
    order = {"ID": "1"} | cut(version, "to_Item", [], "Orders('1')/to_Item?$skiptoken=2")
    item = {"N": 1} | cut(version, "to_Text", [{"T": 1}], "to_Text?$skiptoken=9")
    replies = (page(version, [order]), page(version, [item]), page(version, [{"T": 2}]))
    with SapServer(in_turn(*replies)) as server, client_of(server) as client:
        (found,) = client.find(PATHS[version], "Orders", DEEP)
    assert server.requests[2].path == f"{PATHS[version]}/Orders('1')/to_Text"
    (item,) = items_of(found.row)
    assert items_of({"to_Item": item["to_Text"]}) == [{"T": 1}, {"T": 2}]


@VERSIONS
def test_a_single_record_is_completed_too(version: Version) -> None:
    """OD-P28: else an order would silently lack its last items."""
    row = {"ID": "1"} | cut(version, "to_Item", [{"N": 1}], "Orders('1')/to_Item?$skiptoken=2")
    replies = (data({"d": row} if version == "V2" else row), page(version, [{"N": 2}]))
    with SapServer(in_turn(*replies)) as server, client_of(server) as client:
        found = client.get(PATHS[version], "Orders", {"ID": "1"}, expand=("to_Item",))
    assert found is not None
    assert items_of(found.row) == [{"N": 1}, {"N": 2}]


@pytest.mark.parametrize("mark", ["@odata.nextLink", "@nextLink"])
@pytest.mark.parametrize("start", [{}, {"to_Item": []}, {"to_Item": None}])
def test_a_v4_collection_may_begin_behind_its_link(mark: str, start: dict[str, Any]) -> None:
    """OD-P28."""
    order = {"ID": "1", **start, f"to_Item{mark}": "Orders('1')/to_Item"}
    (found,) = read("V4", page("V4", [order]), page("V4", [{"N": 1}]))
    assert found == {"ID": "1", "to_Item": [{"N": 1}]}


@VERSIONS
def test_amounts_of_completed_rows_keep_their_digits(version: Version) -> None:
    """OD-P41, OD-P28."""
    link = "Orders('1')/to_Item?$skiptoken=2"
    order = {"ID": "1", "Sum": "10.00"} | cut(version, "to_Item", [], link)
    text = json.dumps(order).replace('"10.00"', "12345678901234567.10")
    wrapped = '{"d":{"results":[%s]}}' if version == "V2" else '{"value":[%s]}'
    script = in_turn(Reply(body=(wrapped % text).encode()), page(version, []))
    with SapServer(script) as server, client_of(server) as client:
        (one,) = client.pages(PATHS[version], "Orders", DEEP)
    assert b"12345678901234567.10" in bytes(one.rows[0])


@VERSIONS
def test_a_foreign_link_inside_a_row_gets_no_request(version: Version) -> None:
    """OD-P21, OD-P28."""
    with SapServer(in_turn()) as foreign:
        order = {"ID": "1"} | cut(version, "to_Item", [], f"{foreign.url}/Items")
        with pytest.raises(InputRejected, match="nothing was sent"):
            read(version, page(version, [order]))
    assert foreign.requests == []


@VERSIONS
def test_a_collection_without_end_is_ended(version: Version) -> None:
    """OD-P23, OD-P28."""
    link = f"{PATHS[version]}/Items?$skiptoken=2"
    order = {"ID": "1"} | cut(version, "to_Item", [], link)
    again = page(version, [{"N": 2}], link)

    def script(request: Received) -> Reply:
        return again if "skiptoken" in request.query else page(version, [order])

    with (
        SapServer(script) as server,
        client_of(server) as client,
        pytest.raises(InputRejected, match="without end"),
    ):
        list(client.pages(PATHS[version], "Orders", DEEP))
    assert len(server.requests) == 2


def _endless(version: Version, levels: int) -> Script:
    """A new link behind each megabyte; with two levels each part of it is cut anew."""

    def script(request: Received) -> Reply:
        number = int(request.query.partition("$skiptoken=")[2] or 0)
        link = f"{PATHS[version]}/Items?$skiptoken={number + 1}"
        row = {"ID": "x" * (2**20 if number else 1)}
        if number == 0 or levels == 2:
            row |= cut(version, "to_Item", [], link)
        return page(version, [row], link if number and levels == 1 else None)

    return script


@VERSIONS
@pytest.mark.parametrize("levels", [1, 2])
def test_a_collection_of_new_links_without_end_is_ended_in_bounded_memory(
    version: Version, levels: int
) -> None:
    """OD-P24, OD-P28: no more of it is held than of the largest answer."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with SapServer(_endless(version, levels)) as server, client_of(server) as client:
        for call in (
            lambda: list(client.pages(PATHS[version], "Orders", DEEP)),
            lambda: client.service(PATHS[version]).find("Orders", DEEP),
        ):
            with pytest.raises(InputRejected, match=r"Orders(/to_Item)+: .* more than 64 MB"):
                call()
            assert len(server.requests) < 70
            server.requests.clear()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * 1024 < 4 * http.MAX_BODY


@pytest.mark.parametrize(
    "nested",
    [
        {"results": [{"Item": "10"}]},
        {"results": []},
        [{"Item": "10"}],
        [],
        None,
        {"__deferred": {"uri": "https://x/Orders('1')/to_Item"}},
    ],
)
def test_a_deep_create_in_v2_sends_arrays_and_takes_any_form_back(nested: Any) -> None:
    """OD-P80."""
    notes = {"uri": "https://x/Orders('1')", "etag": 'W/"1"'}
    answer = data({"d": {"__metadata": notes, "ID": "1", "to_Item": nested}}, 201)
    record = {"Name": "A", "to_Item": [{"Item": "10", "to_Text": [{"Text": "x"}]}]}
    with SapServer(in_turn(answer)) as server, client_of(server, csrf="never") as client:
        written = client.create(PATHS["V2"], "Orders", record)
    assert json.loads(server.requests[0].body) == record
    assert (written.key, written.etag, written.row["to_Item"]) == ({"ID": "1"}, 'W/"1"', nested)


@pytest.mark.parametrize("nested", [{}, {"to_Item": []}, {"to_Item": [{"Item": "10"}]}])
def test_a_deep_create_in_v4_takes_any_form_back(nested: dict[str, Any]) -> None:
    """OD-P80."""
    row = {"@odata.context": "$metadata#Orders/$entity", "@odata.etag": 'W/"1"', "ID": "1"}
    answer = data(row | nested, 201, Location="Orders('1')")
    record = {"to_Item": [{"Item": "10"}]}
    with SapServer(in_turn(answer)) as server, client_of(server, csrf="never") as client:
        written = client.create(PATHS["V4"], "Orders", record)
    assert json.loads(server.requests[0].body) == record
    assert (written.key, written.etag) == ({"ID": "1"}, 'W/"1"')
    assert written.row.get("to_Item") == nested.get("to_Item")
