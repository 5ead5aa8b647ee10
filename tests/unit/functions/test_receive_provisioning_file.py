from unittest.mock import MagicMock

from tests.unit.functions.conftest import Call


def test_a_dropped_file_is_handed_on_with_its_version(call: Call, parts: MagicMock) -> None:
    receive = MagicMock()
    answer = call("receive_provisioning_file", "dropped", receive=receive)
    assert answer == {"batchItemFailures": []}
    given, upload = receive.call_args.args
    assert given is parts
    assert upload.key == "provisioning/s4_central/joiners.json"
    assert upload.version_id == "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH"


def test_what_fails_returns_to_the_queue(call: Call) -> None:
    """RE-7"""
    receive = MagicMock(side_effect=OSError("boom"))
    answer = call("receive_provisioning_file", "folder", receive=receive)
    assert [item["itemIdentifier"] for item in answer["batchItemFailures"]] == [
        "059f36b4-87a3-44ab-83d2-661975830a7d"
    ]
