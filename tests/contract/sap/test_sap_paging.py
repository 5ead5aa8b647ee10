"""Pages, counts and single records, from servers that page in every way."""

import json
import tracemalloc
from pathlib import Path

import msgspec
import pytest

from sapmatch.model.errors import (
    InputRejected,
    LogonRefused,
    SapmatchError,
    SapRejected,
    SapThrottled,
    SapUnavailable,
    ServiceNotActivated,
)
from sapmatch.model.ports import Page, Query
from sapmatch.sap import session
from sapmatch.sap.odata import client as odata_client
from tests.builders.memory import START, MemoryClock
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


def read(server: SapServer, query: Query = Query(), link: str | None = None) -> list[Page]:  # noqa: B008
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
    monkeypatch.setattr(odata_client, "MAX_PAGES", 3)

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
        refusal(404, "/IWBEP/CM_MGW_RT/020"), refusal(404, "/IWFND/MED/170"), Reply(404)
    )
    with SapServer(script) as server, client_of(server) as client:
        assert client.get(SERVICE, ORDERS, {"ID": "1"}) is None
        for _ in range(2):
            with pytest.raises(ServiceNotActivated):
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


@pytest.mark.parametrize(
    "trouble",
    [Reply(502), Reply(503), Reply(504), Reply(429), Reply(drop=True), Reply(body=b"{", cut=True)],
)
def test_a_read_survives_passing_trouble(trouble: Reply) -> None:
    """OD-P88."""
    with SapServer(in_turn(trouble, trouble, rows({"ID": "1"}))) as server:
        assert ids(read(server)) == ["1"]


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (Reply(502), SapUnavailable),
        (Reply(503), SapUnavailable),
        (Reply(503, headers=[("Retry-After", "1")]), SapThrottled),
        (Reply(429), SapThrottled),
        (Reply(drop=True), SapUnavailable),
        (Reply(body=b"{", cut=True), SapUnavailable),
    ],
)
def test_lasting_trouble_ends_after_four_tries(trouble: Reply, kind: type[SapmatchError]) -> None:
    with SapServer(lambda request: trouble) as server, pytest.raises(kind) as caught:
        read(server)
    assert type(caught.value) is kind
    assert len(server.requests) == session.TRIES


@pytest.mark.parametrize(
    ("header", "waited"), [("7", 7.0), ("Mon, 02 Nov 2026 08:00:12 GMT", 12.0)]
)
def test_sap_says_how_long_to_wait(header: str, waited: float) -> None:
    """OD-P88: seconds or a date."""
    clock = MemoryClock()
    busy = Reply(429, headers=[("Retry-After", header)])
    with SapServer(in_turn(busy, rows())) as server, client_of(server, clock=clock) as client:
        client.find(SERVICE, ORDERS, Query())
    assert (clock.now() - START).total_seconds() == pytest.approx(waited, abs=0.2)


def test_a_long_wait_is_left_to_the_caller() -> None:
    """OD-P88: a function does not sleep for minutes, a state machine does."""
    clock = MemoryClock()
    busy = Reply(429, headers=[("Retry-After", "600")])
    with (
        SapServer(in_turn(busy)) as server,
        client_of(server, clock=clock) as client,
        pytest.raises(SapThrottled) as caught,
    ):
        client.find(SERVICE, ORDERS, Query())
    assert caught.value.retry_after == 600
    assert clock.now() == START


def test_a_slow_answer_is_not_waited_for_without_end() -> None:
    with (
        SapServer(lambda request: Reply(delay=0.3)) as server,
        client_of(server, read_timeout=0.05) as client,
        pytest.raises(SapUnavailable, match=r"no answer within 0\.05 s"),
    ):
        client.count(SERVICE, ORDERS)


def test_nobody_listening_is_sap_unavailable() -> None:
    with SapServer(in_turn()) as server:
        pass
    with client_of(server) as client, pytest.raises(SapUnavailable, match="no connection"):
        client.count(SERVICE, ORDERS)


@pytest.mark.parametrize(
    "body",
    [
        b'{"d":{"results":[{"ID":"1"},{"ID"',
        b'{"d":{"results":[{"ID":"1"}]',
        b"",
        b"<feed/>",
        b'{"value":[]}',
        b'{"d":{}}',
        b'{"d":{"results":[],"__count":"many"}}',
        b'{"d":{"results":' + b"[" * 5000,
    ],
)
def test_half_an_answer_is_no_page(body: bytes) -> None:
    error = failing(in_turn(Reply(body=body)))
    assert type(error) is SapUnavailable
    assert "A_Order" in str(error)


def test_a_logon_page_is_a_refused_logon() -> None:
    """OD-P13."""
    page = Reply(200, b"<!DOCTYPE html><title>SAP NetWeaver logon</title>", type="text/html")
    error = failing(in_turn(page))
    assert type(error) is LogonRefused
    assert "SAP NetWeaver logon" in str(error)


def test_an_error_beside_rows_is_an_error() -> None:
    """OD-P86."""
    header = json.dumps({"code": "Z/1", "message": "Only some rows", "severity": "error"})
    error = failing(in_turn(data({"d": {"results": []}}, sap_message=header)))
    assert isinstance(error, SapRejected)
    assert error.code == "Z/1"


def test_an_error_of_sap_keeps_its_own_words() -> None:
    """OD-P85, and a 500 is no reason to ask again."""
    with (
        SapServer(in_turn(refusal(500, "ZX/9", "Dump"))) as server,
        pytest.raises(SapRejected) as e,
    ):
        read(server)
    assert (e.value.code, e.value.text, e.value.http_status) == ("ZX/9", "Dump", 500)


def test_an_answer_beyond_all_bounds_is_not_read_to_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(session, "MAX_BODY", 200_000)
    error = failing(in_turn(Reply(body=b" " * 300_000)))
    assert type(error) is InputRejected
    assert "smaller pages" in str(error)


def test_a_redirect_at_home_is_followed() -> None:
    """OD-P03: the service root without its slash."""
    there = Reply(301, headers=[("Location", f"{SERVICE}/other?x=1")])
    with SapServer(in_turn(there, rows({"ID": "1"}))) as server:
        assert ids(read(server)) == ["1"]
    assert server.requests[1].target == f"{SERVICE}/other?x=1"


def test_redirects_in_a_circle_end() -> None:
    there = Reply(302, headers=[("Location", f"{SERVICE}/again")])
    error = failing(lambda request: there)
    assert type(error) is LogonRefused


def test_requests_keep_their_pace() -> None:
    clock = MemoryClock()
    with (
        SapServer(lambda request: rows()) as server,
        client_of(server, clock=clock) as client,
    ):
        for _ in range(21):
            client.find(SERVICE, ORDERS, Query())
    assert (clock.now() - START).total_seconds() == pytest.approx(2.0)


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
