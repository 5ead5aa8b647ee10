from unittest.mock import MagicMock

from tests.unit.functions.conftest import Call


def test_a_chunk_is_taken_from_the_stored_plan_by_its_number(call: Call, parts: MagicMock) -> None:
    """RE-9, RE-11: the state carries no more than the number."""
    chunk = MagicMock(entity_set="A_PurchaseOrder")
    load = MagicMock(return_value=MagicMock(connection="s4", chunks=(chunk, MagicMock())))
    extract = MagicMock(return_value=MagicMock(rows=3, pages=1))
    answer = call("extract_chunk", "planned", extract_chunk=extract, load_plan=load)
    assert answer == {"entity_set": "A_PurchaseOrder", "rows": 3, "pages": 1}
    load.assert_called_once_with("orders", "2026-11-02T08:00:00Z", parts.objects)
    parts.sap.assert_called_once_with("s4")
    assert extract.call_args.args[0] is chunk
