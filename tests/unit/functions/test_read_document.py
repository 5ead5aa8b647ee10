from unittest.mock import MagicMock

from tests.unit.functions.conftest import Call


def test_the_outcome_of_the_reading_is_the_answer(call: Call, parts: MagicMock) -> None:
    read = MagicMock(return_value="read")
    answer = call("read_document", "received", read_stored=read)
    assert answer["outcome"] == "read"
    assert read.call_args.args == (answer["document_id"],)
    assert read.call_args.kwargs["expense"] is parts.expense


def test_a_copy_is_passed_on_without_being_read(call: Call) -> None:
    """MA-P44"""
    read = MagicMock()
    answer = call("read_document", "copy", read_stored=read)
    assert (answer["outcome"], answer["copy"]) == ("copy", "incoming/again.xml")
    read.assert_not_called()
