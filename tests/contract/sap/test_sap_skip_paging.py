"""Pages that the client counts itself, for services without links of their own."""

import msgspec
import pytest

from sapmatch.model.errors import InputRejected
from sapmatch.model.query import Query
from sapmatch.sap.odata.metadata import Metadata, Version
from tests.builders.sap_server import Received, Reply, SapServer, Script, client_of, data
from tests.builders.sap_typed import PATHS, orders

VERSIONS = pytest.mark.parametrize("version", ["V2", "V4"])


def page_of(version: Version, found: list[dict[str, str]]) -> Reply:
    return data({"d": {"results": found}} if version == "V2" else {"value": found})


def option(request: Received, name: str) -> int:
    given = dict(part.split("=", 1) for part in request.query.split("&"))
    return int(given[name])


def counting(version: Version, total: int, limit: int = 1000) -> Script:
    """A server with `total` orders that gives at most `limit` at once and no links."""

    def script(request: Received) -> Reply:
        skip, top = option(request, "$skip"), option(request, "$top")
        numbers = range(skip, min(total, skip + min(top, limit)))
        return page_of(version, [{"ID": str(number)} for number in numbers])

    return script


def read(server: SapServer, metadata: Metadata, query: Query, link: str | None = None) -> list[str]:
    with client_of(server) as client:
        service = client.service(PATHS[metadata.version], metadata=metadata)
        pages = service.pages("Orders", query, link=link)
        return [msgspec.json.decode(raw)["ID"] for page in pages for raw in page.rows]


@VERSIONS
@pytest.mark.parametrize(
    ("order_by", "sent"),
    [((), "ID"), (("Name desc",), "Name desc,ID"), (("ID desc",), "ID desc"), (("ID",), "ID")],
)
def test_every_page_is_asked_for_in_the_order_of_the_key(
    version: Version, order_by: tuple[str, ...], sent: str
) -> None:
    """OD-P26: without it, rows repeat or vanish while data changes."""
    metadata = orders(version, Name="Edm.String")
    query = Query(paging="skip", page_size=2, order_by=order_by)
    with SapServer(counting(version, 5)) as server:
        assert read(server, metadata, query) == ["0", "1", "2", "3", "4"]
    assert [option(each, "$skip") for each in server.requests] == [0, 2, 4]
    assert all(f"&$orderby={sent}&" in each.query for each in server.requests)


@VERSIONS
@pytest.mark.parametrize(("total", "requests"), [(0, 1), (3, 2), (4, 3)])
def test_the_end_is_an_empty_page_or_a_short_one_behind_a_full_one(
    version: Version, total: int, requests: int
) -> None:
    """OD-P26, OD-P24."""
    with SapServer(counting(version, total)) as server:
        found = read(server, orders(version), Query(paging="skip", page_size=2))
    assert found == [str(number) for number in range(total)]
    assert len(server.requests) == requests


def test_a_server_that_gives_less_than_was_asked_for_loses_no_row() -> None:
    """OD-P26: its own limit may be lower than ours."""
    with SapServer(counting("V2", 7, limit=3)) as server:
        assert len(read(server, orders("V2"), Query(paging="skip", page_size=5))) == 7
    assert [option(each, "$skip") for each in server.requests] == [0, 3, 6, 7]


@pytest.mark.parametrize(
    ("top", "page_size", "asked"), [(3, None, [3]), (5, 2, [2, 2, 2]), (3, 100, [3])]
)
def test_no_more_than_the_wanted_rows_come(
    top: int, page_size: int | None, asked: list[int]
) -> None:
    query = Query(paging="skip", top=top, skip=10, page_size=page_size)
    with SapServer(counting("V2", 100)) as server:
        found = read(server, orders("V2"), query)
    assert found == [str(number) for number in range(10, 10 + top)]
    assert [option(each, "$top") for each in server.requests] == asked


