"""Batches as they arrive at the server, and what is made of every form of answer."""

import json
import re
from collections.abc import Sequence
from typing import Any

import pytest

from sapmatch.model.connection import ServiceOptions
from sapmatch.model.errors import InputRejected, OutcomeUnknown, SapRejected
from sapmatch.sap.odata.batch import (
    BatchItem,
    Changeset,
    Create,
    Delete,
    OperationResult,
    Read,
    Update,
)
from sapmatch.sap.odata.metadata import Version
from tests.builders.batch_answers import (
    BATCH,
    changeset,
    created,
    enclosed,
    error,
    http,
    part,
    statuses,
)
from tests.builders.sap_server import Reply, SapServer, client_of, in_turn, with_token
from tests.builders.sap_typed import PATHS

BOTH: list[Version] = ["V2", "V4"]
LIST = Read(entity_set="Orders")
NEW = Create("Orders", {"Name": "Grüße"})
CHANGE = Update("Orders", {"ID": "1"}, {"Name": "x"}, etag='W/"1"')
GONE = Delete("Orders", {"ID": "2"}, etag='W/"2"')
ROWS = part(http(200, {"d": {"results": [{"ID": "1"}]}}))
DONE = part(http(204))
FAILED = http(400, error("ZZ/7", "No such plant", content_id="2"))
MULTIPART = f"multipart/mixed; boundary={BATCH}"


def exchanged(
    items: Sequence[BatchItem],
    body: bytes,
    *,
    status: int = 202,
    type: str = MULTIPART,
    version: Version = "V2",
    **options: Any,
) -> tuple[list[OperationResult], bytes, str]:
    """The results, the body that arrived, and its boundary; sent once in any case."""
    script = with_token(in_turn(Reply(status, body, type=type)))
    settings = {PATHS[version]: ServiceOptions(**options)}
    with SapServer(script) as server, client_of(server, services=settings) as client:
        results = client.service(PATHS[version]).batch(items)
    (sent,) = server.written()
    assert int(sent.headers["content-length"]) == len(sent.body)
    return results, sent.body, sent.headers["content-type"].partition("boundary=")[2]


def results_of(items: Sequence[BatchItem], *parts: bytes, **more: Any) -> list[OperationResult]:
    return exchanged(items, enclosed(parts), **more)[0]


@pytest.mark.parametrize("version", BOTH)
def test_a_batch_is_written_to_the_letter(version: Version) -> None:
    """OD-P95."""
    items: list[BatchItem] = [LIST, Changeset((NEW, CHANGE, GONE))]
    _, sent, boundary = exchanged(items, enclosed([ROWS]), version=version)
    assert b"\n" not in sent.replace(b"\r\n", b"")
    first, read, writes, last = sent.split(b"--" + boundary.encode())
    assert (first, last) == (b"", b"--\r\n")
    assert re.search(rb"\r\n\r\nGET Orders HTTP/1\.1\r\nAccept: [^\r]+\r\n\r\n", read)
    inner = re.search(rb'boundary="?([^"\r\n]+)"?\r\n\r\n--\1\r\n', writes)
    assert inner, "nothing stands between the headers of a changeset and its first boundary"
    parts = writes.split(b"--" + inner[1])[1:]
    assert parts[-1].strip() == b"--"
    numbers = [re.search(rb"\r\nContent-ID: (\d+)\r\n", one) for one in parts[:-1]]
    assert [found and found[1] for found in numbers] == [b"2", b"3", b"4"]
    assert b"\r\n\r\nDELETE Orders('2') HTTP/1.1\r\n" in parts[2]
    assert b'\r\nIf-Match: W/"2"\r\n' in parts[2]
    assert parts[2].endswith(b"\r\n\r\n\r\n"), "a blank line stands for the body that is not there"


def test_lengths_inside_a_batch_are_counted_in_bytes() -> None:
    """OD-P95."""
    _, sent, _ = exchanged([NEW], enclosed([changeset(created("1"))]))
    body = '{"Name":"Grüße"}'.encode()
    assert b"\r\nContent-Length: %d\r\n" % len(body) in sent
    assert b"\r\n\r\n" + body in sent


@pytest.mark.parametrize("status", [200, 202])
@pytest.mark.parametrize(
    "type",
    [
        f"multipart/mixed; boundary={BATCH}",
        f'multipart/mixed; boundary="{BATCH}"',
        f"Multipart/Mixed;charset=utf-8;BOUNDARY={BATCH};x=y",
    ],
)
def test_an_answer_is_taken_with_either_status_and_any_way_to_name_its_boundary(
    status: int, type: str
) -> None:
    """OD-P96."""
    results = results_of([LIST, NEW], ROWS, changeset(created("7")), status=status, type=type)
    assert statuses(results) == ["succeeded", "succeeded"]
    assert results[1].key == {"ID": "7"}


@pytest.mark.parametrize("change", [bytes.lower, bytes.upper])
def test_header_names_inside_a_batch_may_be_of_any_case(change: Any) -> None:
    """OD-P96."""
    names = re.compile(rb"(Content-Type|Content-Transfer-Encoding|Content-ID|ETag)(?=:)")
    answered = part(http(204, headers={"ETag": 'W/"9"'}), content_id="1")
    body = names.sub(lambda found: change(found[0]), enclosed([changeset(answered)]))
    ((result,), _, _) = exchanged([CHANGE], body)
    assert (result.status, result.etag) == ("succeeded", 'W/"9"')


