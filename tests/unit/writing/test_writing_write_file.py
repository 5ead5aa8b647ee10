"""`sapmatch write`: one file, one ledger, any number of calls."""

from typing import Any

import pytest
from msgspec.structs import replace

from sapmatch.model.errors import (
    AuthorizationMissing,
    InputRejected,
    LogonRefused,
    Problem,
    SapRejected,
    SapUnavailable,
)
from sapmatch.model.intent import Change, IntentState
from tests.builders.laptop import FILE, Laptop
from tests.builders.memory_intents import MemoryIntents
from tests.builders.memory_sap import MemorySap, answer_lost, executed, fails, request_lost

REFUSED = fails(SapRejected("Z/1", "no", http_status=400))


@pytest.fixture
def laptop() -> Laptop:
    return Laptop()


def test_each_record_has_a_line_and_the_counts_end_it(laptop: Laptop) -> None:
    first, second, end = laptop.lines()
    assert (first["record"], first["status"], first["key"]) == ("1", "created", {"Thing": "1"})
    assert (first["http_status"], first["attempts"], first["sap_message"]) == (201, 1, None)
    assert second["key"] == {"Thing": "2"}
    assert end["summary"]["created"] == 2
    assert end["summary"]["records"] == 2


def test_the_same_call_again_sends_nothing(laptop: Laptop) -> None:
    laptop.lines()
    assert laptop.statuses() == ["created", "created"]
    assert laptop.sap.posts == 2


def test_a_lost_ledger_leads_to_no_second_record(laptop: Laptop) -> None:
    laptop.lines()
    laptop.ledger = MemoryIntents()
    assert laptop.statuses() == ["already_there", "already_there"]
    assert laptop.sap.posts == 2


def test_a_lost_answer_is_read_back_in_the_same_call_where_quiet_is_short(laptop: Laptop) -> None:
    laptop.sap.behaviours = [answer_lost, request_lost]
    assert laptop.statuses() == ["already_there", "created"]
    assert laptop.sap.posts == 3


def test_a_lost_answer_is_reported_unknown_where_quiet_is_long_and_read_by_the_next_call(
    laptop: Laptop,
) -> None:
    laptop.sap.behaviours = [answer_lost]
    assert laptop.statuses(quiet=600) == ["unknown", "created"]
    assert laptop.statuses(quiet=600) == ["unknown", "created"]
    laptop.clock.sleep(600)
    assert laptop.statuses(quiet=600) == ["already_there", "created"]
    assert laptop.sap.posts == 2


def test_an_interrupted_call_goes_on_where_it_stopped(laptop: Laptop) -> None:
    def killed(execute: Any) -> Any:
        execute()
        raise KeyboardInterrupt

    laptop.sap.behaviours = [executed, killed]
    with pytest.raises(KeyboardInterrupt):
        laptop.lines()
    assert laptop.statuses() == ["created", "already_there"]
    assert laptop.sap.posts == 2


def test_a_corrected_record_is_sent_although_its_first_form_was_refused(laptop: Laptop) -> None:
    laptop.sap.behaviours = [REFUSED]
    assert laptop.statuses() == ["rejected", "created"]
    corrected = FILE.replace(b'"x"', b'"z"')
    assert laptop.statuses(data=corrected) == ["created", "created"]


def test_stop_leaves_the_rest_alone(laptop: Laptop) -> None:
    laptop.sap.behaviours = [REFUSED]
    assert laptop.statuses(on_error="stop") == ["rejected", "not_executed"]


def test_sap_out_of_reach_is_an_error_after_all_lines_and_soon(laptop: Laptop) -> None:
    laptop.sap.behaviours = [fails(SapUnavailable("s4: no route"))] * 9
    began = laptop.clock.now()
    with pytest.raises(SapUnavailable, match="no route"):
        laptop.lines()
    assert [line.get("status") for line in laptop.said] == ["not_executed", "not_executed", None]
    assert (laptop.clock.now() - began).total_seconds() < 30


