from unittest.mock import MagicMock

from tests.unit.functions.conftest import Call


def test_a_descriptor_of_the_plan_is_read_from_its_connection(call: Call, parts: MagicMock) -> None:
    parts.extraction.return_value.connection = "s4"
    extract = MagicMock(return_value=MagicMock(rows=3, pages=1))
    answer = call("extract_chunk", "planned", extract_chunk=extract)
    assert answer == {"entity_set": "A_PurchaseOrder", "rows": 3, "pages": 1}
    parts.sap.assert_called_once_with("s4")
    assert extract.call_args.args[0].page_size == 100