def test_reading_resumes_where_it_stopped() -> None:
    query = Query(paging="skip", page_size=2)
    with SapServer(counting("V2", 5)) as server:
        with client_of(server) as client:
            service = client.service(PATHS["V2"], metadata=orders("V2"))
            first = next(service.pages("Orders", query))
        assert read(server, orders("V2"), query, first.next_link) == ["2", "3", "4"]


def test_a_foreign_link_to_resume_at_gets_no_request() -> None:
    """OD-P21: counted pages carry credentials too."""
    with (
        SapServer(counting("V2", 1)) as server,
        SapServer(counting("V2", 1)) as foreign,
        pytest.raises(InputRejected, match="nothing was sent"),
    ):
        read(server, orders("V2"), Query(paging="skip"), f"{foreign.url}/Orders?$skip=2&$top=2")
    assert server.requests + foreign.requests == []


def test_a_link_without_a_count_is_no_link_of_counted_pages() -> None:
    """OD-P23: it would bring the same page again and again."""
    with SapServer(counting("V2", 1)) as server, pytest.raises(InputRejected, match="counted"):
        read(server, orders("V2"), Query(paging="skip"), f"{PATHS['V2']}/Orders?$skiptoken=2")
    assert server.requests == []


@VERSIONS
def test_a_server_that_ignores_the_count_is_left_at_once(version: Version) -> None:
    """OD-P23."""
    same = page_of(version, [{"ID": "1"}, {"ID": "2"}])
    with SapServer(lambda _: same) as server, pytest.raises(InputRejected, match="ignores"):
        read(server, orders(version), Query(paging="skip", page_size=2))
    assert len(server.requests) == 2


@VERSIONS
@pytest.mark.parametrize(
    ("select", "sent"), [(("Name",), "Name,ID"), (("ID", "Name"), "ID,Name"), (("*",), "*")]
)
def test_columns_of_ones_own_come_with_the_key_and_do_not_hide_that_a_page_came_twice(
    version: Version, select: tuple[str, ...], sent: str
) -> None:
    """OD-P23, OD-P26: without its key a row that repeats looks like another one."""
    same = page_of(version, [{"ID": "1", "Name": "A"}, {"ID": "2", "Name": "A"}])
    query = Query(paging="skip", page_size=2, select=select)
    with SapServer(lambda _: same) as server, pytest.raises(InputRejected, match="ignores"):
        read(server, orders(version, Name="Edm.String"), query)
    assert len(server.requests) == 2
    assert all(f"$select={sent}&" in request.query for request in server.requests)


@VERSIONS
def test_pages_that_are_alike_but_for_the_key_are_no_repetition(version: Version) -> None:
    """OD-P24."""
    metadata = orders(version, Name="Edm.String")
    with SapServer(counting(version, 4)) as server:
        found = read(server, metadata, Query(paging="skip", page_size=1, select=("Name",)))
    assert found == ["0", "1", "2", "3"]


def test_columns_of_a_type_without_a_key_are_not_counted() -> None:
    """OD-P26: nothing tells its rows apart, and nothing gives them an order."""
    metadata = orders("V2", Name="Edm.String")
    keyless = {
        name: msgspec.structs.replace(kind, keys=()) for name, kind in metadata.types.items()
    }
    metadata = msgspec.structs.replace(metadata, types=keyless)
    with SapServer(counting("V2", 1)) as server, pytest.raises(InputRejected, match="no key"):
        read(server, metadata, Query(paging="skip", select=("Name",)))
    assert server.requests == []


def test_a_set_that_takes_no_count_is_not_asked() -> None:
    """OD-P62."""
    metadata = orders("V2")
    closed = {"Orders": msgspec.structs.replace(metadata.entity_sets["Orders"], pageable=False)}
    metadata = msgspec.structs.replace(metadata, entity_sets=closed)
    with SapServer(counting("V2", 1)) as server, pytest.raises(InputRejected, match="skip"):
        read(server, metadata, Query(paging="skip"))
    assert server.requests == []
