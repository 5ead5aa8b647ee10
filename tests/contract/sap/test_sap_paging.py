"""Pages, counts and single records, from servers that page in every way."""

import tracemalloc
from pathlib import Path

import msgspec
import pytest

from sapmatch.model.errors import (
    InputRejected,
    LogonRefused,
    SapmatchError,
    SapRejected,
    ServiceNotActivated,
)
from sapmatch.model.ports import Page
from sapmatch.model.query import EVERYTHING, Query
from sapmatch.sap.odata import reading
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
)

ORDERS = "A_Order"


def read(server: SapServer, query: Query = EVERYTHING, link: str | None = None) -> list[Page]:
    with client_of(server) as client:
        return list(client.pages(SERVICE, ORDERS, query, link=link))


def ids(pages: list[Page]) -> list[str]:
    return [msgspec.json.decode(raw)["ID"] for page in pages for raw in page.rows]


def failing(script: Script) -> SapmatchError:
    with SapServer(script) as server, pytest.raises(SapmatchError) as caught:
        read(server)
    return caught.value


def test_rows_of_all_pages_come_once_each_and_an_empty_page_is_no_end() -> None:
    """OD-P20, OD-P23, OD-P24: relative and absolute links."""

    def script(request: Received) -> Reply:
        if "skiptoken=3" in request.query:
            return rows({"ID": "3"}, {"ID": "4"})
        if "skiptoken=2" in request.query:
            return rows(__next=f"{server.url}{SERVICE}/A_Order?$skiptoken=3")
        return rows({"ID": "1"}, {"ID": "2"}, __next="A_Order?$skiptoken=2", __count="4")

    with SapServer(script) as server:
        pages = read(server)
    assert ids(pages) == ["1", "2", "3", "4"]
    assert [page.count for page in pages] == [4, None, None]
    assert [len(page.rows) for page in pages] == [2, 0, 2]


def test_a_page_may_be_a_bare_list() -> None:
    """OD-P20."""
    with SapServer(in_turn(data({"d": [{"ID": "1"}]}))) as server:
        assert ids(read(server)) == ["1"]


def test_rows_are_what_sap_sent_byte_for_byte() -> None:
    row = b'{ "ID" : "1",\n  "Amount" : "10.00", "Text" : "\\u00e4" }'
    body = b'{"d" : {"results" : [' + row + b"]}}"
    with SapServer(in_turn(Reply(body=body))) as server:
        (page,) = read(server)
    assert bytes(page.rows[0]) == row
    assert page.size == len(body)


def test_a_next_link_is_used_as_it_came() -> None:
    """OD-P22: nothing decoded, nothing added."""
    target = f"{SERVICE}/A_Order?$skiptoken='a%2Fb%7E%2D+c%20d'&$filter=A%20eq%20%27x%27&sap-x=1"
    script = in_turn(rows(__next=f"{SERVICE}/elsewhere"), rows(__next=target), rows())
    with SapServer(script) as server:
        read(server, Query(filter="B eq '1'", select=("ID",)))
    assert server.requests[1].target == f"{SERVICE}/elsewhere"
    assert server.requests[2].target == target


def test_the_page_size_is_asked_for_on_the_first_request() -> None:
    """OD-P25: one bare GET makes SAP return everything at once."""
    with SapServer(in_turn(rows())) as server:
        read(server, Query(page_size=500))
    assert server.requests[0].headers["prefer"] == "odata.maxpagesize=500"


def test_reading_resumes_at_a_link() -> None:
    with SapServer(lambda request: rows({"ID": "9"})) as server:
        link = f"{server.url}{SERVICE}/A_Order?$skiptoken=9"
        assert ids(read(server, link=link)) == ["9"]
        assert server.requests[0].target == f"{SERVICE}/A_Order?$skiptoken=9"


def test_pages_come_lazily() -> None:
    """OD-P24."""
    script = in_turn(rows({"ID": "1"}, __next="A_Order?$skiptoken=2"), rows({"ID": "2"}))
    with SapServer(script) as server, client_of(server) as client:
        pages = client.pages(SERVICE, ORDERS)
        assert server.requests == []
        next(pages)
        assert len(server.requests) == 1