def test_a_busy_sap_is_waited_for(laptop: Laptop) -> None:
    laptop.sap.behaviours = [fails(SapUnavailable("503"))]
    assert laptop.statuses() == ["created", "created"]


def test_a_refused_logon_is_tried_once(laptop: Laptop) -> None:
    laptop.sap.behaviours = [fails(LogonRefused("401"))] * 9
    with pytest.raises(LogonRefused):
        laptop.lines()
    assert laptop.sap.posts == 1
    assert len(laptop.said) == 3


@pytest.mark.parametrize(("denials", "posts"), [(1, 4), (2, 4), (3, 3)])
def test_denied_records_are_named_and_the_others_written(
    laptop: Laptop, denials: int, posts: int
) -> None:
    """Three in a row are the connection's trouble and not a record's."""
    data = b'[{"Thing":"1"},{"Thing":"2"},{"Thing":"3"},{"Thing":"4"}]'
    laptop.sap.behaviours = [fails(AuthorizationMissing("403, SU53"))] * denials
    with pytest.raises(AuthorizationMissing, match="SU53"):
        laptop.lines(data=data)
    statuses = [line["status"] for line in laptop.said[:-1]]
    left = 4 if denials == 3 else denials
    assert statuses == ["not_executed"] * left + ["created"] * (4 - left)
    assert laptop.sap.posts == posts
    laptop.clock.sleep(60)
    assert laptop.statuses(data=data) == ["created"] * 4


def test_a_file_with_mistakes_sends_nothing(laptop: Laptop) -> None:
    with pytest.raises(InputRejected, match="row 1"):
        laptop.lines(data=b'[{"A":"x"}]')
    assert laptop.sap.calls == []


def test_an_upsert_inserts_or_changes_by_key() -> None:
    laptop = Laptop("upsert")
    laptop.sap.seed("Z_Thing", Thing="2", A="old")
    assert laptop.statuses() == ["created", "updated"]


def test_a_delete_takes_away_and_is_content_with_what_is_gone() -> None:
    laptop = Laptop("delete")
    laptop.sap.seed("Z_Thing", Thing="2")
    assert laptop.statuses() == ["already_there", "updated"]


def test_what_an_earlier_call_wrote_and_sap_no_longer_holds_is_not_called_updated() -> None:
    """A, then B, then A again with one ledger: SAP holds B."""
    laptop = Laptop("update")
    laptop.sap.seed("Z_Thing", Thing="1", A="")
    a, b = (b'[{"Thing":"1","A":"%s"}]' % value for value in (b"a", b"b"))
    assert [laptop.statuses(data=data) for data in (a, b)] == [["updated"], ["updated"]]
    (line, _) = laptop.lines(data=a)
    assert (line["status"], "--ledger" in line["sap_message"]) == ("not_executed", True)
    assert laptop.sap.entities["Z_Thing"][0]["A"] == "b"
    assert laptop.statuses(data=a + b"\n") == ["updated"], "another file is another change"
    assert laptop.sap.entities["Z_Thing"][0]["A"] == "a"
    assert laptop.statuses(data=a + b"\n") == ["updated"]


def test_what_sap_keeps_in_another_form_is_still_what_was_written() -> None:
    laptop = Laptop("update")
    laptop.sap.seed("Z_Thing", Thing="1", A="")
    wanted = b'[{"Thing":"1","A":"text"}]'
    laptop.statuses(data=wanted)
    laptop.sap.entities["Z_Thing"][0]["A"] = "TEXT"
    assert laptop.statuses(data=wanted) == ["updated"]


def test_a_deleted_record_that_is_there_again_is_not_called_deleted() -> None:
    laptop = Laptop("delete")
    laptop.sap.seed("Z_Thing", Thing="1")
    data = b'[{"Thing":"1"}]'
    assert [laptop.statuses(data=data) for _ in range(2)] == [["updated"], ["updated"]]
    laptop.sap.seed("Z_Thing", Thing="1")
    assert laptop.statuses(data=data) == ["not_executed"]


