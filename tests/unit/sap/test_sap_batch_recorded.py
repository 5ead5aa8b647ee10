"""Recorded answers to batches, of SAP and of its own test suites."""

from collections.abc import Sequence
from pathlib import Path

from sapmatch.model.errors import SapRejected
from sapmatch.sap.odata import v2, v4
from sapmatch.sap.odata.batch import (
    BatchItem,
    Changeset,
    Create,
    Delete,
    OperationResult,
    Read,
    Update,
)
from sapmatch.sap.odata.codec import Codec
from tests.builders.batch_answers import parsed, statuses

LIST = Read(entity_set="Orders")
ONE = Read(entity_set="Orders", key={"ID": "1"})
NEW = Create("Orders", {"Name": "x"})
CHANGE = Update("Orders", {"ID": "1"}, {"Name": "x"})
GONE = Delete("Orders", {"ID": "1"})


def recorded(
    folder: Path, name: str, items: Sequence[BatchItem], codec: Codec = v2
) -> list[OperationResult]:
    body = (folder / "sap-responses" / "batch" / name).read_bytes()
    return parsed(items, body, codec, body.split(b"\n")[0].strip().decode()[2:])


def test_recorded_reads_and_a_gateway_error(real_data: Path) -> None:
    results = recorded(real_data, "v2_read_read_gateway_error.txt", [LIST, ONE, ONE])
    assert statuses(results) == ["succeeded", "succeeded", "failed"]
    error = results[2].error
    assert isinstance(error, SapRejected)
    assert (error.code, error.http_status) == ("ZCU/100", 400)
    assert error.transaction_id == "23F2932D54040110E005FD84A23B406E"


def test_recorded_changesets_between_reads(real_data: Path) -> None:
    items: list[BatchItem] = [LIST, NEW, ONE, Changeset((CHANGE, GONE, NEW))]
    results = recorded(real_data, "v2_with_changeset.txt", items)
    assert statuses(results) == ["succeeded"] * 6
    assert results[1].row == {"IntegerValue": 1337}
    assert [result.http_status for result in results] == [200, 201, 200, 200, 204, 201]


def test_recorded_changesets_before_a_gateway_error(real_data: Path) -> None:
    items: list[BatchItem] = [LIST, NEW, ONE, Changeset((CHANGE, GONE)), ONE]
    name = "v2_read_and_changeset_and_gateway_error.txt"
    assert statuses(recorded(real_data, name, items)) == [*["succeeded"] * 5, "failed"]


def test_recorded_function_imports_and_one_broken_body(real_data: Path) -> None:
    """The last body has a bracket too much: its read failed, and no row is made up."""
    items: list[BatchItem] = [LIST, NEW, ONE, Changeset((CHANGE, GONE)), ONE, ONE, ONE, ONE]
    results = recorded(real_data, "v2_function_import.txt", items)
    assert statuses(results) == [*["succeeded"] * 5, "failed", "succeeded", "succeeded", "failed"]
    assert results[7].row == {"awesomeFunction": ["foo", "bar"]}


def test_recorded_answer_with_a_missing_part(real_data: Path) -> None:
    """OD-P99."""
    results = recorded(real_data, "v4_missing_part.txt", [LIST, LIST, LIST], v4)
    assert statuses(results) == ["succeeded", "failed", "not_executed"]
    error = results[1].error
    assert isinstance(error, SapRejected)
    assert error.http_status == 404


def test_recorded_reads_of_v4_and_an_error(real_data: Path) -> None:
    results = recorded(real_data, "v4_only_reads_error.txt", [LIST, ONE], v4)
    assert statuses(results) == ["succeeded", "failed"]


def test_recorded_half_megabyte_in_one_part(real_data: Path) -> None:
    (result,) = recorded(real_data, "v2_enormous_anonymised.txt", [LIST])
    assert result.page
    assert len(result.page.rows) > 1000


def test_recorded_atom_parts_with_stale_lengths(real_data: Path) -> None:
    """Cloud for Customer answers in Atom, announces wrong lengths, and calls a 204 text/html."""
    items: list[BatchItem] = [LIST, Changeset((CHANGE, Create("ServiceRequestItemCollection", {})))]
    results = recorded(real_data, "c4c_response_atom.txt", items)
    assert statuses(results) == ["succeeded"] * 3
    rows, _, new = results
    assert rows.page
    assert [v2.row(raw)["ID"] for raw in rows.page.rows] == ["2", "1423", "1422"]
    assert new.row["Description"] == "1m water hose"
    assert new.key == {"ObjectID": "00163E0DBD9E1ED59AABEB57FF4A3F4B"}


def test_recorded_deep_create_wrapped_as_a_list(real_data: Path) -> None:
    """OD-P80: Cloud for Customer puts one entity where a list is usual."""
    items: list[BatchItem] = [Create("ServiceRequestCollection", {})]
    (result,) = recorded(real_data, "c4c_deep_insert_response.txt", items)
    assert result.key == {"ObjectID": "00163E1379D01ED785B015D2038B098A"}
    assert result.etag == "W/\"datetimeoffset'2017-03-30T19%3A40%3A10.8490260Z'\""
