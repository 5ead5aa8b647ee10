"""One result for every operation of a batch, whatever SAP answers."""

import pytest
from hypothesis import given, strategies

from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    OutcomeUnknown,
    PreconditionFailed,
    RecordLocked,
    SapRejected,
    SapUnavailable,
)
from sapmatch.sap.odata import v4
from sapmatch.sap.odata.batch import (
    BatchItem,
    Changeset,
    Create,
    Delete,
    Read,
    Update,
)
from sapmatch.sap.session import Answer
from tests.builders.batch_answers import (
    BATCH,
    CHANGESET,
    changeset,
    created,
    enclosed,
    error,
    http,
    interpreted,
    parsed,
    part,
    statuses,
)

LIST = Read(entity_set="Orders")
ONE = Read(entity_set="Orders", key={"ID": "1"})
NEW = Create("Orders", {"Name": "x"})
CHANGE = Update("Orders", {"ID": "1"}, {"Name": "x"})
GONE = Delete("Orders", {"ID": "1"})
ROWS = part(http(200, {"d": {"results": [{"ID": "1"}], "__next": "Orders?$skiptoken=1"}}))
ROW = part(http(200, {"d": {"ID": "1"}}, {"ETag": 'W/"1"'}))
EMPTY = part(http(204))


def test_every_operation_has_its_result_in_the_order_of_submission() -> None:
    items: list[BatchItem] = [LIST, Changeset((NEW, CHANGE, GONE)), ONE]
    body = enclosed([ROWS, changeset(created("7"), EMPTY, EMPTY), ROW])
    results = parsed(items, body)
    assert statuses(results) == ["succeeded"] * 5
    assert [result.operation for result in results] == [LIST, NEW, CHANGE, GONE, ONE]
    rows, new, change, _, one = results
    assert rows.page
    assert (len(rows.page.rows), rows.page.next_link) == (1, "Orders?$skiptoken=1")
    assert (new.key, new.etag, new.http_status) == ({"ID": "7"}, 'W/"7"', 201)
    assert (change.key, change.row, change.http_status) == ({"ID": "1"}, {}, 204)
    assert (one.row, one.etag) == ({"ID": "1"}, 'W/"1"')


def test_answers_are_matched_by_content_id_where_they_have_one() -> None:
    body = enclosed([changeset(created("B", "2"), created("A", "1"))])
    first, second = parsed([Changeset((NEW, NEW))], body)
    assert (first.key, second.key) == ({"ID": "A"}, {"ID": "B"})


def test_a_content_id_inside_of_the_answer_counts_too() -> None:
    inner = [part(http(204, headers={"content-id": number})) for number in ("2", "1")]
    assert statuses(parsed([Changeset((GONE, GONE))], enclosed([changeset(*inner)]))) == [
        "succeeded",
        "succeeded",
    ]


@pytest.mark.parametrize("inside", [False, True])
def test_a_refused_changeset_fails_as_a_whole_and_names_the_culprit(inside: bool) -> None:
    """OD-P98: one part for the whole set, or a multipart that holds the error."""
    refusal = part(http(400, error("M8/186", "Balance", "2")))
    body = enclosed([ROWS, changeset(refusal) if inside else refusal, ROW])
    results = parsed([LIST, Changeset((NEW, CHANGE)), ONE], body)
    assert statuses(results) == ["succeeded", "failed", "failed", "succeeded"]
    for result in results[1:3]:
        assert isinstance(result.error, SapRejected)
        assert result.error.code == "M8/186"
        assert (result.culprit, result.http_status) == ("2", 400)


