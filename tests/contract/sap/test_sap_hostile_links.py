"""Links, pages, documents, headers and batches that mislead: refused, in time, to nobody else."""

import json
import time
from collections.abc import Callable, Iterator

import pytest

from sapmatch.model.errors import (
    InputRejected,
    LogonRefused,
    OutcomeUnknown,
)
from sapmatch.model.query import Query
from sapmatch.sap.odata.batch import Changeset, Create, Delete
from tests.builders import edmx
from tests.builders.batch_answers import BATCH, changeset, created, enclosed, part
from tests.builders.raw_server import RawServer, head
from tests.builders.sap_pages import ORDERS, SERVICES, V4_SERVICE, page
from tests.builders.sap_server import (
    SERVICE,
    Received,
    Reply,
    SapServer,
    client_of,
    data,
    in_turn,
    rows,
    with_token,
)

VERSIONS = pytest.mark.parametrize("version", ["V2", "V4"])
SECONDS = 5.0

ELSEWHERE = [
    "http://127.0.0.1:{port}/x",
    "//127.0.0.1:{port}/x",
    "http://127.0.0.1:{own}@127.0.0.1:{port}/x",
    "http://user:pass@127.0.0.1:{own}/x",
    "http://127.0.0.1:{port}\\@127.0.0.1:{own}/x",
    "\\\\127.0.0.1:{port}/x",
    "/\\127.0.0.1:{port}/x",
    "http:\\\\127.0.0.1:{port}/x",
    "http://127.0.0.1:{own}\t@127.0.0.1:{port}/x",
    "http://localhost:{port}/x",
    "https://127.0.0.1:{own}/x",
    "ftp://127.0.0.1:{port}/x",
    "file:///etc/passwd",
    "http://[::1]:{port}/x",
    "http://127.0.0.1:99999/x",
    "javascript:alert(1)",
]


@pytest.fixture
def foreign() -> Iterator[RawServer]:
    """Another host, which must not hear from us."""
    with RawServer(lambda _: [head("Content-Length: 2"), b"{}"]) as server:
        yield server


def lured(link: str, own: SapServer, foreign: RawServer) -> str:
    return link.format(port=foreign.port, own=own.url.rpartition(":")[2])


@VERSIONS
@pytest.mark.parametrize("link", ELSEWHERE)
@pytest.mark.parametrize("kind", ["next", "delta", "nested", "redirect"])
def test_nothing_goes_to_a_foreign_host(
    kind: str, link: str, version: str, foreign: RawServer
) -> None:
    """OD-P21: not one header, not one connection."""

    def script(request: Received) -> Reply:
        target = lured(link, server, foreign)
        if kind == "redirect":
            return Reply(302, headers=[("Location", target.replace("\t", " "))])
        if kind == "nested":
            name = '"Items":{"results":[],"__next":%s}'
            name = name if version == "V2" else '"Items":[],"Items@odata.nextLink":%s'
            return Reply(body=page(version, "{" + name % json.dumps(target) + "}"))
        return Reply(body=page(version, **{"link" if kind == "next" else "delta": target}))

    with (
        SapServer(script) as server,
        client_of(server) as client,
        pytest.raises((InputRejected, LogonRefused)),
    ):
        list(client.pages(SERVICES[version], ORDERS, Query(expand=("Items",))))
    assert foreign.connections == 0
    assert len(server.requests) == 1


def test_a_context_or_location_elsewhere_is_not_asked(foreign: RawServer) -> None:
    """OD-P21: `@odata.context` is never followed, a Location only read."""
    away = f"{foreign.url}/x/Orders('9')"
    body = json.dumps({"@odata.context": f"{foreign.url}/$metadata", "value": [{"ID": "1"}]})
    made = data({"d": {"ID": "9"}}, 201, Location=away)
    replies = {"GET": Reply(body=body.encode()), "POST": made}
    with (
        SapServer(lambda request: replies[request.method]) as server,
        client_of(server, csrf="never") as client,
    ):
        assert len(client.find(V4_SERVICE, ORDERS, Query())) == 1
        assert client.create(SERVICE, ORDERS, {"Name": "A"}).key == {"ID": "9"}
    assert foreign.connections == 0


@VERSIONS
@pytest.mark.parametrize("pages", [1, 2])
def test_a_circle_of_pages_ends(pages: int, version: str) -> None:
    """OD-P23, RE-19."""

    def script(request: Received) -> Reply:
        number = int(request.query.partition("$skiptoken=")[2] or 0)
        link = f"{SERVICES[version]}/{ORDERS}?$skiptoken={number % pages + 1}"
        return Reply(body=page(version, '{"ID":"1"}', link=link))

    with (
        SapServer(script) as server,
        client_of(server) as client,
        pytest.raises(InputRejected, match="without end"),
    ):
        client.find(SERVICES[version], ORDERS, Query())
    assert len(server.requests) == pages + 1


def _numbered(version: str, *found: str) -> Callable[[Received], Reply]:
    """Pages that each name a new one behind them; every fiftieth holds the rows."""

    def script(request: Received) -> Reply:
        number = int(request.query.partition("$skiptoken=")[2] or 0)
        link = f"{SERVICES[version]}/{ORDERS}?$skiptoken={number + 1}" if number < 240 else None
        return Reply(body=page(version, *(found if number % 50 == 0 else ()), link=link))

    return script


