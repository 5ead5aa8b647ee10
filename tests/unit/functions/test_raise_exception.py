from unittest.mock import MagicMock

import pytest

from tests.unit.functions.conftest import Call


def test_a_document_is_told_by_its_own_state(call: Call, parts: MagicMock) -> None:
    assert call("raise_exception", "document") == {"raised": 1}
    assert parts.exceptions.about_document.call_args.args[1] is None


def test_a_failed_workflow_is_told_by_its_reason(call: Call, parts: MagicMock) -> None:
    call("raise_exception", "workflow_failed")
    assert parts.exceptions.about_document.call_args.args[1] == "WORKFLOW_FAILED"


def test_a_copy_names_the_other_file(call: Call, parts: MagicMock) -> None:
    call("raise_exception", "copy")
    assert parts.exceptions.about_copy.call_args.args[1] == "incoming/again.xml"


@pytest.mark.parametrize("raised", [0, 2])
def test_a_run_tells_as_many_exceptions_as_it_has(
    call: Call, parts: MagicMock, raised: int
) -> None:
    parts.exceptions.about_run.return_value = [None] * raised
    assert call("raise_exception", "write_back") == {"raised": raised}