@pytest.mark.parametrize("annotation", ["@Core.ContentID", "@SAP__core.ContentID"])
def test_the_culprit_of_a_header_or_an_annotation_is_named(annotation: str) -> None:
    """OD-P98, as CAP 8 answers, and SAP's own alias of the vocabulary."""
    text = {"error": {"code": "400", "message": "No", annotation: "2"}}
    for refusal in (part(http(400, text)), part(http(400, {"error": {"code": "4"}}), "2")):
        results = parsed([Changeset((NEW, NEW))], enclosed([changeset(refusal)]), v4)
        assert [result.culprit for result in results] == ["2", "2"]
        assert statuses(results) == ["failed", "failed"]


def test_an_only_operation_is_its_own_culprit() -> None:
    (result,) = parsed([NEW], enclosed([part(http(400, error()))]))
    assert (result.status, result.culprit, result.content_id) == ("failed", "1", "1")


def test_an_error_5xx_to_a_changeset_leaves_its_outcome_open() -> None:
    results = parsed([Changeset((NEW, NEW))], enclosed([part(http(500, error()))]))
    assert statuses(results) == ["unknown", "unknown"]
    assert all(isinstance(result.error, OutcomeUnknown) for result in results)


@pytest.mark.parametrize("status", [400, 500])
@pytest.mark.parametrize(
    "text",
    [
        "Default changeset implementation allows only one operation",
        "Operation not allowed due to changeset restrictions. Refer to API docu.",
    ],
)
def test_a_service_that_takes_one_operation_a_changeset_is_told_by_its_setting(
    status: int, text: str
) -> None:
    """OD-P100: certainly nothing happened, and the remedy is a setting."""
    body = enclosed([part(http(status, error("X/1", text)))])
    results = parsed([Changeset((NEW, NEW))], body)
    assert statuses(results) == ["failed", "failed"]
    assert isinstance(results[0].error, InputRejected)
    assert "one_operation_changesets = true" in str(results[0].error)


def test_what_comes_after_the_first_error_was_not_executed() -> None:
    """OD-P99: SAP stopped, and closed its answer."""
    body = enclosed([ROWS, part(http(404, error()))])
    results = parsed([LIST, ONE, ONE, Changeset((NEW, GONE)), NEW], body)
    assert statuses(results) == ["succeeded", "failed", *["not_executed"] * 4]
    assert results[3].content_id == "4"


def test_missing_parts_without_an_error_leave_everything_open() -> None:
    """OD-P99: nobody knows whose the parts are, so no row is believed."""
    results = parsed([LIST, NEW, LIST], enclosed([ROWS, ROWS]))
    assert statuses(results) == ["unknown"] * 3
    assert isinstance(results[0].error, SapUnavailable)
    assert isinstance(results[1].error, OutcomeUnknown)


def test_additional_parts_leave_everything_open_but_what_names_itself() -> None:
    """OD-P99: a Content-ID of ours belongs to nobody else."""
    body = enclosed([ROWS, ROWS, changeset(created("7", "2"))])
    results = parsed([LIST, NEW], body)
    assert statuses(results) == ["unknown", "succeeded"]
    assert results[1].key == {"ID": "7"}


def test_a_part_in_the_place_of_another_operation_is_not_believed() -> None:
    """OD-P99, MA-P65: parts in another order would tell the outcome of one as that of another."""
    refusal = part(http(400, error()), "3")
    body = enclosed([changeset(created("7", "2")), changeset(created("6", "1")), refusal])
    results = parsed([NEW, NEW, NEW], body)
    assert statuses(results) == ["unknown", "unknown", "failed"]
    assert all(isinstance(result.error, OutcomeUnknown) for result in results[:2])
    moved = enclosed([refusal, changeset(created("6", "2")), changeset(created("7", "1"))])
    assert statuses(parsed([NEW, NEW, NEW], moved)) == ["unknown", "succeeded", "unknown"]


def test_parts_of_another_kind_than_asked_for_leave_everything_open() -> None:
    body = enclosed([changeset(EMPTY), ROWS])
    assert statuses(parsed([LIST, GONE], body)) == ["unknown", "unknown"]


