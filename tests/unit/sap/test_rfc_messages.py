"""What RETURN decides."""

import pytest

from sapmatch.model.errors import SapUnavailable
from sapmatch.model.rfc import BapiFailed, BapiMessage, RfcInput, RfcResult, RfcStructure
from sapmatch.sap.rfc.messages import judged, message_of, messages_of


def result(*rows: tuple[str, str]) -> RfcResult:
    found = tuple(BapiMessage(type=t, id="01", number=n, text="secret text") for t, n in rows)
    return RfcResult(messages=found)


def decide(*rows: tuple[str, str], warn: bool = True, non_fatal: tuple[str, ...] = ()) -> list[str]:
    found = judged("F", result(*rows), fail_when_warning=warn, non_fatal=non_fatal)
    return [message.code for message in found]


@pytest.mark.parametrize("kind", ["E", "A", "X"])
def test_a_failure_counts_wherever_it_stands(kind: str) -> None:
    """CO-T37."""
    with pytest.raises(BapiFailed) as caught:
        decide(("S", "001"), ("I", "002"), (kind, "224"), ("S", "003"), warn=False)
    assert caught.value.code == "01/224"
    assert caught.value.severity == kind
    assert [message.number for message in caught.value.messages] == ["001", "002", "224", "003"]


def test_a_warning_fails_only_where_it_is_set_to() -> None:
    """CO-T37."""
    assert decide(("W", "410"), ("S", "001"), warn=False) == ["01/410"]
    with pytest.raises(BapiFailed, match="01/410"):
        decide(("W", "410"), ("S", "001"))


def test_the_worst_row_names_the_failure() -> None:
    with pytest.raises(BapiFailed) as caught:
        decide(("W", "410"), ("E", "124"))
    assert caught.value.code == "01/124"


@pytest.mark.parametrize("code", ["25", "025", "01:025"])
def test_some_failures_are_set_to_be_warnings(code: str) -> None:
    assert decide(("E", "025"), ("S", "001"), non_fatal=(code,)) == ["01/025"]


@pytest.mark.parametrize("code", ["26", "02:025", "250", "01:25x"])
def test_no_other_code_makes_a_failure_harmless(code: str) -> None:
    with pytest.raises(BapiFailed):
        decide(("E", "025"), non_fatal=(code,))


def test_without_any_row_the_call_is_well() -> None:
    assert decide() == []
    assert messages_of({}, {}) == ()
    assert messages_of({"RETURN": {"TYPE": "", "ID": ""}}, {}) == ()


def test_return_is_a_table_or_one_structure() -> None:
    row = {"TYPE": "E", "ID": "01", "NUMBER": "124", "MESSAGE": "gone", "MESSAGE_V1": "JDOE"}
    for found in (messages_of({"RETURN": row}, {}), messages_of({}, {"RETURN": [row]})):
        assert [(each.code, each.variables) for each in found] == [("01/124", ("JDOE",))]


def test_older_modules_say_id_and_number_in_one_code() -> None:
    assert message_of({"TYPE": "E", "CODE": "01124", "MESSAGE": "gone"}).code == "01/124"


def test_a_row_that_is_no_number_does_not_hide_the_message() -> None:
    assert message_of({"TYPE": "W", "ID": "01", "NUMBER": "7", "ROW": "x"}).number == "007"


def test_a_module_without_return_may_say_it_by_rc() -> None:
    said: dict[str, RfcInput] = {"RC": 4, "MSGID": "00", "MSGNO": "187", "MSGTEXT": "too short"}
    assert [each.code for each in messages_of(said, {})] == ["00/187"]
    assert messages_of({**said, "RC": 0}, {}) == ()


@pytest.mark.parametrize("kind", ["e", " E", "a", "Q", "ERROR"])
def test_only_what_is_known_to_be_no_failure_is_none(kind: str) -> None:
    found = messages_of({}, {"RETURN": [{"TYPE": kind, "ID": "01", "NUMBER": "999"}]})
    with pytest.raises(BapiFailed, match="01/999"):
        judged("F", RfcResult(messages=found), fail_when_warning=False)


@pytest.mark.parametrize("kind", ["s", "S ", "i"])
def test_a_success_in_another_form_is_one(kind: str) -> None:
    found = messages_of({}, {"RETURN": [{"TYPE": kind, "ID": "01", "NUMBER": "001"}]})
    assert judged("F", RfcResult(messages=found), fail_when_warning=True) == ()


def test_a_row_without_type_that_says_something_is_a_failure() -> None:
    rows: list[RfcStructure] = [{"type": "E", "id": "01", "number": "999"}]
    with pytest.raises(BapiFailed):
        judged("F", RfcResult(messages=messages_of({}, {"RETURN": rows})), fail_when_warning=False)
    assert messages_of({}, {"RETURN": [{"ID": "", "NUMBER": "000"}, {}]}) == ()


def test_a_row_whose_type_is_empty_counts_where_it_has_a_number() -> None:
    blank = {"TYPE": "", "ID": "", "NUMBER": "000", "SYSTEM": "S4HCLNT100"}
    assert messages_of({}, {"RETURN": [blank]}) == ()
    found = messages_of({}, {"RETURN": [{**blank, "ID": "01", "NUMBER": "224"}]})
    with pytest.raises(BapiFailed, match="01/224"):
        judged("F", RfcResult(messages=found), fail_when_warning=False)


def test_without_the_return_that_was_asked_for_nobody_knows() -> None:
    with pytest.raises(SapUnavailable, match="RETURN is missing"):
        judged("F", RfcResult(absent=("RETURN",)), fail_when_warning=False)
