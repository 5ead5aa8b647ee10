from unittest.mock import MagicMock

from tests.unit.functions.conftest import Call


def test_a_scheduled_run_collects_what_is_planned(call: Call, parts: MagicMock) -> None:
    collect = MagicMock(return_value=MagicMock(records=("a", "b"), mistakes=0))
    answer = call("collect_intents", "scheduled", collect=collect)
    assert (answer["flow"], answer["records"]) == ("supplier_invoice", 2)
    collect.assert_called_once_with(
        "supplier_invoice", parts.intents, parts.objects, answer["run_id"]
    )


def test_a_dropped_file_is_read_in_the_version_that_was_claimed(call: Call) -> None:
    collect = MagicMock(return_value=MagicMock(records=(), mistakes=3))
    answer = call("collect_intents", "dropped", collect_inbox=collect)
    assert (answer["records"], answer["mistakes"]) == (0, 3)
    assert collect.call_args.kwargs["inbox_key"] == "updates/sales_order_fields/inbox/blocks.json"
    assert collect.call_args.kwargs["version_id"] == "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH"


def test_a_file_for_an_unknown_flow_is_refused_by_name(call: Call, parts: MagicMock) -> None:
    parts.settings.write_backs = {"other": MagicMock()}
    parts.objects.write_once.return_value = True
    answer = call("collect_intents", "dropped")
    assert (answer["records"], answer["mistakes"]) == (0, 1)
    assert b"known flow: other" in parts.objects.write.call_args.args[1]
