"""Operations of a batch as the requests that SAP gets."""

from collections.abc import Mapping, Sequence

import pytest

from sapmatch.model.connection import ServiceOptions
from sapmatch.model.errors import InputRejected
from sapmatch.model.query import Query
from sapmatch.sap.odata import v2, v4
from sapmatch.sap.odata.batch import (
    MAX_OPERATIONS,
    BatchItem,
    Call,
    Changeset,
    Create,
    Delete,
    Read,
    RecordWrite,
    Update,
    encode_batch,
    grouped,
)
from sapmatch.sap.odata.codec import Codec
from sapmatch.sap.odata.operations import CallRequest

KEY = {"ID": "1"}


def if_match(one: RecordWrite) -> Mapping[str, str]:
    etag = None if isinstance(one, Create) else one.etag
    return {"If-Match": etag} if isinstance(etag, str) else {}


def called(one: Call) -> CallRequest:
    pytest.fail(f"{one.function}: nothing is called here")


def encoded(
    items: Sequence[BatchItem], codec: Codec = v2, options: ServiceOptions | None = None
) -> str:
    options = options or ServiceOptions()
    groups = grouped(items, one_by_one=options.one_operation_changesets)
    _, body = encode_batch(
        groups,
        codec=codec,
        options=options,
        kind=lambda _: None,
        guards=if_match,
        called=called,
    )
    return body.decode()


def test_reads_are_get_requests_encoded_once() -> None:
    """OD-P59: spaces as %20, umlauts as UTF-8, also inside a batch."""
    query = Query(filter="Name eq 'Köln Süd'", select=("ID",), page_size=50)
    text = encoded([Read(entity_set="Orders", query=query), Read(entity_set="Orders", key=KEY)])
    assert "$filter=Name%20eq%20'K%C3%B6ln%20S%C3%BCd'" in text
    assert "\r\nPrefer: odata.maxpagesize=50\r\n" in text
    assert "\r\n\r\nGET Orders('1') HTTP/1.1\r\nAccept: application/json" in text


def test_keys_are_encoded_as_outside_of_a_batch() -> None:
    """OD-P55, OD-P56."""
    assert "GET Orders('O''B%2FC') " in encoded([Read(entity_set="Orders", key={"ID": "O'B/C"})])


def test_every_write_has_a_number_of_its_own() -> None:
    items: list[BatchItem] = [
        Read(entity_set="Orders"),
        Changeset((Create("Orders", {"ID": "1"}), Update("Orders", KEY, {"Name": "x"}))),
        Delete("Orders", KEY),
    ]
    assert [list(group.writes) for group in grouped(items)] == [[], ["2", "3"], ["4"]]
    text = encoded(items)
    assert [text.count(f"Content-ID: {number}\r\n") for number in "1234"] == [0, 2, 2, 2]


def test_writes_carry_their_etag_and_the_method_of_the_service() -> None:
    """OD-P66, OD-P71."""
    update = Update("Orders", KEY, {"Name": "x"}, etag="W/\"'1'\"")
    text = encoded([update], options=ServiceOptions(update_method="MERGE"))
    assert "\r\n\r\nMERGE Orders('1') HTTP/1.1\r\n" in text
    assert "\r\nIf-Match: W/\"'1'\"\r\n" in text
    assert "DELETE Orders('1')" in encoded([Delete("Orders", KEY, etag=None)])
    assert "If-Match" not in encoded([Delete("Orders", KEY, etag=None)])


def test_v4_differs_in_its_codec_only() -> None:
    text = encoded([Read(entity_set="Orders", query=Query(inline_count=True))], v4)
    assert "GET Orders?$count=true HTTP/1.1" in text


def test_a_service_for_single_operations_gets_a_changeset_for_each() -> None:
    """OD-P100: SAP Gateway by default."""
    items: list[BatchItem] = [
        Changeset((Create("Orders", {"ID": "1"}), Create("Orders", {"ID": "2"})))
    ]
    options = ServiceOptions(one_operation_changesets=True)
    assert encoded(items, options=options).count("boundary=changeset_") == 2
    assert encoded(items).count("boundary=changeset_") == 1


def test_a_write_alone_is_a_changeset() -> None:
    assert encoded([Create("Orders", {"ID": "1"})]).count("boundary=changeset_") == 1


def test_an_etag_cannot_break_out_of_its_header() -> None:
    with pytest.raises(InputRejected, match="If-Match"):
        encoded([Delete("Orders", KEY, etag="x\r\nX-Evil: 1")])


def test_updates_that_replace_whole_records_are_refused() -> None:
    with pytest.raises(InputRejected, match="outside of a batch"):
        encoded([Update("Orders", KEY, {})], options=ServiceOptions(update_method="PUT"))


def test_an_empty_changeset_is_refused() -> None:
    with pytest.raises(InputRejected, match="without operations"):
        grouped([Changeset(())])


def test_more_operations_than_fit_are_refused() -> None:
    one = Read(entity_set="Orders")
    assert len(grouped([one] * MAX_OPERATIONS)) == MAX_OPERATIONS
    with pytest.raises(InputRejected, match="too many"):
        grouped([one] * (MAX_OPERATIONS + 1))