@pytest.mark.parametrize("behaviour", [executed, answer_lost], ids=["done", "under way"])
def test_an_insert_that_is_under_way_or_done_is_refused_with_another_content(
    laptop: Laptop, behaviour: Any
) -> None:
    laptop.sap.behaviours = [behaviour]
    laptop.lines(quiet=600)
    first, second, _ = laptop.lines(data=FILE.replace(b'"x"', b'"z"'))
    assert (first["status"], second["status"]) == ("rejected", "created")
    assert "row 1: is under way or done" in first["sap_message"]
    assert laptop.sap.posts == 2


def test_a_record_may_be_corrected_more_than_once(laptop: Laptop) -> None:
    laptop.sap.behaviours = [REFUSED, executed, REFUSED]
    for text, expected in ((b'"x"', "rejected"), (b'"v"', "rejected"), (b'"w"', "created")):
        statuses = laptop.statuses(data=FILE.replace(b'"x"', text))
        assert statuses == [expected, "created"]
    assert laptop.statuses(data=FILE.replace(b'"x"', b'"z"')) == ["rejected", "created"]


def test_what_left_the_file_undecided_is_read_back_by_the_next_call(laptop: Laptop) -> None:
    """Killed or lost, then row 1 was taken out of the file: it is settled all the same."""
    laptop.sap.behaviours = [answer_lost]
    laptop.lines(quiet=600)
    rest = b'[{"Thing":"2","A":"y"}]'
    (_, end) = laptop.lines(data=rest, quiet=600)
    assert end["earlier_unknown"] == 1
    laptop.clock.sleep(700)
    (_, end) = laptop.lines(data=rest, quiet=600)
    assert "earlier_unknown" not in end
    assert {intent.state for intent in laptop.ledger.stored.values()} == {IntentState.CONFIRMED}


def test_a_change_waits_for_an_earlier_one_of_the_same_record() -> None:
    """The earlier one may still arrive, and would undo it."""
    laptop = Laptop("update")
    laptop.sap.seed("Z_Thing", Thing="1", A="")
    laptop.sap.behaviours = [laptop.sap.comes_late(60)]
    a, b = (b'[{"Thing":"1","A":"%s"}]' % value for value in (b"a", b"b"))
    assert laptop.statuses(data=a, quiet=600) == ["unknown"]
    (line, end) = laptop.lines(data=b, quiet=600)
    assert (line["status"], end["earlier_unknown"]) == ("not_executed", 1)
    assert "earlier run" in line["sap_message"]
    laptop.clock.sleep(700)
    assert laptop.statuses(data=b, quiet=600) == ["updated"]
    assert laptop.sap.entities["Z_Thing"][0]["A"] == "b"


def test_an_upsert_by_reference_waits_for_an_earlier_one_that_may_still_create_the_record() -> None:
    """SAP gives the key, so it would take the second one for another new record."""
    laptop = Laptop("upsert")
    laptop.flow = replace(laptop.flow, entity_set="A_SalesOrder", reference=("Reference",))
    laptop.sap.behaviours = [laptop.sap.comes_late(500)]
    a, b = (b'[{"Reference":"R","A":"%s"}]' % value for value in (b"a", b"b"))
    assert laptop.statuses(data=a, quiet=600) == ["unknown"]
    assert laptop.statuses(data=b, quiet=600) == ["not_executed"]
    laptop.clock.sleep(700)
    assert laptop.statuses(data=b, quiet=600) == ["updated"]
    (order,) = laptop.sap.entities["A_SalesOrder"]
    assert order["A"] == "b"


