from pathlib import Path
from unittest.mock import MagicMock

import pytest

from sapmatch.extracting.failures import failures_of
from sapmatch.model.errors import LogonRefused, PreconditionFailed, Throttled
from tests.builders.runs import RUN, running_parts
from tests.unit.functions.conftest import Call


@pytest.fixture(autouse=True)
def run(parts: MagicMock) -> None:
    """A planned run whose lease the event's execution holds."""
    running_parts(parts)


def test_a_chunk_is_taken_from_the_stored_plan_by_its_number(call: Call, parts: MagicMock) -> None:
    """RE-9, RE-11: the state carries no more than the number."""
    extract = MagicMock(return_value=MagicMock())
    assert call("extract_chunk", "planned", extract_chunk=extract) == {"done": True}
    plan, chunk = extract.call_args.args
    assert (plan.extraction, plan.run_id) == RUN
    assert chunk is plan.chunks[0]
    parts.sap.assert_called_once_with("s4")
    parts.permits.assert_called_once_with("s4")


def test_a_chunk_whose_time_is_up_is_called_again(call: Call) -> None:
    extract = MagicMock(return_value=None)
    assert call("extract_chunk", "planned", extract_chunk=extract) == {"done": False}
    assert extract.call_args.kwargs["out_of_time"]() is True  # 90 s are left: less than the margin


def test_files_of_a_call_are_gone_after_it(call: Call) -> None:
    seen: list[Path] = []

    def extract(*_: object, workspace: Path, **__: object) -> None:
        assert workspace.is_dir()
        seen.append(workspace)

    call("extract_chunk", "planned", extract_chunk=extract)
    assert not seen[0].exists()


def test_a_failed_chunk_leaves_word_and_fails_by_its_own_name(call: Call, parts: MagicMock) -> None:
    """A map tells only how many of its children failed."""
    extract = MagicMock(side_effect=LogonRefused("s4: SAP refused the logon"))
    with pytest.raises(LogonRefused):
        call("extract_chunk", "planned", extract_chunk=extract)
    (failure,) = failures_of(*RUN, parts.objects)
    assert (failure.number, failure.entity_set) == (0, "A_PurchaseOrder")
    assert (failure.error, failure.message) == ("LogonRefused", "s4: SAP refused the logon")


def test_an_error_is_never_hidden_by_the_note_about_it(call: Call, parts: MagicMock) -> None:
    extract = MagicMock(side_effect=LogonRefused("s4: SAP refused the logon"))
    parts.objects.write = MagicMock(side_effect=Throttled("slow down"))
    with pytest.raises(LogonRefused):
        call("extract_chunk", "planned", extract_chunk=extract)


def test_a_worker_of_a_run_that_lost_its_lease_reads_nothing(call: Call, parts: MagicMock) -> None:
    """RE-31"""
    running_parts(parts, execution="another")
    extract = MagicMock()
    with pytest.raises(PreconditionFailed, match="lease"):
        call("extract_chunk", "planned", extract_chunk=extract)
    extract.assert_not_called()