def mixed(body: bytes) -> bytes:
    """Every second line end is a single LF."""
    lines = body.split(b"\r\n")
    ends = [b"\r\n" if number % 2 else b"\n" for number in range(len(lines) - 1)]
    return b"".join(line + end for line, end in zip(lines, [*ends, b""], strict=True))


@pytest.mark.parametrize(
    "ends",
    [lambda body: body, lambda body: body.replace(b"\r\n", b"\n"), mixed],
    ids=["CRLF", "LF", "mixed"],
)
def test_line_ends_of_any_kind_and_bodies_of_many_lines_are_read(ends: Any) -> None:
    """OD-P97."""
    pretty = json.dumps({"d": {"ID": "7", "Name": "Grüße"}}, indent=2, ensure_ascii=False).encode()
    head = b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n\r\n"
    body = ends(enclosed([changeset(part(head + pretty)), ROWS]))
    (made, read), _, _ = exchanged([NEW, LIST], body)
    assert made.row == {"ID": "7", "Name": "Grüße"}
    assert read.page is not None
    assert [bytes(row) for row in read.page.rows] == [b'{"ID": "1"}']


ATOM = """<entry xmlns="http://www.w3.org/2005/Atom"
 xmlns:m="http://schemas.microsoft.com/ado/2007/08/dataservices/metadata"
 xmlns:d="http://schemas.microsoft.com/ado/2007/08/dataservices"><content type="application/xml">
 <m:properties><d:ID>7</d:ID><d:Note>{}</d:Note></m:properties></content></entry>"""


def test_a_boundary_inside_a_text_does_not_end_its_part() -> None:
    """OD-P97: the length says where the part ends."""
    text = ATOM.format(f"x\n--{BATCH}--\ny").encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/atom+xml\r\nContent-Length: %d\r\n\r\n"
    one = Read(entity_set="Orders", key={"ID": "7"})
    results, _, _ = exchanged([one, LIST], enclosed([part(head % len(text) + text), ROWS]))
    assert statuses(results) == ["succeeded", "succeeded"]
    assert results[0].row["Note"] == f"x\n--{BATCH}--\ny"


@pytest.mark.parametrize(
    "failed",
    [part(FAILED), changeset(part(FAILED)), changeset(part(FAILED, content_id="2"))],
    ids=["one answer for the set", "a multipart with the error", "the same, named outside"],
)
def test_a_failed_changeset_fails_all_its_operations_and_names_the_culprit(failed: bytes) -> None:
    """OD-P98."""
    items: list[BatchItem] = [Changeset((NEW, CHANGE, GONE)), LIST]
    results = results_of(items, failed, ROWS)
    assert statuses(results) == ["failed", "failed", "failed", "succeeded"]
    for result in results[:3]:
        assert result.culprit == "2"
        assert isinstance(result.error, SapRejected)
        assert (result.error.code, result.error.text) == ("ZZ/7", "No such plant")


@pytest.mark.parametrize("version", BOTH)
def test_what_sap_left_out_after_an_error_was_not_executed(version: Version) -> None:
    """OD-P99."""
    results = results_of([LIST, NEW, GONE], part(http(404, error())), version=version)
    assert statuses(results) == ["failed", "not_executed", "not_executed"]
    assert [result.operation for result in results] == [LIST, NEW, GONE]


def test_what_is_missing_without_an_error_may_have_happened() -> None:
    """OD-P99: three asked, one answered, and no reason given."""
    results = results_of([NEW, GONE, LIST], changeset(created("1", content_id="1")))
    assert statuses(results) == ["succeeded", "unknown", "unknown"]
    assert isinstance(results[1].error, OutcomeUnknown)


@pytest.mark.parametrize(("alone", "sets"), [(True, 3), (False, 1)])
def test_a_setting_gives_every_operation_a_changeset_of_its_own(alone: bool, sets: int) -> None:
    """OD-P100."""
    items = [Changeset((NEW, CHANGE, GONE))]
    reply = enclosed([changeset(created("1")), changeset(DONE), changeset(DONE)])
    if not alone:
        named = [created("1", "1"), part(http(204), "2"), part(http(204), "3")]
        reply = enclosed([changeset(*named)])
    results, sent, _ = exchanged(items, reply, one_operation_changesets=alone)
    assert statuses(results) == ["succeeded"] * 3
    assert len(re.findall(rb"Content-Type: multipart/mixed", sent)) == sets


def test_the_refusal_of_v4_services_is_recognised_too() -> None:
    """OD-P100."""
    refusal = {"error": {"code": "X/1", "message": "Changeset restrictions violated"}}
    results = results_of([Changeset((NEW, GONE))], part(http(400, refusal)), version="V4")
    assert statuses(results) == ["failed", "failed"]
    assert isinstance(results[0].error, InputRejected)
    assert "one_operation_changesets" in str(results[0].error)