def test_a_long_read_needs_the_memory_of_one_page() -> None:
    """OD-P24."""
    page = [{"ID": "x" * 1000} for _ in range(1000)]

    def script(request: Received) -> Reply:
        number = int(request.query.partition("skiptoken=")[2] or 1)
        return rows(*page, **({"__next": f"A_Order?$skiptoken={number + 1}"} if number < 8 else {}))

    with SapServer(script) as server, client_of(server) as client:
        pages = client.pages(SERVICE, ORDERS)
        size = next(pages).size
        tracemalloc.start()
        total = sum(len(page.rows) for page in pages)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert total == 7000
    assert peak < 8 * size  # the server's own copies are in it


@pytest.mark.parametrize("again", ["A_Order?$skiptoken=2", "A_Order?$skiptoken=1"])
def test_a_link_that_comes_again_ends_the_read(again: str) -> None:
    """OD-P23, RE-19."""

    def script(request: Received) -> Reply:
        second = "skiptoken=1" in request.query
        return rows({"ID": "1"}, __next="A_Order?$skiptoken=2" if second else again)

    first = rows({"ID": "0"}, __next="A_Order?$skiptoken=1")
    with (
        SapServer(lambda r: script(r) if "skiptoken" in r.query else first) as server,
        pytest.raises(InputRejected, match="without end"),
    ):
        read(server)
    assert len(server.requests) == 3


def test_there_is_a_ceiling_of_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """OD-P23."""
    monkeypatch.setattr(reading, "MAX_PAGES", 3)

    def script(request: Received) -> Reply:
        return rows(__next=f"A_Order?$skiptoken={len(server.requests)}")

    with SapServer(script) as server, pytest.raises(InputRejected, match="more than 3 pages"):
        read(server)
    assert len(server.requests) == 3


def test_a_delta_link_comes_with_its_page() -> None:
    with SapServer(in_turn(rows(__delta="A_Order?!deltatoken='D1'"))) as server:
        (page,) = read(server)
        assert page.delta_link == f"{server.url}{SERVICE}/A_Order?!deltatoken='D1'"


@pytest.mark.parametrize("body", [b"42", b"\xef\xbb\xbf42", b" 42\r\n"])
def test_a_count_is_plain_text(body: bytes) -> None:
    """OD-P27."""
    script = in_turn(Reply(body=body, type="text/plain"))
    with SapServer(script) as server, client_of(server) as client:
        query = Query(equals={"A": "O'x"}, filter="B eq '1'", select=("ID",), top=5)
        assert client.count(SERVICE, ORDERS, query) == 42
    request = server.requests[0]
    assert request.path == f"{SERVICE}/A_Order/$count"
    assert request.query.endswith("saml2=disabled&$filter=A eq 'O''x' and (B eq '1')")


def test_a_key_reaches_sap_with_its_quotes_and_slashes() -> None:
    """OD-P55, OD-P56, OD-P59."""
    script = in_turn(data({"d": {"ID": "1"}}))
    with SapServer(script) as server, client_of(server) as client:
        client.get(SERVICE, ORDERS, {"ID": "O'Brien/ü x"}, expand=("to_Item",))
    assert server.requests[0].path == f"{SERVICE}/A_Order('O''Brien%2F%C3%BC%20x')"
    assert server.requests[0].query.endswith("&$expand=to_Item")


def test_the_etag_of_a_row_goes_before_that_of_the_header() -> None:
    """OD-P66: proxies change the header."""
    etag = "W/\"datetimeoffset'2015-02-03T21%3A07%3A03.5328420Z'\""
    script = in_turn(
        data({"d": {"__metadata": {"etag": etag}, "ID": "1"}}, ETag='"changed-gzip"'),
        data({"d": {"ID": "1"}}, ETag=etag),
        data({"d": {"ID": "1"}}),
    )
    with SapServer(script) as server, client_of(server) as client:
        found = [client.get(SERVICE, ORDERS, {"ID": "1"}) for _ in range(3)]
    assert [entity.etag for entity in found if entity] == [etag, etag, None]


def test_what_sap_does_not_have_is_none_but_an_unknown_service_is_an_error() -> None:
    script = in_turn(
        refusal(404, "/IWBEP/CM_MGW_RT/020"),
        rows(),
        refusal(404, "/IWFND/MED/170"),
        Reply(404),
    )
    with SapServer(script) as server, client_of(server) as client:
        assert client.get(SERVICE, ORDERS, {"ID": "1"}) is None
        with pytest.raises(ServiceNotActivated):
            client.get(SERVICE, ORDERS, {"ID": "1"})
        with pytest.raises(ServiceNotActivated):
            list(client.pages(SERVICE, ORDERS))


