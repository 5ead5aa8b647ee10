from unittest.mock import MagicMock

import pytest

from tests.unit.functions.conftest import Call


def test_the_key_arrives_decoded_and_with_its_version(call: Call) -> None:
    """RE-3"""
    receive = MagicMock()
    assert call("receive_document", "upload", receive=receive) == {"batchItemFailures": []}
    upload = receive.call_args.args[0]
    assert upload.key == "incoming/Rechnung 0431 (März).xml"
    assert upload.version_id is not None


def test_an_event_without_version_is_taken(call: Call) -> None:
    """RE-3: the emulator sends none."""
    receive = MagicMock()
    call("receive_document", "upload_without_version", receive=receive)
    assert receive.call_args.args[0].version_id is None


def test_only_the_poison_message_returns_to_the_queue(
    call: Call, caplog: pytest.LogCaptureFixture
) -> None:
    """RE-7: and the log tells which one it was."""
    receive = MagicMock()
    answer = call("receive_document", "poison_message", receive=receive)
    failed = [item["itemIdentifier"] for item in answer["batchItemFailures"]]
    assert failed == ["2e1424d4-f796-459a-8184-9c92662be6da"]
    receive.assert_called_once()
    assert "2e1424d4-f796-459a-8184-9c92662be6da" in str(
        [record.__dict__ for record in caplog.records]
    )


def test_a_batch_of_failures_returns_whole(call: Call) -> None:
    """RE-7"""
    answer = call("receive_document", "upload", receive=MagicMock(side_effect=ConnectionError))
    assert len(answer["batchItemFailures"]) == 1
