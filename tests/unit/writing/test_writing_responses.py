"""Response files: what became of every record, for programs and for people."""

import csv
import io
from typing import Any

import msgspec

from sapmatch.model.errors import Problem
from sapmatch.model.intent import IntentState
from sapmatch.writing.plan import Refused
from sapmatch.writing.response_file import (
    COLUMNS,
    as_csv,
    refusal,
    response,
    store_mistakes,
    store_responses,
)
from tests.builders.memory import START, MemoryObjects
from tests.builders.writes import change_intent

DONE = change_intent(
    state=IntentState.CONFIRMED,
    confirmed_by="answer",
    http_status=204,
    attempts=1,
    first_sent=START,
    sent_at=START,
    ended_at=START,
)
REFUSED = change_intent(
    state=IntentState.REJECTED,
    http_status=400,
    sap_messages=("V1/42: Auftrag ist gesperrt", "=cmd|' /C calc'!A0"),
)
WRONG = Refused(
    record="2", problems=(Problem(code="RECORD", message="is missing", field="row 2: SalesOrder"),)
)


def written(*outcomes: Any, refused: tuple[Refused, ...] = ()) -> MemoryObjects:
    objects = MemoryObjects()
    key = store_responses("orders", "run-1", outcomes, objects, refused)
    assert key == "responses/orders/run-1.ndjson"
    return objects


def lines(objects: MemoryObjects) -> list[dict[str, Any]]:
    data = objects.read("responses/orders/run-1.ndjson")
    return [msgspec.json.decode(line) for line in data.splitlines()]


def table(objects: MemoryObjects) -> list[dict[str, str]]:
    data = objects.read("responses/orders/run-1.csv")
    assert data.startswith(b"\xef\xbb\xbf")  # a spreadsheet takes it for UTF-8
    return list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline="")))


def test_a_line_says_what_happened_when_and_how_often() -> None:
    done, end = lines(written(("1", DONE)))
    assert done == {
        "record": "1",
        "status": "updated",
        "key": {"SalesOrder": "1000045"},
        "sap_message": None,
        "http_status": 204,
        "cause": None,
        "remedy": None,
        "attempts": 1,
        "first_sent": "2026-11-02T08:00:00Z",
        "sent_at": "2026-11-02T08:00:00Z",
        "ended_at": "2026-11-02T08:00:00Z",
        "state": "CONFIRMED",
        "intent": DONE.id,
    }
    assert end["summary"]["updated"] == 1


def test_records_that_were_never_planned_stand_in_their_place() -> None:
    objects = written(("1", DONE), ("3", REFUSED), ("10", DONE), refused=(WRONG,))
    *records, end = lines(objects)
    assert [line["record"] for line in records] == ["1", "2", "3", "10"]
    assert records[1]["sap_message"] == "row 2: SalesOrder: is missing"
    assert (records[1]["status"], records[1]["cause"]) == ("rejected", "INVALID")
    assert end["summary"] == {
        "records": 4,
        "created": 0,
        "updated": 2,
        "already_there": 0,
        "rejected": 2,
        "unknown": 0,
        "not_executed": 0,
    }
    assert [row["record"] for row in table(objects)] == ["1", "2", "3", "10"]


def test_the_table_holds_the_same_as_the_lines() -> None:
    objects = written(("1", DONE))
    (row,) = table(objects)
    assert tuple(row) == COLUMNS == tuple(lines(objects)[0])
    assert row["key"] == "1000045"
    assert row["ended_at"] == "2026-11-02T08:00:00Z"
    assert row["cause"] == ""


def test_no_cell_of_the_table_is_a_formula() -> None:
    """SAP's messages hold what people typed somewhere."""
    attack = msgspec.structs.replace(REFUSED, sap_messages=("=cmd|' /C calc'!A0",))
    (row,) = table(written(("@x", attack)))
    assert row["sap_message"] == "'=cmd|' /C calc'!A0"
    assert row["record"] == "'@x"


def test_people_are_spared_the_message_that_says_nothing_and_programs_have_it() -> None:
    noise = "error /IWBEP/CM_MGW_RT/022: An exception was raised"
    said = ("V1/42: is locked", noise, "SAP transaction id 4711")
    objects = written(("1", msgspec.structs.replace(REFUSED, sap_messages=said)))
    assert noise in lines(objects)[0]["sap_message"]
    assert table(objects)[0]["sap_message"] == "V1/42: is locked; SAP transaction id 4711"
    alone = written(("1", msgspec.structs.replace(REFUSED, sap_messages=(noise,))))
    assert table(alone)[0]["sap_message"] == noise, "where it is all there is, it is told"


def test_a_refused_file_has_its_mistakes_in_both_forms() -> None:
    objects = MemoryObjects()
    wrong = Problem(code="FILE", message="is empty", field="file")
    store_mistakes("orders", "run-1", [wrong], objects)
    assert lines(objects)[0] == {"record": "file", "status": "rejected", "sap_message": "is empty"}
    assert table(objects)[0]["sap_message"] == "is empty"


def test_what_is_printed_has_the_same_five_fields_for_every_record() -> None:
    assert list(refusal(WRONG)) == list(response("1", DONE))


def test_an_empty_table_still_names_its_columns() -> None:
    assert as_csv([]).decode("utf-8-sig").strip() == ",".join(COLUMNS)
