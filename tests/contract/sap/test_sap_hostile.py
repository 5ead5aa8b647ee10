"""Answers that no SAP should give: each ends in a typed error, or in the right row, in time.

Bounded means here: a few seconds, and not much more memory than the largest answer allowed.
"""

import gzip
import resource
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from sapmatch.model.auth import Basic
from sapmatch.model.connection import Connection
from sapmatch.model.errors import (
    InputRejected,
    LogonRefused,
    OutcomeUnknown,
    SapmatchError,
    SapUnavailable,
)
from sapmatch.model.query import Query
from sapmatch.sap import http
from sapmatch.sap.auth.credentials import Given
from sapmatch.sap.connection import connect
from sapmatch.sap.odata.client import ODataClient
from tests.builders import edmx
from tests.builders.memory import MemoryClock
from tests.builders.raw_server import RawServer, head
from tests.builders.sap_pages import ORDERS, SERVICES, page
from tests.builders.sap_server import (
    PASSWORD,
    SERVICE,
    Reply,
    SapServer,
    client_of,
)

VERSIONS = pytest.mark.parametrize("version", ["V2", "V4"])
SECONDS = 5.0
SPARE = 32 * 1024 * 1024  # bytes beside the answer itself


def raw_client(server: RawServer, **settings: Any) -> ODataClient:
    """A client on a clock of its own."""
    auth = Basic(secret="env:T")
    connection = Connection(url=server.url, client="100", auth=auth, **settings)
    credentials = {"user": "TESTER", "password": PASSWORD}
    return connect("s4", connection, Given(credentials), clock=MemoryClock())


def failing(reply: Reply, version: str) -> SapmatchError:
    """What reading one page ends in, and that it ends soon."""
    begun = time.monotonic()
    with (
        SapServer(lambda _: reply) as server,
        client_of(server) as client,
        pytest.raises(SapmatchError) as caught,
    ):
        client.find(SERVICES[version], ORDERS, Query())
    assert time.monotonic() - begun < SECONDS
    assert "canary" not in str(caught.value)
    return caught.value


def html(text: str) -> Reply:
    return Reply(200, text.encode(), type="text/html; charset=utf-8")


BROKEN = {
    "nothing at all": Reply(body=b""),
    "cut in a row": Reply(body=b'{"d":{"results":[{"ID":"1'),
    "cut after a row": Reply(body=b'{"value":[{"ID":"1"}'),
    "two documents": Reply(body=b'{"d":{"results":[]}}{"value":[]}'),
    "another type": Reply(body=b"ID;Name\n1;canary", type="text/csv"),
    "a number": Reply(body=b"1"),
    "rows that are no list": Reply(body=b'{"d":{"results":"1"},"value":"1"}'),
    "deep": Reply(body=b'{"d":' + b"[" * 100_000),
    "deep in a row": Reply(body=b'{"d":{"results":[' + b'{"a":' * 100_000),
    "invalid text": Reply(body=b'{"d":{"results":[{"ID":"\xff\xfe"}]},"value":[{"ID":"\xff"}]}'),
    "UTF-16": Reply(body='{"d":{"results":[]},"value":[]}'.encode("utf-16")),
    "not a number": Reply(body=b'{"d":{"results":[{"N":NaN}]},"value":[{"N":Infinity}]}'),
    "a count that is none": Reply(
        body=b'{"d":{"results":[],"__count":"x"},"value":[],"@odata.count":"x"}'
    ),
    "Atom with entities": Reply(
        body=b'<!DOCTYPE feed [<!ENTITY a "b">]><feed xmlns="http://www.w3.org/2005/Atom"/>'
    ),
    "Atom cut": Reply(body=b'<feed xmlns="http://www.w3.org/2005/Atom"><id>1</id><entry>'),
    "Atom without end": Reply(body=b'<feed xmlns="http://www.w3.org/2005/Atom">' + b"<a>" * 1000),
    "gzip that is none": Reply(body=b"canary", headers=[("Content-Encoding", "gzip")]),
    "br, never offered": Reply(body=b"\x8b\x00\x80", headers=[("Content-Encoding", "br")]),
    "zstd, never offered": Reply(body=b"(\xb5/\xfd", headers=[("Content-Encoding", "zstd")]),
    "six times packed": Reply(body=b"x", headers=[("Content-Encoding", ",".join(["gzip"] * 6))]),
}


