"""Pages tell how long SAP took, and how often it was too busy to answer."""

import pytest

from sapmatch.model.changes import ChangePage
from sapmatch.model.errors import SapThrottled, SapUnavailable
from sapmatch.model.ports import Page
from sapmatch.model.query import Query
from tests.builders import edmx
from tests.builders.sap_server import SERVICE, Reply, SapServer, client_of, in_turn, rows

THROTTLED = Reply(429, headers=[("Retry-After", "3")])
DOWN = Reply(503)


def pages(*replies: Reply, query: Query | None = None) -> list[Page]:
    with SapServer(in_turn(*replies)) as server, client_of(server) as client:
        service = client.service(SERVICE, metadata=edmx.v2())
        return list(service.pages("Orders", query or Query()))


@pytest.mark.parametrize(
    ("before", "busy"),
    [
        ([], 0),
        ([THROTTLED], 1),
        ([DOWN, THROTTLED, Reply(504)], 3),
        ([Reply(502), Reply(drop=True)], 2),
        ([Reply(200, b"{", cut=True)], 1),
    ],
)
def test_a_page_counts_the_answers_that_were_none(before: list[Reply], busy: int) -> None:
    (page,) = pages(*before, rows({"ID": "1"}))
    assert (page.busy, len(page.rows)) == (busy, 1)


def test_each_page_counts_for_itself() -> None:
    first = rows({"ID": "1"}, __next="Orders?$skiptoken=1")
    found = pages(DOWN, first, rows({"ID": "2"}, __next="Orders?$skiptoken=2"), DOWN, rows())
    assert [page.busy for page in found] == [1, 0, 1]


def test_a_page_says_how_long_the_answer_took_and_not_the_waiting_before_it() -> None:
    slow = Reply(503, delay=0.4)
    (page,) = pages(slow, Reply(200, rows({"ID": "1"}).body, delay=0.1))
    assert 0.1 <= page.seconds < 0.4


def test_counted_pages_say_the_same() -> None:
    page, last = pages(
        THROTTLED, rows({"ID": "1"}), rows(), query=Query(paging="skip", page_size=1)
    )
    assert (page.busy, last.busy) == (1, 0)
    assert page.seconds > 0


def test_pages_of_changes_say_it_too() -> None:
    body = rows({"ID": "1"}, __delta="Orders?!deltatoken='D2'").body
    with (
        SapServer(in_turn(DOWN, DOWN, Reply(200, body, delay=0.05))) as server,
        client_of(server) as client,
    ):
        service = client.service(SERVICE, metadata=edmx.v2())
        since = service.position_after("Orders", "D1")
        page: ChangePage
        (page,) = client.changes(SERVICE, "Orders", since=since)
    assert page.busy == 2
    assert page.seconds >= 0.05


@pytest.mark.parametrize(("reply", "error"), [(THROTTLED, SapThrottled), (DOWN, SapUnavailable)])
def test_where_sap_stays_busy_the_error_says_so(reply: Reply, error: type[Exception]) -> None:
    with pytest.raises(error):
        pages(reply, reply, reply, reply)
