"""The answer of a write-back run to its state machine."""

from datetime import datetime, timedelta
from typing import Any

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from sapmatch.model.ports import Clock
from sapmatch.writing.run import RunResult

MARGIN = timedelta(seconds=30)  # for the record that was begun last, and the response file


def deadline(context: Any, clock: Clock) -> datetime:
    """From when on this call begins no other record: Lambda would end it in the middle."""
    left = timedelta(milliseconds=context.get_remaining_time_in_millis())
    return clock.now() + left - MARGIN


def run_answer(result: RunResult) -> dict[str, Any]:
    """Counts by what has to happen next; `wait_seconds` until a lost answer may be read back."""
    _measure(result)
    counts = result.counts
    return {
        "flow": result.flow,
        "run_id": result.run_id,
        "confirmed": sum(counts.get(s, 0) for s in ("created", "updated", "already_there")),
        "rejected": counts.get("rejected", 0),
        "unknown": counts.get("unknown", 0),
        "planned_again": result.again,
        "stopped": result.stopped is not None,
        "wait_seconds": result.wait_seconds or 0,
    }


def _measure(result: RunResult) -> None:
    """The age of the oldest write whose outcome is unknown: an alarm watches it.

    Namespace and service come from the environment that infra sets.
    """
    metrics = EphemeralMetrics()
    metrics.add_metric(
        name="OldestUnknownIntentSeconds",
        unit=MetricUnit.Seconds,
        value=result.oldest_unknown_seconds,
    )
    metrics.flush_metrics()