@VERSIONS
def test_empty_pages_without_end_are_ended(version: str) -> None:
    """OD-P23: each with a new link; ten seconds at ten requests a second."""
    with (
        SapServer(_numbered(version)) as server,
        client_of(server) as client,
        pytest.raises(InputRejected, match="100 pages in a row hold nothing"),
    ):
        client.find(SERVICES[version], ORDERS, Query())
    assert len(server.requests) == 100


@VERSIONS
def test_empty_pages_between_others_are_no_end(version: str) -> None:
    """OD-P23: large filters make SAP send many."""
    with SapServer(_numbered(version, '{"ID":"1"}')) as server, client_of(server) as client:
        assert len(client.find(SERVICES[version], ORDERS, Query())) == 5
    assert len(server.requests) == 241


@VERSIONS
def test_empty_pages_of_changes_are_ended_too(version: str) -> None:
    """OD-P23, OD-P30."""
    with SapServer(_numbered(version)) as server, client_of(server) as client:
        service = client.service(SERVICES[version])
        since = service.position_after(ORDERS, "D1")
        with pytest.raises(InputRejected, match="100 pages in a row hold nothing"):
            list(service.changes(ORDERS, since=since))
    assert len(server.requests) == 100


LAUGHS = b'<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
DOCUMENTS = {
    "entities": edmx.v2_document().replace(b"<edmx:Edmx", LAUGHS + b"<edmx:Edmx", 1),
    "an external entity": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "50 MB": edmx.v2_document() + b" " * 50 * 2**20,
    "deep nesting": b"<a>" * 200_000,
    "cut": edmx.v2_document()[:-40],
    "JSON": b"{}",
    "nothing": b"",
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_hostile_metadata_is_refused(name: str) -> None:
    """OD-P105, OD-P106."""
    reply = Reply(body=DOCUMENTS[name], type="application/xml")
    begun = time.monotonic()
    with (
        SapServer(lambda _: reply) as server,
        client_of(server) as client,
        pytest.raises(InputRejected),
    ):
        client.service(SERVICE).metadata()
    assert time.monotonic() - begun < SECONDS


@pytest.mark.parametrize("bad", ["a\r\nX-Evil: 1", "a\nb", "a\x00b", "ä\r\n"])
def test_nothing_is_smuggled_into_headers(bad: str) -> None:
    """Refused before a byte leaves."""
    with SapServer(lambda _: Reply(204)) as server, client_of(server, csrf="never") as client:
        with pytest.raises(InputRejected):
            client.update(SERVICE, ORDERS, {"ID": "1"}, {"Name": "A"}, etag=bad)
        with pytest.raises(InputRejected):
            client.service(SERVICE).batch([Changeset((Delete(ORDERS, {"ID": "1"}, etag=bad),))])
    assert server.requests == []


@VERSIONS
def test_quotes_and_line_ends_in_values_stay_values(version: str) -> None:
    """OD-P55, OD-P57: a key or a filter of any text asks for that text, and nothing else."""
    evil = "1') or ('1' eq '1&$top=9\r\nX-Evil: 1"
    with SapServer(lambda _: Reply(body=page(version))) as server, client_of(server) as client:
        client.find(SERVICES[version], ORDERS, Query(equals={"ID": evil}))
    (request,) = server.requests
    assert "x-evil" not in request.headers
    assert "&$top" not in request.target
    assert evil.replace("'", "''") in request.query


def test_cookies_of_other_domains_are_not_kept() -> None:
    """OD-P11."""
    cookies = [("Set-Cookie", f"evil=1; domain={d}") for d in ("example.com", ".com")]
    script = in_turn(Reply(body=page("V2"), headers=cookies), rows())
    with SapServer(script) as server, client_of(server) as client:
        client.find(SERVICE, ORDERS, Query())
        client.find(SERVICE, ORDERS, Query())
    assert "evil" not in server.requests[1].headers.get("cookie", "")


PARTS: dict[str, list[bytes]] = {
    "none": [],
    "missing": [changeset(created("1"))],
    "extra": [changeset(created("1"), created("2"), created("3"))],
    "garbled": [changeset(part(b"HTTP/1.1 abc\r\n\r\n"), part(b"\xff\xfe"))],
    "empty": [changeset()],
}


@pytest.mark.parametrize("name", PARTS)
def test_a_batch_with_parts_too_few_or_many_claims_nothing_it_cannot_know(name: str) -> None:
    """OD-P99: one result for each operation; a write is never said to be left out by mistake."""
    reply = Reply(202, enclosed(PARTS[name]), type=f"multipart/mixed; boundary={BATCH}")
    changes = Changeset((Create(ORDERS, {"Name": "A"}), Create(ORDERS, {"Name": "B"})))
    with SapServer(with_token(lambda _: reply)) as server, client_of(server) as client:
        try:
            results = client.service(SERVICE).batch([changes])
        except OutcomeUnknown:
            results = []
    assert len(server.written()) == 1
    assert {result.status for result in results} <= {"unknown"}
