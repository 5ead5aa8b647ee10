from unittest.mock import MagicMock

from sapmatch.extracting.finish import FinishResult
from tests.unit.functions.conftest import Call


def test_the_counts_of_the_run_are_the_answer(call: Call, parts: MagicMock) -> None:
    result = FinishResult(
        extraction="orders",
        run_id="r",
        rows={"A_PurchaseOrder": 3, "A_SalesOrder": 2},
        orders=5,
        orders_changed=1,
        orders_skipped=1,
        notes=("order 1: is too large",),
    )
    finish = MagicMock(return_value=result)
    answer = call("finish_extraction", "extracted", load_plan=MagicMock(), finish_extraction=finish)
    assert answer == {"rows": 5, "orders": 5, "orders_changed": 1, "orders_skipped": 1}
    assert finish.call_args.kwargs["orders"] is parts.orders