def test_one_success_for_several_operations_is_not_believed() -> None:
    assert statuses(parsed([Changeset((NEW, NEW))], enclosed([created("1")]))) == ["unknown"] * 2


def test_one_success_without_a_changeset_around_it_is_believed() -> None:
    (result,) = parsed([NEW], enclosed([created("1")]))
    assert (result.status, result.key) == ("succeeded", {"ID": "1"})


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ([created("1"), created("2")], ["unknown"] * 3),
        ([created("1", "1"), created("2", "2")], ["succeeded", "succeeded", "unknown"]),
        ([created("1", "1"), created("2", "1"), created("3", "2")], ["unknown", "succeeded"]),
        ([created("1")] * 4, ["unknown"] * 3),
        ([created("1"), EMPTY, part(http(400, error()))], ["unknown", "unknown", "failed"]),
        ([created("1"), part(b"garbage"), EMPTY], ["unknown"] * 3),
    ],
)
def test_a_changeset_answered_in_part_is_known_in_part(
    inner: list[bytes], expected: list[str]
) -> None:
    """OD-P99: too few, too many, twice the same, success beside a refusal, garbage."""
    results = parsed([Changeset((NEW, CHANGE, GONE))], enclosed([changeset(*inner)]))
    assert statuses(results)[: len(expected)] == expected


def test_an_answer_cut_at_any_byte_never_claims_too_much() -> None:
    """Parts that came whole are known, the others are unknown, nothing was `not_executed`."""
    items: list[BatchItem] = [LIST, Changeset((NEW, CHANGE)), ONE, NEW]
    parts = [ROWS, changeset(created("7"), EMPTY), part(http(404, error())), created("8")]
    body = enclosed(parts)
    whole = statuses(parsed(items, body))
    assert whole == ["succeeded", "succeeded", "succeeded", "failed", "succeeded"]
    known = []
    for end in range(len(body)):
        found = statuses(parsed(items, body[:end]))
        count = len(found) - found.count("unknown")
        assert found == whole[:count] + ["unknown"] * (len(whole) - count)
        known.append(count)
    assert known == sorted(known)
    assert set(known) == {0, 1, 2, 3, 4, 5}


@given(data=strategies.data())
def test_a_damaged_answer_gives_one_result_each_and_no_crash(data: strategies.DataObject) -> None:
    """Whatever is lost, doubled or put in: nothing is raised, and no write is forgotten."""
    items: list[BatchItem] = [LIST, Changeset((NEW, CHANGE)), ONE]
    body = enclosed([ROWS, changeset(created("7", "2"), part(http(204), "3")), ROW])
    places = strategies.integers(0, len(body))
    for _ in range(3):
        start, end = sorted((data.draw(places), data.draw(places)))
        noise = data.draw(strategies.sampled_from([b"", b"\r\n", b"--", body[start:end], b"\xff:"]))
        body = body[:start] + noise + body[data.draw(strategies.sampled_from([start, end])) :]
    results = parsed(items, body)
    assert [result.operation for result in results] == [LIST, NEW, CHANGE, ONE]
    for result in results:
        assert (result.error is None) == (result.status in ("succeeded", "not_executed"))


def test_garbage_in_one_part_leaves_the_others_as_they_are() -> None:
    body = enclosed([part(b"<html>"), changeset(part(b"HTTP/1.1 20")), ROW])
    results = parsed([LIST, NEW, ONE], body)
    assert statuses(results) == ["unknown", "unknown", "succeeded"]


def test_an_answer_without_parts_leaves_everything_open() -> None:
    assert statuses(parsed([LIST, NEW], b"")) == ["unknown", "unknown"]
    assert statuses(parsed([LIST, NEW], enclosed([]))) == ["unknown", "unknown"]


