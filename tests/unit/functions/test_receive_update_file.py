from unittest.mock import MagicMock

from tests.unit.functions.conftest import Call


def test_a_dropped_file_starts_the_write_back_machine(call: Call, parts: MagicMock) -> None:
    receive = MagicMock()
    answer = call("receive_update_file", "dropped", receive_update_file=receive)
    assert answer == {"batchItemFailures": []}
    assert receive.call_args.args[0].key == "updates/sales_order_fields/inbox/blocks.json"
    assert receive.call_args.kwargs["machine"] is parts.write_back
