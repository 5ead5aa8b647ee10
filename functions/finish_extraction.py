"""Check the counts of a run, publish it, and feed the order index."""

from typing import Any

from functions._runtime import Event, logger, task
from sapmatch.bootstrap import services
from sapmatch.extracting.finish import finish_extraction
from sapmatch.extracting.plan import load_plan
from sapmatch.matching.keys import order_keys, posted_keys


@task
def handler(event: Event, _context: Any) -> dict[str, Any]:
    """{"extraction", "run_id"} -> counts; readers ignore a run without _SUCCESS."""
    parts = services()
    plan = load_plan(event["extraction"], event["run_id"], parts.objects)
    result = finish_extraction(
        plan,
        client=parts.settings.connections[plan.connection].client,
        sap=parts.sap(plan.connection),
        objects=parts.objects,
        orders=parts.orders,
        to_orders=parts.to_orders(plan.connection),
        order_keys=order_keys,
        posted_keys=posted_keys,
    )
    for note in result.notes:
        logger().warning(note)
    return {
        "rows": sum(result.rows.values()),
        "orders": result.orders,
        "orders_changed": result.orders_changed,
        "orders_skipped": result.orders_skipped,
    }