def test_what_was_sent_to_another_system_is_not_read_back_in_this_one(laptop: Laptop) -> None:
    laptop.sap.behaviours = [answer_lost, answer_lost]
    laptop.lines(quiet=600)
    laptop.sap, theirs = MemorySap(laptop.clock), laptop.sap
    laptop.clock.sleep(700)
    laptop.lines(data=b'[{"Thing":"3","A":"z"}]', quiet=600, connection="test")
    states = [intent.state for intent in laptop.ledger.due("things", tuple(IntentState))]
    assert states == [IntentState.UNKNOWN, IntentState.UNKNOWN, IntentState.CONFIRMED]
    assert len(theirs.entities["Z_Thing"]) == 2


@pytest.mark.parametrize("on_error", ["continue", "stop"])
def test_what_metadata_rules_out_is_found_before_anything_is_sent(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch, on_error: str
) -> None:
    def check(change: Change) -> list[Problem]:
        wrong = change.record.get("A") == "y"
        return [Problem(code="TOO_LONG", message="is too long", field="A")] if wrong else []

    monkeypatch.setattr(laptop.sap, "check", check)
    if on_error == "stop":
        with pytest.raises(InputRejected, match="row 2: A: is too long"):
            laptop.lines(on_error="stop")
        assert laptop.sap.posts == 0
        return
    first, second, _ = laptop.lines()
    assert (first["status"], second["status"]) == ("created", "rejected")
    assert second["sap_message"] == "row 2: A: is too long"


def test_a_file_that_stops_at_mistakes_names_those_of_metadata_too(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = [Problem(code="TOO_LONG", message="is too long", field="A")]
    monkeypatch.setattr(laptop.sap, "check", lambda _change: wrong)
    with pytest.raises(InputRejected) as refused:
        laptop.lines(data=b'[{"Thing":"1","A":"x"},{"A":"y"}]', on_error="stop")
    assert [problem.field for problem in refused.value.problems] == ["row 1: A", "row 2: Thing"]


def test_a_set_that_is_mistyped_is_named_with_those_that_there_are(
    laptop: Laptop, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = "Z_Thng: is no entity set of Z; there is Z_Thing"
    wrong = [Problem(code="UNKNOWN_NAME", message=message)]
    monkeypatch.setattr(laptop.sap, "check", lambda _change: wrong)
    with pytest.raises(
        InputRejected, match=r"\n  Z_Thng: is no entity set of Z; there is Z_Thing$"
    ):
        laptop.lines(entity_set="Z_Thng", reference=())
    monkeypatch.undo()
    with pytest.raises(InputRejected, match="Z_Thing: its key is not known here"):
        laptop.lines(reference=())


def test_a_file_of_which_every_record_is_wrong_is_refused_as_a_whole(laptop: Laptop) -> None:
    with pytest.raises(InputRejected) as refused:
        laptop.lines(data=b'[{"A":"x"},{"A":"y"}]')
    assert [problem.field for problem in refused.value.problems] == ["row 1: Thing", "row 2: Thing"]


def test_records_that_travel_in_batches_are_as_safe(laptop: Laptop) -> None:
    """MA-P66: the answer to the first $batch is lost, and every record in it is read back."""
    data = b"[%s]" % b",".join(b'{"Thing":"%d","A":"x"}' % n for n in range(60))
    laptop.sap.behaviours = [answer_lost]
    statuses = laptop.statuses(data=data, batch=50)
    assert set(statuses) <= {"created", "already_there"}
    assert len(laptop.sap.entities["Z_Thing"]) == 60
    assert laptop.statuses(data=data, batch=50) == statuses


def test_an_interrupted_call_says_what_became_of_the_records_under_way(laptop: Laptop) -> None:
    def interrupted(execute: Any) -> Any:
        execute()
        raise KeyboardInterrupt

    laptop.sap.behaviours = [executed, interrupted]
    with pytest.raises(KeyboardInterrupt):
        laptop.lines(quiet=600)
    assert [line["status"] for line in laptop.said] == ["created", "unknown"]


def test_progress_counts_the_records(laptop: Laptop) -> None:
    seen: list[tuple[int, int]] = []
    laptop.lines(progress=lambda done, of: seen.append((done, of)))
    assert seen == [(1, 2), (2, 2)]
