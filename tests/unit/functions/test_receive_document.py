from unittest.mock import MagicMock

import pytest

from tests.unit.functions.conftest import Call


def test_the_key_arrives_decoded_and_with_its_version(call: Call, parts: MagicMock) -> None:
    """RE-3"""
    assert call("receive_document", "upload") == {"batchItemFailures": []}
    upload = parts.receive.call_args.args[0]
    assert upload.key == "incoming/Rechnung 0431 (März).xml"
    assert upload.version_id is not None


def test_an_event_without_version_is_taken(call: Call, parts: MagicMock) -> None:
    """RE-3: the emulator sends none."""
    call("receive_document", "upload_without_version")
    assert parts.receive.call_args.args[0].version_id is None


def test_only_the_poison_message_returns_to_the_queue(
    call: Call, parts: MagicMock, caplog: pytest.LogCaptureFixture
) -> None:
    """RE-7: and the log tells which one it was."""
    answer = call("receive_document", "poison_message")
    failed = [item["itemIdentifier"] for item in answer["batchItemFailures"]]
    assert failed == ["2e1424d4-f796-459a-8184-9c92662be6da"]
    parts.receive.assert_called_once()
    assert "2e1424d4-f796-459a-8184-9c92662be6da" in str(
        [record.__dict__ for record in caplog.records]
    )


def test_a_batch_of_failures_returns_whole(call: Call, parts: MagicMock) -> None:
    """RE-7"""
    parts.receive.side_effect = ConnectionError
    answer = call("receive_document", "upload")
    assert len(answer["batchItemFailures"]) == 1