@VERSIONS
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_answer_is_a_typed_error(name: str, version: str) -> None:
    """It may pass, so it is tried again, and never taken for an empty page."""
    assert isinstance(failing(BROKEN[name], version), SapUnavailable)


@VERSIONS
def test_a_logon_page_is_no_data(version: str) -> None:
    """OD-P13."""
    text = "<html><title>Logon</title><form><input type=password name=sap-password></form></html>"
    assert isinstance(failing(html(text), version), LogonRefused)
    assert isinstance(failing(html("<html><body>canary</body></html>"), version), LogonRefused)


def _bomb(kind: str, size: int) -> bytes:
    if kind == "gzip":
        return gzip.compress(bytes(size), 9)
    return zlib.compress(bytes(size), 9)


@VERSIONS
@pytest.mark.parametrize("kind", ["gzip", "deflate", "gzip, gzip"])
def test_a_bomb_is_unpacked_only_up_to_the_bound(
    kind: str, version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand times what may come; nothing of it is kept."""
    monkeypatch.setattr(http, "MAX_BODY", 1024 * 1024)
    body = _bomb(kind.split(",")[0], 1_000_000_000 // 8)
    body = gzip.compress(body) if "," in kind else body
    reply = Reply(body=body, headers=[("Content-Encoding", kind)])
    tracemalloc.start()
    error = failing(reply, version)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(error, InputRejected)
    assert peak < SPARE


@VERSIONS
def test_a_row_of_100_mb_is_refused_before_it_is_held(version: str) -> None:
    def endless(_: str) -> Iterator[bytes]:
        yield head(f"Content-Length: {100 * 2**20}")
        yield b'{"d":{"results":[{"ID":"' if version == "V2" else b'{"value":[{"ID":"'
        for _part in range(100):
            yield b"x" * 2**20

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with (
        RawServer(endless) as server,
        raw_client(server) as client,
        pytest.raises(InputRejected, match="smaller pages"),
    ):
        client.find(SERVICES[version], ORDERS, Query())
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown * 1024 < http.MAX_BODY * 2 + SPARE


def _dripping(server_of: list[RawServer], start: bytes, piece: bytes) -> Any:
    def drip(_: str) -> Iterator[bytes]:
        yield start
        while server_of[0].pause(0.02):
            yield piece

    return drip


CALLS: dict[str, Callable[[ODataClient], object]] = {
    "GET": lambda client: client.find(SERVICE, ORDERS, Query()),
    "POST": lambda client: client.create(SERVICE, ORDERS, {"ID": "1"}),
}
CHUNKED = head("Transfer-Encoding: chunked")
DRIPS = {
    "status line": (b"HTTP/1.1 2", b"0"),
    "headers": (head().removesuffix(b"\r\n"), b"X"),
    "100 Continue": (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "body": (head("Content-Length: 1000000"), b" "),
    "chunks": (CHUNKED, b"1\r\n \r\n"),
    "chunk size": (CHUNKED, b"0"),
    "trailers": (CHUNKED + b"0\r\n", b"X: y\r\n"),
}


@pytest.mark.parametrize("name", DRIPS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_answer_that_drips_without_end_is_ended(name: str, method: str) -> None:
    """Every byte comes in time, the answer never does: `total_timeout` bounds the whole."""
    this: list[RawServer] = []
    begun = time.monotonic()
    with RawServer(_dripping(this, *DRIPS[name])) as server:
        this.append(server)
        settings = {"read_timeout": 1, "total_timeout": 0.15, "csrf": "never"}
        with raw_client(server, **settings) as client, pytest.raises(SapmatchError) as caught:
            CALLS[method](client)
        assert server.connections == (4 if method == "GET" else 1)
    assert type(caught.value) is (SapUnavailable if method == "GET" else OutcomeUnknown)
    assert "total_timeout" in str(caught.value)
    assert time.monotonic() - begun < SECONDS


@pytest.mark.parametrize(
    "flood",
    [
        b"".join(b"X-%d: y\r\n" % n for n in range(200)),
        b"X: " + b"y" * 200_000 + b"\r\n",
        b"Set-Cookie: a=b\r\n" * 5000,
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_flood_of_headers_is_refused(flood: bytes, method: str) -> None:
    def script(_: str) -> Iterator[bytes]:
        yield head("Content-Length: 0").removesuffix(b"\r\n") + flood + b"\r\n"

    with (
        RawServer(script) as server,
        raw_client(server, csrf="never") as client,
        pytest.raises(SapUnavailable if method == "GET" else OutcomeUnknown),
    ):
        CALLS[method](client)


def _cut(part: bytes, _: str) -> list[bytes]:
    return [part]


def test_headers_that_broke_off_are_no_headers() -> None:
    """Half a Location would name another record."""
    whole = head("Location: /x/Orders('4711')", "Content-Length: 0", status="204 No Content")
    for size in range(1, len(whole)):
        with (
            RawServer(partial(_cut, whole[:size])) as server,
            raw_client(server, csrf="never") as client,
            pytest.raises(OutcomeUnknown),
        ):
            client.create(SERVICE, ORDERS, {"Name": "A"})


ORDER_TYPE = """<EntityType Name="Order"><Key><PropertyRef Name="ID"/></Key>
 <Property Name="ID" Type="Edm.String" Nullable="false"/>
 <Property Name="N" Type="Edm.Decimal" Precision="15" Scale="3"/>
 <Property Name="I" Type="Edm.Int32"/><Property Name="F" Type="Edm.Double"/></EntityType>"""
METADATA = {"V2": edmx.v2(ORDER_TYPE), "V4": edmx.v4(ORDER_TYPE)}
ODD_ROWS: list[tuple[str, dict[str, Any] | None]] = [
    ('{"N":"12.50"}', {"N": Decimal("12.50")}),
    ('{"N":12.50,"I":"7"}', {"N": Decimal("12.50"), "I": 7}),
    ('{"N":1e999999999}', {"N": Decimal("1e999999999")}),
    ('{"N":"1e999999999","I":1e999999999}', {"N": Decimal("1e999999999"), "I": None}),
    ('{"N":"NaN","F":"NaN"}', {"N": "NaN"}),
    ('{"N":"Infinity","F":"INF"}', {"N": "Infinity", "F": float("inf")}),
    ('{"I":"' + "9" * 5000 + '"}', {"I": "9" * 5000}),
    ('{"N":1e99999999999999999999}', None),
    ('{"I":' + "9" * 5000 + "}", None),
    ("1", None),
    ('{"ID":"\\ud83d\\u0041"}', None),
    ('{"ID":"a\\r\\nb"}', {"ID": "a\r\nb"}),
]


@VERSIONS
@pytest.mark.parametrize(("row", "expected"), ODD_ROWS)
def test_an_odd_row_is_right_or_refused(
    row: str, expected: dict[str, Any] | None, version: str
) -> None:
    """OD-P40, OD-P50: no number is made up, none costs memory, a duplicate name has one value."""
    begun = time.monotonic()
    reply = Reply(body=page(version, row))
    with SapServer(lambda _: reply) as server, client_of(server) as client:
        service = client.service(SERVICES[version], metadata=METADATA[version])
        if expected is None:
            with pytest.raises(SapmatchError) as typed:
                list(service.rows(ORDERS))
            with pytest.raises(SapmatchError) as plain:
                service.find(ORDERS, Query())
            assert {type(typed.value), type(plain.value)} <= {InputRejected, SapUnavailable}
        else:
            (found,) = service.rows(ORDERS)
            for name, value in expected.items():
                assert value is None or found[name] == value
    assert time.monotonic() - begun < SECONDS


@VERSIONS
@pytest.mark.parametrize("odd", ["1", "null", '"x"', "[]", '[{"ID":"1"}]', "true"])
@pytest.mark.parametrize("place", [0, 1])
def test_rows_that_are_no_objects_are_no_rows(odd: str, place: int, version: str) -> None:
    """OD-P20: `pages` hands them on untouched, so they must be refused before."""
    rows = ['{"ID":"1"}', '\n {"ID":"2"}']
    rows.insert(place, odd)
    reply = Reply(body=page(version, *rows))
    with (
        SapServer(lambda _: reply) as server,
        client_of(server) as client,
        pytest.raises(SapUnavailable, match="no complete OData"),
    ):
        list(client.pages(SERVICES[version], ORDERS))


@pytest.mark.parametrize("before", ["", "\r\n "])
def test_a_singleton_is_a_row_whatever_stands_before_it(before: str) -> None:
    """OD-P20."""
    reply = Reply(body=(before + '{"@odata.context":"$metadata#Me","ID":"1"}').encode())
    with SapServer(lambda _: reply) as server, client_of(server) as client:
        (found,) = client.find(SERVICES["V4"], ORDERS, Query())
    assert found.row["ID"] == "1"