def test_what_is_no_multipart_is_no_answer() -> None:
    answer = Answer(200, {"Content-Type": "application/json"}, b"{}", "")
    with pytest.raises(ValueError, match="multipart"):
        interpreted(answer, [LIST])


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (403, AuthorizationMissing),
        (412, PreconditionFailed),
        (423, RecordLocked),
        (428, PreconditionFailed),
        (404, SapRejected),
    ],
)
def test_errors_inside_a_batch_are_those_outside_of_it(status: int, kind: type) -> None:
    """OD-P65, OD-P85, OD-P87."""
    read, write = parsed([ONE, CHANGE], enclosed([part(http(status, error()))] * 2))
    assert type(write.error) is kind
    assert read.error is not None
    assert (read.status, write.status) == ("failed", "failed")


def test_a_part_without_an_error_body_says_nothing_of_the_service() -> None:
    (result,) = parsed([ONE], enclosed([part(http(404))]))
    assert isinstance(result.error, SapRejected)
    assert (result.error.code, result.error.text) == ("HTTP 404", "Said")


def test_codes_of_this_system_for_locks_count_inside_a_batch() -> None:
    """OD-P87."""
    headers = {"Content-Type": f"multipart/mixed; boundary={BATCH}"}
    answer = Answer(200, headers, enclosed([part(http(400, error("Z/7")))]), "")
    (result,) = interpreted(answer, [CHANGE], locked=["Z/7"])
    assert isinstance(result.error, RecordLocked)


def test_messages_beside_a_success_surface() -> None:
    """OD-P86: also an error beside a success."""
    warning = {"sap-message": '{"code":"V1/2","message":"Check","severity":"warning"}'}
    alarm = {"sap-message": '{"code":"V1/3","message":"Bad","severity":"error"}'}
    body = enclosed(
        [changeset(part(http(204, headers=warning))), changeset(part(http(204, headers=alarm)))]
    )
    good, bad = parsed([CHANGE, CHANGE], body)
    assert [message.code for message in good.messages] == ["V1/2"]
    assert (good.status, bad.status) == ("succeeded", "unknown")


@pytest.mark.parametrize("answer", [http(201, [1]), http(204), http(200, {"e": 1})])
def test_a_created_record_that_nobody_can_name_is_unknown(answer: bytes) -> None:
    """OD-P75: somebody has to find it."""
    (result,) = parsed([NEW], enclosed([changeset(part(answer))]))
    assert result.status == "unknown"


@pytest.mark.parametrize("header", ["Location", "OData-EntityId"])
def test_a_created_record_is_named_by_its_address(header: str) -> None:
    located = part(http(204, None, {header: "https://sap/srv/Orders(ID='9')"}))
    (result,) = parsed([NEW], enclosed([changeset(located)]))
    assert (result.status, result.key) == ("succeeded", {"ID": "9"})


def test_a_read_that_nobody_can_decode_failed() -> None:
    (result,) = parsed([LIST], enclosed([part(http(200, {"e": 1}))]))
    assert result.status == "failed"
    assert isinstance(result.error, SapUnavailable)


def test_v4_answers_are_read_by_their_codec() -> None:
    rows = part(http(200, {"value": [{"ID": 1}], "@odata.nextLink": "Orders?$skiptoken=1"}))
    row = part(http(200, {"@odata.etag": 'W/"5"', "ID": 1}))
    listed, one = parsed([LIST, ONE], enclosed([rows, row]), v4)
    assert listed.page
    assert listed.page.next_link == "Orders?$skiptoken=1"
    assert one.etag == 'W/"5"'


def test_umlauts_come_whole() -> None:
    """OD-P97."""
    (result,) = parsed([ONE], enclosed([part(http(200, {"d": {"Name": "Müller & Söhne"}}))]))
    assert result.row["Name"] == "Müller & Söhne"


def test_nested_changesets_are_garbage() -> None:
    inner = changeset(part(http(204))).replace(CHANGESET.encode(), b"inner")
    assert statuses(parsed([GONE], enclosed([changeset(inner)]))) == ["unknown"]
