from unittest.mock import MagicMock

import pytest
from msgspec.structs import replace

from tests.builders.writes import ORDERS
from tests.unit.functions.conftest import Call

LIKE = "sapmatch.writing.update_file."


def file_of(records: int, **fields: int) -> MagicMock:
    """An update file with so many records."""
    return MagicMock(**{"records": range(records), "mistakes": 0, "refused": (), **fields})


def test_a_scheduled_run_collects_what_is_planned(
    call: Call, parts: MagicMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    collect = MagicMock(return_value=file_of(2))
    monkeypatch.setattr(LIKE + "collect", collect)
    answer = call("collect_intents", "scheduled")
    assert (answer["flow"], answer["records"], answer["parts"]) == ("supplier_invoice", 2, [0])
    assert not answer["urgent"]
    now = parts.clock.now()
    collect.assert_called_once_with(
        "supplier_invoice", parts.intents, parts.objects, answer["run_id"], now
    )


def test_a_dropped_file_is_read_in_the_version_that_was_claimed(
    call: Call, parts: MagicMock, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts.settings.write_backs = {"sales_order_fields": ORDERS}
    collect = MagicMock(return_value=file_of(0, mistakes=3))
    monkeypatch.setattr(LIKE + "collect_inbox", collect)
    answer = call("collect_intents", "dropped")
    assert (answer["records"], answer["mistakes"]) == (0, 3)
    assert collect.call_args.kwargs["inbox_key"] == "updates/sales_order_fields/inbox/blocks.json"
    assert collect.call_args.kwargs["version_id"] == "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH"


def test_a_file_for_an_unknown_flow_is_refused_by_name(call: Call, parts: MagicMock) -> None:
    parts.settings.write_backs = {"other": MagicMock()}
    parts.objects.write_once.return_value = True
    answer = call("collect_intents", "dropped")
    assert (answer["records"], answer["mistakes"]) == (0, 1)
    assert b"known flow: other" in parts.objects.write.call_args.args[1]
    inbox = b"updates/sales_order_fields/inbox/blocks.json"
    assert inbox in parts.objects.write_once.call_args.args[1], "people are told which file it was"


@pytest.mark.parametrize(("records", "urgent"), [(20, True), (21, False)])
def test_a_small_dropped_file_is_urgent_and_a_large_one_is_shared(
    call: Call, parts: MagicMock, monkeypatch: pytest.MonkeyPatch, records: int, urgent: bool
) -> None:
    parts.settings.write_backs = {"sales_order_fields": replace(ORDERS, parallel=2)}
    monkeypatch.setattr(LIKE + "collect_inbox", MagicMock(return_value=file_of(records)))
    answer = call("collect_intents", "dropped")
    assert answer["urgent"] is urgent
    assert answer["parts"] == ([0] if urgent else [0, 1])