@pytest.mark.parametrize("reply", [Reply(404), Reply(404, b"<html></html>", type="text/html")])
def test_a_404_without_a_word_of_odata_to_a_keyed_read_has_two_meanings(reply: Reply) -> None:
    with (
        SapServer(in_turn(reply)) as server,
        client_of(server) as client,
        pytest.raises(SapRejected, match=r"record is gone.*/IWFND/MAINT_SERVICE") as caught,
    ):
        client.get(SERVICE, ORDERS, {"ID": "1"})
    assert (caught.value.http_status, caught.value.code) == (404, "HTTP 404")


def test_a_misspelt_entity_set_is_an_error_and_no_missing_record() -> None:
    """Else a delete of what was never there would count as done."""
    script = in_turn(*[refusal(404, "005056A509B11EE1B9A8FEC11C21578E")] * 4)
    with SapServer(script) as server, client_of(server) as client:
        for _ in range(2):
            with pytest.raises(InputRejected, match="has no entity set A_Ordr"):
                client.get(SERVICE, "A_Ordr", {"ID": "1"})
    assert server.requests[1].path == f"{SERVICE}/A_Ordr"
    assert server.requests[1].query.endswith("$top=0")


@pytest.mark.parametrize("listing", [rows(), refusal(403), refusal(400), Reply(405), Reply(501)])
def test_an_entity_set_is_asked_for_once_even_where_nobody_may_list_it(listing: Reply) -> None:
    absent = refusal(404, "/IWBEP/CM_MGW_RT/020")
    with SapServer(in_turn(absent, listing, absent)) as server, client_of(server) as client:
        assert client.get(SERVICE, ORDERS, {"ID": "1"}) is None
        assert client.get(SERVICE, ORDERS, {"ID": "2"}) is None
    assert len(server.requests) == 3


def test_an_entity_set_that_cannot_be_asked_for_now_says_nothing_about_a_record() -> None:
    script = in_turn(refusal(404, "/IWBEP/CM_MGW_RT/020"), Reply(401))
    with SapServer(script) as server, client_of(server) as client, pytest.raises(LogonRefused):
        client.get(SERVICE, ORDERS, {"ID": "1"})


def test_find_returns_all_that_fit_with_their_etags() -> None:
    script = in_turn(
        rows({"ID": "1", "__metadata": {"etag": "E1"}}, __next="A_Order?$skiptoken=2"),
        rows({"ID": "2"}),
    )
    with SapServer(script) as server, client_of(server) as client:
        found = client.find(SERVICE, ORDERS, Query(equals={"Reference": "R'1"}))
    assert [(entity.row["ID"], entity.etag) for entity in found] == [("1", "E1"), ("2", None)]
    assert server.requests[0].query.endswith("$filter=Reference eq 'R''1'")


def test_a_recorded_page_with_all_types_is_read(real_data: Path) -> None:
    body = (real_data / "sap-responses/entities/v2-AllDataTypes.json").read_bytes()
    with SapServer(in_turn(Reply(body=body))) as server:
        (page,) = read(server)
    assert page.size == len(body)
    assert msgspec.json.decode(page.rows[0])["Id"] == "500000000"


def test_a_recorded_page_that_links_to_its_own_host_goes_no_further(real_data: Path) -> None:
    """OD-P21: the recording's next link leads to the public Northwind service."""
    body = (real_data / "sap-responses/entities/v2_inlinecount.json").read_bytes()
    error = failing(in_turn(Reply(body=body)))
    assert type(error) is InputRejected
    assert "services.odata.org" in str(error)


def test_no_more_is_found_than_was_asked_for_where_a_service_knows_no_top() -> None:
    """OD-P26: nor is a second page read."""
    first = rows({"ID": "1"}, {"ID": "2"}, __next=f"{SERVICE}/{ORDERS}?$skiptoken=2")
    with SapServer(in_turn(first)) as server, client_of(server) as client:
        found = client.find(SERVICE, ORDERS, Query(top=1))
    assert [entity.row["ID"] for entity in found] == ["1"]
    assert len(server.requests) == 1
